"""Lines with styles as text for a terminal, with or without colour."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from llmc.cli.terminal.screen import Painted

if TYPE_CHECKING:
    from llmc_compiler.representation.sheet import Line

_CODES: Final = {"bold": "1", "dim": "2"}


def painted(lines: "Iterable[Line]", *, color: bool) -> str:
    """Return the lines as text, with terminal codes if `color`."""
    from llmc_grammar.terminal_text import visible

    def painted(text: str, style: str) -> str:
        return f"\x1b[{_CODES[style]}m{visible(text)}\x1b[0m" if color and style and text else visible(text)

    drawn = ("".join(painted(*piece) for piece in line) for line in lines)
    return Painted("\n".join(drawn if color else map(str.rstrip, drawn)))
