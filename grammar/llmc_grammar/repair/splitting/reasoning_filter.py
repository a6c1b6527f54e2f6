"""Reads lines of a model's text and returns the statements of its plan, without reasoning.

A tag counts unless it is inside a string of a statement that parses strictly. A closing tag that counts discards all
text before it, and parsing restarts after it. An opening tag that counts discards all text up to the next closing tag.
A tag inside an open statement is decided when the statement ends; its lines are then read again.
"""

from collections import deque
from collections.abc import Container
from typing import Final

from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.repairs import ReasoningLeftOut
from llmc_grammar.mistake import Edit
from llmc_grammar.reasoning import ReasoningTags, Tag
from llmc_grammar.repair.splitting.lenient_splitter import LenientSplitter
from llmc_grammar.repair.splitting.scan import in_string
from llmc_grammar.source import Span
from llmc_grammar.split import Piece
from llmc_grammar.statement import kind_of, read_if_it_parses

Line = tuple[str, int]

_REREAD: Final = 1024 * 1024
"""The total number of characters to read again; beyond it, every tag counts."""


class ReasoningFilter:
    """Reads a model's text; `begins_at` is the end of the last closing tag that counts, `restarts` their number.

    `size` is the plan's size in bytes, without discarded lines.
    """

    def __init__(self, bounds: Bounds, tools: Container[str], tags: ReasoningTags) -> None:
        self.begins_at = 0
        self.restarts = 0
        self.size = 0
        self.interrupted: int | None = None
        self._bounds = bounds
        self._tools = tools
        self.tags = tags
        self._plan = LenientSplitter(bounds, tools)
        self._draft: LenientSplitter | None = None
        self._void_from: int | None = None
        self._lines: list[Line] = []
        self._pending: list[Tag] = []
        self._given = 0
        self._reread = _REREAD
        self._note: Diagnostic | None = None

    @property
    def found(self) -> list[Diagnostic]:
        """The warnings about omitted lines of the plan and about reasoning."""
        return self._plan.found + self.reasoning

    @property
    def reasoning(self) -> list[Diagnostic]:
        """The warning about reasoning, if there is any."""
        return [] if self._note is None else [self._note]

    @property
    def blocks(self) -> list[Span]:
        """The blocks of the plan in marks of tool calls."""
        return self._plan.blocks

    @property
    def moved(self) -> list[Span]:
        """The statements whose boundary a repair decided."""
        return self._plan.moved

    @property
    def ended_at(self) -> int | None:
        """The offset at which the plan ended, None before that."""
        return self._plan.ended_at

    @property
    def opened_at(self) -> int | None:
        """The offset at which the plan's open statement begins, None if none is open."""
        return self._plan.opened_at

    @property
    def is_void(self) -> bool:
        """Whether the text so far ends inside reasoning."""
        return self._draft is not None

    @property
    def ends_at(self) -> int | None:
        """The offset of an opening tag that discards the rest of the text, None without one."""
        return self._void_from

    def holds(self, offset: int) -> bool:
        """Whether an offset is inside the plan."""
        end = min((at for at in (self._void_from, self.ended_at) if at is not None), default=offset + 1)
        return self.begins_at <= offset < end

    def line(self, text: str, start: int) -> list[Piece]:
        """Take the next line (without its newline), which begins at offset `start`."""
        if self._draft is not None:
            return self._feed([(text, start)])
        self.size += len(text) + 1 if text.isascii() else _size(text)
        if self._pending or self.tags.may_be_in(text):
            return self._feed([(text, start)])
        if text or self._plan.opened_at is not None:
            self._lines.append((text, start))
        pieces = self._plan.line(text, start)
        self._given += len(pieces)
        return pieces

    def end(self, *, complete: bool = True) -> list[Piece]:
        """End the text; tags in an open statement count, since the statement does not parse.

        `complete=False` drops the open statement.
        """
        done: list[Piece] = []
        while self._pending:
            restarts = self.restarts
            pieces, again = self._decide([], at_end=True)
            pieces += self._feed(again)
            if self.restarts != restarts:
                done = []
            done += pieces
        return done + (self._plan.end() if complete else [])

    def _feed(self, lines: list[Line]) -> list[Piece]:
        """Return the pieces of lines, including lines to read again."""
        done: list[Piece] = []
        queue = deque(lines)
        while queue:
            text, start = queue.popleft()
            restarts = self.restarts
            pieces, again = self._step(text, start)
            if self.restarts != restarts:
                done.clear()
            done += pieces
            queue.extendleft(reversed(again))
        return done

    def _step(self, text: str, start: int) -> tuple[list[Piece], list[Line]]:
        """Return the pieces of a line, and the lines to read again."""
        self._lines.append((text, start))
        pieces = (self._draft or self._plan).line(text, start)
        self._pending += self.tags.find(text, start)
        if self._pending:
            return self._decide(pieces)
        return self._out(pieces), []

    def _out(self, pieces: list[Piece]) -> list[Piece]:
        """Return the pieces that belong to the plan."""
        if self._draft is not None:
            return []
        self._given += len(pieces)
        return pieces

    def _decide(self, pieces: list[Piece], *, at_end: bool = False) -> tuple[list[Piece], list[Line]]:
        """Decide pending tags as far as possible; return the valid pieces and the lines to read again."""
        if self._reread <= 0:
            closing = [tag for tag in self._pending if tag.closes]
            self._pending = closing[-1:] or self._pending
            return self._count(self._pending[0])
        while self._pending:
            tag = self._pending[0]
            opened = (self._draft or self._plan).opened_at
            if not at_end and opened is not None and opened <= tag.start:
                break
            if (tag.closes or self._draft is None) and not self._is_text(tag, pieces):
                return self._count(tag)
            self._pending.pop(0)
        return self._out(pieces), []

    def _is_text(self, tag: Tag, pieces: list[Piece]) -> bool:
        """Whether a tag is inside a string of a statement that parses strictly."""
        start, end = next(
            ((piece.start, piece.end) for piece in pieces if piece.start <= tag.start < piece.end),
            next((at, at + len(text)) for text, at in reversed(self._lines) if at <= tag.start),
        )
        text = self._slice(start, end)
        kind = kind_of(text)
        if kind == "thought" or not in_string(text, tag.start - start):
            return False
        read = read_if_it_parses(text, start, kind, self._bounds)
        return read is not None and read[0] is not None

    def _slice(self, start: int, end: int) -> str:
        """Return the text between two offsets on the last lines."""
        parts: list[str] = []
        for text, offset in reversed(self._lines):
            if offset < end:
                parts.append(text[max(start - offset, 0) : end - offset])
            if offset <= start:
                break
        return "\n".join(reversed(parts))

    def _count(self, tag: Tag) -> tuple[list[Piece], list[Line]]:
        """Discard the text that a counting tag voids; return the valid pieces and the lines to read again."""
        lines, self._lines, self._pending = self._lines, [], []
        rest = [
            (text[max(tag.end - offset, 0) :], max(tag.end, offset))
            for text, offset in lines
            if offset + len(text) >= tag.end
        ]
        self._reread -= sum(len(text) for text, _ in rest)
        if tag.closes:
            self._restart(tag, rest)
            return [], rest
        before = [(text[: max(tag.start - offset, 0)], offset) for text, offset in lines if offset <= tag.start]
        return (self._suspend(tag, before, rest), rest) if self._draft is None else ([], rest)

    def _restart(self, tag: Tag, rest: list[Line]) -> None:
        """Restart the plan after a closing tag."""
        self.begins_at = tag.end
        self.restarts += 1
        self.size = sum(_size(text) for text, _ in rest)
        self.interrupted = self._void_from = self._draft = None
        self._given = 0
        self._plan = LenientSplitter(self._bounds, self._tools)
        self._note = ReasoningLeftOut(span=Span(tag.start, tag.end), place="before", edit=Edit(Span(0, tag.end), ""))

    def _suspend(self, tag: Tag, before: list[Line], rest: list[Line]) -> list[Piece]:
        """End the plan before an opening tag, unless a closing tag follows; return the new pieces."""
        self._reread -= sum(len(text) for text, _ in before)
        self.size -= sum(_size(text) for text, _ in rest)
        self._void_from = tag.start
        self._draft = LenientSplitter(self._bounds, self._tools)
        self._plan = LenientSplitter(self._bounds, self._tools)
        self._note = ReasoningLeftOut(span=Span(tag.start, tag.end), place="after")
        pieces = [piece for text, at in before for piece in self._plan.line(text, at)]
        if before and before[-1][0].strip() and not tag.ends:
            self.interrupted = before[-1][1]
        fresh = pieces[self._given :]
        self._given = len(pieces)
        return fresh


def _size(line: str) -> int:
    """Return the size of a line and its newline in bytes."""
    return (len(line) if line.isascii() else len(line.encode("utf-8", "surrogatepass"))) + 1
