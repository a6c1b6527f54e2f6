"""Displays of objects as HTML in notebooks and by `rich.print`: a title, a text, a table and notes, bounded in size.

class Basket(Displayed):
    def _sheet(self) -> Sheet:
        return Sheet("2 things", ("thing", "price"), [("tea", "3.5"), ("coffee", "7")])
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Final

from llmc_compiler.terminal_cells import fit, visible
from llmc_grammar.frozen_data import frozen

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

MOST_ROWS: Final = 50

LONGEST_CELL: Final = 160
"""Maximum number of terminal columns that a cell of the table may take."""

LONGEST_TEXT: Final = 4_000
"""Maximum number of characters of the text between title and table."""

LONGEST_LINES: Final = 20_000
"""Maximum number of characters of a text that is shown as lines."""

_HTML: Final = {"bold": "<b>{}</b>", "dim": '<span style="opacity:0.6">{}</span>'}

_LEFT: Final = ' style="text-align:left"'

Piece = tuple[str, str]
"""A text and its style: `bold`, `dim`, or none."""

Line = tuple[Piece, ...]


def plain(line: Line) -> str:
    """Return a line without its styles."""
    return "".join(text for text, _ in line).rstrip()


@frozen
class Sheet:
    """A title, a text, a table with column names, and notes; only the first `rows` are shown."""

    title: str
    heads: Sequence[str] = ()
    rows: Iterable[Sequence[str]] = ()
    text: str = ""
    notes: Sequence[str] = ()
    count: int = 0
    """The number of rows, if there are more than can be shown."""

    def cells(self) -> Iterator[Sequence[str]]:
        """Yield the rows that are shown, and a last one with the number of the others."""
        yield from ([fit(cell, LONGEST_CELL) for cell in row] for row in islice(self.rows, MOST_ROWS))
        if self.count > MOST_ROWS:
            yield [f"… {self.count - MOST_ROWS:,} more", *[""] * (len(self.heads) - 1)]

    def lines(self) -> Iterator[str]:
        """Return the lines of the text, which is cut if it is long."""
        short = self.text if len(self.text) <= LONGEST_TEXT else f"{self.text[:LONGEST_TEXT]}…"
        return map(visible, short.split("\n") if short else ())

    def said(self) -> Iterator[str]:
        """Return the notes, each cut if it is long."""
        return (fit(note, 4 * LONGEST_CELL) for note in islice(self.notes, MOST_ROWS))


class Displayed:
    """Base of objects with a display in notebooks and by `rich.print`."""

    __slots__ = ()

    def _sheet(self) -> Sheet:
        """Return the display of the object."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        """Implement IPython's display protocol."""
        return as_html(self._sheet())

    def __rich__(self) -> "RenderableType":
        """Implement rich's protocol."""
        return as_rich(self._sheet())


class TextLines(str):
    """A text that notebooks and rich show as plain lines, without quotes and without interpreting markup."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """Implement IPython's display protocol."""
        return lines_as_html(((line, ""),) for line in self._beginning())

    def __rich__(self) -> "Text":
        """Implement rich's protocol."""
        return lines_as_rich(((line, ""),) for line in self._beginning())

    def _beginning(self) -> list[str]:
        """Return the lines that are shown."""
        return (self if len(self) <= LONGEST_LINES else f"{self[:LONGEST_LINES]}…").splitlines()


def as_html(sheet: Sheet) -> str:
    """Render a sheet as an HTML fragment."""
    parts = [f"<p><b>{escape(fit(sheet.title, 4 * LONGEST_CELL))}</b></p>"]
    if lines := list(sheet.lines()):
        parts.append(f'<div style="white-space:pre-wrap">{escape(chr(10).join(lines))}</div>')
    if rows := list(sheet.cells()):
        parts.append(f"<table><thead>{_row('th', sheet.heads)}</thead><tbody>")
        parts += (_row("td", row) for row in rows)
        parts.append("</tbody></table>")
    parts += (f"<p>{escape(note)}</p>" for note in sheet.said())
    return f"<div>{''.join(parts)}</div>"


def as_rich(sheet: Sheet) -> "RenderableType":
    """Render a sheet for rich."""
    from rich import box  # noqa: PLC0415 — rich is heavy
    from rich.console import Group  # noqa: PLC0415 — as above
    from rich.table import Table  # noqa: PLC0415 — as above
    from rich.text import Text  # noqa: PLC0415 — as above

    parts: list[RenderableType] = [Text(fit(sheet.title, 4 * LONGEST_CELL), style="bold"), *map(Text, sheet.lines())]
    if rows := list(sheet.cells()):
        table = Table(box=box.SIMPLE_HEAD, show_edge=False)
        for head in sheet.heads:
            table.add_column(Text(head))
        for row in rows:
            table.add_row(*map(Text, row))
        parts.append(table)
    return Group(*parts, *map(Text, sheet.said()))


def lines_as_html(lines: Iterable[Line]) -> str:
    """Render styled lines as an HTML fragment."""
    drawn = ("".join(_HTML.get(style, "{}").format(escape(visible(text))) for text, style in line) for line in lines)
    return f"<pre>{chr(10).join(drawn)}</pre>"


def lines_as_rich(lines: Iterable[Line]) -> "Text":
    """Render styled lines as a text of rich."""
    from rich.text import Text  # noqa: PLC0415 — as above

    whole = Text("\n", no_wrap=True, overflow="crop")
    return whole.join(Text.assemble(*((visible(text), style) for text, style in line)) for line in lines)


def _row(tag: str, cells: Sequence[str]) -> str:
    """Render a row of a table as HTML."""
    return f"<tr>{''.join(f'<{tag}{_LEFT}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"
