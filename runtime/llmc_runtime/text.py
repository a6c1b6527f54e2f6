"""Values as text: the beginning of one for people, in one line, and all of it in pieces."""

import json
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar, cast

from llmc_compiler.cells import cells, fit
from llmc_compiler.term import Json

T = TypeVar("T")

PIECE: Final = 64 * 1024
"""Characters of a piece, about."""

_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


def start(value: Json, most: int) -> tuple[Json, bool]:
    """The beginning of a value, of so many parts and characters; whether it is all of it."""
    left = [most]
    found = _start(value, left)
    return found, left[0] >= 0


def _start(value: Json, left: list[int]) -> Json:
    """The beginning of a value, as long as something is left."""
    left[0] -= 1
    if isinstance(value, str):
        length = max(left[0], 0)
        left[0] -= len(value)
        return value[:length]
    if isinstance(value, list):
        return [_start(each, left) for each in _while_left(value, left)]
    if isinstance(value, dict):
        return {str(_start(key, left)): _start(value[key], left) for key in _while_left(value, left)}
    return value


def _while_left(parts: Iterable[T], left: list[int]) -> Iterator[T]:
    """Parts until nothing is left."""
    for part in parts:
        if left[0] < 0:
            return
        yield part


def start_of_json(value: object, limit: int) -> str:
    """The start of a value as JSON, a little more than so many characters, found without writing all of it."""
    pieces, length = [], 0
    for piece in json.JSONEncoder(ensure_ascii=False).iterencode(start(cast("Json", value), limit + 1)[0]):
        pieces.append(piece)
        length += len(piece)
        if length > limit:
            break
    return "".join(pieces)


def json_pieces(value: object, margin: str = "\n") -> Iterator[str]:
    """All of a value as JSON with an indent of 2, in pieces of bounded length."""
    inner = f"{margin}  "
    if isinstance(value, str):
        yield '"'
        yield from (_encode(part)[1:-1] for part in text_pieces(value))
        yield '"'
    elif isinstance(value, dict) and value:
        for index, (key, each) in enumerate(value.items()):
            yield f"{',' if index else '{'}{inner}"
            yield from json_pieces(key)
            yield ": "
            yield from json_pieces(each, inner)
        yield f"{margin}}}"
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield f"{',' if index else '['}{inner}"
            yield from json_pieces(each, inner)
        yield f"{margin}]"
    else:
        yield _encode(value)


def text_pieces(text: str) -> Iterator[str]:
    """A text in pieces."""
    return (text[at : at + PIECE] for at in range(0, len(text), PIECE))


def joined(pieces: Iterable[str]) -> Iterator[str]:
    """Short pieces together."""
    waiting, length = [], 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= PIECE:
            yield "".join(waiting)
            waiting, length = [], 0
    yield "".join(waiting)


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
