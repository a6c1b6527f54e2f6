"""Standard functions on lists."""

from hashlib import sha256
from itertools import islice
from typing import Final

from llmc_compiler.expressions.memory_limit import copied_bytes
from llmc_compiler.expressions.operators import (
    CHARACTERS,
    LIST_ITEMS,
    VALUE_PARTS,
    OperandError,
    bounded,
    kind,
    spend,
    too_much,
)
from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.value_identity import json_form, number_form

COUNTER_BITS: Final = 64
"""The most bits of the integers from which `range` and `enumerate` count."""

_COMPARED: Final = 8
"""Bytes of a list or mapping that are compared by a digest in the time of one part."""
_DISTINCT: Final = 2**60
"""Few smaller numbers share a hash in Python; larger integers can be chosen to share one."""


def length(x: str | list[Json] | dict[str, Json]) -> Json:
    """Return the number of characters, elements or entries."""
    return len(x)


def reverse(xs: list[Json]) -> Json:
    """Return the elements from last to first; raises OperandError."""
    few("reversed", len(xs))
    return xs[::-1]


def unique(xs: list[Json]) -> Json:
    """Return the first of each group of equal elements; raises OperandError."""
    spend(len(xs))
    first: dict[object, Json] = {}
    for each in xs:
        first.setdefault(_identity(each), each)
        if len(first) > LIST_ITEMS:
            raise too_much("unique")
    return list(first.values())


def _identity(value: Json) -> object:
    """Return a short object that equal values share, and no others."""
    if isinstance(value, str):
        spend(len(value) // CHARACTERS)
        return value
    if isinstance(value, (list, dict)):
        spend(copied_bytes(value, len) // _COMPARED)
        return sha256(json_form(value).encode()).digest()
    if value is None or isinstance(value, bool):
        return value
    if abs(value) < _DISTINCT:
        return (value,)
    spend(value.bit_length() // CHARACTERS if isinstance(value, int) else 1)
    return (number_form(value),)


def flattened(xs: list[Json]) -> Json:
    """Return the elements of the lists in a list; raises OperandError."""
    spend(len(xs))
    size = 0
    for index, each in enumerate(xs):
        if not isinstance(each, list):
            raise OperandError(
                f"`flatten` takes a list of lists, and element {index} is {kind(each)}: put it into a list, `[$x]`"
            )
        size += len(each)
    few("flatten", size)
    return [inner for each in xs if isinstance(each, list) for inner in each]


def counted(a: int, b: int | None, step: int) -> Json:
    """Return the integers from `a`, or from 0 to `a`, in steps, without the end; raises OperandError."""
    start, end = (0, a) if b is None else (a, b)
    if step == 0:
        raise OperandError("`step` of `range` is 0: use `1`, or `-1` to count down")
    for each in (start, end, step):
        _short("range", each)
    few("range", max(0, (end - start + step - (1 if step > 0 else -1)) // step))
    return list(range(start, end, step))


def zipped(*lists: list[Json]) -> Json:
    """Return lists of the elements at the same index, as many as the shortest list has; raises OperandError."""
    size = min(map(len, lists))
    if 1 + size * (len(lists) + 1) > VALUE_PARTS:
        raise too_much("zip")
    few("zip", size)
    return bounded([list(row) for row in zip(*(islice(each, size) for each in lists), strict=True)])


def enumerated(xs: list[Json], start: int) -> Json:
    """Return a list of a number and the element for each element; raises OperandError."""
    few("enumerate", len(xs))
    _short("enumerate", start)
    return bounded([[index, each] for index, each in enumerate(xs, start)])


def any_true(xs: list[Json]) -> Json:
    """Whether at least one element is true, as a condition reads it."""
    spend(len(xs))
    return any(xs)


def all_true(xs: list[Json]) -> Json:
    """Whether every element is true, as a condition reads it."""
    spend(len(xs))
    return all(xs)


def present(xs: list[Json]) -> Json:
    """Return the elements that are not null; raises OperandError."""
    spend(len(xs))
    few("present", len(xs) - xs.count(None))
    return [each for each in xs if each is not None]


def few(name: str, size: int) -> None:
    """Count the elements of a list before it is built; raises OperandError for too many."""
    if size > LIST_ITEMS:
        raise too_much(name)
    spend(size)


def _short(name: str, number: int) -> None:
    """Refuse an integer that would make a list of long integers; raises OperandError."""
    if number.bit_length() > COUNTER_BITS:
        raise OperandError(f"`{name}` counts with integers of up to {COUNTER_BITS} bits: use smaller ones")
