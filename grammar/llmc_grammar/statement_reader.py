"""Reads the statements of a plan in order: checks their order and number, and records lost tasks."""

import re
from bisect import bisect_left
from typing import Final

from llmc_grammar.ast import Input, Join, Statement, Task
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnose.binders import names_of
from llmc_grammar.diagnose.foreign import continues_block, is_definition, opens_block
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.foreign import ForeignBlock, ForeignComment, ForeignStatement, StatementEnd
from llmc_grammar.errors.lines import TooManyTasks
from llmc_grammar.errors.statements import (
    CodeFence,
    HeaderInModelText,
    LateInput,
    LateUse,
    LooseEndMark,
    SecondJoin,
    TextAfterJoin,
)
from llmc_grammar.frozen_data import frozen
from llmc_grammar.lazy_pattern import lazy_pattern
from llmc_grammar.mistake import Edit
from llmc_grammar.source import Span
from llmc_grammar.split import END_MARK, Piece, indent_of
from llmc_grammar.statement import HEAD, kind_of, read_statement

JOIN: Final = lazy_pattern(r"[ \t]*(?:[0-9]+\.[ \t]*|[A-Za-z_][A-Za-z0-9_]*[ \t]*=[ \t]*)?join[ \t]*(?:\(|$)")
_INPUT_WORD: Final = lazy_pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_BEFORE_TYPE: Final = lazy_pattern(r"[:=]")
_COMMENT_END: Final = lazy_pattern(r"\*/|-->")
_OPEN_COMMENT: Final = lazy_pattern(r"[ \t]*(?:/\*|<!--)(?:(?!\*/|-->).)*", re.DOTALL)
_NOTHING: Final = lazy_pattern(r"[ \t\r]*(?:#|$)")


@frozen
class Lost:
    """A task that was refused: its binder, if it has one, and its span."""

    binder: str | None
    """The number or the name of the task, None without one."""
    span: Span
    """The place of the task in the text."""


class StatementReader:
    """Reads the pieces of a plan in order; `stopped_at` is the offset at which a broken bound ended reading."""

    def __init__(self, bounds: Bounds, *, header: bool) -> None:
        self.found: list[Diagnostic] = []
        self.lost: list[Lost] = []
        self.stopped_at: int | None = None
        self._bounds = bounds
        self._header = header
        self._tasks = 0
        self._inputs = 0
        self._joined = False
        self._has_reported_tail = False
        self._names: set[str] = set()
        self._block: Piece | None = None
        self._comment = False

    def read(self, piece: Piece, bad: list[int]) -> Statement | None:
        """Return the statement of a piece, unless it is refused; `bad` are the sorted offsets of bad characters."""
        if self.stopped_at is not None:
            return None
        if self._joined:
            self._after_join(piece)
            return None
        if piece.read is None and self._is_foreign(piece):
            self._lose(piece)
            return None
        if piece.read is None and piece.text.lstrip().startswith("```"):
            self._refuse_fence(piece)
            return None
        kind = kind_of(piece.text)
        if kind in {"use", "input"}:
            if not self._header:
                self._refuse_header(piece, kind)
                return None
            self._check_order(piece, kind)
        elif kind != "thought" and not self._count(piece):
            return None
        return self._parse(piece, kind, bad)

    def _parse(self, piece: Piece, kind: str, bad: list[int]) -> Statement | None:
        """Parse a piece that is allowed at its position."""
        text, statement = piece.text, None
        self._joined = JOIN.match(text) is not None
        if piece.mark is not None:
            text = self._without_mark(piece, piece.mark)
        clean = not bad or bisect_left(bad, piece.start) == bisect_left(bad, piece.end)
        if piece.read is not None:
            statement, diagnostics = piece.read
            self.found += diagnostics
            statement = statement if clean else None
        elif text and piece.sound and clean:
            statement, diagnostics = read_statement(text, piece.start, kind, self._bounds, self._names)
            self.found += diagnostics
            self._begin_foreign(piece, diagnostics)
        if statement is None and kind not in {"use", "thought"}:
            self._lose(piece)
        self._joined |= isinstance(statement, Join)
        self._names.update(_names(statement))
        return statement

    def _begin_foreign(self, piece: Piece, found: list[Diagnostic]) -> None:
        """Remember the head of a block or the beginning of a long comment, whose other lines follow."""
        first = found[0] if found else None
        if isinstance(first, ForeignBlock | ForeignStatement | StatementEnd) and opens_block(piece.text):
            self._block = piece
        is_whole = isinstance(first, ForeignComment) and first.span.start == _line_of(piece).start
        self._comment = is_whole and _OPEN_COMMENT.fullmatch(piece.text) is not None

    def _is_foreign(self, piece: Piece) -> bool:
        """Whether a piece belongs to the block or the comment above it, which is already reported."""
        if self._comment:
            self._comment = _COMMENT_END.search(piece.text) is None
            return True
        if self._block is None:
            return False
        inner, outer = indent_of(piece.text), indent_of(self._block.text)
        follows = continues_block(piece.text) or (
            self._block.text.lstrip().startswith("@") and is_definition(piece.text)
        )
        if inner > outer or (inner == outer and follows):
            return True
        self._block = None
        return False

    def _lose(self, piece: Piece) -> None:
        """Record the names of a refused task or input, and of all others on the same line."""
        head = HEAD.match(piece.text)
        words = head.group().strip(" \t=.").split() if head and head.lastgroup else []
        if words[:1] == ["input"]:
            words = _INPUT_WORD.findall(_BEFORE_TYPE.split(piece.text, maxsplit=1)[0])[1:]
        names = dict.fromkeys((*words, *names_of(piece.text)))
        self._names.update(names)
        self.lost += [Lost(name, Span(piece.start, piece.end)) for name in names or [None]]

    def _count(self, piece: Piece) -> bool:
        """Count a task; return False if it exceeds the bound."""
        self._tasks += 1
        if self._tasks <= self._bounds.tasks:
            return True
        self.found.append(TooManyTasks(span=_line_of(piece), limit=self._bounds.tasks))
        self.stopped_at = piece.start
        return False

    def _check_order(self, piece: Piece, kind: str) -> None:
        """Report a `use` below an input or a task, and an `input` below a task."""
        if kind == "use" and (self._inputs or self._tasks):
            self.found.append(LateUse(span=_line_of(piece)))
        if kind == "input":
            self._inputs += 1
            if self._tasks:
                self.found.append(LateInput(span=_line_of(piece)))

    def _refuse_fence(self, piece: Piece) -> None:
        """Report a code fence, which does not count as a task."""
        span = _line_of(piece)
        self.found.append(CodeFence(span=span, edit=Edit(span, "")))

    def _refuse_header(self, piece: Piece, kind: str) -> None:
        """Report a `use` or an `input` where only tasks are allowed."""
        self.found.append(HeaderInModelText(span=_line_of(piece), word=kind))

    def _after_join(self, piece: Piece) -> None:
        """Report a piece below the join: every join, but only the first of all other pieces."""
        if piece.text.strip() == END_MARK:
            span = _line_of(piece)
            self.found.append(LooseEndMark(span=span, edit=Edit(span, "")))
        elif JOIN.match(piece.text):
            self.found.append(SecondJoin(span=_line_of(piece)))
        elif not self._has_reported_tail:
            self._has_reported_tail = True
            self.found.append(TextAfterJoin(span=_line_of(piece)))

    def _without_mark(self, piece: Piece, mark: int) -> str:
        """Return a piece's text without its end mark; empty if the mark is misplaced."""
        start = mark - piece.start
        before, after = piece.text[:start], piece.text[start + len(END_MARK) :]
        span = Span(mark, mark + len(END_MARK))
        if not self._joined or before[-1:] != ")":
            gap = len(before) - len(before.rstrip())
            self.found.append(LooseEndMark(span=span, edit=Edit(Span(mark - gap, span.end), "")))
            return ""
        if not _NOTHING.match(after):
            begin = span.end + len(after) - len(after.lstrip())
            self._has_reported_tail = True
            self.found.append(TextAfterJoin(span=Span(begin, span.end + len(after.rstrip()))))
        return before


def _names(statement: Statement | None) -> tuple[str, ...]:
    """Return the name that a statement defines, if any."""
    if isinstance(statement, Input):
        return (statement.name,)
    return (statement.binder,) if isinstance(statement, Task) and statement.binder else ()


def _line_of(piece: Piece) -> Span:
    """Return the span of the first line of a piece, without the spaces around it."""
    line = piece.text.split("\n", 1)[0]
    blanks = len(line) - len(line.lstrip())
    return Span(piece.start + blanks, min(piece.start + len(line.rstrip()), piece.end))
