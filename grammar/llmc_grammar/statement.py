"""One statement's text to its tree, or to its mistakes."""

import re
from threading import Lock
from typing import Final

from lark.exceptions import UnexpectedInput

from llmc_grammar.ast import Statement, Thought
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnose import diagnose
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.reading import Reading
from llmc_grammar.source import Span
from llmc_grammar.tables import parser

HEAD: Final = re.compile(
    r"[ \t]*(?:(?P<numbered>[0-9]+\.(?![0-9]))|(?P<thought>Thought:)|(?P<named>[A-Za-z_][A-Za-z0-9_]*[ \t]*=(?!=))"
    r"|(?P<use>use(?![A-Za-z0-9_.])(?![ \t]*\())|(?P<input>input(?![A-Za-z0-9_.])(?![ \t]*\()))"
)
_LOCK: Final = Lock()


def kind_of(text: str) -> str:
    """Which start symbol of the grammar a statement has."""
    match = HEAD.match(text)
    return (match and match.lastgroup) or "bare"


def read_statement(text: str, start: int, kind: str, bounds: Bounds) -> tuple[Statement | None, list[Diagnostic]]:
    """The statement, unless it has errors, and what was found; `start` is its offset in the whole text."""
    if kind == "thought":
        return _thought(text, start), []
    lark, builder = parser()
    reading = Reading(text, start, bounds, plain=kind == "input")
    with _LOCK:
        builder.reading = reading
        try:
            statement: Statement | None = lark.parse(text, start=kind)  # type: ignore[assignment]
        except UnexpectedInput as mistake:
            statement = None
            reading.report(diagnose(mistake, kind, reading))
    if any(diagnostic.severity == "error" for diagnostic in reading.found):
        statement = None
    return statement, reading.found


def _thought(text: str, start: int) -> Thought:
    """`Thought: …` to the end of the line."""
    line = text.strip(" \t\r")
    begin = start + len(text) - len(text.lstrip(" \t"))
    return Thought(line.removeprefix("Thought:").lstrip(" \t"), Span(begin, begin + len(line)))
