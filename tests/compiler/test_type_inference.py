"""Types of terms: what evaluation gives is of the type that was inferred, and a fault is always one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from llmc_compiler.diagnostics.plan_errors import NoPart
from llmc_compiler.expressions import types
from llmc_compiler.expressions.environment import EvaluationError, SkippedRead
from llmc_compiler.expressions.evaluation import evaluate
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.operators import OPERATORS
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
    Slice,
    Subscript,
    Template,
    Term,
    Unary,
)
from llmc_compiler.expressions.types import ANY, Type, describe
from llmc_compiler.ir.graph import Evaluate, Node, TaskId
from llmc_compiler.lowering import type_inference
from llmc_compiler.lowering.step_checks import step_mistakes
from llmc_compiler.lowering.type_inference import TypeEnvironment, checks
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.tools.decorators import nondet, pure
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import ast
from llmc_grammar.source import Span
from tests.compiler.compiling import compiled
from tests.compiler.typed import KEYS, TYPES, VALUES, has

pytestmark = pytest.mark.no_cover
"""The searches are long, and other tests reach the lines."""

NODES = [NodeId(name) for name in "xyz"]
PATHS = st.lists(st.sampled_from([*KEYS, 0, -1]), max_size=2).map(tuple)
READS: st.SearchStrategy[Term] = st.one_of(
    st.builds(Get, st.sampled_from(NODES), PATHS),
    st.builds(Item, st.just("x"), PATHS),
    st.builds(Param, st.just("p"), PATHS),
)
OPS = st.sampled_from([*OPERATORS, "and", "or"])
ELEMENTS: st.SearchStrategy[Term] = st.builds(Item, st.sampled_from("ef"), PATHS)
"""Elements of comprehensions, which are known only in there."""
KEY_TERMS: st.SearchStrategy[Term] = st.builds(Const, st.sampled_from([*KEYS, 0, 1, -1]))


@st.composite
def _applications(draw: st.DrawFn, inner: st.SearchStrategy[Term]) -> Term:
    """A standard function of any terms, as many as it takes."""
    function = draw(st.sampled_from([*FUNCTIONS.values()]))
    given: list[tuple[str | None, Term]] = []
    for parameter in function.parameters:
        if parameter.many or not parameter.required:
            if draw(st.booleans()):
                given.append((None if parameter.many else parameter.name, draw(inner)))
        else:
            given.append((parameter.name, draw(inner)))
    return Apply(function.name, tuple(given))


@st.composite
def _comprehensions(draw: st.DrawFn, inner: st.SearchStrategy[Term]) -> Term:
    """A list in place, of one or two loops, whose element mostly is a part of what they go through."""
    clauses = [Clause("e", draw(inner), draw(st.none() | ELEMENTS.filter(lambda read: read == Item("e"))))]
    if draw(st.booleans()):
        clauses.append(Clause("f", draw(inner | st.just(Item("e"))), None))
    reads = ELEMENTS.filter(lambda read: isinstance(read, Item) and read.name in {each.name for each in clauses})
    element = st.one_of(reads, inner, st.builds(Binary, OPS, reads, inner), st.builds(Subscript, inner, reads))
    return Comprehension(draw(element), tuple(clauses))


def _new(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    bounds = st.none() | st.builds(Const, st.sampled_from([0, 1, -1])) | inner
    return st.one_of(
        st.builds(Subscript, inner, KEY_TERMS | inner),
        st.builds(Slice, inner, bounds, bounds),
        _applications(inner),
        _comprehensions(inner),
    )


def _compound(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    return st.one_of(
        st.builds(Template, st.lists(inner | st.text(min_size=1, max_size=2), max_size=2).map(tuple)),
        st.builds(ListOf, st.lists(inner, max_size=3).map(tuple)),
        st.builds(
            MapOf, st.dictionaries(st.sampled_from(KEYS), inner, max_size=2).map(lambda found: tuple(found.items()))
        ),
        st.builds(Unary, st.sampled_from(["not", "-"]), inner),
        st.builds(Binary, OPS, inner, inner),
        st.builds(Choice, inner, inner, inner),
        _new(inner),
    )


LEAVES = READS | st.builds(Const, VALUES)
TERMS = st.recursive(LEAVES, _compound, max_leaves=5)
SMALL = _new(LEAVES)
"""Steps, functions and comprehensions with nothing but leaves in them."""


@dataclass
class World:
    """Values to read, and what is known of them."""

    values: Mapping[str, Json]
    facts: TypeEnvironment
    skipped: frozenset[str] = frozenset()
    skipped_is_null: bool = field(init=False)

    def __post_init__(self) -> None:
        """Facts and evaluation agree on what was skipped."""
        self.skipped_is_null = self.facts.skipped_is_null

    def item(self, name: str, /) -> Json:
        """The element."""
        assert name == "x"
        return self.values["item"]

    def get(self, node: NodeId, /) -> Json:
        """The value of a node."""
        if node in self.skipped:
            raise SkippedRead(node)
        return self.values[node]

    def param(self, name: str, /) -> Json:
        """The value of an input."""
        return self.values[name]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Values of which more or less is known."""
    facts = TypeEnvironment()
    facts.begin(skipped_is_null=draw(st.booleans()))
    values: dict[str, Json] = {}
    skipped: set[str] = set()

    def known(name: str) -> Type:
        values[name] = draw(VALUES)
        exact = types.of_value(values[name])
        return draw(st.sampled_from([exact, exact, types.union((exact, draw(TYPES))), ANY]))

    for name in NODES:
        is_guarded = draw(st.booleans())
        facts.assume(name, known(name), may_skip=is_guarded)
        if is_guarded and draw(st.booleans()):
            skipped.add(name)
    facts.declare("p", known("p"), Span(0, 0))
    element = known("item")
    facts.assume(NodeId("list"), types.list_of(element))
    return World(values, _inside(facts), frozenset(skipped))


def _inside(facts: TypeEnvironment) -> TypeEnvironment:
    """The facts as they are inside a loop over the list."""
    facts.each("x", Get(NodeId("list"))).__enter__()
    return facts


@given(worlds(), TERMS)
def test_a_value_is_of_the_type_that_was_inferred(world: World, term: Term) -> None:
    """For every term, whatever is known of what it reads."""
    try:
        value = evaluate(term, world)
    except (EvaluationError, SkippedRead):
        return
    assert has(world.facts.of(term), value)


def is_fault(world: World, term: Term) -> bool:
    """Whether something is said of a term itself; a key of a wrong type is one even where the value may be skipped."""
    if isinstance(term, (Get, Param, Item)):
        return bool(term.path) and world.facts.is_lost(term)
    if isinstance(term, (Subscript, Slice)):
        written = ast.Slice(ast.Ref("x"), ast.Literal(1), None)
        mistakes = step_mistakes(written, term, world.facts)
        return any(isinstance(each, NoPart) or not world.facts.may_be_null(term) for each in mistakes)
    return world.facts.fault(term) is not None


@given(worlds(), TERMS | SMALL)
def test_a_fault_is_always_one(world: World, term: Term) -> None:
    """What is said to go wrong whenever it is reached does so."""
    if is_fault(world, term):
        with pytest.raises((EvaluationError, SkippedRead)):
            evaluate(term, world)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("types.part", lambda *_: types.STR),
        ("types.union", lambda found: next(iter(found), types.NEVER)),
        ("types.subscript", lambda *_: types.STR),
        ("types.sliced", lambda *_: types.STR),
        ("types.element", lambda *_: types.STR),
    ],
)
def test_a_wrong_rule_is_noticed(name: str, wrong: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The law above is not blind."""
    monkeypatch.setattr(
        "llmc_compiler.lowering.type_inference.applied", type_inference.applied.__wrapped__
    )  # what is wrong is not kept
    monkeypatch.setattr(f"llmc_compiler.expressions.{name}", wrong)

    def is_wrong(case: tuple[World, Term]) -> bool:
        world, term = case
        try:
            return not has(world.facts.of(term), evaluate(term, world))
        except (EvaluationError, SkippedRead):
            return False

    find(
        st.tuples(worlds(), TERMS | SMALL),
        is_wrong,
        settings=settings(max_examples=2000, database=None, phases=[Phase.generate]),
    )


OPERANDS: dict[str, Json] = {
    "null": None,
    "bool": True,
    "int": 2,
    "float": 2.5,
    "str": "ab",
    "list": [1],
    "dict": {"a": 1},
}
"""Other values than those by which operators are tried."""


@pytest.mark.parametrize("op", OPERATORS)
def test_an_operator_goes_wrong_just_where_it_is_said_to(op: str) -> None:
    """For operands of every two kinds."""
    for left in OPERANDS.values():
        for right in OPERANDS.values():
            term = Binary(op, Const(left), Const(right))
            facts = TypeEnvironment()
            if (fault := facts.fault(term)) is None:
                assert has(facts.of(term), evaluate(term, World({}, facts)))
            else:
                with pytest.raises(EvaluationError) as caught:
                    evaluate(term, World({}, facts))
                assert str(caught.value) == fault


def test_a_chain_of_operators_may_be_long() -> None:
    """As long as the language allows."""
    node = Node(NodeId("x"), Evaluate(Const(1)), TaskId("x"))
    facts = TypeEnvironment()
    facts.add(node)
    term: Term = Get(NodeId("x"))
    for _ in range(128):
        term = Binary("+", term, Const(1))
    assert describe(facts.of(term)) == "int"


@pure
def size(item: object) -> int:
    """How large something is."""
    return len(str(item))


@pure
def half(number: float) -> float:
    """The half."""
    return number / 2


@nondet
def anything() -> object:
    """Who knows what."""
    return 1


TOOLS = Toolbox([size, half, anything])


def found(text: str) -> list[str]:
    """What is checked when it arrives, as text."""
    graph = compiled(text, TOOLS, PIPELINE)
    return [
        f"{each.node.id}: {each.parameter} {describe(each.found)} → {describe(each.wanted)}" for each in checks(graph)
    ]


def test_what_certainly_fits_is_not_checked_again() -> None:
    """Only what may not fit is named, with what is known of it, in loops too."""
    text = """
        input many: list[any]
        input n: int?
        a = size($many)
        b = half($a)
        c = half(anything())
        d = half($n)
        e = half($x) for x in $many
        f = half($x) for x in [1, 2.5, $a]
        g = half(1)
        join($b, $c, $d, $e, $f, $g)
        """
    assert found(text) == [
        "c: number any → float",
        "d: number int? → float",
        "e/each: number any → float",
    ]


def test_a_fallback_is_a_value_as_well() -> None:
    """What a task gives is what its call gives, or its fallback; skipped values are null in there."""
    text = """
        input n: int
        a = size(1) if $n > 1
        b = size(2) @fallback($a)
        c = size(3) @fallback("none")
        d = half($b)
        join($d, size($c))
        """
    assert found(text) == ["d: number int? → float"]
