"""Evaluates terms: operators on JSON values, for folding constants and for running plans.

    evaluate(term, env)   the value; with a `MemoryRoom`, of no more than fits into it
    truth(value)          whether a condition with this value holds

Values are shared and never changed.
"""

from collections.abc import Callable
from math import inf
from typing import Any, Final

from llmc_compiler.expressions.compact_json import compact, length_as_json
from llmc_compiler.expressions.environment import EffortBudget, ElementEnv, Env, EvaluationError, SkippedRead
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.memory_limit import ELEMENT, ENTRY, LIST, MAPPING, TEXT, MemoryRoom, Unlimited, width
from llmc_compiler.expressions.operators import (
    EFFORT,
    LIST_ITEMS,
    OPERATORS,
    VALUE_TEXT,
    OperandError,
    bounded,
    bytes_of_result,
    effort,
    kind,
    negative,
    spend,
)
from llmc_compiler.expressions.terms import (
    Apply,
    Binary,
    Choice,
    Comprehension,
    Const,
    Get,
    Item,
    Json,
    ListOf,
    MapOf,
    NodeId,
    Param,
    Parts,
    Path,
    Slice,
    Subscript,
    Template,
    Term,
    Unary,
    base_of,
    written,
)
from llmc_compiler.expressions.value_parts import bound, bytes_of_slice, keyed, missing, sliced, step_into
from llmc_grammar.source import Span

_CHARACTERS: Final = 6
"""Characters of a value that are written in the time it takes to visit one part."""
_BUILDING: Final = frozenset({"+", "*"})
"""Operators that may build a text or a list."""
_ELEMENT_EFFORT: Final = 10
"""Parts that are visited in the time of one element of a comprehension."""


def truth(value: Json) -> bool:
    """Whether a condition with this value holds, as in Python."""
    return bool(value)


_UNLIMITED: Final = Unlimited()


def evaluate(term: Term, env: Env, room: MemoryRoom = _UNLIMITED, budget: EffortBudget | None = None) -> Json:
    """Return the value of a term; raises EvaluationError, NoRoomError, and SkippedRead for a read of a skipped node."""
    effort.left = most = EFFORT if budget is None else min(EFFORT, budget.left)
    try:
        return _value(term, env, room)
    except EvaluationError as error:
        error.is_exhausted = effort.left < 0
        raise
    finally:
        if budget is not None:
            budget.left -= min(most - effort.left, budget.left)
        effort.left = inf


def _value(term: Term, env: Env, room: MemoryRoom) -> Json:
    """Return the value of a term or of a part of one."""
    return _EVALUATORS[type(term)](term, env, room)


def _constant(term: Const, _: Env, __: MemoryRoom) -> Json:
    return term.value


def _item(term: Item, env: Env, _: MemoryRoom) -> Json:
    value = env.item(term.name)
    return _walk(value, term.path, f"${term.name}", term.span) if term.path else value


def _param(term: Param, env: Env, _: MemoryRoom) -> Json:
    value = env.param(term.name)
    return _walk(value, term.path, f"${term.name}", term.span) if term.path else value


def _list(term: ListOf, env: Env, room: MemoryRoom) -> Json:
    room.need(LIST + ELEMENT * len(term.items))
    return room.add(_built([_value(item, env, room) for item in term.items], term.span))


def _mapping(term: MapOf, env: Env, room: MemoryRoom) -> Json:
    room.need(MAPPING + ENTRY * len(term.entries))
    return room.add(_built({key: _value(value, env, room) for key, value in term.entries}, term.span))


def _choice(term: Choice, env: Env, room: MemoryRoom) -> Json:
    """Return the value of the branch that is taken; a loop, since choices nest by the hundred."""
    branch: Term = term
    while isinstance(branch, Choice):
        branch = branch.then if _value(branch.condition, env, room) else branch.otherwise
    return _value(branch, env, room)


def _get(term: Get, env: Env, _: MemoryRoom) -> Json:
    """Return the value of a node, or a part of it."""
    try:
        value = env.get(term.node)
    except SkippedRead:
        if env.skipped_is_null:
            return None
        raise
    return _walk(value, term.path, _root(term.node), term.span, term.node) if term.path else value


def _root(node: NodeId) -> str:
    """Return a task's value as written; a nested call has no name."""
    return "…" if "/" in node else f"${node}"


def _walk(value: Json, path: Path, root: str, span: Span, node: NodeId | None = None) -> Json:
    """Return the part of a value at the end of a path."""
    for index, step in enumerate(path):
        try:
            value = step_into(value, step)
        except LookupError:
            raise EvaluationError(missing(value, step, root + written(path[:index])), span, node) from None
    return value


def _stepped(term: Parts, env: Env, room: MemoryRoom) -> Json:
    """Evaluate steps behind a value, innermost first; behind a skipped value that reads as null, they are null too."""
    chain: list[Parts] = [term]
    while isinstance(base := chain[-1].value, (Subscript, Slice)):
        chain.append(base)
    if isinstance(base, Get) and env.skipped_is_null:
        try:
            env.get(base.node)
        except SkippedRead:
            return None
    value = _value(base, env, room)
    for link in reversed(chain):
        value = _step(link, value, env, room)
    return value


def _step(link: Parts, value: Json, env: Env, room: MemoryRoom) -> Json:
    """Take one step into a value."""
    try:
        if isinstance(link, Subscript):
            return keyed(value, _value(link.key, env, room), _place(link.value))
        start = None if link.start is None else bound(_value(link.start, env, room))
        stop = None if link.stop is None else bound(_value(link.stop, env, room))
        room.need(bytes_of_slice(value, start, stop))
        return room.add(sliced(value, start, stop, _place(link.value)))
    except OperandError as unfit:
        raise EvaluationError(str(unfit), link.span, _producer(link.value)) from None


def _place(term: Term) -> str:
    """Return a value as written if it is a read, for messages."""
    match term:
        case Get(node, path):
            return f"{_root(node)}{written(path)}"
        case Param(name, path) | Item(name, path):
            return f"${name}{written(path)}"
        case Subscript(value):
            return f"{_place(value)}[…]"
        case Slice(value):
            return f"{_place(value)}[…:…]"
        case _:
            return "…"


def _producer(term: Term) -> NodeId | None:
    """Return the node into whose value steps lead."""
    read = base_of(term)
    return None if read is None else read.node


def _comprehension(term: Comprehension, env: Env, room: MemoryRoom) -> Json:
    """Return the list of the values of the elements."""
    results: list[Json] = []
    _run_clauses(term, 0, env, room, results)
    return room.add(_built(results, term.span))


def _run_clauses(term: Comprehension, index: int, env: Env, room: MemoryRoom, results: list[Json]) -> None:
    """Add the values of the elements of one clause and of all clauses after it."""
    if index == len(term.clauses):
        results.append(_value(term.element, env, room))
        if len(results) > LIST_ITEMS:
            raise EvaluationError(f"the list has more than {LIST_ITEMS:,} elements: use fewer", term.span)
        room.need(LIST + ELEMENT * len(results))
        return
    clause = term.clauses[index]
    source = _value(clause.source, env, room)
    if not isinstance(source, (list, dict)):
        fact = f"the source of the loop over ${clause.name} is {kind(source)}, not a list"
        raise EvaluationError(f"{fact}: put it into one, `[x]`", clause.source.span)
    if len(source) > LIST_ITEMS:
        fact = f"the loop over ${clause.name} has {len(source):,} elements"
        raise EvaluationError(f"{fact}: at most {LIST_ITEMS:,} are allowed", clause.source.span)
    inner = ElementEnv(env, clause.name)
    for value in source:
        try:
            spend(_ELEMENT_EFFORT)
        except OperandError as unfit:
            raise EvaluationError(str(unfit), term.span) from None
        inner.value = value
        if clause.condition is None or _holds(clause.condition, inner, room):
            _run_clauses(term, index + 1, inner, room, results)


def _applied(term: Apply, env: Env, room: MemoryRoom) -> Json:
    """Return the value of a standard function."""
    arguments = [(name, _value(value, env, room)) for name, value in term.arguments]
    function = FUNCTIONS[term.function]
    try:
        result = function.call(arguments)
    except OperandError as unfit:
        raise EvaluationError(str(unfit), term.span) from None
    if function.picks or any(result is value for _, value in arguments):
        return result
    if isinstance(result, (str, list, dict)):
        room.add(_built(result, term.span))
        if function.builds_contents:
            room.add_contents(result)
    room.drop(*(value for _, value in arguments))
    if not isinstance(result, (list, dict)):
        room.drop_contents(*(value for _, value in arguments))
    return result


def _holds(condition: Term, env: Env, room: MemoryRoom) -> bool:
    """Whether a condition holds."""
    value = _value(condition, env, room)
    room.drop(value)
    return truth(value)


def _template(term: Template, env: Env, room: MemoryRoom) -> Json:
    """Return the text with the values inserted."""
    pieces: list[str] = []
    length, widest = 0, 1
    for part in term.parts:
        value = part if isinstance(part, str) else _value(part, env, room)
        if isinstance(value, str) and len(term.parts) == 1:
            return value
        size = len(value) if isinstance(value, str) else _length_written(value, VALUE_TEXT - length, term.span)
        length += size
        if length > VALUE_TEXT:
            raise EvaluationError(f"the text is longer than {VALUE_TEXT:,} characters: insert less into it", term.span)
        room.need(TEXT + length)
        pieces.append(value if isinstance(value, str) else compact(value))
        widest = max(widest, width(pieces[-1]))
        room.need(TEXT + widest * length)
        room.drop(value)
    return room.add("".join(pieces))


def _length_written(value: Json, most: int, span: Span) -> int:
    """Return the length of a value as text, or any number beyond `most` if it is longer."""
    length = length_as_json(value, most)
    try:
        spend(length // _CHARACTERS)
    except OperandError as unfit:
        raise EvaluationError(str(unfit), span) from None
    return length


def _built(value: Json, span: Span) -> Json:
    """Return a list or mapping, unless it is too large."""
    try:
        return bounded(value)
    except OperandError as unfit:
        raise EvaluationError(str(unfit), span) from None


def _unary(term: Unary, env: Env, room: MemoryRoom) -> Json:
    """Return `not value` or `-value`."""
    value = _value(term.operand, env, room)
    room.drop(value)
    if term.op == "not":
        return not value
    try:
        return negative(value)
    except OperandError as unfit:
        raise EvaluationError(str(unfit), term.span) from None


def _binary(term: Binary, env: Env, room: MemoryRoom) -> Json:
    """Evaluate left-nested operators, innermost first and without recursion: a chain may have hundreds."""
    spine = [term]
    while isinstance(left := spine[-1].left, Binary):
        spine.append(left)
    value = _operand(left, env, room)
    for link in reversed(spine):
        value = _apply(link, value, env, room)
    if isinstance(value, SkippedRead):
        raise value
    return value


def _operand(term: Term, env: Env, room: MemoryRoom) -> Json | SkippedRead:
    """Return the value of an operand, or the reason it is missing: some operators go on without it."""
    try:
        return _value(term, env, room)
    except SkippedRead as skipped:
        return skipped


def _apply(term: Binary, left: Json | SkippedRead, env: Env, room: MemoryRoom) -> Json | SkippedRead:
    """Apply one operator whose left operand is known."""
    if isinstance(left, SkippedRead):
        if term.op != "or" and not _asks_for_null(term.op, term.right):
            return left
        left = None
    if term.op == "and":
        return _operand(term.right, env, room) if left else left
    if term.op == "or":
        return left or _operand(term.right, env, room)
    right = _operand(term.right, env, room)
    if isinstance(right, SkippedRead):
        if not _asks_for_null(term.op, term.left):
            return right
        right = None
    if term.op in _BUILDING:
        room.need(bytes_of_result(term.op, left, right))
    try:
        result = OPERATORS[term.op](left, right)
    except OperandError as unfit:
        raise EvaluationError(str(unfit), term.span) from None
    if isinstance(result, (str, list)):
        room.add(result)
    room.drop(left, right)
    return result


def _asks_for_null(op: str, other: Term) -> bool:
    """Whether an operator compares its operand with literal null, and so accepts that it was skipped."""
    return op in {"==", "!="} and isinstance(other, Const) and other.value is None


_EVALUATORS: Final[dict[type, Callable[[Any, Env, MemoryRoom], Json]]] = {
    Const: _constant,
    Get: _get,
    Item: _item,
    Param: _param,
    Template: _template,
    ListOf: _list,
    MapOf: _mapping,
    Subscript: _stepped,
    Slice: _stepped,
    Apply: _applied,
    Comprehension: _comprehension,
    Unary: _unary,
    Binary: _binary,
    Choice: _choice,
}
"""The evaluation of each kind of term; a table is faster than a chain of comparisons."""
