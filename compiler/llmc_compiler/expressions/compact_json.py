"""Compact JSON, the text of every value that is not a text itself, and its length without writing it."""

import json
from json.encoder import encode_basestring
from typing import Final

from llmc_compiler.expressions.terms import Json

_PIECE: Final = 64 * 1024

_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def compact(value: Json) -> str:
    """Return the value as JSON text without blanks; letters of all scripts stay as they are."""
    return _encode(value)


def length_as_json(value: Json, most: int) -> int:
    """Return the length of `compact(value)` without writing it, or any number beyond `most` if it is longer."""
    length, open_ = 0, [iter((value,))]
    while open_ and length <= most:
        for part in open_[-1]:
            if isinstance(part, str):
                length += 2 + _length_escaped(part)
            elif isinstance(part, (list, dict)):
                length += max(len(part) - 1, 0) + 2
                if isinstance(part, dict):
                    length += sum(3 + _length_escaped(key) for key in part)
                if part:
                    open_.append(iter(part if isinstance(part, list) else part.values()))
                    break
            else:
                length += len(repr(part))  # as long as JSON's form of a number, true, false or null
            if length > most:
                break
        else:
            open_.pop()
    return length


def _length_escaped(text: str) -> int:
    """Return the length of a text inside JSON, piece by piece."""
    if len(text) <= _PIECE:
        return len(encode_basestring(text)) - 2
    return sum(map(_length_escaped, (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))))
