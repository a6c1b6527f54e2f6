"""Excerpts of JSON values for approvals: omissions are counted, and nothing is hidden.

An excerpt may be wrapped at its newlines: behind each part of a list or mapping, and before a count. Newlines in texts
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
"""The number of following parts that the rest of the room is shared with."""


def excerpt(value: Json, room: float = math.inf) -> str:
    """Return the value in about `room` characters; anything omitted is counted."""
    match value:
        case str():
            return _text(value, room)
        case list():
            return "[" + _parts(len(value), room, lambda index, share: excerpt(value[index], share)) + "]"
        case dict():
            pairs = list(value.items())

            def pair(index: int, share: float) -> str:
                key = _text(pairs[index][0], max(share / 2, _LEAST))
                return f"{key}: {excerpt(pairs[index][1], share - len(key))}"

            return "{" + _parts(len(pairs), room, pair) + "}"
        case _:
            return _cut(json.dumps(value), room, "digits", str)


def folded(text: str, width: int) -> Iterator[str]:
    """Wrap an excerpt to lines of `width` cells; longer lines go on in the next, and no blank is lost."""
    line = ""
    for part in text.split("\n"):
        if line and cells(line) + cells(part) > width:
            yield line
            line = ""
        *full, line = wrapped(line + part, width)
        yield from full
    yield line


def quoted(text: str) -> str:
    """Return the text in quotes; invisible characters are escaped, and words of mixed scripts are marked."""
    body = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{marked(body)}"'


def more(count: int, noun: str = "") -> str:
    """Return the count of an omission: `… 38 more`."""
    return f"… {count:,} more{f' {noun}' if noun else ''}"


def _text(text: str, room: float) -> str:
    return _cut(text, room, "characters", quoted)


def _cut(text: str, room: float, noun: str, write: Callable[[str], str]) -> str:
    """The beginning of a text, and the count of missing characters."""
    length = max(room, _LEAST)
    if len(text) <= length:
        return write(text)
    return f"{write(text[: int(length)])}\n{more(len(text) - int(length), noun)}"


def _parts(count: int, room: float, write: Callable[[int, float], str]) -> str:
    """The parts of a list or mapping; short parts leave their room to later ones."""
    parts: list[str] = []
    left = room - 2
    for index in range(count):
        if index and left < _LEAST:
            parts.append(more(count - index))
            break
        part = write(index, max(left / min(count - index, _SHARES), _LEAST))
        parts.append(part)
        left -= len(part) + 2
    return ", \n".join(parts)
