"""Values as text: the beginning of one for people, in one line, and all of it in pieces."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar, cast

from llmc_compiler.expressions.terms import Json
from llmc_compiler.terminal_cells import cells, fit

T = TypeVar("T")


PIECE: Final = 64 * 1024
"""Characters of a piece, about."""


_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


def beginning_of(value: Json, most: int) -> tuple[Json, bool]:
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
    for piece in json.JSONEncoder(ensure_ascii=False).iterencode(beginning_of(cast("Json", value), limit + 1)[0]):
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


URL: Final = 2_000
"""Characters of a URL that is not cut."""


_EDGE: Final = re.compile(r"""[\s"'`<>]""")


_MARKS: Final = ("://", "www.")


def cut_middle(text: str, most: int, *, keeps_urls: bool = True) -> str:
    """The text in at most so many characters, an ellipsis for its middle; a URL that it would cut stays whole."""
    if len(text) <= most:
        return text
    head = max(2 * (most - 1) // 3, 0)
    start, end = head, len(text) - max(most - 1 - head, 0)
    first, last = (_url(text, start), _url(text, end)) if keeps_urls else (None, None)
    start = start if first is None else first[1]
    end = end if last is None else last[0]
    return text if end <= start + 1 else f"{text[:start]}…{text[end:]}"


def _url(text: str, at: int) -> tuple[int, int] | None:
    """The ends of the URL that a place is inside of, unless it is too long."""
    edges = [match.end() for match in _EDGE.finditer(text, max(at - URL, 0), at)]
    start = edges[-1] if edges else max(at - URL, 0)
    edge = _EDGE.search(text, at, at + URL)
    end = min(at + URL, len(text)) if edge is None else edge.start()
    word = text[start:end]
    return (start, end) if start < at < end <= start + URL and any(mark in word for mark in _MARKS) else None
