"""Standard functions on texts."""

from collections.abc import Callable
from typing import Final

from llmc_compiler.expressions.compact_json import compact, length_as_json
from llmc_compiler.expressions.operators import (
    CHARACTERS,
    LIST_ITEMS,
    TEXT_BYTES,
    OperandError,
    bounded,
    spend,
    too_much,
    utf8_bytes,
)
from llmc_compiler.expressions.terms import Json

_WRITTEN: Final = 6
"""Characters of JSON that are written in the time of one part."""
_BEGUN: Final = 10
"""Parts in whose time the writing of a value begins."""


def as_text(x: Json) -> Json:
    """Return a text as it is, and any other value as compact JSON; raises OperandError."""
    return _written("str", x, TEXT_BYTES)


def recased(name: str, convert: Callable[[str], str]) -> Callable[[str], Json]:
    """Return the function that changes the case of letters; some letters become several."""

    def recase(s: str) -> Json:
        if utf8_bytes(s) > TEXT_BYTES or utf8_bytes(result := convert(s)) > TEXT_BYTES:
            raise too_much(name)
        return result

    return recase


def stripped(s: str, chars: str | None) -> Json:
    """Return the text without blanks, or without these characters, at both ends; raises OperandError."""
    if chars is None:
        spend(len(s) // CHARACTERS)
        result = s.strip()
    else:
        spend(len(chars) // CHARACTERS)
        distinct = "".join(dict.fromkeys(chars))
        spend(len(s) * (len(distinct) + 1) // CHARACTERS)  # Python searches all of them for each character
        result = s.strip(distinct)
    if utf8_bytes(result) > TEXT_BYTES:
        raise too_much("strip")
    return result


def split(s: str, by: str | None) -> Json:
    """Return the parts between a separator, or between blanks; raises OperandError."""
    if by == "":
        raise OperandError("`by` of `split` is empty: give the text between the parts, or leave `by` out for blanks")
    spend(len(s) // CHARACTERS)
    return _pieces("split", s.split(by, LIST_ITEMS))


def lines(s: str) -> Json:
    """Return the lines without their ends, which are LF or CRLF; raises OperandError."""
    spend(len(s) // CHARACTERS)
    pieces = s.split("\n", LIST_ITEMS + 1)
    last = pieces.pop()
    ended = [each.removesuffix("\r") for each in pieces]
    return _pieces("lines", [*ended, last] if last else ended)


def _pieces(name: str, pieces: list[str]) -> Json:
    """Return parts of a text if they are not too many; raises OperandError."""
    if len(pieces) > LIST_ITEMS:
        raise too_much(name)
    return bounded([*pieces])


def joined(xs: list[Json], by: str) -> Json:
    """Return the elements as text, one after the other with `by` between them; raises OperandError."""
    spend(len(xs))
    left = TEXT_BYTES - utf8_bytes(by) * max(len(xs) - 1, 0)
    pieces: list[str] = []
    for each in xs:
        if left < 0:
            break
        pieces.append(_written("join_text", each, left))
        left -= utf8_bytes(pieces[-1])
    if left < 0:
        raise too_much("join_text")
    return by.join(pieces)


def _written(name: str, value: Json, most: int) -> str:
    """Return a value as text of at most so many bytes; raises OperandError."""
    if isinstance(value, str):
        text = value
    else:
        length = length_as_json(value, most)
        spend(_BEGUN + length // _WRITTEN)
        if length > most:
            raise too_much(name)
        text = compact(value)
    if utf8_bytes(text) > most:
        raise too_much(name)
    return text


def replaced(s: str, old: str, new: str) -> Json:
    """Return the text with each `old` replaced by `new`; raises OperandError."""
    spend((len(s) + len(old)) // CHARACTERS)
    grown = utf8_bytes(s) + s.count(old) * (utf8_bytes(new) - utf8_bytes(old))
    if grown > TEXT_BYTES:
        raise too_much("replace")
    return s.replace(old, new)


def starts_with(s: str, start: str) -> Json:
    """Whether the text begins with another one."""
    spend(len(start) // CHARACTERS)
    return s.startswith(start)


def ends_with(s: str, end: str) -> Json:
    """Whether the text ends with another one."""
    spend(len(end) // CHARACTERS)
    return s.endswith(end)
