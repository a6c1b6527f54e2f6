"""Draws what a terminal shows as an SVG that needs nothing from elsewhere."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
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

SECONDS: Final = 0.4
"""How long a picture shows each moment before the end, which stays."""

FRAME: Final = "{width}|{height}|{styles}|{chrome}|{backgrounds}{matrix}"
WHOLE: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">
<title>{name}</title>
<style>
text {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace;
  font-size: 20px;
}}
{styles}</style>
{chrome}
<g transform="translate(9, 41)">
{frames}</g>
</svg>
"""
MOVING: Final = """\
@keyframes shown {{ from, to {{ visibility: visible }} }}
@keyframes hidden {{ from, to {{ visibility: hidden }} }}
@media (prefers-reduced-motion: reduce) {{ g {{ animation: none !important }} }}
.moment {{ visibility: hidden }}
#end {{ animation: hidden {seconds:g}s }}
"""


def picture(name: str, frames: Sequence[Sequence[Text]], width: int) -> str:
    """An SVG of what a terminal shows one after the other; the last stays, and is all that stands still.

    Its name is what a screen reader reads.
    """
    classes: dict[str, str] = {}
    *moments, end = (_frame(lines, width, classes) for lines in frames)
    styles = "".join(f".{name} {{{rules}}}\n" for rules, name in classes.items())
    drawn = ""
    for number, frame in enumerate(moments):
        styles += f"#f{number} {{ animation: shown {SECONDS:g}s {number * SECONDS:g}s }}\n"
        drawn += f'<g class="moment" id="f{number}">\n{frame.text}\n</g>\n'
    if moments:
        styles += MOVING.format(seconds=len(moments) * SECONDS)
    drawn += f'<g id="end">\n{end.text}\n</g>\n'
    title = escape(name, quote=False)
    return WHOLE.format(width=end.width, height=end.height, name=title, styles=styles, chrome=end.chrome, frames=drawn)


@dataclass(frozen=True)
class _Frame:
    """The parts of an SVG of rich."""

    width: str
    height: str
    chrome: str
    text: str


def _frame(lines: Sequence[Text], width: int, classes: dict[str, str]) -> _Frame:
    """What rich makes of the lines of a terminal; frames share the classes of their styles."""
    console = Console(file=io.StringIO(), record=True, width=width, force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False)
    drawn = console.export_svg(title="", theme=THEME, unique_id="terminal", code_format=FRAME)
    # Each line has room for itself; the paths that would cut it off are half of the text.
    drawn = re.sub(r' clip-path="url\(#[\w-]+\)"', "", drawn).replace("&#160;", "\N{NO-BREAK SPACE}")
    drawn = re.sub(r"<text [^>]*>\s*</text>\s*", "", drawn)
    drawn = re.sub(r"\n\s+", "\n", re.sub(r"</text>(?=<text)", "</text>\n", drawn))
    across, down, styles, chrome, text = (part.strip() for part in drawn.split("|", 4))
    own = dict(re.findall(r"\.([\w-]+) \{(.*)\}", styles))
    for rules in own.values():
        classes.setdefault(rules, f"s{len(classes)}")
    text = re.sub(r'class="([\w-]+)"', lambda match: f'class="{classes[own[match[1]]]}"', text)
    return _Frame(across, f"{float(down):g}", chrome, text)
