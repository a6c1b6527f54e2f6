"""A plan that arrives in pieces: statements come out as soon as their end was seen."""

from codecs import getincrementaldecoder
from collections.abc import Container
from typing import Final, Literal

from llmc_grammar.ast import Statement
from llmc_grammar.bounds import Bounds
from llmc_grammar.characters import forbidden
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.lines import TextTooLong
from llmc_grammar.reader import Lost, Reader
from llmc_grammar.repair.lenient import Lenient
from llmc_grammar.source import Span
from llmc_grammar.split import Piece, Splitter

_MARK: Final = "\ufeff"
_CONTINUES: Final = 0b1000_0000
_TOP_BITS: Final = 0b1100_0000


Mode = Literal["strict", "lenient"]
"""How a text is read: as a person's file, or as a model's text, whose everyday damage is mended."""


class PlanStream:
    """Reads a plan piece by piece.

    `header=False` refuses `use` and `input`, as `lenient` does. The bounds are those of plan files, or of model text;
    `tools` are the names that the toolbox has: a tool called `finish` is no join.
    """

    def __init__(
        self,
        mode: Mode = "strict",
        *,
        bounds: Bounds | None = None,
        header: bool = True,
        tools: Container[str] = (),
    ) -> None:
        """Nothing has arrived."""
        lenient = mode == "lenient"
        bounds = bounds or (Bounds.MODEL if lenient else Bounds.FILE)
        self._limit = bounds.text
        self._decoder = getincrementaldecoder("utf-8")("surrogateescape")
        self._splitter: Splitter | Lenient = Lenient(bounds, tools) if lenient else Splitter(bounds)
        self._reader = Reader(bounds, header=header and not lenient)
        self._texts: list[str] = []
        self._pending: list[str] = []
        self._begun = False
        self._bytes = 0
        self._offset = 0
        self._full = False
        self._closed = False
        self._found: list[Diagnostic] = []
        self._bad: list[int] = []

    @property
    def text(self) -> str:
        """All text so far, up to the bound and without a byte order mark; put together on demand."""
        self._texts = ["".join(self._texts)]
        return self._texts[0]

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was found so far, by place."""
        found = [*self._within_plan(), *self._splitter.found, *self._reader.found]
        stop = self._reader.stopped_at
        kept = found if stop is None else [one for one in found if one.span.start <= stop]
        return tuple(sorted(kept, key=lambda one: (one.span, one.code)))

    def _within_plan(self) -> list[Diagnostic]:
        """Mistakes of characters and size; below a model's plan nothing is one."""
        ended = self._splitter.ended_at if isinstance(self._splitter, Lenient) else None
        return self._found if ended is None else [one for one in self._found if one.span.start < ended]

    @property
    def is_over(self) -> bool:
        """Whether a bound was broken: nothing more is read."""
        return self._full or self._reader.stopped_at is not None

    @property
    def lost(self) -> tuple[Lost, ...]:
        """Tasks and inputs that were refused, in order: names that references may still mean."""
        return tuple(self._reader.lost)

    @property
    def moved(self) -> tuple[Span, ...]:
        """The statements of which a repair decided where they begin or end: with any, no write may start.

        Such a repair adds closers, keeps a line break in a string or an apostrophe in front of a text, cuts off an
        arrow or the next task on the line, or closes a string above a line that is left out and may be its end.
        """
        return tuple(self._splitter.moved) if isinstance(self._splitter, Lenient) else ()

    def feed(self, piece: str | bytes) -> tuple[Statement, ...]:
        """Take the next piece of text; the statements that it finishes come out. Raises ValueError after `close`."""
        if self._closed:
            msg = "the stream is closed"
            raise ValueError(msg)
        if isinstance(piece, bytes):
            return self._take(self._decoder.decode(piece))
        return self._take(self._flush() + piece)

    def close(self, *, complete: bool = True) -> tuple[Statement, ...]:
        """The text has ended; where it is not `complete` (broken off), nothing of the open statement comes out."""
        if self._closed:
            return ()
        done = self._take(self._flush())
        self._closed = True
        if not complete or self._full:
            return done
        last = "".join(self._pending)
        self._pending = []
        if last:
            done += self._read(last)
        return done + self._statements(self._splitter.end())

    def _flush(self) -> str:
        """What is left of a character that was cut."""
        rest = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return rest

    def _take(self, text: str) -> tuple[Statement, ...]:
        """Take decoded text: whole lines are read, the rest waits."""
        if text and not self._begun:
            self._begun = True
            text = text.removeprefix(_MARK)
        text = self._within_bound(text)
        self._texts.append(text)
        cut = text.rfind("\n") + 1
        if not cut:
            self._pending.append(text)
            return ()
        self._pending.append(text[:cut])
        lines = "".join(self._pending)
        self._pending = [text[cut:]]
        return self._read(lines)

    def _within_bound(self, text: str) -> str:
        """The part of a piece that the bound allows; the first byte above it is reported."""
        if self._full:
            return ""
        fits = self._limit - self._bytes
        self._bytes += len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        if self._bytes <= self._limit:
            return text
        self._full = True
        kept = text[:fits] if text.isascii() else _whole_characters(text, fits)
        at = sum(map(len, self._texts)) + len(kept)
        self._found.append(TextTooLong(span=Span(at, at), limit=self._limit))
        return kept

    def _read(self, lines: str) -> tuple[Statement, ...]:
        """Read whole lines."""
        bad = forbidden(lines, self._offset)
        self._found += bad
        self._bad += [one.span.start for one in bad]
        done: list[Statement] = []
        start = self._offset
        self._offset += len(lines)
        for line in lines.removesuffix("\n").split("\n"):
            if self._reader.stopped_at is not None:
                break
            pieces = self._splitter.line(line, start)
            if pieces:
                done += self._statements(pieces)
            start += len(line) + 1
        return tuple(done)

    def _statements(self, pieces: list[Piece]) -> tuple[Statement, ...]:
        """The statements of pieces."""
        read = (self._reader.read(piece, self._bad) for piece in pieces)
        return tuple(statement for statement in read if statement is not None)


def _whole_characters(text: str, size: int) -> str:
    """The characters of a text that fit into so many bytes of UTF-8."""
    data = text.encode("utf-8", "surrogatepass")
    while 0 < size < len(data) and data[size] & _TOP_BITS == _CONTINUES:
        size -= 1
    return data[:size].decode("utf-8", "surrogatepass")
