"""Displays of objects in notebooks and by `rich.print`: a title, a text, a table and notes, all of them bounded.

class Basket(Displayed):
    def _sheet(self) -> Sheet:
        return Sheet("2 things", ("thing", "price"), [("tea", "3.5"), ("coffee", "7")])
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from llmc_compiler.cells import fit, visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

MOST_ROWS: Final = 50
LONGEST_CELL: Final = 160
"""Cells of a terminal that a part of the table may take."""

LONGEST_TEXT: Final = 4_000
"""Characters of the text between title and table."""

LONGEST_LINES: Final = 20_000
"""Characters of a text that is shown as lines."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A title, a text, a table with the names of its columns, and notes; of `rows` the first are shown."""

    title: str
    heads: Sequence[str] = ()
    rows: Iterable[Sequence[str]] = ()
    text: str = ""
    notes: Sequence[str] = ()
    count: int = 0
    """How many rows there are, if there are more than can be shown."""

    def cells(self) -> Iterator[Sequence[str]]:
        """The rows that are shown, and as the last one how many are not."""
        yield from ([fit(cell, LONGEST_CELL) for cell in row] for row in islice(self.rows, MOST_ROWS))
        if self.count > MOST_ROWS:
            yield [f"… {self.count - MOST_ROWS:,} more", *[""] * (len(self.heads) - 1)]

    def lines(self) -> Iterator[str]:
        """The lines of the text, cut."""
        short = self.text if len(self.text) <= LONGEST_TEXT else f"{self.text[:LONGEST_TEXT]}…"
        return map(visible, short.split("\n") if short else ())

    def said(self) -> Iterator[str]:
        """The notes, each cut."""
        return (fit(note, 4 * LONGEST_CELL) for note in islice(self.notes, MOST_ROWS))


class Displayed:
    """Shows itself in notebooks and to `rich.print`."""

    __slots__ = ()

    def _sheet(self) -> Sheet:
        """The display of the object."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        """As IPython's display protocol asks for it."""
        from llmc_compiler.displaying import as_html  # noqa: PLC0415 — only who displays pays for it

        return as_html(self._sheet())

    def __rich__(self) -> "RenderableType":
        """As rich's protocol asks for it."""
        from llmc_compiler.displaying import as_rich  # noqa: PLC0415 — as above

        return as_rich(self._sheet())


class TextLines(str):
    """A text that notebooks and rich show as plain lines, without quotes and without reading it as markup."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """As IPython's display protocol asks for it."""
        from llmc_compiler.displaying import lines_as_html  # noqa: PLC0415 — as above

        return lines_as_html(((line, ""),) for line in self._beginning())

    def __rich__(self) -> "Text":
        """As rich's protocol asks for it."""
        from llmc_compiler.displaying import lines_as_rich  # noqa: PLC0415 — as above

        return lines_as_rich(((line, ""),) for line in self._beginning())

    def _beginning(self) -> list[str]:
        """The lines that are shown."""
        return (self if len(self) <= LONGEST_LINES else f"{self[:LONGEST_LINES]}…").splitlines()
