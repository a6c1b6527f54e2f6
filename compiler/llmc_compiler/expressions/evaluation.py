"""Evaluates terms: operators on JSON values, for folding constants and for running plans.

    evaluate(term, env)   the value; with a `MemoryRoom`, of no more than fits into it
    compact(value)        the value as JSON text without blanks
    truth(value)          whether a condition with this value holds

Values are shared and never changed.
"""

import json
from collections.abc import Iterable
from itertools import islice
from json.encoder import encode_basestring
from math import inf
from typing import Final, Protocol

from llmc_compiler.expressions.memory_limit import ELEMENT, ENTRY, LIST, MAPPING, TEXT, MemoryRoom, Unlimited, width
from llmc_compiler.expressions.operators import (
    EFFORT,
    OPERATORS,
    SMALL,
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
    Binary,
    Choice,
    Const,
    Get,
    Item,
    Json,
    ListOf,
    MapOf,
    NodeId,
    Param,
    Path,
    Template,
    Term,
    Unary,
    written,
)
from llmc_grammar.portable import Portable
from llmc_grammar.source import Span
from llmc_grammar.suggestion import suggest


class SkippedRead(Portable, Exception):  # noqa: N818 — an outcome, not a mistake
    """Raised if a term reads a node that was skipped."""

    def __init__(self, node: NodeId) -> None:
        super().__init__(node)
        self.node = node


class EvaluationError(Portable, ValueError):
    """Raised if a term has no value; `node` is the node whose value caused it, if any."""

    def __init__(self, message: str, span: Span, node: NodeId | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.node = node


class Env(Protocol):
    """The values that a term may read."""

    @property
    def skipped_is_null(self) -> bool:
        """Whether a skipped node reads as null, as it does in the join and in a fallback."""
        ...

    def item(self, name: str, /) -> Json:
        """Return the current element of the loop with this name."""
        ...

    def get(self, node: NodeId, /) -> Json:
        """Return the value of a node; raises SkippedRead."""
        ...

    def param(self, name: str, /) -> Json:
        """Return the value of an input."""
        ...


_CHARACTERS: Final = 6
"""Characters of a value that are written in the time it takes to visit one part."""
_LONGEST_NAME: Final = 100
_PIECE: Final = 64 * 1024

_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def compact(value: Json) -> str:
    """Return the value as JSON text without blanks; letters of all scripts stay as they are."""
    return _encode(value)


def truth(value: Json) -> bool:
    """Whether a condition with this value holds, as in Python."""
    return bool(value)


_UNLIMITED: Final = Unlimited()


def evaluate(term: Term, env: Env, room: MemoryRoom = _UNLIMITED) -> Json:
    """Return the value of a term; raises EvaluationError, NoRoomError, and SkippedRead for a read of a skipped node."""
    effort.left = EFFORT
    try:
        return _value(term, env, room)
    finally:
        effort.left = inf


def _value(term: Term, env: Env, room: MemoryRoom) -> Json:
    """Return the value of a term or of a part of one."""
    while isinstance(term, Choice):
        term = term.then if _value(term.condition, env, room) else term.otherwise
    match term:
        case Get():
            return _get(term, env)
        case Const(value):
            return value
        case Item(name, path, span):
            return _walk(env.item(name), path, f"${name}", span) if path else env.item(name)
        case Param(name, path, span):
            return _walk(env.param(name), path, f"${name}", span) if path else env.param(name)
        case Template():
            return _template(term, env, room)
        case ListOf(items, span):
            room.need(LIST + ELEMENT * len(items))
            return room.add(_built([_value(item, env, room) for item in items], span))
        case MapOf(entries, span):
            room.need(MAPPING + ENTRY * len(entries))
            return room.add(_built({key: _value(value, env, room) for key, value in entries}, span))
        case Unary(op, operand, span):
            return _unary(op, _value(operand, env, room), span, room)
        case Binary():
            return _binary(term, env, room)


def _get(term: Get, env: Env) -> Json:
    """Return the value of a node, or a part of it."""
    try:
        value = env.get(term.node)
    except SkippedRead:
        if env.skipped_is_null:
            return None
        raise
    return _walk(value, term.path, f"${term.node}", term.span, term.node) if term.path else value


def _walk(value: Json, path: Path, root: str, span: Span, node: NodeId | None = None) -> Json:
    """Return the part of a value at the end of a path."""
    for index, step in enumerate(path):
        try:
            value = _part(value, step)
        except LookupError:
            raise EvaluationError(_missing(value, step, root + written(path[:index])), span, node) from None
    return value


def _part(value: Json, step: str | int) -> Json:
    """Return the part of a value under one step; raises LookupError."""
    if isinstance(step, str):
        if isinstance(value, dict):
            return value[step]
    elif isinstance(value, list):
        return value[step]
    raise LookupError


def _missing(value: Json, step: str | int, place: str) -> str:
    """Explain why a step leads to no part."""
    match value, step:
        case dict(), str():
            near = _short(islice(value, SMALL)) if _short([step]) else ()
            names = ", ".join(f"`{key}`" for key in islice(value, 5)) or "none"
            return f"`{place}` has no key `{step}`: {suggest(step, near, f'it has {names}')}"
        case list(), int():
            return f"`{place}` has no element {step}: it has {len(value)}"
        case dict(), _:
            return f"`{place}` is a mapping and has no element {step}: take a key, `{place}.name`"
        case list(), _:
            return f"`{place}` is a list and has no key `{step}`: take an element first, `{place}[0].{step}`"
        case _:
            return f"`{place}` is {kind(value)} and has no parts: leave `{written((step,))}` out"


def _short(names: Iterable[str]) -> list[str]:
    """Return the names that are short enough for a comparison letter by letter."""
    return [name for name in names if len(name) <= _LONGEST_NAME]


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


def length_as_json(value: Json, most: int) -> int:
    """Return the length of `compact(value)` without writing it, or any number beyond `most` if it is longer."""
    length, open_ = 0, [iter((value,))]
    while open_ and length <= most:
        for part in open_[-1]:
            if isinstance(part, str):
                length += 2 + _length_escaped(part)
            elif isinstance(part, (list, dict)):
                length += max(len(part) - 1, 0) + 2
                if isinstance(part, dict):
                    length += sum(3 + _length_escaped(key) for key in part)
                if part:
                    open_.append(iter(part if isinstance(part, list) else part.values()))
                    break
            else:
                length += len(repr(part))  # as long as JSON's form of a number, true, false or null
            if length > most:
                break
        else:
            open_.pop()
    return length


def _length_escaped(text: str) -> int:
    """Return the length of a text inside JSON, piece by piece."""
    if len(text) <= _PIECE:
        return len(encode_basestring(text)) - 2
    return sum(map(_length_escaped, (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))))


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


def _unary(op: str, value: Json, span: Span, room: MemoryRoom) -> Json:
    """Return `not value` or `-value`."""
    room.drop(value)
    if op == "not":
        return not value
    try:
        return negative(value)
    except OperandError as unfit:
        raise EvaluationError(str(unfit), span) from None


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
