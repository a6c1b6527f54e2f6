"""Draws what a terminal shows as an SVG that needs nothing from elsewhere."""

import io
import re
from collections.abc import Sequence
from typing import Final

from rich.color import parse_rgb_hex
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

_DARK: Final = """
484f58 ff7b72 56d364 e3b341 79c0ff d2a8ff 56d4dd c9d1d9
8b949e ffa198 7ee787 f2cc60 a5d6ff e2c5ff 7de2e9 ffffff
"""
_COLORS: Final[list[tuple[int, int, int]]] = [parse_rgb_hex(color) for color in _DARK.split()]
THEME: Final = TerminalTheme((22, 27, 34), (230, 237, 243), _COLORS[:8], _COLORS[8:])
"""A dark terminal, whose letters have a contrast of at least 4.5 also where they are faint."""

FORMAT: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">
<title>{name}</title>
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace;
  font-size: {char_height}px;
}}
{styles}
</style>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def picture(name: str, lines: Sequence[Text], width: int) -> str:
    """An SVG of a terminal's lines; its name is also what a screen reader reads."""
    console = Console(file=io.StringIO(), record=True, width=width, force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False)
    drawn = console.export_svg(
        title="", theme=THEME, unique_id="terminal", code_format=FORMAT.replace("{name}", name.replace("&", "&amp;"))
    )
    # Each line has room for itself; the paths that cut it off are half of the text.
    drawn = re.sub(r' clip-path="url\(#terminal-line-\d+\)"', "", drawn)
    drawn = re.sub(r"<text [^>]*>\s*</text>\s*", "", drawn)
    return re.sub(r"\n\s+", "\n", re.sub(r"</text>(?=<text)", "</text>\n", drawn))
