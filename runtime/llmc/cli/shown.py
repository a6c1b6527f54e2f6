"""Text from outside, made fit for a line on a terminal: bounded, and without characters that control it."""

import re
import unicodedata
from typing import Final

from llmc_runtime.text import start_of_json

_UNFIT: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Categories of characters that move the cursor, turn the direction of writing, or show nothing."""


def shown(text: str, limit: int) -> str:
    """The text in at most so many characters, with control characters as escapes."""
    start = text[: limit + 1]
    safe = start if start.isprintable() else "".join(map(_escaped, start))
    return safe if len(text) <= limit and len(safe) <= limit else safe[: limit - 1] + "…"


def harmless(text: str) -> str:
    """All lines of the text, with control characters as escapes, but for tabs."""
    parts = re.split(r"([\n\t])", text)
    return "".join(part if part.isprintable() or part in "\n\t" else "".join(map(_escaped, part)) for part in parts)


def _escaped(character: str) -> str:
    """The character, or how a program would write it."""
    if unicodedata.category(character) not in _UNFIT:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def shown_value(value: object, limit: int) -> str:
    """The start of a value as JSON, found without writing all of it."""
    return shown(start_of_json(value, limit), limit)


def shown_time(seconds: float) -> str:
    """A duration with as many digits as one reads."""
    if seconds >= 60:  # noqa: PLR2004 — a minute
        return f"{int(seconds // 60)} min {int(seconds % 60):02} s"
    return f"{seconds:.2f} s"
