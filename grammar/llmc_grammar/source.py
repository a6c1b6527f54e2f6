"""Positions in a text: spans are pairs of offsets; lines and columns are computed on demand.

A plan may call other plans, each in its own text. Their spans lie above those of the plan itself: the text number `n`
of `others`, from 1, has the offsets from `n * TEXT`.
"""

from bisect import bisect_right
from dataclasses import field
from typing import Final, NamedTuple

from llmc_grammar.frozen_data import frozen

TEXT: Final = 1 << 32
"""The offsets of one text: more characters than a text may have."""


class Span(NamedTuple):
    """A part of the text, as offsets in characters: `start` inclusive, `end` exclusive."""

    start: int
    """The offset of the first character."""
    end: int
    """The offset behind the last character."""

    def moved(self, distance: int) -> "Span":
        """Return the span with both offsets increased."""
        return Span(self.start + distance, self.end + distance)


@frozen
class Source:
    """A named text, and the texts of the plans that it calls."""

    name: str
    """The name in reports, such as the path of a file."""
    text: str
    """The whole text."""
    others: tuple["Source", ...] = field(default=(), repr=False, compare=False)
    """The texts of the plans that this one calls."""
    _starts: list[int] = field(default_factory=list, init=False, repr=False, compare=False)

    def _line_starts(self) -> list[int]:
        """Return the offsets at which lines start, computed once."""
        if not self._starts:
            self._starts.append(0)
            newline = self.text.find("\n")
            while newline >= 0:
                self._starts.append(newline + 1)
                newline = self.text.find("\n", newline + 1)
        return self._starts

    def holding(self, span: Span) -> tuple["Source", Span]:
        """Return the text in which a span lies, and the span in that text."""
        number, start = divmod(span.start, TEXT)
        if not 0 < number <= len(self.others):
            return self, span
        return self.others[number - 1], Span(start, span.end - number * TEXT)

    def at(self, span: Span) -> str:
        """Return the text of a span."""
        source, local = self.holding(span)
        return source.text[local.start : local.end]

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset in its text, both from 1, columns in characters."""
        source, (local, _) = self.holding(Span(offset, offset))
        starts = source._line_starts()  # noqa: SLF001 — same class
        line = bisect_right(starts, min(local, len(source.text)))
        return line, local - starts[line - 1] + 1

    def file_of(self, span: Span) -> str | None:
        """Return the name of the text in which a span lies, unless that is this text."""
        source, _ = self.holding(span)
        return None if source is self else source.name

    def place(self, span: Span) -> str:
        """Return the line of a span in words: `line 3`, in another text `line 3 of other.llmc`."""
        line, file = self.position(span.start)[0], self.file_of(span)
        return f"line {line}" if file is None else f"line {line} of {file}"

    def line(self, number: int) -> str:
        """Return the text of a line, numbered from 1, without its line end."""
        starts = self._line_starts()
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r")
