"""Expressions: what they refer to, what is in them under which conditions, and their values.

The outcomes of calls inside an expression are found before it is evaluated, and looked up here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from llmc_grammar.ast import Binary, Call, Choice, Expr, List, Literal, Map, Ref, Slot, Text, Unary
from tests.reference.operators import EvaluationError, Json, as_text, binary, step, truth, unary
from tests.reference.outcome import BLOCKED, FAILED, SKIPPED, Result, value


class Skip(Exception):  # noqa: N818 (an outcome, no error)
    """A reference that is needed is skipped."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known where an expression stands.

    `names` are inputs, tasks above and the loop's variable; `calls` are the nested calls that were reached, by their
    identity. Where `null` is set (join and fallbacks), what is skipped reads null.
    """

    names: dict[str, Result]
    calls: dict[int, Result] = field(default_factory=dict)
    null: bool = False

    def reading_null(self) -> "Scope":
        """The same, where what is skipped reads null."""
        return Scope(self.names, self.calls, null=True)

    def strict(self) -> "Scope":
        """The same, where what is skipped skips."""
        return Scope(self.names, self.calls)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a call stands under: the truth of `expr` is `expected`."""

    expr: Expr
    expected: bool


_NULL: Final = Literal(None)


def parts(expr: Expr) -> Iterator[tuple[Expr, Condition | None]]:
    """What is directly inside an expression, in the order of evaluation, and under which condition it is reached."""
    match expr:
        case Binary("and", left, right):
            yield left, None
            yield right, Condition(left, expected=True)
        case Binary("or", left, right):
            yield left, None
            # `left or null` has the truth of `left`, and reads null where that is skipped.
            yield right, Condition(Binary("or", left, _NULL), expected=False)
        case Choice(condition, then, otherwise):
            yield condition, None
            yield then, Condition(condition, expected=True)
            yield otherwise, Condition(condition, expected=False)
        case _:
            for inner in _inner(expr):
                yield inner, None


def _inner(expr: Expr) -> tuple[Expr, ...]:
    match expr:
        case Literal() | Ref():
            return ()
        case Text(pieces):
            return tuple(piece.ref for piece in pieces if isinstance(piece, Slot))
        case List(items):
            return items
        case Map(entries):
            return tuple(item for _, item in entries)
        case Call(_, arguments):
            return tuple(argument.value for argument in arguments)
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Choice(condition, then, otherwise):
            return (condition, then, otherwise)


def references(expr: Expr) -> Iterator[str]:
    """Every name in an expression, in nested calls too, whether or not something has it."""
    if isinstance(expr, Ref):
        yield expr.name
    for inner in _inner(expr):
        yield from references(inner)


def calls(expr: Expr) -> Iterator[Call]:
    """Every call in an expression, in nested calls too."""
    if isinstance(expr, Call):
        yield expr
    for inner in _inner(expr):
        yield from calls(inner)


def constant_texts(call: Call) -> dict[str, str]:
    """The arguments by name that are texts with nothing in them to be looked up."""
    return {
        argument.name: str(argument.value.parts[0])
        for argument in call.arguments
        if argument.name and isinstance(argument.value, Text) and [type(part) for part in argument.value.parts] == [str]
    }


def _has_error(expr: Expr, scope: Scope) -> bool:
    """Whether a reference outside nested calls, or a nested call, has an error, reached or not."""
    if isinstance(expr, Ref):
        return expr.name in scope.names and scope.names[expr.name].is_error
    if isinstance(expr, Call):
        return id(expr) in scope.calls and scope.calls[id(expr)].is_error
    return any(_has_error(inner, scope) for inner in _inner(expr))


def is_blocked(scope: Scope, *exprs: Expr) -> bool:
    """Whether something that the expressions refer to has an error."""
    return any(_has_error(expr, scope) for expr in exprs)


def settle(expr: Expr, scope: Scope) -> Result:
    """The outcome of an expression whose nested calls have theirs."""
    if is_blocked(scope, expr):
        return BLOCKED
    try:
        return value(evaluate(expr, scope))
    except Skip:
        return SKIPPED
    except EvaluationError:
        return FAILED


def evaluate(expr: Expr, scope: Scope) -> Json:
    """The value of an expression; raises Skip and EvaluationError."""
    match expr:
        case Literal(constant):
            return constant
        case Ref(name, path):
            return _read(scope.names[name], path, scope)
        case Text(pieces):
            return "".join(_piece(piece, scope) for piece in pieces)
        case List(items):
            return [evaluate(item, scope) for item in items]
        case Map(entries):
            return {key: evaluate(item, scope) for key, item in entries}
        case Call():
            return _read(scope.calls[id(expr)], (), scope)
        case Unary(op, operand):
            return unary(op, evaluate(operand, scope))
        case Binary():
            return _binary(expr, scope)
        case Choice(condition, then, otherwise):
            return evaluate(then if truth(evaluate(condition, scope)) else otherwise, scope)


def _read(result: Result, path: tuple[str | int, ...], scope: Scope) -> Json:
    """A part of the value of something; null, whatever the part, if it is skipped and that reads null."""
    if not result.is_value:
        if scope.null:
            return None
        raise Skip
    found = result.value
    for key in path:
        found = step(found, key)
    return found


def _piece(piece: str | Slot, scope: Scope) -> str:
    if isinstance(piece, str):
        return piece
    return as_text(evaluate(piece.ref, scope)) if piece.ref.name in scope.names else piece.raw


def _binary(expr: Binary, scope: Scope) -> Json:
    match expr.op:
        case "and":
            left = evaluate(expr.left, scope)
            return evaluate(expr.right, scope) if truth(left) else left
        case "or":
            left = _or_null(expr.left, scope)
            return left if truth(left) else evaluate(expr.right, scope)
        case "==" | "!=" if _NULL in (expr.left, expr.right):
            return binary(expr.op, _or_null(expr.left, scope), _or_null(expr.right, scope))
        case _:
            return binary(expr.op, evaluate(expr.left, scope), evaluate(expr.right, scope))


def _or_null(expr: Expr, scope: Scope) -> Json:
    """The value of an expression, null if it is skipped."""
    try:
        return evaluate(expr, scope)
    except Skip:
        return None
