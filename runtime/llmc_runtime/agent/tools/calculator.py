"""A calculator that never hangs: one arithmetic expression, numbers of bounded size, and no other Python syntax.

The length of an expression bounds the number of operations, and the size of the operands bounds the cost of each.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Final

from llmc_grammar.portable import Portable

LONGEST: Final = 400
"""Maximum number of characters in an expression, and thus of operations."""

BITS: Final = 1_024
"""Maximum number of bits in an integer; floats have a fixed size."""

_DIGITS: Final = BITS // 3
"""More than the number of decimal digits of any integer with BITS bits."""

Number = int | float

_NODES: Final = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.Call,
    ast.Name,
    ast.Constant,
    ast.Load,
    ast.operator,
    ast.unaryop,
)


class ArithmeticFault(Portable, ValueError):  # noqa: N818 — it is not an error of Python's arithmetic
    """A text is not an arithmetic expression, or its value does not exist."""


def _power(base: Number, exponent: Number) -> Number:
    """Return a power; its size is checked before it is computed."""
    if isinstance(base, int) and isinstance(exponent, int) and (base.bit_length() - 1) * exponent >= BITS:
        message = "a power is too large"
        raise ArithmeticFault(message)
    power = base**exponent
    if isinstance(power, complex):
        message = "a root of a negative number is not a real number"
        raise ArithmeticFault(message)
    return _fit(power)


def _round(number: Number, *digits: int) -> Number:
    """Round a number, without the huge power of ten that Python computes for many digits before the point."""
    return round(number, *(max(operator.index(each), -_DIGITS) for each in digits))


def _fit(value: Number) -> Number:
    """Return a finite number that is not too large; raises ArithmeticFault for any other value."""
    if type(value) not in {int, float}:
        message = "the value is not a number"
        raise ArithmeticFault(message)
    if isinstance(value, float) and not math.isfinite(value):
        message = "the value is not a finite number"
        raise ArithmeticFault(message)
    if isinstance(value, int) and value.bit_length() > BITS:
        message = f"an integer has more than {BITS} bits"
        raise ArithmeticFault(message)
    return value


def _bounded(function: Callable[..., Number]) -> Callable[..., Number]:
    """Wrap a function so that its result is checked."""
    return lambda *arguments: _fit(function(*arguments))


_OPERATORS: Final[Mapping[type, Callable[..., Number]]] = {
    ast.Add: _bounded(operator.add),
    ast.Sub: _bounded(operator.sub),
    ast.Mult: _bounded(operator.mul),
    ast.Div: _bounded(operator.truediv),
    ast.FloorDiv: _bounded(operator.floordiv),
    ast.Mod: _bounded(operator.mod),
    ast.Pow: _power,
    ast.USub: _bounded(operator.neg),
    ast.UAdd: _bounded(operator.pos),
}

FUNCTIONS: Final[Mapping[str, Callable[..., Number]]] = {
    "abs": _bounded(abs),
    "ceil": _bounded(math.ceil),
    "cos": _bounded(math.cos),
    "exp": _bounded(math.exp),
    "floor": _bounded(math.floor),
    "log": _bounded(math.log),
    "log10": _bounded(math.log10),
    "max": _bounded(lambda *numbers: max(numbers)),
    "min": _bounded(lambda *numbers: min(numbers)),
    "round": _bounded(_round),
    "sin": _bounded(math.sin),
    "sqrt": _bounded(math.sqrt),
    "tan": _bounded(math.tan),
}

_SIGNS: Final = str.maketrans({"^": "**", "\u00d7": "*", "\u00f7": "/", "\u2212": "-"})
"""Typographic signs and their operators."""

_NAMES: Final = {"pi": math.pi, "e": math.e}


def evaluate(text: str) -> Number:
    """Evaluate an expression; raises ArithmeticFault, without delay if the value would take long to compute."""
    from simpleeval import InvalidExpression, SimpleEval  # noqa: PLC0415 — only the calculator needs it

    expression = text.strip().translate(_SIGNS)
    if len(expression) > LONGEST:
        message = f"an expression has at most {LONGEST} characters"
        raise ArithmeticFault(message)
    try:
        tree = ast.parse(expression, mode="eval")
        _check(tree)
        evaluator = SimpleEval(operators=dict(_OPERATORS), functions=dict(FUNCTIONS), names=dict(_NAMES))
        return _fit(evaluator.eval(expression, previously_parsed=ast.Expr(tree.body)))
    except ArithmeticFault:
        raise
    except (SyntaxError, ValueError, TypeError, ArithmeticError, InvalidExpression, MemoryError, RecursionError) as why:
        message = f"`{expression}` has no value: {why}"
        raise ArithmeticFault(message) from why


def _check(tree: ast.AST) -> None:
    """Refuse everything but numbers, names, operators and calls of the functions; raises ArithmeticFault."""
    for node in ast.walk(tree):
        is_number = not isinstance(node, ast.Constant) or type(node.value) in {int, float}
        is_call = not isinstance(node, ast.Call) or (isinstance(node.func, ast.Name) and not node.keywords)
        if not (isinstance(node, _NODES) and is_number and is_call):
            message = "the text is not a plain arithmetic expression"
            raise ArithmeticFault(message)
        if isinstance(node, ast.Constant):
            _fit(node.value)  # type: ignore[arg-type]  # a number, as checked above
