"""A calculator that never hangs: one arithmetic expression, numbers of bounded size, and nothing of Python besides.

The length of an expression bounds how many operations it has, and the size of their operands what each of them takes.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Final

from llmc_grammar.portable import Portable

LONGEST: Final = 400
"""Characters of an expression, and so the most operations that are computed for it."""

BITS: Final = 1_024
"""Size of an integer; floats are bounded by themselves."""

_DIGITS: Final = BITS // 3
"""More than the decimal digits of an integer of BITS bits."""

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
    """A text is no expression, or has no value."""


def _power(base: Number, exponent: Number) -> Number:
    """A power, whose size is known before it is computed."""
    if isinstance(base, int) and isinstance(exponent, int) and (base.bit_length() - 1) * exponent >= BITS:
        message = "a power is too large"
        raise ArithmeticFault(message)
    found = base**exponent
    if isinstance(found, complex):
        message = "a root of a negative number is no number"
        raise ArithmeticFault(message)
    return _fit(found)


def _round(number: Number, *digits: int) -> Number:
    """A rounded number, without the power of ten that Python computes for any number of digits before the point."""
    return round(number, *(max(operator.index(each), -_DIGITS) for each in digits))


def _fit(found: Number) -> Number:
    """The number, if it is not too large, and one at all."""
    if type(found) not in {int, float}:
        message = "the value is no number"
        raise ArithmeticFault(message)
    if isinstance(found, float) and not math.isfinite(found):
        message = "the value is no finite number"
        raise ArithmeticFault(message)
    if isinstance(found, int) and found.bit_length() > BITS:
        message = f"an integer has more than {BITS} bits"
        raise ArithmeticFault(message)
    return found


def _bounded(function: Callable[..., Number]) -> Callable[..., Number]:
    """The function, its result looked at."""
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
"""Signs as people write them."""

_NAMES: Final = {"pi": math.pi, "e": math.e}


def evaluate(text: str) -> Number:
    """The value of an expression; raises ArithmeticFault, at once for what would take long."""
    from simpleeval import InvalidExpression, SimpleEval  # noqa: PLC0415 — only who computes needs it

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
            message = "it is more than an arithmetic expression"
            raise ArithmeticFault(message)
        if isinstance(node, ast.Constant):
            _fit(node.value)  # type: ignore[arg-type]  # a number, as was just seen
