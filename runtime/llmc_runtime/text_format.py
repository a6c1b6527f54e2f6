"""Values as text: the beginning of one for people, or the whole in pieces; and long texts, cut or wrapped."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar, cast

from llmc_compiler.expressions.terms import Json
from llmc_compiler.terminal_cells import cells, fit

T = TypeVar("T")

PIECE: Final = 64 * 1024
"""Approximate length of a piece, in characters."""

URL: Final = 2_000
"""Longest URL that is not cut."""

_EDGE: Final = re.compile(r"""[\s"'`<>]""")

_MARKS: Final = ("://", "www.")

_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


def beginning_of(value: Json, most: int) -> tuple[Json, bool]:
    """Return the beginning of a value, of `most` parts and characters, and whether it is the whole value."""
    left = [most]
    beginning = _start(value, left)
    return beginning, left[0] >= 0


def _start(value: Json, left: list[int]) -> Json:
    """The beginning of a value, within the remaining number."""
    left[0] -= 1
    if isinstance(value, str):
        length = max(left[0], 0)
        left[0] -= len(value)
        return value[:length]
    if isinstance(value, list):
        return [_start(part, left) for part in _while_left(value, left)]
    if isinstance(value, dict):
        return {str(_start(key, left)): _start(value[key], left) for key in _while_left(value, left)}
    return value


def _while_left(parts: Iterable[T], left: list[int]) -> Iterator[T]:
    """Yield parts while the remaining number lasts."""
    for part in parts:
        if left[0] < 0:
            return
        yield part


def start_of_json(value: object, limit: int) -> str:
    """Return the beginning of a value as JSON, a little longer than `limit`, without encoding all of it."""
    pieces, length = [], 0
    for piece in json.JSONEncoder(ensure_ascii=False).iterencode(beginning_of(cast("Json", value), limit + 1)[0]):
        pieces.append(piece)
        length += len(piece)
        if length > limit:
            break
    return "".join(pieces)


def json_pieces(value: object, margin: str = "\n") -> Iterator[str]:
    """Yield a whole value as JSON with an indent of 2, in pieces of bounded length."""
    inner = f"{margin}  "
    if isinstance(value, str):
        yield '"'
        yield from (_encode(part)[1:-1] for part in text_pieces(value))
        yield '"'
    elif isinstance(value, dict) and value:
        for index, (key, part) in enumerate(value.items()):
            yield f"{',' if index else '{'}{inner}"
            yield from json_pieces(key)
            yield ": "
            yield from json_pieces(part, inner)
        yield f"{margin}}}"
    elif isinstance(value, list) and value:
        for index, part in enumerate(value):
            yield f"{',' if index else '['}{inner}"
            yield from json_pieces(part, inner)
        yield f"{margin}]"
    else:
        yield _encode(value)


def text_pieces(text: str) -> Iterator[str]:
    """Return a text in pieces."""
    return (text[position : position + PIECE] for position in range(0, len(text), PIECE))


def joined(pieces: Iterable[str]) -> Iterator[str]:
    """Join short pieces."""
    waiting, length = [], 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= PIECE:
            yield "".join(waiting)
            waiting, length = [], 0
    yield "".join(waiting)


def value_text(value: object, width: int) -> str:
    """Return the value in at most `width` cells; a text that does not fit ends with its number of characters."""
    if isinstance(value, str) and len(value) + 2 > width:
        size = f" ({len(value):,} characters)"
        return fit(start_of_json(value, width), width - len(size)) + size
    return fit(start_of_json(value, width), width)


def wrapped(text: str, width: int) -> Iterator[str]:
    """Wrap a text that is safe for a terminal to lines of `width` cells."""
    line, room = "", width
    for character in text:
        size = cells(character)
        if size > room:
            yield line
            line, room = "", width
        line += character
        room -= size
    yield line


def cut_middle(text: str, most: int, *, keeps_urls: bool = True) -> str:
    """Shorten text to `most` characters, with an ellipsis for its middle; a URL at a cut stays whole."""
    if len(text) <= most:
        return text
    head = max(2 * (most - 1) // 3, 0)
    start, end = head, len(text) - max(most - 1 - head, 0)
    first, last = (_url(text, start), _url(text, end)) if keeps_urls else (None, None)
    start = start if first is None else first[1]
    end = end if last is None else last[0]
    return text if end <= start + 1 else f"{text[:start]}…{text[end:]}"


def _url(text: str, position: int) -> tuple[int, int] | None:
    """The bounds of the URL around a position, None without a URL, or if it is too long."""
    edges = [match.end() for match in _EDGE.finditer(text, max(position - URL, 0), position)]
    start = edges[-1] if edges else max(position - URL, 0)
    edge = _EDGE.search(text, position, position + URL)
    end = min(position + URL, len(text)) if edge is None else edge.start()
    word = text[start:end]
    return (start, end) if start < position < end <= start + URL and any(mark in word for mark in _MARKS) else None
