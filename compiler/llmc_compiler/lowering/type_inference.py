"""Types of all nodes and terms of a plan, inferred from the declarations of its tools and inputs.

    facts = Facts()
    facts.declare("city", type, span)       an input
    facts.add(node)                         a node, after those that it reads
    facts.of(term)                          the type of a term that reads them
    facts.fault(term)                       the reason why it certainly cannot be computed

A value that may not fit is checked when it arrives: `checks` lists those arguments.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

from llmc_compiler.expressions import types
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.operators import OPERATORS, OperandError, negative
from llmc_compiler.expressions.terms import (
    Apply,
    Binary,
    Choice,
    Clause,
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
    Read,
    Slice,
    Subscript,
    Template,
    Term,
    Unary,
    base_of,
)
from llmc_compiler.expressions.types import ANY, BOOL, FLOAT, INT, NEVER, NULL, STR, Type
from llmc_compiler.ir.graph import JOIN, Call, Evaluate, Graph, Join, Loop, Node
from llmc_grammar.ast import NOWHERE
from llmc_grammar.frozen_data import frozen
from llmc_grammar.mistake import Note
from llmc_grammar.source import Span

_SAMPLES: Final[dict[str, Json]] = {
    "null": None,
    "bool": True,
    "int": 1,
    "float": 1.5,
    "str": "a",
    "list": [],
    "dict": {},
}
"""A sample of each kind: an operator treats all values of a kind alike."""

_RESULTS: Final[dict[type, Type]] = {bool: BOOL, int: INT, float: FLOAT, str: STR, list: types.list_of(ANY)}


@frozen
class TypeFact:
    """Facts about a value: its type, its origin as a span and in words, and whether it may be skipped."""

    type: Type
    span: Span
    maker: str
    may_skip: bool = False

    @property
    def note(self) -> Note:
        """A note at the value's origin."""
        return Note(self.span, f"{self.maker} {types.describe(self.type)}")


@frozen
class ArrivalCheck:
    """An argument that is checked when it arrives, since its type does not guarantee that it fits the parameter."""

    node: Node
    parameter: str
    found: Type
    wanted: Type


class TypeEnvironment:
    """Facts about the nodes, inputs and loop elements of a plan so far.

    If `skipped_is_null`, as in the join, values that may be skipped may be null.
    """

    def __init__(self) -> None:
        self._elements: dict[str, TypeFact] = {}
        self.skipped_is_null = False
        self._nodes: dict[NodeId, TypeFact] = {}
        self._params: dict[str, TypeFact] = {}
        self._terms: dict[int, tuple[Term, Type]] = {}

    def begin(self, *, skipped_is_null: bool = False) -> None:
        """Begin another statement: forget the types of the terms of the last one."""
        self._terms.clear()
        self.skipped_is_null = skipped_is_null

    @contextmanager
    def reading_null(self) -> Iterator[None]:
        """Read skipped values as null inside the `with` block, as in `@fallback`."""
        before, self.skipped_is_null = self.skipped_is_null, True
        yield
        self.skipped_is_null = before

    @contextmanager
    def each(self, name: str, source: Term) -> Iterator[None]:
        """Infer terms for each element of a source inside the `with` block, where the element has this name."""
        element = types.element(self.of(source))
        before = self._elements
        fact = TypeFact(element if element != NEVER else ANY, source.span, "the elements are")
        self._elements = {**before, name: fact}
        yield
        self._elements = before

    def declare(self, name: str, found: Type, span: Span) -> None:
        """Declare an input."""
        self._params[name] = TypeFact(found, span, "declared as")

    def add(self, node: Node) -> None:
        """Add a node, after all that it reads; nodes inside a loop come before the loop."""
        type_, maker = self._made(node)
        may_skip = bool(node.when) or any(fact.may_skip for need in node.needs if (fact := self._nodes.get(need)))
        self.assume(node.id, type_, node.span, maker, may_skip=may_skip)

    def assume(
        self, node: NodeId, found: Type, span: Span = NOWHERE, maker: str = "this is", *, may_skip: bool = False
    ) -> None:
        """Add a node whose value has this type."""
        self._nodes[node] = TypeFact(found, span, maker, may_skip)

    def _made(self, node: Node) -> tuple[Type, str]:
        """Return the type of a node's value, and its origin in words."""
        match node.op:
            case Call(tool, fallback=fallback):
                return self._or_fallback(tool.signature.gives, fallback), f"`{tool.name}` returns"
            case Evaluate(expects=expects) if expects:
                return types.record(types.Field(name, types.declared(wanted)) for name, wanted in expects), "this is"
            case Evaluate(value, fallback, plan):
                maker = "this is" if plan is None else f"`{plan}` returns"
                return self._or_fallback(self.of(value), fallback), maker
            case Loop(result=result, flat=flat):
                made = fact.type if (fact := self._nodes.get(result)) else ANY
                return types.list_of(types.element(made) if flat else made), "this is"
            case Join(value):
                return self.of(value), "this is"

    def _or_fallback(self, type_: Type, fallback: Term | None) -> Type:
        """Return the type of a value that has a fallback."""
        if fallback is None:
            return type_
        with self.reading_null():
            return types.union((type_, self.of(fallback)))

    def known(self, term: Term) -> TypeFact | None:
        """Return the facts about the value that a term reads, without its steps; None if it reads none."""
        match term:
            case Get(node):
                return self._nodes.get(node)
            case Param(name):
                return self._params.get(name)
            case Item(name):
                return self._elements.get(name)
            case _:
                return None

    def of(self, term: Term) -> Type:
        """Return the type of a term; `any` if it certainly cannot be computed, to report each mistake only once."""
        cached = self._terms.get(id(term))
        if cached is not None:
            return cached[1]
        type_ = self._found(term)
        type_ = ANY if type_ == NEVER else type_
        self._terms[id(term)] = (term, type_)
        return type_

    def _found(self, term: Term) -> Type:
        """Infer the type of a term; NEVER if it certainly cannot be computed."""
        match term:
            case Const(value):
                return types.of_value(value)
            case Get() | Param() | Item():
                return self._read(term)
            case Template():
                return STR
            case ListOf(items):
                return types.list_of(types.union(map(self.of, items)))
            case MapOf(entries):
                return types.record(types.Field(key, self.of(value)) for key, value in entries)
            case Subscript(value, key):
                return self._or_null(term, types.subscript(self.of(value), self.of(key)))
            case Slice(value):
                return self._or_null(term, types.sliced(self.of(value)))
            case Apply(function, arguments):
                return FUNCTIONS[function].type_of([(name, self.of(value)) for name, value in arguments])
            case Comprehension(element, clauses):
                return types.list_of(self._element(element, clauses))
            case Unary(op, operand):
                return BOOL if op == "not" else _negative(self.of(operand))
            case Binary("and", left, right):
                return types.union((self.of(left), self.of(right)))
            case Binary("or", left, right):
                truthy = (option for option in types.options(self.of(left)) if option != NULL)
                return types.union((*truthy, self.of(right)))
            case Binary(op, left, right):
                return applied(op, self.of(left), self.of(right))
            case Choice(_, then, otherwise):
                return types.union((self.of(then), self.of(otherwise)))

    def _read(self, term: Read) -> Type:
        """Return the type of the value that is read."""
        fact = self.known(term)
        if fact is None:
            return ANY
        type_ = fact.type
        for step in term.path:
            type_ = types.part(type_, step)
        if type_ != NEVER and fact.may_skip and self.skipped_is_null:
            return types.union((type_, NULL))
        return type_

    def _or_null(self, term: Parts, found: Type) -> Type:
        """Return the type of steps, which are null behind a skipped value that reads as null."""
        return found if found == NEVER or not self.may_be_null(term) else types.union((found, NULL))

    def may_be_null(self, term: Term) -> bool:
        """Whether steps may lead into a skipped value that reads as null."""
        read = base_of(term)
        fact = None if read is None else self._nodes.get(read.node)
        return fact is not None and fact.may_skip and self.skipped_is_null

    def _element(self, element: Term, clauses: tuple[Clause, ...]) -> Type:
        """Return the type of the elements of a comprehension."""
        if not clauses:
            return self.of(element)
        with self.each(clauses[0].name, clauses[0].source):
            return self._element(element, clauses[1:])

    def is_lost(self, term: Read) -> bool:
        """Whether the steps of a read certainly lead to no part."""
        fact = self.known(term)
        return fact is not None and not (fact.may_skip and self.skipped_is_null) and self._read(term) == NEVER

    def last_part(self, term: Read) -> tuple[Type, int]:
        """Return the type at the last existing step of a lost read, and the number of steps to it."""
        fact = self.known(term)
        type_ = ANY if fact is None else fact.type
        for count, step in enumerate(term.path):
            if (below := types.part(type_, step)) == NEVER:
                return type_, count
            type_ = below
        return type_, len(term.path)

    def fault(self, term: Term) -> str | None:
        """Explain why an operator certainly cannot be applied, or return None."""
        match term:
            case Unary("-", operand) if _negative(found := self.of(operand)) == NEVER:
                return _complaint("-", found)
            case Binary(op, left, right) if op in OPERATORS:
                sides = self.of(left), self.of(right)
                return _complaint(op, *sides) if applied(op, *sides) == NEVER else None
            case _:
                return None

    def notes(self, terms: Sequence[Term], span: Span) -> tuple[Note, ...]:
        """Return notes on the origins of the values that the terms read, except for those inside the span itself."""
        facts = [fact for term in terms if (fact := self.known(term))]
        # The result of an earlier plan has no place in this text.
        notes = [fact.note for fact in facts if fact.span != NOWHERE]
        return tuple(dict.fromkeys(note for note in notes if not (span[0] <= note.span[0] and note.span[1] <= span[1])))


def _kinds(found: Type) -> Iterator[tuple[str, Type]]:
    """Yield the kinds of values that a type includes, each with its part of the type."""
    for option in types.options(found):
        match option:
            case types.Basic("any"):
                yield from ((name, ANY) for name in _SAMPLES)
            case types.Basic(name):
                yield name, option
            case types.WordsType():
                yield "str", STR
            case types.ListOfType():
                yield "list", option
            case _:
                yield "dict", option


@lru_cache(maxsize=4096)
def applied(op: str, left: Type, right: Type) -> Type:
    """Return the type of an operator's result; NEVER if it does not take such operands."""
    return types.union(
        _result(op, (kind, type_), (other_kind, other_type))
        for kind, type_ in _kinds(left)
        for other_kind, other_type in _kinds(right)
    )


def _result(op: str, left: tuple[str, Type], right: tuple[str, Type]) -> Type:
    """Return the type of an operator's result for one kind of operand on each side."""
    try:
        value = OPERATORS[op](_SAMPLES[left[0]], _SAMPLES[right[0]])
    except OperandError:
        return NEVER
    if isinstance(value, list):
        return types.list_of(types.union(types.part(side, 0) for _, side in (left, right) if side not in {INT, BOOL}))
    # An integer to a negative power is a fraction.
    return FLOAT if op == "**" else _RESULTS[type(value)]


def _negative(operand: Type) -> Type:
    """Return the type of `-x`."""
    return types.union(
        ANY if option == ANY else option for option in types.options(operand) if option in {ANY, INT, FLOAT}
    )


def _complaint(op: str, *operands: Type) -> str:
    """Return an operator's complaint about operands that it does not take."""
    samples = [_SAMPLES[next(_kinds(operand))[0]] for operand in operands]
    try:
        if len(samples) == 1:
            negative(*samples)
        else:
            OPERATORS[op](*samples)
    except OperandError as unfit:
        return str(unfit)
    message = f"`{op}` takes these"
    raise AssertionError(message)


def checks(graph: Graph) -> Iterator[ArrivalCheck]:
    """Yield the arguments of a graph's calls that are checked when they arrive, in plan order."""
    yield from _swept(graph, TypeEnvironment())


def value_type(graph: Graph) -> Type:
    """Return the type of a plan's value."""
    facts = TypeEnvironment()
    for _ in _swept(graph, facts):
        pass
    return facts.of(Get(JOIN))


def _swept(graph: Graph, facts: TypeEnvironment) -> Iterator[ArrivalCheck]:
    """Add all nodes to the facts, and yield the arguments that are checked when they arrive."""
    for parameter in graph.parameters:
        facts.declare(parameter.name, types.declared(parameter.type), NOWHERE)
    for node in graph.nodes.values():
        facts.begin(skipped_is_null=node.id == JOIN)
        yield from _arriving_in(node, facts)


def _arriving_in(node: Node, facts: TypeEnvironment) -> Iterator[ArrivalCheck]:
    """Yield the arguments that are checked when they arrive, of a node and of those inside it; add the node."""
    if isinstance(node.op, Loop):
        with facts.each(node.op.name, node.op.source):
            for inner in node.op.body:
                yield from _arriving_in(inner, facts)
    yield from _arriving(node, facts)
    facts.add(node)


def _arriving(node: Node, facts: TypeEnvironment) -> Iterator[ArrivalCheck]:
    """Yield the arguments of a call that are checked when they arrive."""
    if not isinstance(node.op, Call):
        return
    for index, (name, value) in enumerate(node.op.bound):
        if isinstance(value, Const):
            continue
        wanted, found = node.op.tool.signature.wants(name), facts.of(value)
        if not types.within(found, wanted.at_least):
            yield ArrivalCheck(node, name or f"argument {index + 1}", found, wanted.at_most)
