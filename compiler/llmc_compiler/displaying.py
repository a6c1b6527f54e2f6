"""Sheets and lines with styles as HTML and as rich draws them; nothing in them is markup, or controls a terminal."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from llmc_compiler.cells import fit, visible
from llmc_compiler.drawing import Line
from llmc_compiler.sheet import LONGEST_CELL, Sheet

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

_HTML: Final = {"bold": "<b>{}</b>", "dim": '<span style="opacity:0.6">{}</span>'}
_LEFT: Final = ' style="text-align:left"'


def as_html(sheet: Sheet) -> str:
    """A sheet as a piece of a page."""
    parts = [f"<p><b>{escape(fit(sheet.title, 4 * LONGEST_CELL))}</b></p>"]
    if lines := list(sheet.lines()):
        parts.append(f'<div style="white-space:pre-wrap">{escape(chr(10).join(lines))}</div>')
    if rows := list(sheet.cells()):
        parts.append(f"<table><thead>{_row('th', sheet.heads)}</thead><tbody>")
        parts += (_row("td", row) for row in rows)
        parts.append("</tbody></table>")
    parts += (f"<p>{escape(note)}</p>" for note in sheet.said())
    return f"<div>{''.join(parts)}</div>"


def _row(tag: str, cells: Sequence[str]) -> str:
    """A row of a table."""
    return f"<tr>{''.join(f'<{tag}{_LEFT}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"


def as_rich(sheet: Sheet) -> "RenderableType":
    """A sheet as rich draws it."""
    from rich import box  # noqa: PLC0415 — only who draws with it pays for it
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
    """Lines with styles as a piece of a page."""
    drawn = ("".join(_HTML.get(style, "{}").format(escape(visible(text))) for text, style in line) for line in lines)
    return f"<pre>{chr(10).join(drawn)}</pre>"


def lines_as_rich(lines: Iterable[Line]) -> "Text":
    """Lines with styles as a text of rich."""
    from rich.text import Text  # noqa: PLC0415 — only who draws with it pays for it

    whole = Text("\n", no_wrap=True, overflow="crop")
    return whole.join(Text.assemble(*((visible(text), style) for text, style in line)) for line in lines)
