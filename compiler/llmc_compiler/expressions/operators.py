"""Operators on JSON values: like Python's on numbers, texts, lists and mappings, and nothing else.

Results are bounded, even if they only repeat their parts, so that a few short tasks cannot fill the memory.
"""

import math
import threading
from collections.abc import Callable
from operator import floordiv, ge, gt, le, lt, mod, sub, truediv
from typing import Final, TypeGuard

from llmc_compiler.expressions.memory_limit import ELEMENT, LIST, TEXT, width
from llmc_compiler.expressions.terms import Json
from llmc_grammar.portable import Portable

INTEGER_BITS: Final = 10_000
TEXT_BYTES: Final = 1024 * 1024
LIST_ITEMS: Final = 100_000

# Limits on a value that an expression builds from others: parts, characters, levels.
VALUE_PARTS: Final = 1_000_000
VALUE_TEXT: Final = 16 * 1024 * 1024
VALUE_DEPTH: Final = 100

SMALL: Final = 1_000
"""Number of characters and parts below which a value is small."""

EFFORT: Final = 5_000_000
"""Parts of values that one expression may visit, in about a second: nothing else runs meanwhile."""
CHARACTERS: Final = 100
"""Characters of a text that are visited in the time of one part."""


class OperandError(Portable, Exception):
    """Raised for operands that an operator does not accept; the text gives the reason, and operands that it accepts."""


class Effort(threading.local):
    """The parts that this thread's current expression may still visit; infinite outside of evaluations."""

    left: float = math.inf


effort: Final = Effort()


def spend(parts: int) -> None:
    """Count visited parts; raises OperandError."""
    effort.left -= parts
    if effort.left < 0:
        raise OperandError(f"the expression looks at more than {EFFORT:,} parts of values: split it, or compare less")


def bounded(value: Json, times: int = 1) -> Json:
    """Return the value if it is not too large, even `times` over; raises OperandError."""
    parts, text, level = 1, 0, [value]
    for _ in range(VALUE_DEPTH):
        below: list[Json] = []
        for inner in level:
            if isinstance(inner, str):
                text += len(inner) * times
            elif isinstance(inner, (list, dict)):
                parts += len(inner) * times
                if parts > VALUE_PARTS:
                    break
                below.extend(inner if isinstance(inner, list) else inner.values())
        if parts > VALUE_PARTS or text > VALUE_TEXT:
            limits = f"{VALUE_PARTS:,} parts or {VALUE_TEXT:,} characters"
            raise OperandError(f"the value has more than {limits}: keep only the needed parts")
        if not below:
            if parts > SMALL:
                spend(parts)
            return value
        level = below
    raise OperandError(f"the value is nested more than {VALUE_DEPTH} deep: make it flatter")


def is_small(value: Json) -> bool:
    """Whether computing with the value is cheap: it has no long text and few parts."""
    left, open_ = SMALL, [value]
    while open_ and left > 0:
        inner = open_.pop()
        left -= len(inner) + 1 if isinstance(inner, (str, list, dict)) else 1
        if left > 0 and isinstance(inner, (list, dict)):
            open_ += inner if isinstance(inner, list) else inner.values()
    return left > 0


def is_number(value: Json) -> TypeGuard[int | float]:
    """Whether a value is a number; true and false are not."""
    return type(value) is int or type(value) is float


def kind(value: Json) -> str:
    """Describe the kind of a value in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "a mapping"


def same(left: Json, right: Json) -> bool:
    """Whether two values are equal, at all levels: `1` equals `1.0`, and `1` does not equal `true`."""
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return False
        spend(len(left))
        return all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        if len(left) != len(right):
            return False
        spend(len(left))
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _contains(element: Json, container: Json) -> bool:
    if isinstance(container, list):
        spend(len(container))
        return any(same(element, each) for each in container)
    if isinstance(container, (str, dict)):
        if isinstance(element, str):
            spend(len(container) // CHARACTERS)
            return element in container
        raise OperandError(
            f'`in` searches {kind(container)} for a text, not for {kind(element)}: make it a text, `"$x"`'
        )
    raise OperandError(f"`in` searches a list, a mapping or a text, not {kind(container)}: put it into a list, `[x]`")


def _ordering(op: str, compute: Callable[..., bool]) -> Callable[[Json, Json], Json]:
    """Return an operator that compares two numbers or two texts."""

    def order(left: Json, right: Json) -> Json:
        if (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
            return compute(left, right)
        raise OperandError(
            f"`{op}` compares two numbers or two texts, not {kind(left)} and {kind(right)}: "
            "use `==`, or compare parts of them"
        )

    return order


def _arithmetic(op: str, compute: Callable[..., int | float]) -> Callable[[Json, Json], Json]:
    """Return an operator on two numbers."""

    def calculate(left: Json, right: Json) -> Json:
        if is_number(left) and is_number(right):
            return _number(op, compute, left, right)
        raise OperandError(f"`{op}` takes two numbers, not {kind(left)} and {kind(right)}: {_mend(left, right)}")

    return calculate


def _mend(left: Json, right: Json) -> str:
    """Suggest a change where numbers were expected."""
    if isinstance(left, bool) or isinstance(right, bool):
        return "write `1 if x else 0` for a number"
    if isinstance(left, str) or isinstance(right, str):
        return 'join texts inside a string, `"$x $y"`'
    return "take a number out of it with a path, `$x.name` or `$x[0]`"


def _number(op: str, compute: Callable[..., int | float], left: float, right: float) -> int | float:
    """Return the result if it is a finite number of bounded size; raises OperandError."""
    try:
        result = compute(left, right)
    except ZeroDivisionError:
        reason = "zero cannot have a negative power" if op == "**" else f"`{op}` divides by zero"
        raise OperandError(f"{reason}: test for it first, `x if $n != 0 else 0`") from None
    except OverflowError:
        raise OperandError(f"the result of `{op}` is too large for a number: use smaller operands") from None
    if isinstance(result, complex):
        raise OperandError(f"the result of `{op}` is not a real number: take the root of a positive number")
    if isinstance(result, float) and not math.isfinite(result):
        raise OperandError(f"the result of `{op}` is too large for a number: use smaller operands")
    if isinstance(result, int) and result.bit_length() > INTEGER_BITS:
        raise too_long(op)
    return result


def too_long(op: str) -> OperandError:
    """Return the error for an integer that would be too long."""
    return OperandError(f"the result of `{op}` has more than {INTEGER_BITS:,} bits: use numbers with a decimal point")


def too_much(op: str) -> OperandError:
    """Return the error for a text or list that would be too long."""
    return OperandError(
        f"the result of `{op}` has more than {TEXT_BYTES:,} bytes or {LIST_ITEMS:,} elements: use a part of it"
    )


def utf8_bytes(text: str) -> int:
    """Return the length of a text in UTF-8; raises OperandError after too much effort."""
    spend(len(text) // CHARACTERS)
    return len(text) if text.isascii() else len(text.encode())


def _plus(left: Json, right: Json) -> Json:
    if is_number(left) and is_number(right):
        return _number("+", lambda a, b: a + b, left, right)
    if isinstance(left, str) and isinstance(right, str):
        if utf8_bytes(left) + utf8_bytes(right) > TEXT_BYTES:
            raise too_much("+")
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        if len(left) + len(right) > LIST_ITEMS:
            raise too_much("+")
        return bounded(left + right)
    kinds = f"{kind(left)} and {kind(right)}"
    raise OperandError(f"`+` takes two numbers, two texts or two lists, not {kinds}: {_mend(left, right)}")


def _times(left: Json, right: Json) -> Json:
    if is_number(left) and is_number(right):
        if (
            isinstance(left, int)
            and isinstance(right, int)
            and left.bit_length() + right.bit_length() > INTEGER_BITS + 1
        ):
            raise too_long("*")
        return _number("*", lambda a, b: a * b, left, right)
    if isinstance(left, (str, list)) and type(right) is int:
        return _repeat(left, right)
    if isinstance(right, (str, list)) and type(left) is int:
        return _repeat(right, left)
    kinds = f"{kind(left)} and {kind(right)}"
    raise OperandError(f"`*` takes two numbers, or a text or list and an integer, not {kinds}: {_mend(left, right)}")


def _repeat(value: str | list[Json], times: int) -> Json:
    """Repeat a text or a list."""
    times = max(times, 0) if value else 0
    size, limit = (utf8_bytes(value), TEXT_BYTES) if isinstance(value, str) else (len(value), LIST_ITEMS)
    if size * times > limit:
        raise too_much("*")
    if isinstance(value, list):
        bounded(value, times)  # visits the parts once, however often they are repeated
    return value * times


def bytes_of_result(op: str, left: Json, right: Json) -> int:
    """Return the memory of the text or list that `+` or `*` builds; 0 for other results and refused ones."""
    if isinstance(right, (str, list)) and op == "*":
        left, right = right, left
    match op, left, right:
        case "+", str(), str():
            return _bytes_of_text(len(left) + len(right), max(width(left), width(right)))
        case "*", str(), int():
            return _bytes_of_text(len(left) * max(right, 0), width(left))
        case "+", list(), list():
            return _bytes_of_list(len(left) + len(right))
        case "*", list(), int():
            return _bytes_of_list(len(left) * max(right, 0))
        case _:
            return 0


def _bytes_of_text(length: int, widest: int) -> int:
    return TEXT + widest * length if length <= TEXT_BYTES else 0


def _bytes_of_list(length: int) -> int:
    return LIST + ELEMENT * length if length <= LIST_ITEMS else 0


def _power(left: float, right: float) -> int | float:
    """Return `left ** right`; a result that would be too long is refused before it is computed."""
    if isinstance(left, int) and isinstance(right, int) and (abs(left).bit_length() - 1) * right >= INTEGER_BITS:
        raise too_long("**")
    result: int | float = left**right
    return result


def negative(value: Json) -> Json:
    """Return `-value`; raises OperandError."""
    if is_number(value):
        return -value
    raise OperandError(f"`-` takes a number, not {kind(value)}: write `0` for nothing")


OPERATORS: Final[dict[str, Callable[[Json, Json], Json]]] = {
    "==": same,
    "!=": lambda left, right: not same(left, right),
    "<": _ordering("<", lt),
    "<=": _ordering("<=", le),
    ">": _ordering(">", gt),
    ">=": _ordering(">=", ge),
    "in": _contains,
    "not in": lambda left, right: not _contains(left, right),
    "+": _plus,
    "-": _arithmetic("-", sub),
    "*": _times,
    "/": _arithmetic("/", truediv),
    "//": _arithmetic("//", floordiv),
    "%": _arithmetic("%", mod),
    "**": _arithmetic("**", _power),
}
