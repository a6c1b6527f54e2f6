"""Values as JSON for people who decide about them: what is left out is counted, and nothing hides.

A line may be broken where a line end stands: behind each part of a list or mapping, and before a count. Those of texts
are escaped.
"""

import json
import math
from collections.abc import Callable, Iterator
from typing import Final

from llmc_compiler.expressions.terms import Json
from llmc_compiler.terminal_cells import cells, marked
from llmc_runtime.text_format import wrapped

_LEAST: Final = 24
"""Characters that each shown part of a list or mapping may take."""

_SHARES: Final = 8
"""How many of the parts that follow have room kept for them."""


def excerpt(value: Json, room: float = math.inf) -> str:
    """The value in about so many characters; of what does not fit, the text says how much it is."""
    match value:
        case str():
            return _text(value, room)
        case list():
            return "[" + _parts(len(value), room, lambda at, share: excerpt(value[at], share)) + "]"
        case dict():
            pairs = list(value.items())

            def pair(at: int, share: float) -> str:
                key = _text(pairs[at][0], max(share / 2, _LEAST))
                return f"{key}: {excerpt(pairs[at][1], share - len(key))}"

            return "{" + _parts(len(pairs), room, pair) + "}"
        case _:
            return _cut(json.dumps(value), room, "digits", str)


def folded(text: str, width: int) -> Iterator[str]:
    """An excerpt in lines of at most so many cells; what is longer goes on in the next line, and no blank is lost."""
    line = ""
    for part in text.split("\n"):
        if line and cells(line) + cells(part) > width:
            yield line
            line = ""
        *full, line = wrapped(line + part, width)
        yield from full
    yield line


def quoted(text: str) -> str:
    """The text in quotes; what cannot be seen is escaped, and words of mixed scripts are marked."""
    body = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{marked(body)}"'


def more(count: int, noun: str = "") -> str:
    """How much is left out: `… 38 more`."""
    return f"… {count:,} more{f' {noun}' if noun else ''}"


def _text(text: str, room: float) -> str:
    """A text in quotes."""
    return _cut(text, room, "characters", quoted)


def _cut(text: str, room: float, noun: str, write: Callable[[str], str]) -> str:
    """The beginning of a text, and how much of it is missing."""
    kept = max(room, _LEAST)
    if len(text) <= kept:
        return write(text)
    return f"{write(text[: int(kept)])}\n{more(len(text) - int(kept), noun)}"


def _parts(count: int, room: float, write: Callable[[int, float], str]) -> str:
    """Parts of a list or mapping; a short one leaves its room to those behind it."""
    parts: list[str] = []
    left = room - 2
    for at in range(count):
        if at and left < _LEAST:
            parts.append(more(count - at))
            break
        part = write(at, max(left / min(count - at, _SHARES), _LEAST))
        parts.append(part)
        left -= len(part) + 2
    return ", \n".join(parts)
