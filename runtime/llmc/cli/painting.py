"""Lines of pieces with styles, as a terminal shows them or as plain text."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from llmc_compiler.drawing import Line

_CODES: Final = {"bold": "1", "dim": "2"}


def painted(lines: "Iterable[Line]", *, color: bool) -> str:
    """The lines, with the codes of a terminal where it shows them."""
    from llmc_compiler.drawing import plain

    return "\n".join(map(_painted if color else plain, lines))


def _painted(line: "Line") -> str:
    """A line with its styles as a terminal knows them."""
    return "".join(f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style and text else text for text, style in line)
