"""Places in a text: a span is a pair of offsets; line and column are computed when they are shown."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of the text, as offsets in characters: `start` inclusive, `end` exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Source:
    """A named text."""

    name: str
    text: str
    _starts: list[int] = field(default_factory=list, init=False, repr=False, compare=False)

    def _line_starts(self) -> list[int]:
        """Offsets at which lines start, found once."""
        if not self._starts:
            self._starts.append(0)
            at = self.text.find("\n")
            while at >= 0:
                self._starts.append(at + 1)
                at = self.text.find("\n", at + 1)
        return self._starts

    def at(self, span: Span) -> str:
        """The text at a place."""
        return self.text[span.start : span.end]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1, columns in characters."""
        starts = self._line_starts()
        line = bisect_right(starts, min(offset, len(self.text)))
        return line, offset - starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, numbered from 1, without its line end."""
        starts = self._line_starts()
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r")
