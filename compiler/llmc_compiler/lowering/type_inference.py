"""Which type each node and each term of a plan has, found from what its tools and inputs declare.

    facts = Facts()
    facts.declare("city", type, span)       an input
    facts.add(node)                         a node, after those that it reads
    facts.of(term)                          the type of a term that reads them
    facts.fault(term)                       why it certainly cannot be computed, whenever it is reached

What may go wrong is checked where the value arrives: `checks` names those places.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from llmc_compiler.expressions import types
from llmc_compiler.expressions.operators import OPERATORS, OperandError, negative
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
    Read,
    Template,
    Term,
    Unary,
)
from llmc_compiler.expressions.types import ANY, BOOL, FLOAT, INT, NEVER, NULL, STR, Type
from llmc_compiler.ir.graph import JOIN, Call, Evaluate, Graph, Join, Loop, Node
from llmc_grammar.ast import NOWHERE
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
"""A value of each kind: what an operator does with it, it does with all of that kind."""

_RESULTS: Final[dict[type, Type]] = {bool: BOOL, int: INT, float: FLOAT, str: STR, list: types.list_of(ANY)}


@dataclass(frozen=True, slots=True)
class TypeFact:
    """What is known of a value: its type, where it was made and by what (in words), whether it may be skipped."""

    type: Type
    span: Span
    maker: str
    may_skip: bool = False

    @property
    def note(self) -> Note:
        """The place, and what is made there."""
        return Note(self.span, f"{self.maker} {types.describe(self.type)}")


@dataclass(frozen=True, slots=True)
class ArrivalCheck:
    """An argument that is checked when it arrives: what is known of it does not say that its parameter takes it."""

    node: Node
    parameter: str
    found: Type
    wanted: Type


class TypeEnvironment:
    """What is known of the nodes, inputs and loop elements of a plan so far.

    `item` is the element of the loop that terms are in. Where `skipped_is_null`, as in the join, what may be skipped
    may be null.
    """

    def __init__(self) -> None:
        """Nothing is known."""
        self.item: TypeFact | None = None
        self.skipped_is_null = False
        self._nodes: dict[NodeId, TypeFact] = {}
        self._params: dict[str, TypeFact] = {}
        self._terms: dict[int, tuple[Term, Type]] = {}

    def begin(self, *, skipped_is_null: bool = False) -> None:
        """Another statement begins: what its terms are is not known yet."""
        self._terms.clear()
        self.skipped_is_null = skipped_is_null

    @contextmanager
    def reading_null(self) -> Iterator[None]:
        """In here, what was skipped reads as null, as in `@fallback`."""
        before, self.skipped_is_null = self.skipped_is_null, True
        yield
        self.skipped_is_null = before

    @contextmanager
    def each(self, source: Term) -> Iterator[None]:
        """In here, terms are done for each element of a source."""
        element = types.element(self.of(source))
        self.item = TypeFact(element if element != NEVER else ANY, source.span, "the elements are")
        yield
        self.item = None

    def declare(self, name: str, found: Type, span: Span) -> None:
        """An input."""
        self._params[name] = TypeFact(found, span, "declared as")

    def add(self, node: Node) -> None:
        """A node, after all that it reads; those inside a loop before the loop."""
        found, maker = self._made(node)
        may_skip = bool(node.when) or any(known.may_skip for need in node.needs if (known := self._nodes.get(need)))
        self.assume(node.id, found, node.span, maker, may_skip=may_skip)

    def assume(
        self, node: NodeId, found: Type, span: Span = NOWHERE, maker: str = "this is", *, may_skip: bool = False
    ) -> None:
        """A node whose value has this type."""
        self._nodes[node] = TypeFact(found, span, maker, may_skip)

    def _made(self, node: Node) -> tuple[Type, str]:
        """The type of a node's value, and what makes it, in words."""
        match node.op:
            case Call(tool, fallback=fallback):
                return self._or_fallback(tool.signature.gives, fallback), f"`{tool.name}` gives"
            case Evaluate(value, fallback):
                return self._or_fallback(self.of(value), fallback), "this is"
            case Loop(result=result):
                return types.list_of(known.type if (known := self._nodes.get(result)) else ANY), "this is"
            case Join(value):
                return self.of(value), "this is"

    def _or_fallback(self, found: Type, fallback: Term | None) -> Type:
        """The type of a value that has a fallback."""
        if fallback is None:
            return found
        with self.reading_null():
            return types.union((found, self.of(fallback)))

    def known(self, term: Term) -> TypeFact | None:
        """What is known of the value that a term reads, without its steps; None where it reads none."""
        match term:
            case Get(node):
                return self._nodes.get(node)
            case Param(name):
                return self._params.get(name)
            case Item():
                return self.item
            case _:
                return None

    def of(self, term: Term) -> Type:
        """The type of a term; `any` where it certainly cannot be computed, so that nothing is said twice."""
        kept = self._terms.get(id(term))
        if kept is not None:
            return kept[1]
        found = self._found(term)
        found = ANY if found == NEVER else found
        self._terms[id(term)] = (term, found)
        return found

    def _found(self, term: Term) -> Type:
        """The type of a term; NEVER where it certainly cannot be computed."""
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
        """The type of what is read."""
        fact = self.known(term)
        if fact is None:
            return ANY
        found = fact.type
        for step in term.path:
            found = types.part(found, step)
        if found != NEVER and fact.may_skip and self.skipped_is_null:
            return types.union((found, NULL))
        return found

    def is_lost(self, term: Read) -> bool:
        """Whether the steps of a read certainly lead nowhere."""
        fact = self.known(term)
        return fact is not None and not (fact.may_skip and self.skipped_is_null) and self._read(term) == NEVER

    def last_part(self, term: Read) -> tuple[Type, int]:
        """The type of the part from which a lost read goes no further, and how many steps lead there."""
        fact = self.known(term)
        found = ANY if fact is None else fact.type
        for count, step in enumerate(term.path):
            if (below := types.part(found, step)) == NEVER:
                return found, count
            found = below
        return found, len(term.path)

    def fault(self, term: Term) -> str | None:
        """Why an operator certainly cannot be applied, whenever it is reached."""
        match term:
            case Unary("-", operand) if _negative(found := self.of(operand)) == NEVER:
                return _complaint("-", found)
            case Binary(op, left, right) if op in OPERATORS:
                sides = self.of(left), self.of(right)
                return _complaint(op, *sides) if applied(op, *sides) == NEVER else None
            case _:
                return None

    def notes(self, terms: Sequence[Term], span: Span) -> tuple[Note, ...]:
        """Where the values come from that some terms read, but for what is inside of the span itself."""
        facts = [known for term in terms if (known := self.known(term))]
        # What an earlier plan gave has no place in this text.
        found = [known.note for known in facts if known.span != NOWHERE]
        return tuple(dict.fromkeys(note for note in found if not (span[0] <= note.span[0] and note.span[1] <= span[1])))


def _kinds(found: Type) -> Iterator[tuple[str, Type]]:
    """The kinds of values that a type has, with what is known of each."""
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
    """The type of what an operator gives; NEVER where it takes no such operands."""
    return types.union(
        _result(op, (one, some), (other, others)) for one, some in _kinds(left) for other, others in _kinds(right)
    )


def _result(op: str, left: tuple[str, Type], right: tuple[str, Type]) -> Type:
    """What an operator gives for operands of one kind each."""
    try:
        value = OPERATORS[op](_SAMPLES[left[0]], _SAMPLES[right[0]])
    except OperandError:
        return NEVER
    if isinstance(value, list):
        return types.list_of(
            types.union(types.part(found, 0) for _, found in (left, right) if found not in {INT, BOOL})
        )
    # An integer to a negative power is a fraction.
    return FLOAT if op == "**" else _RESULTS[type(value)]


def _negative(found: Type) -> Type:
    """The type of `-x`."""
    return types.union(
        ANY if option == ANY else option for option in types.options(found) if option in {ANY, INT, FLOAT}
    )


def _complaint(op: str, *found: Type) -> str:
    """What an operator says of operands that it does not take."""
    samples = [_SAMPLES[next(_kinds(each))[0]] for each in found]
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
    """The arguments of a graph's calls that are checked when they arrive, in plan order."""
    facts = TypeEnvironment()
    for parameter in graph.parameters:
        facts.declare(parameter.name, types.declared(parameter.type), NOWHERE)
    for node in graph.nodes.values():
        facts.begin(skipped_is_null=node.id == JOIN)
        if isinstance(node.op, Loop):
            with facts.each(node.op.source):
                for inner in node.op.body:
                    yield from _arriving(inner, facts)
                    facts.add(inner)
        yield from _arriving(node, facts)
        facts.add(node)


def _arriving(node: Node, facts: TypeEnvironment) -> Iterator[ArrivalCheck]:
    """The arguments of a call that are checked when they arrive."""
    if not isinstance(node.op, Call):
        return
    for index, (name, value) in enumerate(node.op.bound):
        if isinstance(value, Const):
            continue
        wanted, found = node.op.tool.signature.wants(name), facts.of(value)
        if not types.within(found, wanted.at_least):
            yield ArrivalCheck(node, name or f"argument {index + 1}", found, wanted.at_most)
