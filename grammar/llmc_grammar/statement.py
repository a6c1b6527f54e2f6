"""Parses the text of one statement."""

import re
from collections.abc import Container
from typing import Final

from lark.exceptions import UnexpectedInput, UnexpectedToken

from llmc_grammar.ast import Statement, Thought
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnose import diagnose
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.lines import TaskTooLarge
from llmc_grammar.forks import fork_safe_lock
from llmc_grammar.parse_state import ParseState
from llmc_grammar.source import Span
from llmc_grammar.tables import parser

HEAD: Final = re.compile(
    r"[ \t]*(?:(?P<numbered>[0-9]+\.(?![0-9]))|(?P<thought>Thought:)|(?P<named>[A-Za-z_][A-Za-z0-9_]*[ \t]*=(?!=))"
    r"|(?P<use>use(?![A-Za-z0-9_.])(?![ \t]*\())|(?P<input>input(?![A-Za-z0-9_.])(?![ \t]*\()))"
)
_LOCK: Final = fork_safe_lock()
_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|\'[^\'\\]*(?:\\.[^\'\\]*)*\'|[A-Za-z0-9_$.]+|[^\s]', re.DOTALL)
"""An approximation of tokens, good enough to count them."""


def kind_of(text: str) -> str:
    """Return the start symbol of the grammar for a statement."""
    match = HEAD.match(text)
    return (match and match.lastgroup) or "bare"


def read_statement(
    text: str, start: int, kind: str, bounds: Bounds, names: Container[str] = ()
) -> tuple[Statement | None, list[Diagnostic]]:
    """Return the statement, unless it has errors, and its diagnostics.

    `start` is its offset in the whole text; `names` are those of the inputs and tasks above it.
    """
    if kind == "thought":
        return _thought(text, start), []
    statement, reading, stop = _read(text, start, kind, bounds, names)
    if stop is not None:
        reading.report(diagnose(stop, kind, reading))
    return _sound(statement, reading), reading.found


def read_if_it_parses(
    text: str, start: int, kind: str, bounds: Bounds, *, lenient: bool = False
) -> tuple[Statement | None, list[Diagnostic]] | None:
    """Do the same, but return None if the grammar rejects the text; `lenient` reads unknown escapes as text."""
    if kind == "thought":
        return _thought(text, start), []
    statement, reading, stop = _read(text, start, kind, bounds, lenient=lenient)
    return None if stop is not None else (_sound(statement, reading), reading.found)


def parses(text: str, kind: str = "bare") -> bool:
    """Whether the grammar accepts a text, regardless of its meaning; a text that is too large is not checked."""
    return _read(text, 0, kind, Bounds.MODEL)[2] is None


def may_go_on(text: str, kind: str) -> bool:
    """Whether the grammar accepts a text, or may accept a continuation of it."""
    stop = _read(text, 0, kind, Bounds.MODEL)[2]
    return stop is None or (isinstance(stop, UnexpectedToken) and stop.token.type == "$END")


def _read(
    text: str, start: int, kind: str, bounds: Bounds, names: Container[str] = (), *, lenient: bool = False
) -> tuple[Statement | None, ParseState, UnexpectedInput | None]:
    """Return the statement, its state of reading, and the exception if the grammar rejects the text."""
    reading = ParseState(text, start, bounds, plain=kind == "input", lenient=lenient, names=names)
    if _is_large(text, bounds.tokens):
        line = text.split("\n", 1)[0]
        reading.report(TaskTooLarge(span=Span(start, start + len(line)), limit=bounds.tokens))
        return None, reading, None
    lark, builder = parser()
    with _LOCK:
        builder.reading = reading
        try:
            statement: Statement = lark.parse(text, start=kind)  # type: ignore[assignment]
        except UnexpectedInput as stop:
            return None, reading, stop
    return statement, reading, None


def _sound(statement: Statement | None, reading: ParseState) -> Statement | None:
    """Return the statement, unless it has errors."""
    return None if any(diagnostic.severity == "error" for diagnostic in reading.found) else statement


def _is_large(text: str, limit: int) -> bool:
    """Whether a text has more than `limit` tokens."""
    return len(text) > limit and sum(1 for _ in _TOKEN.finditer(text)) > limit


def _thought(text: str, start: int) -> Thought:
    """`Thought: …` to the end of the line."""
    line = text.strip(" \t\r")
    begin = start + len(text) - len(text.lstrip(" \t"))
    return Thought(line.removeprefix("Thought:").lstrip(" \t"), Span(begin, begin + len(line)))
