"""Positions in a text: spans are pairs of offsets; lines and columns are computed on demand."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple


class Span(NamedTuple):
    """A part of the text, as offsets in characters: `start` inclusive, `end` exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Source:
    """A named text."""

    name: str
    text: str
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

    def at(self, span: Span) -> str:
        """Return the text of a span."""
        return self.text[span.start : span.end]

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset, both from 1, columns in characters."""
        starts = self._line_starts()
        line = bisect_right(starts, min(offset, len(self.text)))
        return line, offset - starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return the text of a line, numbered from 1, without its line end."""
        starts = self._line_starts()
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r")
