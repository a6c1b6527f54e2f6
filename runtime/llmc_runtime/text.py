"""Values as text for people: bounded, in one line, and without characters that control a terminal."""

import json
from collections.abc import Iterator

from llmc_compiler.cells import cells, fit


def start_of_json(value: object, limit: int) -> str:
    """The start of a value as JSON, a little more than so many characters, found without writing all of it."""
    if isinstance(value, str):
        value = value[: limit + 1]
    pieces, length = [], 0
    for piece in json.JSONEncoder(ensure_ascii=False).iterencode(value):
        pieces.append(piece)
        length += len(piece)
        if length > limit:
            break
    return "".join(pieces)


def value_text(value: object, width: int) -> str:
    """The value in at most so many cells; of a text that does not fit, how many characters it has."""
    if isinstance(value, str) and len(value) + 2 > width:
        size = f" ({len(value):,} characters)"
        return fit(start_of_json(value, width), width - len(size)) + size
    return fit(start_of_json(value, width), width)


def wrapped(text: str, width: int) -> Iterator[str]:
    """A text that is fit for a terminal in lines of so many cells."""
    line, room = "", width
    for character in text:
        size = cells(character)
        if size > room:
            yield line
            line, room = "", width
        line += character
        room -= size
    yield line
