"""Operators on JSON values, their parts and their text."""

import json
import math
import operator
from collections.abc import Callable
from typing import Final, TypeGuard

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

INTEGER_BITS: Final = 10_000
TEXT_LENGTH: Final = 1 << 20
LIST_LENGTH: Final = 100_000


class EvaluationError(Exception):
    """An operator or a step was applied to a value that it does not take."""


def truth(value: Json) -> bool:
    """Truth as in Python: `null`, `false`, zero and what is empty are false."""
    return bool(value)


def equal(one: Json, other: Json) -> bool:
    """Equality of JSON values: `true` is not `1`, `1` is `1.0`, the same inside lists and mappings."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return one == other


def contains(item: Json, container: Json) -> bool:
    """Whether a list has the element, a mapping the key, or a text the part."""
    match container:
        case list():
            return any(equal(item, element) for element in container)
        case dict() | str() if isinstance(item, str):
            return item in container
        case _:
            raise EvaluationError("in")


def as_text(value: Json) -> str:
    """A text as it is, anything else as compact JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def step(value: Json, key: Json) -> Json:
    """What a mapping has under a text, or a list at an integer."""
    if isinstance(key, bool):
        raise EvaluationError("no index")
    if isinstance(key, str) and isinstance(value, dict) and key in value:
        return value[key]
    if isinstance(key, int) and isinstance(value, list) and -len(value) <= key < len(value):
        return value[key]
    raise EvaluationError(f"no {key!r}")


def slice_of(value: Json, start: int | None, stop: int | None) -> Json:
    """A part of a list or a text."""
    if isinstance(value, (list, str)):
        return value[start:stop]
    raise EvaluationError("no parts")


def elements(source: Json, most: int) -> list[Json]:
    """What a loop goes through: a list's elements or a mapping's keys."""
    if not isinstance(source, (list, dict)) or len(source) > most:
        raise EvaluationError("no elements, or too many")
    return list(source)


def unary(op: str, value: Json) -> Json:
    """`not x` or `-x`."""
    if op == "not":
        return not truth(value)
    if not is_number(value):
        raise EvaluationError("unary -")
    return -value


def binary(op: str, left: Json, right: Json) -> Json:
    """Any operator with two sides but `and` and `or`."""
    match op:
        case "==":
            return equal(left, right)
        case "!=":
            return not equal(left, right)
        case "in":
            return contains(left, right)
        case "not in":
            return not contains(left, right)
        case "<" | "<=" | ">" | ">=":
            return _ordered(op, left, right)
        case _:
            return bounded(_computed(op, left, right))


_ORDER: Final[dict[str, Callable[..., bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_ARITHMETIC: Final[dict[str, Callable[..., Json]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


def is_number(value: Json) -> TypeGuard[int | float]:
    """Whether a value is an integer or a float; `true` is neither."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _ordered(op: str, left: Json, right: Json) -> bool:
    if (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
        return _ORDER[op](left, right)
    raise EvaluationError(op)


def _computed(op: str, left: Json, right: Json) -> Json:
    if is_number(left) and is_number(right):
        return _arithmetic(op, left, right)
    if op == "+" and isinstance(left, str) and isinstance(right, str):
        return left + right
    if op == "+" and isinstance(left, list) and isinstance(right, list):
        return left + right
    if op == "*":
        return _repeated(left, right)
    raise EvaluationError(op)


def _arithmetic(op: str, left: float, right: float) -> Json:
    if op == "**" and isinstance(left, int) and (abs(left).bit_length() - 1) * right > INTEGER_BITS:
        raise EvaluationError("**")
    try:
        return _ARITHMETIC[op](left, right)
    except ArithmeticError as error:
        raise EvaluationError(op) from error


def _repeated(left: Json, right: Json) -> Json:
    if isinstance(left, int):
        left, right = right, left
    if not isinstance(left, (str, list)) or not isinstance(right, int) or isinstance(right, bool):
        raise EvaluationError("*")
    if len(left) * right > (TEXT_LENGTH if isinstance(left, str) else LIST_LENGTH):
        raise EvaluationError("*")
    return left * right


def bounded(value: Json) -> Json:
    """The value, unless it is too large, or no number."""
    match value:
        case int() if value.bit_length() > INTEGER_BITS:
            raise EvaluationError("too large")
        case float() if not math.isfinite(value):
            raise EvaluationError("not finite")
        case str() if len(value) > TEXT_LENGTH:
            raise EvaluationError("too long")
        case list() if len(value) > LIST_LENGTH:
            raise EvaluationError("too long")
        case complex():
            raise EvaluationError("no real number")
        case _:
            return value
