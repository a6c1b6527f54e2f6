"""Reads a whole text in another form as a plan."""

import re
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Final

from llmc_grammar.ast import Join, calls
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic, without_edit
from llmc_grammar.dialects import json_plan, python_calls, rewoo, tool_calls
from llmc_grammar.dialects.form import Rewritten, Target, Written
from llmc_grammar.errors.repairs import DialectRead
from llmc_grammar.frozen_data import frozen
from llmc_grammar.mistake import Edit
from llmc_grammar.print import print_statement
from llmc_grammar.repair.splitting.unread_calls import refused_prose
from llmc_grammar.repair.statements.changes import Places, relocated
from llmc_grammar.repair.statements.statement_repair import Setting, read_with_head, refuse
from llmc_grammar.source import Span
from llmc_grammar.split import Piece
from llmc_grammar.tool_marks import CLOSING, OPENING

Dialect = Callable[[str, Target], Rewritten | None]

DIALECTS: Final[tuple[tuple[str, Dialect], ...]] = (
    (json_plan.NAME, json_plan.rewrite),
    (python_calls.NAME, python_calls.rewrite),
    (rewoo.NAME, rewoo.rewrite),
    (tool_calls.NAME, tool_calls.rewrite),
)
"""The dialects by name, in the order of trial; the last one refuses tool-call marks around anything else."""


_QUOTES: Final = re.compile(
    r"^[ \t]*>|^[ \t*_]*(?:observation|result|response|output)s?\b[^\n:]{0,40}:|\b(?:example|format|e\.g\.)|"
    r"<(?:tool_|function_)?(?:response|result|output|observation|document|example)s?>",
    re.IGNORECASE | re.MULTILINE,
)
"""Signs that a text quotes something."""


@frozen
class Translation:
    """The statements of a text in another form, and the warning that names the form.

    `is_marked`: its calls are in tool-call marks.
    """

    dialect: str
    pieces: tuple[Piece, ...]
    note: Diagnostic
    is_marked: bool

    @property
    def plan(self) -> str:
        """The plan in the plan language."""
        statements = (piece.read[0] for piece in self.pieces if piece.read is not None)
        return "".join(f"{print_statement(statement)}\n" for statement in statements if statement is not None)

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools that the plan calls."""
        return frozenset(call.tool for piece in self.pieces for call in calls(piece.read))


@frozen
class _Origin:
    """Maps spans of a written statement to a text that begins at offset `base`."""

    written: Written
    base: int

    def span(self, span: Span) -> Span:
        """Return the original span of a part of the statement."""
        start, end = self.written.span(span)
        return Span(self.base + start, self.base + end)


def translate(text: str, base: int, target: Target, bounds: Bounds, join: Join | None = None) -> Translation | None:
    """Read a text that begins at offset `base` with the first dialect that accepts it.

    `join` is the join in the plan language that follows the text, if any.
    """
    for name, rewrite in DIALECTS:
        rewritten = rewrite(text, target)
        if rewritten is not None and rewritten.statements:
            return _translation(name, rewritten, base, text, join, Setting(bounds, target.tools, frozenset()))
    return None


def _translation(  # noqa: PLR0917 (the parts of a text)
    name: str, rewritten: Rewritten, base: int, text: str, join: Join | None, setting: Setting
) -> Translation:
    """Read the statements of a rewritten text."""
    unread = [*_unread(text, base, rewritten.blocks, setting.tools)]
    pieces = [*unread, *(_piece(written, base, setting) for written in rewritten.statements)]
    if join is None and not _is_join(pieces[-1]):
        end = max(written.place.end for written in rewritten.statements)
        added = Written()
        added.add("join()", end)
        pieces.append(_piece(added, base, setting))
    edit = _edit(pieces, base, text)
    if join is not None:
        pieces.append(Piece(print_statement(join), join.span.start, read=(join, []), stop=join.span.end))
    start = min(place.start for place in rewritten.blocks or [written.place for written in rewritten.statements])
    first = text[start:].split("\n", 1)[0].rstrip()
    note = DialectRead(span=Span(base + start, base + start + len(first)), dialect=name, edit=edit)
    is_marked = bool(rewritten.blocks) and not _is_quoted(text, rewritten.blocks)
    return Translation(name, tuple(pieces), note, is_marked)


def _is_quoted(text: str, blocks: Sequence[Span]) -> bool:
    """Whether a block may be an example, a result or a quotation, so that its marks do not prove a call."""
    ends = [0, *(block.end for block in blocks)]
    for start, block in zip(ends, blocks, strict=False):
        before = text[start : block.start]
        beside = CLOSING.sub("", OPENING.sub("", before.rpartition("\n")[2]))
        if beside.strip() or _QUOTES.search(before):
            return True
    return False


def _unread(text: str, base: int, blocks: Sequence[Span], tools: Container[str]) -> Iterator[Piece]:
    """Yield calls of known tools around the blocks of a text as refused tasks."""
    ends = [0, *(block.end for block in blocks)]
    for start, end in zip(ends, [*(block.start for block in blocks), len(text)], strict=True) if blocks else ():
        offset = base + start
        for line in text[start:end].split("\n"):
            refused = refused_prose(line, offset, tools)
            if refused is not None:
                yield refused
            offset += len(line) + 1


def _is_join(piece: Piece) -> bool:
    """Whether a statement is a join."""
    return piece.read is not None and isinstance(piece.read[0], Join)


def _edit(pieces: list[Piece], base: int, text: str) -> Edit | None:
    """Return the edit that replaces the text by the plan, None if a statement is refused."""
    statements = [piece.read[0] for piece in pieces if piece.read is not None]
    lines = [print_statement(statement) for statement in statements if statement is not None]
    return Edit(Span(base, base + len(text)), "\n".join(lines) + "\n") if len(lines) == len(pieces) else None


def _piece(written: Written, base: int, setting: Setting) -> Piece:
    """Read a written statement; its mistakes have no edits, since the original text has another form."""
    text = written.text
    mended = read_with_head(text, 0, None, setting) or refuse(text, 0, setting)
    origin = _Origin(written, base)
    own = [relocated(mistake, Places((), base)) for mistake in written.found]
    mistakes = [*own, *(without_edit(relocated(mistake, origin)) for mistake in mended.found)]
    place = origin.span(Span(0, len(text)))
    is_refused = mended.statement is None or any(mistake.severity == "error" for mistake in own)
    statement = None if is_refused else relocated(mended.statement, origin)
    return Piece(text, place.start, read=(statement, mistakes), stop=place.end)
