"""Parts of values: steps with keys and indices, and slices."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from llmc_compiler.expressions.memory_limit import ELEMENT, LIST, TEXT, width
from llmc_compiler.expressions.operators import SMALL, OperandError, kind, spend
from llmc_compiler.expressions.terms import Json, written
from llmc_grammar.suggestion import suggest

_LONGEST_NAME: Final = 100
_LONGEST_KEY: Final = 40
_CHARACTERS: Final = 100
"""Characters of a text that are copied in the time of one part."""


def step_into(value: Json, step: str | int) -> Json:
    """Return the part of a value under one step; raises LookupError."""
    if isinstance(step, str):
        if isinstance(value, dict):
            return value[step]
    elif isinstance(value, list):
        return value[step]
    raise LookupError


def missing(value: Json, step: str | int, place: str) -> str:
    """Explain why a step leads to no part; `place` is the value as written."""
    match value, step:
        case dict(), str():
            near = _short(islice(value, SMALL)) if _short([step]) else ()
            names = ", ".join(f"`{key}`" for key in islice(value, 5)) or "none"
            return f"`{place}` has no key `{_cut(step)}`: {suggest(step, near, f'it has {names}')}"
        case list(), int():
            return f"`{place}` has no element {step}: it has {len(value)}"
        case dict(), _:
            return f"`{place}` is a mapping and has no element {step}: take a key, `{place}.name`"
        case list(), str():
            return (
                f"`{place}` is a list and has no key `{_cut(step)}`: take an element first, `{place}[0].{_cut(step)}`"
            )
        case str(), int():
            return f"`{place}` is a text and has no elements: take a part of it, `{place}[{step}:]`"
        case _:
            shown = step if isinstance(step, int) else _cut(step)
            return f"`{place}` is {kind(value)} and has no parts: leave `{written((shown,))}` out"


def keyed(value: Json, key: Json, place: str) -> Json:
    """Return the part of a value at a computed key, a text or an integer; raises OperandError."""
    if not isinstance(key, str) and type(key) is not int:
        advice = "write `1 if x else 0` for a number" if isinstance(key, bool) else "use a text or an integer"
        raise OperandError(f"{_described(key)} is not a key of `{place}`: {advice}")
    try:
        return step_into(value, key)
    except LookupError:
        raise OperandError(missing(value, key, place)) from None


def bound(value: Json) -> int:
    """Return a bound of a slice, an integer; raises OperandError."""
    if type(value) is int:
        return value
    raise OperandError(f"{_described(value)} is not a bound of a slice: use an integer")


def sliced(value: Json, start: int | None, stop: int | None, place: str) -> Json:
    """Return the part of a list or a text between two bounds; raises OperandError."""
    if not isinstance(value, (list, str)):
        raise OperandError(f"`{place}` is {kind(value)} and has no slices: take one of a list or a text")
    length = len(range(len(value))[start:stop])
    spend(length // _CHARACTERS if isinstance(value, str) else length)
    return value[start:stop]


def bytes_of_slice(value: Json, start: int | None, stop: int | None) -> int:
    """Return the memory of a slice; 0 for values that have none."""
    if not isinstance(value, (list, str)):
        return 0
    length = len(range(len(value))[start:stop])
    return LIST + ELEMENT * length if isinstance(value, list) else TEXT + width(value) * length


def _described(value: Json) -> str:
    """Describe a value that is not a key: a fraction by its value, everything else by its kind."""
    return f"`{value!r}`" if isinstance(value, float) else kind(value)


def _short(names: Iterable[str]) -> list[str]:
    """Return the names that are short enough for a comparison letter by letter."""
    return [name for name in names if len(name) <= _LONGEST_NAME]


def _cut(key: str) -> str:
    """Return a key, cut if it is long: it may have been computed."""
    return key if len(key) <= _LONGEST_KEY else f"{key[:_LONGEST_KEY]}…"
