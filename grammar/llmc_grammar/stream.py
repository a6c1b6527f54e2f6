"""Reads a plan that arrives in pieces; each statement is returned as soon as its end is known."""

import re
from codecs import getincrementaldecoder
from collections.abc import Container, Iterable
from typing import TYPE_CHECKING, Final, Literal

from llmc_grammar.ast import Statement, Task
from llmc_grammar.bounds import Bounds
from llmc_grammar.characters import forbidden
from llmc_grammar.diagnostic import Diagnostic, located
from llmc_grammar.errors.lines import TextTooLong
from llmc_grammar.reasoning import USUAL, ReasoningTags
from llmc_grammar.source import Source, Span
from llmc_grammar.split import END_MARK, Piece, Splitter
from llmc_grammar.statement import kind_of, parses
from llmc_grammar.statement_reader import JOIN, Lost, StatementReader

if TYPE_CHECKING:
    from llmc_grammar.dialects.translation import Translation
    from llmc_grammar.repair.splitting.reasoning_filter import ReasoningFilter

REASONING: Final = 16
"""The size limit of a model's text, reasoning included, as a multiple of the limit of its plan."""

_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_MARK: Final = "\ufeff"
_CONTINUES: Final = 0b1000_0000
_TOP_BITS: Final = 0b1100_0000


Mode = Literal["strict", "lenient"]
"""How a text is read: as a plan file, or as a model's text, whose common damage is repaired."""


class PlanStream:
    """Reads a plan piece by piece.

    `header=False` refuses `use` and `input`, as `lenient` does. The default bounds are those of plan files or of model
    texts. `tools` has the names of the toolbox: a tool called `finish` is not a join. `reasoning` has the tags around
    a model's reasoning. `first` is the number of the first task of a plan in a dialect.
    """

    def __init__(
        self,
        mode: Mode = "strict",
        *,
        bounds: Bounds | None = None,
        header: bool = True,
        tools: Container[str] = (),
        reasoning: ReasoningTags = USUAL,
        first: int = 1,
    ) -> None:
        lenient = mode == "lenient"
        bounds = bounds or (Bounds.MODEL if lenient else Bounds.FILE)
        self._limit = bounds.text
        self._bounds = bounds
        self._decoder = getincrementaldecoder("utf-8")("surrogateescape")
        self._filter = _filter(bounds, tools, reasoning) if lenient else None
        self._splitter: Splitter | ReasoningFilter = self._filter or Splitter(bounds)
        self._reader = StatementReader(bounds, header=header and not lenient)
        self._texts: list[str] = []
        self._pending: list[str] = []
        self._begun = False
        self._bytes = 0
        self._total = 0
        self._offset = 0
        self._full = False
        self._closed = False
        self._found: list[Diagnostic] = []
        self._bad: list[int] = []
        self._done: list[Statement] = []
        self._last: Statement | None = None
        self._unended: Span | None = None
        self._edge = ""
        self._is_marked = False
        self._tools = tools
        self._first = first
        self._translation: Translation | None = None
        self._statements: list[Statement] = []

    @property
    def text(self) -> str:
        """All text so far, up to the bound and without a byte order mark; joined on demand."""
        self._texts = ["".join(self._texts)]
        return self._texts[0]

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The diagnostics so far, in the order of their spans."""
        return self.mistakes_in(Source("<stream>", self.text))

    def mistakes_in(self, source: Source | None) -> tuple[Diagnostic, ...]:
        """Return the diagnostics so far, with another source or without one."""
        found = [*self._within_plan(), *self._left_out(), *self._reader.found]
        stop = self._reader.stopped_at
        before = found if stop is None else [diagnostic for diagnostic in found if diagnostic.span.start <= stop]
        return located(sorted(before, key=lambda diagnostic: (diagnostic.span, diagnostic.code)), source)

    def _within_plan(self) -> list[Diagnostic]:
        """Return the diagnostics of characters and size; in a model's text, only those inside its plan."""
        if self._filter is None:
            return self._found
        holds, is_void = self._filter.holds, self._filter.is_void
        return [
            diagnostic
            for diagnostic in self._found
            if holds(diagnostic.span.start) or (is_void and isinstance(diagnostic, TextTooLong))
        ]

    def _left_out(self) -> list[Diagnostic]:
        """Return the diagnostics between the statements."""
        if self._translation is None or self._filter is None:
            return self._splitter.found
        return [self._translation.note, *self._filter.reasoning]

    @property
    def is_over(self) -> bool:
        """Whether a broken bound has ended reading."""
        return self._full or self._reader.stopped_at is not None

    @property
    def lost(self) -> tuple[Lost, ...]:
        """The refused tasks and inputs, in order; references may still use their names."""
        return tuple(self._reader.lost)

    @property
    def moved(self) -> tuple[Span, ...]:
        """The statements whose boundaries a repair decided: if there are any, no write may start.

        Such a repair adds closing characters, or closes a string above a line that may be its end. It keeps a line
        break in a string, or an apostrophe before a text. It cuts off a label, an arrow, or the next task on the line.
        In a dialect without marks around its calls, all statements count.
        """
        if self._translation is not None:
            pieces = () if self._translation.is_marked else self._translation.pieces
            return tuple(Span(piece.start, piece.end) for piece in pieces if piece.start < piece.end)
        return tuple(self._filter.moved) if self._filter is not None else ()

    @property
    def dialect(self) -> str | None:
        """The dialect of the whole text, None for a plan in the language."""
        return None if self._translation is None else self._translation.dialect

    @property
    def plan(self) -> str:
        """The plan that a text in a dialect becomes; empty for a plan in the language."""
        return "" if self._translation is None else self._translation.plan

    @property
    def unended(self) -> Span | None:
        """The last task of a model's text, if no newline, join or end mark follows it.

        It may be the beginning of a longer statement, so it needs approval to write.
        """
        return self._unended

    @property
    def restarts(self) -> int:
        """The number of times that all statements so far became void.

        Text before them turned out to be reasoning, or the whole text turned out to be a dialect.
        """
        return 0 if self._filter is None else self._filter.restarts + (self._translation is not None)

    @property
    def is_ended(self) -> bool:
        """Whether a join or an end mark has ended a model's plan."""
        if self._filter is None or self._filter.is_void:
            return False
        return self._filter.ended_at is not None or self._is_marked

    @property
    def ends_in_join(self) -> bool:
        """Whether the unfinished last line is a join with an end mark."""
        last = "".join(self._pending)
        mark = last.rfind(END_MARK)
        is_open = self._filter is None or self._filter.is_void or self._filter.opened_at is not None
        return not is_open and mark >= 0 and JOIN.match(last) is not None and parses(last[:mark], kind_of(last))

    @property
    def may_restart(self) -> bool:
        """Whether the unfinished last line contains a closing tag, which may void all text so far."""
        last = "".join(self._pending)
        return self._filter is not None and any(tag.closes for tag in self._filter.tags.find(last))

    @property
    def has_tail(self) -> bool:
        """Whether text other than an end mark or a fence follows a model's plan."""
        end = None if self._filter is None else self._filter.ended_at
        if end is None and self._is_marked:
            end = self.text.rfind(END_MARK)
        return end is not None and bool(self.text[end:].replace(END_MARK, "").strip(" \t\r\n`"))

    @property
    def begins_at(self) -> int:
        """The offset at which the plan begins, after any reasoning."""
        return 0 if self._filter is None else self._filter.begins_at

    def feed(self, piece: str | bytes) -> tuple[Statement, ...]:
        """Read the next piece of text; return the statements that it finishes. Raises ValueError after `close`."""
        if self._closed:
            msg = "the stream is closed"
            raise ValueError(msg)
        if isinstance(piece, bytes):
            self._take(self._decoder.decode(piece))
        else:
            self._take(self._flush() + piece)
        return self._out()

    def close(self, *, complete: bool = True) -> tuple[Statement, ...]:
        """End the text; return the last statements. If it is not `complete`, the open statement is dropped."""
        if self._closed:
            return ()
        self._take(self._flush())
        self._closed = True
        start, last = self._offset, "".join(self._pending)
        self._pending = []
        if self._full:
            return self._out()
        if not complete:
            self._break_off(last)
            return self._out()
        if last:
            self._read(last)
        restarts = self.restarts
        self._take_pieces(self._splitter.end(), restarts)
        self._unended = self._find_unended(start)
        self._translate()
        return self._out()

    def _translate(self) -> None:
        """Read a text without a plan as a dialect."""
        lenient = self._filter
        if lenient is None or self.is_over:
            return
        from llmc_grammar.dialects.fallback import OwnPlan, other_form  # noqa: PLC0415 — plan files have one form
        from llmc_grammar.dialects.form import Target  # noqa: PLC0415 — as above

        span, has_lost = (lenient.begins_at, lenient.ends_at), bool(self._reader.lost)
        own = OwnPlan(
            self.text, span, tuple(self._statements), self.mistakes_in(None), tuple(lenient.blocks), has_lost=has_lost
        )
        translation = other_form(own, Target(self._tools, self._first), self._bounds)
        if isinstance(translation, Diagnostic):
            self._reader.found.append(translation)
        elif translation is not None:
            self._reader = StatementReader(self._bounds, header=False)
            self._done, self._unended, self._translation = [], None, translation
            self._read_pieces(translation.pieces)

    def _break_off(self, last: str) -> None:
        """End a truncated text; of its last line, only reasoning tags count."""
        lenient = self._filter
        if lenient is None:
            return
        restarts = self.restarts
        pieces = lenient.line(last, self._offset) if lenient.tags.find(last) else []
        before_end = self.restarts
        rest = lenient.end(complete=False)
        pieces = rest if self.restarts != before_end else pieces + rest
        self._take_pieces([piece for piece in pieces if piece.end <= self._offset], restarts)

    def _find_unended(self, start: int) -> Span | None:
        """Return the last task if it ends on the last line, from `start`, and nothing else ends the plan."""
        lenient, last = self._filter, self._last
        if lenient is None or lenient.ended_at is not None or not isinstance(last, Task):
            return None
        edge = lenient.interrupted if lenient.is_void else start
        return last.span if edge is not None and last.span.end > edge else None

    def _out(self) -> tuple[Statement, ...]:
        """Return the statements read since the last call."""
        done, self._done = tuple(self._done), []
        return done

    def _flush(self) -> str:
        """Return the rest of an incomplete character."""
        rest = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return rest

    def _take(self, text: str) -> None:
        """Read the whole lines of decoded text, and keep the rest."""
        if text and not self._begun:
            self._begun = True
            text = text.removeprefix(_MARK)
        if self._filter is None or self._bytes + _size(text) <= self._limit:
            self._take_part(text)
            return
        # Reasoning does not count towards the limit, and is recognised line by line.
        for line in _LINE.finditer(text):
            if self._full:
                break
            self._take_part(line[0])

    def _take_part(self, text: str) -> None:
        """Take text up to the limit."""
        text = self._within_bound(text)
        self._texts.append(text)
        cut = text.rfind("\n") + 1
        last = text[cut:] if cut else self._edge + text
        self._is_marked = END_MARK in last or (self._is_marked and not cut)
        self._edge = last[-len(END_MARK) :]
        self._pending.append(text[:cut] or text)
        if cut:
            lines = "".join(self._pending)
            self._pending = [text[cut:]]
            self._read(lines)
            if self._filter is not None:
                self._bytes = self._filter.size + _size(text[cut:])

    def _within_bound(self, text: str) -> str:
        """Return the part of a piece within the limits; report the first byte beyond them."""
        if self._full:
            return ""
        size = _size(text)
        self._bytes += size
        self._total += size
        is_void = self._filter is not None and self._filter.is_void
        limit = self._limit * (1 if self._filter is None else REASONING)
        excess = max(self._total - limit, 0 if is_void else self._bytes - self._limit)
        if excess <= 0:
            return text
        self._full = True
        within = _whole_characters(text, max(size - excess, 0))
        end = sum(map(len, self._texts)) + len(within)
        self._found.append(TextTooLong(span=Span(end, end), limit=self._limit))
        return within

    def _read(self, lines: str) -> None:
        """Read whole lines."""
        bad = forbidden(lines, self._offset)
        self._found += bad
        self._bad += [diagnostic.span.start for diagnostic in bad]
        start = self._offset
        self._offset += len(lines)
        for line in lines.removesuffix("\n").split("\n"):
            if self._reader.stopped_at is not None:
                break
            restarts = self.restarts
            pieces = self._splitter.line(line, start)
            if pieces or self.restarts != restarts:
                self._take_pieces(pieces, restarts)
            start += len(line) + 1

    def _take_pieces(self, pieces: list[Piece], restarts: int) -> None:
        """Read pieces into statements; a restart since `restarts` voids the earlier statements."""
        if self.restarts != restarts:
            self._reader = StatementReader(self._bounds, header=False)
            self._done, self._last, self._statements = [], None, []
        self._read_pieces(pieces)

    def _read_pieces(self, pieces: Iterable[Piece]) -> None:
        """Read pieces into statements."""
        for piece in pieces:
            statement = self._reader.read(piece, self._bad)
            if statement is not None:
                self._done.append(statement)
                self._last = statement
                if self._filter is not None:
                    self._statements.append(statement)


def _filter(bounds: Bounds, tools: Container[str], tags: ReasoningTags) -> "ReasoningFilter":
    """Return the reader of a model's text."""
    from llmc_grammar.repair.splitting.reasoning_filter import ReasoningFilter  # noqa: PLC0415 — plan files are not repaired

    return ReasoningFilter(bounds, tools, tags)


def _size(text: str) -> int:
    """Return the size of a text in UTF-8 bytes."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _whole_characters(text: str, size: int) -> str:
    """Return the characters of a text that fit into `size` bytes of UTF-8."""
    data = text.encode("utf-8", "surrogatepass")
    while 0 < size < len(data) and data[size] & _TOP_BITS == _CONTINUES:
        size -= 1
    return data[:size].decode("utf-8", "surrogatepass")
