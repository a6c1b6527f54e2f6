"""A plan's text in canonical form, with its comments and blank lines where they stand.

A statement becomes one line, as `print_plan` writes it. One that was written over several lines stays as it is where
a line would not do: it would lose a comment or the line breaks of a string, or be longer than 120 characters.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from llmc_grammar.ast import Input, Statement, Thought, Use
from llmc_grammar.bounds import Bounds
from llmc_grammar.parse import Parsed, parse
from llmc_grammar.portable import Portable
from llmc_grammar.print import print_statement
from llmc_grammar.split import Piece, Splitter
from llmc_grammar.terminals import quiet

_WIDTH: Final = 120
_BLANKS: Final = " \t\r"


class FormatError(Portable, Exception):
    """A text that cannot be formatted: it has errors, or would not say the same afterwards."""


def format_plan(parsed: Parsed, bounds: Bounds = Bounds.FILE) -> str:
    """The formatted text of a plan, its lines ending in LF; formatting it again changes nothing.

    Raises FormatError for a plan with errors, and where the result would not read as the same plan.
    """
    if not parsed.ok:
        message = "the plan has errors"
        raise FormatError(message)
    text = "".join(f"{line}\n" for line in _tidied(_lines(parsed, bounds)))
    again = parse(text, bounds=bounds)
    if not again.ok or again.plan != parsed.plan:
        message = "the formatted plan would not say the same"
        raise FormatError(message)
    return text


def _lines(parsed: Parsed, bounds: Bounds) -> Iterator[str]:
    """The formatted lines; of blank ones there may be too many."""
    statements, text = parsed.plan.statements, parsed.source.text
    header = max((at for at, one in enumerate(statements) if isinstance(one, Use | Input)), default=-1)
    done = 0
    for at, (statement, piece) in enumerate(zip(statements, _pieces(text, bounds), strict=True)):
        yield from _between(text[done : piece.start])
        yield _statement(statement, piece.text)
        if at == header and at + 1 < len(statements):
            yield ""
        done = piece.end + 1
    yield from _between(f"{text[done:]}\n")


def _pieces(text: str, bounds: Bounds) -> Iterator[Piece]:
    """The lines of each statement of a text without errors."""
    splitter = Splitter(bounds)
    start = 0
    for line in text.split("\n"):
        yield from splitter.line(line, start)
        start += len(line) + 1


def _between(text: str) -> Iterator[str]:
    """Comments and blank lines between statements, from whole lines."""
    return (line.strip(_BLANKS) for line in text.split("\n")[:-1])


def _statement(statement: Statement, written: str) -> str:
    """A statement and the comment behind it."""
    line = print_statement(statement)
    if isinstance(statement, Thought):
        return line
    body, comment = _parted(written)
    if "\n" in body and (len(line) > _WIDTH or _breaks_in(body)):
        line = _as_written(body)
    return f"{line}  {comment}" if comment else line


def _parted(written: str) -> tuple[str, str]:
    """A statement's text, and the comment behind it."""
    comments = [match for match in quiet().finditer(written) if match["comment"]]
    if not comments or "\n" in written[comments[-1].end() :]:
        return written.strip(_BLANKS), ""
    return written[: comments[-1].start()].strip(_BLANKS), comments[-1][0].rstrip(_BLANKS)


def _breaks_in(body: str) -> bool:
    """Whether a statement over several lines holds comments, or a string over several lines."""
    return any(match["comment"] or "\n" in match[0] for match in quiet().finditer(body))


def _as_written(body: str) -> str:
    """A statement's lines, without the blanks at their ends that are in no string."""

    def tidy(match: re.Match[str]) -> str:
        if match["string"]:
            return match[0].replace("\r\n", "\n")
        return (match["comment"] or "").rstrip(_BLANKS)

    return re.sub(rf"{quiet().pattern}|[{_BLANKS}]+(?=\n)", tidy, body)


def _tidied(lines: Iterable[str]) -> Iterator[str]:
    """The lines with one blank line for several, and none at the beginning and the end."""
    last = ""
    blank = False
    for line in lines:
        if line:
            if blank and last:
                yield ""
            yield line
            last = line
        blank = not line
