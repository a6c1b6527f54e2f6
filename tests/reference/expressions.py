"""Expressions: what they refer to, what is in them under which conditions, and their values.

The outcomes of calls inside an expression are found before it is evaluated, and looked up here.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from llmc_grammar.ast import (
    Argument,
    Binary,
    Call,
    Choice,
    Comprehension,
    Expr,
    List,
    Literal,
    Loop,
    Map,
    Ref,
    Slice,
    Slot,
    Subscript,
    Text,
    Unary,
)
from tests.reference import functions
from tests.reference.formats import formatted
from tests.reference.operators import (
    LIST_LENGTH,
    EvaluationError,
    Json,
    as_text,
    binary,
    bounded,
    elements,
    slice_of,
    step,
    truth,
    unary,
)
from tests.reference.outcome import BLOCKED, FAILED, SKIPPED, Result, value


class Skip(Exception):  # noqa: N818 (an outcome, no error)
    """A reference that is needed is skipped."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known where an expression stands.

    `names` are inputs, tasks above and the variables of loops; `tools` are the names of tools and plans, other calls
    are of functions; `calls` are the nested calls and loops that were reached, by their identity. Where `null` is set
    (join and fallbacks), what is skipped reads null.
    """

    names: dict[str, Result]
    tools: Container[str] = ()
    calls: dict[int, Result] = field(default_factory=dict)
    null: bool = False

    def reading_null(self) -> "Scope":
        """The same, where what is skipped reads null."""
        return replace(self, null=True)

    def strict(self) -> "Scope":
        """The same, where what is skipped skips."""
        return replace(self, null=False)

    def inside(self, name: str, element: Json) -> "Scope":
        """The same, where an element has a name."""
        return replace(self, names=self.names | {name: value(element)})


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
        case Subscript(whole, key):
            return (whole, key)
        case Slice(whole, start, stop):
            return tuple(part for part in (whole, start, stop) if part is not None)
        case Comprehension(element, loops):
            return (*(part for loop in loops for part in (loop.source, loop.condition) if part is not None), element)
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


def calls(expr: Expr, tools: Container[str]) -> Iterator[Call]:
    """Every call of a tool in an expression, in nested calls too."""
    if isinstance(expr, Call) and expr.tool in tools:
        yield expr
    for inner in _inner(expr):
        yield from calls(inner, tools)


def is_reached(expr: Expr, tools: Container[str]) -> bool:
    """Whether something has an outcome of its own: a call of a tool, or a loop with one behind its first source."""
    if isinstance(expr, Call):
        return expr.tool in tools
    if isinstance(expr, Comprehension):
        return any(True for inner in _inner(expr)[1:] for _ in calls(inner, tools))
    return False


def constant_texts(call: Call) -> dict[str, str]:
    """The arguments by name that are texts with nothing in them to be looked up."""
    return {
        argument.name: str(argument.value.parts[0])
        for argument in call.arguments
        if argument.name and isinstance(argument.value, Text) and [type(part) for part in argument.value.parts] == [str]
    }


def _has_error(expr: Expr, scope: Scope) -> bool:
    """Whether a reference outside nested calls and loops, or one of these, has an error, reached or not."""
    if isinstance(expr, Ref):
        return expr.name in scope.names and scope.names[expr.name].is_error
    if is_reached(expr, scope.tools):
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
        case Call() | Comprehension() if is_reached(expr, scope.tools):
            return _read(scope.calls[id(expr)], (), scope)
        case Call(function, given):
            return functions.apply(function, *arguments(given, scope))
        case Comprehension(element, loops):
            return bounded(list(_listed(element, loops, scope)))
        case Subscript() | Slice():
            return _part(expr, scope)
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


def arguments(given: tuple[Argument, ...], scope: Scope) -> tuple[list[Json], dict[str, Json]]:
    """Positional arguments and keywords; raises Skip and EvaluationError."""
    positional: list[Json] = []
    keywords: dict[str, Json] = {}
    for argument in given:
        found = evaluate(argument.value, scope)
        if argument.name is None:
            positional.append(found)
        else:
            keywords[argument.name] = found
    return positional, keywords


def _listed(element: Expr, loops: tuple[Loop, ...], scope: Scope) -> Iterator[Json]:
    """The values of a loop without calls, in the order of Python."""
    loop, *inner = loops
    for each in elements(evaluate(loop.source, scope), LIST_LENGTH):
        inside = scope.inside(loop.name, each)
        if loop.condition is not None and not truth(evaluate(loop.condition, inside)):
            continue
        if inner:
            yield from _listed(element, tuple(inner), inside)
        else:
            yield evaluate(element, inside)


def _part(expr: Subscript | Slice, scope: Scope) -> Json:
    """A part of a value; null, whatever the part, of what is skipped and reads null."""
    whole = evaluate(expr.value, scope)
    if _is_nothing(expr.value, scope):
        return None
    if isinstance(expr, Subscript):
        return step(whole, evaluate(expr.key, scope))
    return slice_of(whole, _bound(expr.start, scope), _bound(expr.stop, scope))


def _is_nothing(expr: Expr, scope: Scope) -> bool:
    """Whether a value is a part of what is skipped and reads null."""
    while isinstance(expr, (Subscript, Slice)):
        expr = expr.value
    if isinstance(expr, Ref):
        return not scope.names[expr.name].is_value
    return is_reached(expr, scope.tools) and not scope.calls[id(expr)].is_value


def _bound(expr: Expr | None, scope: Scope) -> int | None:
    """The bound of a slice, none where it is left out."""
    found = None if expr is None else evaluate(expr, scope)
    if expr is not None and (isinstance(found, bool) or not isinstance(found, int)):
        raise EvaluationError("a bound that is no integer")
    return found if isinstance(found, int) else None


def _piece(piece: str | Slot, scope: Scope) -> str:
    if isinstance(piece, str):
        return piece
    if piece.ref.name not in scope.names:
        return piece.raw
    found = evaluate(piece.ref, scope)
    return formatted(found, piece.format) if piece.format else as_text(found)


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
