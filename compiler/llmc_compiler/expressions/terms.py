"""Terms: the expressions of the graph, which need no tool. Their leaves are constants and reads.

Const is JSON data. Get, Item and Param read the value of a node, of a loop's element and of an input of the plan,
with a path into it. Template is a text with terms inserted, and ListOf and MapOf are containers. Subscript and Slice
take a part of a value, Apply calls a standard function, and Comprehension is a loop without calls of tools. Unary,
Binary and Choice are operators, as in the plan.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from operator import is_
from typing import Final, NewType

from typing_extensions import TypeAliasType

from llmc_compiler.representation.brief import Brief
from llmc_grammar.ast import NOWHERE
from llmc_grammar.frozen_data import frozen
from llmc_grammar.source import Span

NodeId = NewType("NodeId", str)
"""A written task's id, plus a path for nested nodes: `3`, `3/a0`."""

Json = TypeAliasType("Json", "bool | int | float | str | list[Json] | dict[str, Json] | None")
"""JSON data: the values of plans, arguments and results."""

Path = tuple[str | int, ...]

SCALARS: Final = frozenset({str, int, float, bool, type(None)})
"""The Python types of JSON data without parts."""


def _span() -> Span:
    return field(default=NOWHERE, compare=False, repr=False)


@frozen
class Const(Brief):
    """JSON data; equal only to the same data of the same types, so `1`, `1.0` and `true` are three constants."""

    value: Json
    span: Span = _span()

    def __eq__(self, other: object) -> bool:
        """Whether the other constant has the same data of the same types."""
        return isinstance(other, Const) and canonical(self.value) == canonical(other.value)

    def __hash__(self) -> int:
        """Return the hash of the canonical text."""
        return hash(canonical(self.value))


def canonical(value: Json) -> str:
    """Return a text that is equal for equal data of equal types, regardless of the order of mapping keys."""
    if isinstance(value, dict):
        inside = ",".join(f"{key!r}:{canonical(value[key])}" for key in sorted(value))
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{','.join(map(canonical, value))}]"
    return repr(value)


def thaw(value: Json) -> Json:
    """Return a copy of the value that shares no lists or mappings with it."""
    # `copy` and slices allocate exactly the needed size; building up would over-allocate.
    if isinstance(value, list):
        items = value[:]
        if not SCALARS.issuperset(map(type, items)):
            for index, inner in enumerate(value):
                if type(inner) not in SCALARS:
                    items[index] = thaw(inner)
        return items
    if isinstance(value, dict):
        entries = value.copy()
        if not SCALARS.issuperset(map(type, value.values())):
            for key, inner in value.items():
                if type(inner) not in SCALARS:
                    entries[key] = thaw(inner)
        return entries
    return value


@frozen
class Get(Brief):
    """The value of another node, or a part of it."""

    node: NodeId
    path: Path = ()
    span: Span = _span()


@frozen
class Item(Brief):
    """The current element of the loop with this name, or a part of it."""

    name: str
    path: Path = ()
    span: Span = _span()


@frozen
class Param(Brief):
    """The value of an input of the plan, or a part of it."""

    name: str
    path: Path = ()
    span: Span = _span()


@frozen
class Template(Brief):
    """A text: pieces of text, and terms whose values are inserted as text."""

    parts: tuple["str | Term", ...]
    span: Span = _span()


@frozen
class ListOf(Brief):
    """A list."""

    items: tuple["Term", ...]
    span: Span = _span()


@frozen
class MapOf(Brief):
    """A mapping."""

    entries: tuple[tuple[str, "Term"], ...]
    span: Span = _span()


@frozen
class Subscript(Brief):
    """The part of a value at a computed key or index."""

    value: "Term"
    key: "Term"
    span: Span = _span()


@frozen
class Slice(Brief):
    """A part of a list or text, from `start` to before `stop`."""

    value: "Term"
    start: "Term | None"
    stop: "Term | None"
    span: Span = _span()


@frozen
class Apply(Brief):
    """The result of a standard function; arguments have the names of parameters, and None for one more of the last."""

    function: str
    arguments: tuple[tuple[str | None, "Term"], ...]
    span: Span = _span()


@frozen
class Clause(Brief):
    """`for name in source if condition` inside a comprehension."""

    name: str
    source: "Term"
    condition: "Term | None" = None


@frozen
class Comprehension(Brief):
    """The list of the values of `element`, which may read the elements of all clauses."""

    element: "Term"
    clauses: tuple[Clause, ...]
    span: Span = _span()


@frozen
class Unary(Brief):
    """`not x` or `-x`."""

    op: str
    operand: "Term"
    span: Span = _span()


@frozen
class Binary(Brief):
    """An operator between two terms; `and` and `or` reach their right side only if they need it."""

    op: str
    left: "Term"
    right: "Term"
    span: Span = _span()


@frozen
class Choice(Brief):
    """`then if condition else otherwise`; one of the two is not reached."""

    condition: "Term"
    then: "Term"
    otherwise: "Term"
    span: Span = _span()


Read = Get | Item | Param

Parts = Subscript | Slice

Term = Const | Read | Template | ListOf | MapOf | Parts | Apply | Comprehension | Unary | Binary | Choice


def constant_step(key: Term) -> str | int | None:
    """Return a key that is a constant text or integer, which may become a part of a path."""
    if isinstance(key, Const) and (isinstance(key.value, str) or type(key.value) is int):
        return key.value
    return None


def base_of(term: Term) -> Get | None:
    """Return the read of a node below steps."""
    while isinstance(term, (Subscript, Slice)):
        term = term.value
    return term if isinstance(term, Get) else None


def children(term: Term) -> tuple[Term, ...]:
    """Return the terms directly inside a term, in the order of their evaluation."""
    match term:
        case Template(parts):
            return tuple(part for part in parts if not isinstance(part, str))
        case ListOf(items):
            return items
        case MapOf(entries):
            return tuple(value for _, value in entries)
        case Subscript(value, key):
            return (value, key)
        case Slice(value, start, stop):
            return tuple(part for part in (value, start, stop) if part is not None)
        case Apply(_, arguments):
            return tuple(value for _, value in arguments)
        case Comprehension(element, clauses):
            return (*(part for clause in clauses for part in _parts(clause)), element)
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Choice(condition, then, otherwise):
            return (condition, then, otherwise)
        case _:
            return ()


def _parts(clause: Clause) -> tuple[Term, ...]:
    """Return the source of a clause, and its condition."""
    return (clause.source,) if clause.condition is None else (clause.source, clause.condition)


def reads(term: Term) -> Iterator[Get]:
    """Yield every read of a node in a term, reached or not, from left to right."""
    below = [term]
    while below:
        inner = below.pop()
        if isinstance(inner, Get):
            yield inner
        elif not isinstance(inner, (Const, Param, Item)):
            below.extend(reversed(children(inner)))


def free_reads(term: Term) -> Iterator[Read]:
    """Yield the reads in a term from left to right, except for those of elements of comprehensions in it."""
    below: list[tuple[Term, frozenset[str]]] = [(term, frozenset())]
    while below:
        inner, bound = below.pop()
        if isinstance(inner, Comprehension):
            below.extend(reversed(list(scoped(inner, bound))))
        elif isinstance(inner, (Get, Item, Param)):
            if not (isinstance(inner, Item) and inner.name in bound):
                yield inner
        elif not isinstance(inner, Const):
            below.extend((child, bound) for child in reversed(children(inner)))


def element_sources(term: Term) -> Iterator[tuple[Item, Term]]:
    """Yield each read of an element of a comprehension in a term, with the source of its elements."""
    below: list[tuple[Term, dict[str, Term]]] = [(term, {})]
    while below:
        inner, sources = below.pop()
        if isinstance(inner, Item) and inner.name in sources:
            yield inner, sources[inner.name]
        elif isinstance(inner, Comprehension):
            scope = sources | {clause.name: clause.source for clause in inner.clauses}
            below.extend((part, scope) for part in children(inner))
        else:
            below.extend((child, sources) for child in children(inner))


def scoped(term: Comprehension, bound: frozenset[str]) -> Iterator[tuple[Term, frozenset[str]]]:
    """Yield the parts of a comprehension, each with the names of elements that it may read."""
    for clause in term.clauses:
        yield clause.source, bound
        bound |= {clause.name}
        if clause.condition is not None:
            yield clause.condition, bound
    yield term.element, bound


def rebuild(term: Term, parts: Iterable[Term]) -> Term:
    """Return the term with other terms directly inside it, as many as `children` returns."""
    fresh = iter(parts)
    match term:
        case Template(pieces, span):
            return Template(tuple(piece if isinstance(piece, str) else next(fresh) for piece in pieces), span)
        case ListOf(_, span):
            return ListOf(tuple(fresh), span)
        case MapOf(entries, span):
            return MapOf(tuple((key, next(fresh)) for key, _ in entries), span)
        case Subscript(_, _, span):
            return Subscript(next(fresh), next(fresh), span)
        case Slice(_, start, stop, span):
            return Slice(next(fresh), start and next(fresh), stop and next(fresh), span)
        case Apply(function, arguments, span):
            return Apply(function, tuple((name, next(fresh)) for name, _ in arguments), span)
        case Comprehension(_, clauses, span):
            changed = tuple(Clause(each.name, next(fresh), each.condition and next(fresh)) for each in clauses)
            return Comprehension(next(fresh), changed, span)
        case Unary(op, _, span):
            return Unary(op, next(fresh), span)
        case Binary(op, _, _, span):
            return Binary(op, next(fresh), next(fresh), span)
        case Choice(_, _, _, span):
            return Choice(next(fresh), next(fresh), next(fresh), span)
        case _:
            return term


def substitute(term: Term, same: Mapping[NodeId, NodeId]) -> Term:
    """Return the term with reads of merged nodes replaced by reads of their replacements."""
    if isinstance(term, Get):
        return Get(same[term.node], term.path, term.span) if term.node in same else term
    before = children(term)
    after = [substitute(child, same) for child in before]
    return term if all(map(is_, before, after)) else rebuild(term, after)


def written(path: Path) -> str:
    """Return a path as written in a plan."""
    return "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in path)


def written_read(term: Term) -> str | None:
    """Return a read of a task, an input or an element as written; None for any other term."""
    match term:
        case Get(node, path) if "/" not in node:
            return f"${node}{written(path)}"
        case Param(name, path):
            return f"${name}{written(path)}"
        case Item(name, path):
            return f"${name}{written(path)}"
        case _:
            return None
