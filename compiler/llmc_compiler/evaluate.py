"""What a term is worth: operators on JSON values, for folding constants and for running.

    evaluate(term, env)   the value
    compact(value)        the value as JSON text without blanks
    truth(value)          whether a condition with this value holds

Values are shared and never changed.
"""

import json
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from math import inf
from typing import Final, Protocol

from llmc_compiler.operators import (
    EFFORT,
    OPERATORS,
    SMALL,
    VALUE_TEXT,
    Unfit,
    bounded,
    effort,
    kind,
    negative,
    spend,
)
from llmc_compiler.term import (
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
from llmc_grammar.source import Span


class SkippedRead(Exception):  # noqa: N818 — an outcome, not a mistake
    """A term read a node that was skipped."""

    def __init__(self, node: NodeId) -> None:
        super().__init__(node)
        self.node = node


class EvaluationError(ValueError):
    """A term has no value; `node` is the one whose value was read, where a read is to blame."""

    def __init__(self, message: str, span: Span, node: NodeId | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.node = node


class Env(Protocol):
    """What a term may read."""

    @property
    def skipped_is_null(self) -> bool:
        """Whether a skipped node reads as null, as in join and in a fallback."""
        ...

    @property
    def item(self) -> Json:
        """The element that the loop is at."""
        ...

    def get(self, node: NodeId, /) -> Json:
        """The value of a node; raises SkippedRead."""
        ...

    def param(self, name: str, /) -> Json:
        """The value of an input."""
        ...


_CHARACTERS: Final = 6
"""Characters of a value that are written in the time of a part that is looked at."""
_LONGEST_NAME: Final = 100

_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def compact(value: Json) -> str:
    """The value as JSON text without blanks, letters of all scripts as they are."""
    return _encode(value)


def truth(value: Json) -> bool:
    """Whether a condition holds, as in Python."""
    return bool(value)


def evaluate(term: Term, env: Env) -> Json:
    """The value of a term; raises EvaluationError, and SkippedRead if it needs a node that was skipped."""
    effort.left = EFFORT
    try:
        return _value(term, env)
    finally:
        effort.left = inf


def _value(term: Term, env: Env) -> Json:
    """The value of a term, or of a part of one."""
    while isinstance(term, Choice):
        term = term.then if _value(term.condition, env) else term.otherwise
    match term:
        case Get():
            return _get(term, env)
        case Const(value):
            return value
        case Item(path, span):
            return _walk(env.item, path, "element", span) if path else env.item
        case Param(name, path, span):
            return _walk(env.param(name), path, f"${name}", span) if path else env.param(name)
        case Template():
            return _template(term, env)
        case ListOf(items, span):
            return _built([_value(item, env) for item in items], span)
        case MapOf(entries, span):
            return _built({key: _value(value, env) for key, value in entries}, span)
        case Unary(op, operand, span):
            return _unary(op, _value(operand, env), span)
        case Binary():
            return _binary(term, env)


def _get(term: Get, env: Env) -> Json:
    """The value of a node, or a part of it."""
    try:
        value = env.get(term.node)
    except SkippedRead:
        if env.skipped_is_null:
            return None
        raise
    return _walk(value, term.path, f"${term.node}", term.span, term.node) if term.path else value


def _walk(value: Json, path: Path, root: str, span: Span, node: NodeId | None = None) -> Json:
    """The part of a value at the end of a path."""
    for index, step in enumerate(path):
        try:
            value = _part(value, step)
        except LookupError:
            raise EvaluationError(_missing(value, step, root + written(path[:index])), span, node) from None
    return value


def _part(value: Json, step: str | int) -> Json:
    """The part of a value that a step leads to; raises LookupError."""
    if isinstance(step, str):
        if isinstance(value, dict):
            return value[step]
    elif isinstance(value, list):
        return value[step]
    raise LookupError


def _missing(value: Json, step: str | int, place: str) -> str:
    """What to say about a step that leads nowhere."""
    match value, step:
        case dict(), str():
            close = get_close_matches(step, _short(islice(value, SMALL)), 1) if _short([step]) else ()
            known = ", ".join(f"`{key}`" for key in list(value)[:5]) or "none"
            return f"`{place}` has no key `{step}`: " + (f"did you mean `{close[0]}`?" if close else f"it has {known}")
        case list(), int():
            return f"`{place}` has no element {step}: it has {len(value)}"
        case dict(), _:
            return f"`{place}` is a mapping and has no element {step}: take a key, `{place}.name`"
        case list(), _:
            return f"`{place}` is a list and has no key `{step}`: take an element first, `{place}[0].{step}`"
        case _:
            return f"`{place}` is {kind(value)} and has no parts: leave `{written((step,))}` out"


def _short(names: Iterable[str]) -> list[str]:
    """The names that are short enough to be compared letter by letter."""
    return [name for name in names if len(name) <= _LONGEST_NAME]


def _template(term: Template, env: Env) -> Json:
    """The text with the values in it."""
    pieces, size = [], 0
    for part in term.parts:
        value = part if isinstance(part, str) else _value(part, env)
        pieces.append(value if isinstance(value, str) else _written(value, term.span))
        size += len(pieces[-1])
        if size > VALUE_TEXT:
            raise EvaluationError(f"the text is longer than {VALUE_TEXT:,} characters: put less into it", term.span)
    return "".join(pieces)


def _written(value: Json, span: Span) -> str:
    """The value as text."""
    text = compact(value)
    try:
        spend(len(text) // _CHARACTERS)
    except Unfit as unfit:
        raise EvaluationError(str(unfit), span) from None
    return text


def _built(value: Json, span: Span) -> Json:
    """A list or a mapping, if it is not too large."""
    try:
        return bounded(value)
    except Unfit as unfit:
        raise EvaluationError(str(unfit), span) from None


def _unary(op: str, value: Json, span: Span) -> Json:
    """`not value` or `-value`."""
    if op == "not":
        return not value
    try:
        return negative(value)
    except Unfit as unfit:
        raise EvaluationError(str(unfit), span) from None


def _binary(term: Binary, env: Env) -> Json:
    """Operators that nest on the left, innermost first and without recursion: a chain may have hundreds."""
    spine = [term]
    while isinstance(left := spine[-1].left, Binary):
        spine.append(left)
    value = _operand(left, env)
    for link in reversed(spine):
        value = _apply(link, value, env)
    if isinstance(value, SkippedRead):
        raise value
    return value


def _operand(term: Term, env: Env) -> Json | SkippedRead:
    """The value of an operand, or why it has none: some operators go on without it."""
    try:
        return _value(term, env)
    except SkippedRead as skipped:
        return skipped


def _apply(term: Binary, left: Json | SkippedRead, env: Env) -> Json | SkippedRead:
    """One operator whose left operand is known."""
    if isinstance(left, SkippedRead):
        if term.op != "or" and not _asks_for_null(term.op, term.right):
            return left
        left = None
    if term.op == "and":
        return _operand(term.right, env) if left else left
    if term.op == "or":
        return left or _operand(term.right, env)
    right = _operand(term.right, env)
    if isinstance(right, SkippedRead):
        if not _asks_for_null(term.op, term.left):
            return right
        right = None
    try:
        return OPERATORS[term.op](left, right)
    except Unfit as unfit:
        raise EvaluationError(str(unfit), term.span) from None


def _asks_for_null(op: str, other: Term) -> bool:
    """Whether an operator compares its operand with the literal null, and so wants to know if it was skipped."""
    return op in {"==", "!="} and isinstance(other, Const) and other.value is None
