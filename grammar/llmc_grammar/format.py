"""Formats a plan in canonical form and keeps its comments and blank lines in place.

A statement becomes one line, as `print_plan` writes it. A statement over several lines stays as it is if one line would
lose a comment or the line breaks of a string, or would be longer than 120 characters.
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
    """A text that cannot be formatted: it has errors, or formatting would change its meaning."""


def format_plan(parsed: Parsed, bounds: Bounds = Bounds.FILE) -> str:
    """Return the formatted text of a plan, with LF line ends; formatting it again changes nothing.

    Raises FormatError for a plan with errors, and if the result would not parse as the same plan.
    """
    if not parsed.ok:
        message = "the plan has errors"
        raise FormatError(message)
    text = "".join(f"{line}\n" for line in _tidied(_lines(parsed, bounds)))
    again = parse(text, bounds=bounds)
    if not again.ok or again.plan != parsed.plan:
        message = "formatting would change the meaning of the plan"
        raise FormatError(message)
    return text


def _lines(parsed: Parsed, bounds: Bounds) -> Iterator[str]:
    """Yield the formatted lines, with any number of blank lines between them."""
    statements, text = parsed.plan.statements, parsed.source.text
    headers = (index for index, statement in enumerate(statements) if isinstance(statement, Use | Input))
    header = max(headers, default=-1)
    done = 0
    for index, (statement, piece) in enumerate(zip(statements, _pieces(text, bounds), strict=True)):
        yield from _between(text[done : piece.start])
        yield _statement(statement, piece.text)
        if index == header and index + 1 < len(statements):
            yield ""
        done = piece.end + 1
    yield from _between(f"{text[done:]}\n")


def _pieces(text: str, bounds: Bounds) -> Iterator[Piece]:
    """Yield the piece of each statement of a text without errors."""
    splitter = Splitter(bounds)
    start = 0
    for line in text.split("\n"):
        yield from splitter.line(line, start)
        start += len(line) + 1


def _between(text: str) -> Iterator[str]:
    """Return comments and blank lines between statements, from whole lines."""
    return (line.strip(_BLANKS) for line in text.split("\n")[:-1])


def _statement(statement: Statement, written: str) -> str:
    """Return a statement with the comment after it."""
    line = print_statement(statement)
    if isinstance(statement, Thought):
        return line
    body, comment = _split_comment(written)
    if "\n" in body and (len(line) > _WIDTH or _breaks_in(body)):
        line = _as_written(body)
    return f"{line}  {comment}" if comment else line


def _split_comment(written: str) -> tuple[str, str]:
    """Return a statement's text, and the comment after it."""
    comments = [match for match in quiet().finditer(written) if match["comment"]]
    if not comments or "\n" in written[comments[-1].end() :]:
        return written.strip(_BLANKS), ""
    return written[: comments[-1].start()].strip(_BLANKS), comments[-1][0].rstrip(_BLANKS)


def _breaks_in(body: str) -> bool:
    """Whether a statement contains a comment, or a string over several lines."""
    return any(match["comment"] or "\n" in match[0] for match in quiet().finditer(body))


def _as_written(body: str) -> str:
    """Return a statement's lines without trailing spaces, except inside strings."""

    def tidy(match: re.Match[str]) -> str:
        if match["string"]:
            return match[0].replace("\r\n", "\n")
        return (match["comment"] or "").rstrip(_BLANKS)

    return re.sub(rf"{quiet().pattern}|[{_BLANKS}]+(?=\n)", tidy, body)


def _tidied(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines without repeated blank lines, and without blank lines at the beginning and the end."""
    last = ""
    blank = False
    for line in lines:
        if line:
            if blank and last:
                yield ""
            yield line
            last = line
        blank = not line
