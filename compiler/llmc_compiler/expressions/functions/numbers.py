"""Standard functions on numbers."""

import math
from typing import Final

from llmc_compiler.expressions.operators import (
    CHARACTERS,
    INTEGER_BITS,
    OperandError,
    is_number,
    kind,
    spend,
    too_long,
)
from llmc_compiler.expressions.terms import Json
from llmc_grammar.lazy_pattern import lazy_pattern

MOST_DIGITS: Final = 100
"""The most digits to which `round` rounds, on either side of the point."""

_INTEGER: Final = lazy_pattern(r"[+-]?[0-9]+")
_FLOAT: Final = lazy_pattern(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ADDED: Final = 2_000
"""Bits of integers that are added in the time of one part."""
_INTEGER_DIGITS: Final = len(str(2 ** (INTEGER_BITS - 1))) + 1


def absolute(x: float) -> Json:
    """Return the number without its sign."""
    return abs(x)


def rounded(x: float, digits: int) -> Json:
    """Return the number rounded half to even, as an integer for no digits; raises OperandError."""
    if abs(digits) > MOST_DIGITS:
        raise OperandError(f"`digits` of `round` is beyond {MOST_DIGITS}: use fewer digits")
    return _checked("round", round(x, digits) if digits else round(x))


def total(xs: list[Json]) -> Json:
    """Return the exact sum of integers, or the sum of numbers rounded once; raises OperandError."""
    return _checked("sum", _sum("sum", _numbers("sum", xs)))


def mean(xs: list[Json]) -> Json:
    """Return the sum by the number of elements; raises OperandError."""
    numbers = _numbers("mean", xs)
    if not numbers:
        raise OperandError("`mean` takes a list with elements, and this one is empty: test it first, `… if $xs`")
    try:
        return _sum("mean", numbers) / len(numbers)
    except OverflowError:
        raise _too_large("mean") from None


def integer(x: float | str) -> Json:
    """Return a number without its fraction, or the integer that a text writes; raises OperandError."""
    if not isinstance(x, str):
        return int(x)
    spend(len(x) // CHARACTERS)
    if not _INTEGER.fullmatch(x):
        raise _unreadable("int", "an integer, such as `-12`", x)
    if len(x.lstrip("+-0")) > _INTEGER_DIGITS:
        raise too_long("int")
    sign = -1 if x.startswith("-") else 1
    return _checked("int", sign * int(x.lstrip("+-0") or "0"))


def decimal(x: float | str) -> Json:
    """Return a number as a float, or the float that a text writes; raises OperandError."""
    if isinstance(x, str):
        spend(len(x) // CHARACTERS)
        if not _FLOAT.fullmatch(x):
            raise _unreadable("float", "a number, such as `-1.5` or `2e6`", x)
    try:
        return _checked("float", float(x))
    except OverflowError:
        raise _too_large("float") from None


def _numbers(name: str, xs: list[Json]) -> list[int | float]:
    """Return the elements if all are numbers; raises OperandError."""
    spend(len(xs))
    numbers = [each for each in xs if is_number(each)]
    if len(numbers) < len(xs):
        index, other = next((index, each) for index, each in enumerate(xs) if not is_number(each))
        raise OperandError(f"`{name}` takes numbers, and element {index} is {kind(other)}: {_mend(other)}")
    return numbers


def _mend(other: Json) -> str:
    """Suggest a change where an element is not a number."""
    match other:
        case None:
            return "leave nulls out, `present($xs)`"
        case bool():
            return "write `[1 if $x else 0 for x in $xs]`"
        case str():
            return "read the texts, `[float($x) for x in $xs]`"
        case list():
            return "take the lists apart, `flatten($xs)`"
        case _:
            return "take a part of each, `[$x.name for x in $xs]`"


def _sum(name: str, numbers: list[int | float]) -> int | float:
    """Return the sum, exact for integers and rounded once for others; raises OperandError."""
    integers = [each for each in numbers if isinstance(each, int)]
    if len(integers) == len(numbers):
        result = sum(integers)
        spend(len(integers) * result.bit_length() // _ADDED)
        return result
    try:
        return math.fsum(numbers)
    except OverflowError:
        raise _too_large(name) from None


def _checked(name: str, result: float) -> int | float:
    """Return a number that is finite and of bounded length; raises OperandError."""
    if isinstance(result, int):
        if result.bit_length() > INTEGER_BITS:
            raise too_long(name)
    elif not math.isfinite(result):
        raise _too_large(name)
    return result


def _too_large(name: str) -> OperandError:
    return OperandError(f"the result of `{name}` is too large for a number: use smaller numbers")


def _unreadable(name: str, form: str, text: str) -> OperandError:
    if text != text.strip():
        return OperandError(f"`{name}` reads a text without blanks around it: strip it first, `{name}(strip($x))`")
    if not text:
        return OperandError(f"`{name}` reads {form}, and the text is empty: test it first, `… if $x`")
    return OperandError(f"`{name}` reads {form}, and the text is not one: remove everything else from it")
