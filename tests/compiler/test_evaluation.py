"""What terms are worth."""

from difflib import get_close_matches
from typing import Any

import pytest

from llmc_compiler.expressions.compact_json import compact
from llmc_compiler.expressions.environment import EvaluationError, SkippedRead
from llmc_compiler.expressions.evaluation import evaluate, truth
from llmc_compiler.expressions.operators import same
from llmc_compiler.expressions.terms import (
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
    Template,
    Term,
    Unary,
)
from llmc_grammar.source import Span

ERROR: Any = ...
"""Where a term has no value."""


class Fake:
    """Reads from mappings; the node `s` was skipped."""

    def __init__(self, *, skipped_is_null: bool = False) -> None:
        self.skipped_is_null = skipped_is_null
        self.nodes: dict[str, Json] = {"a": {"x": [10, {"y": None}], "key with blanks": 1}, "n": 3, "t": "text"}

    def get(self, node: NodeId) -> Json:
        """The value of a node."""
        if node == "s":
            raise SkippedRead(node)
        return self.nodes[node]

    def item(self, name: str, /) -> Json:
        """The element of the loop over `x`."""
        elements: dict[str, Json] = {"x": {"name": "Rome", "tags": ["old"]}}
        return elements[name]

    def param(self, name: str) -> Json:
        """The value of an input."""
        return ["Rome"] if name == "city" else None


def get(node: str, *path: str | int) -> Get:
    """A read."""
    return Get(NodeId(node), path, Span(3, 9))


SKIPPED = get("s")


def value(term: Term, **options: bool) -> Json:
    """The value of a term."""
    return evaluate(term, Fake(**options))


def message(term: Term, **options: bool) -> str:
    """Why a term has no value."""
    with pytest.raises(EvaluationError) as caught:
        value(term, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("op", "operand", "result"),
    [
        ("not", [], True),
        ("not", "a", False),
        ("not", 0.0, True),
        ("not", {"a": 1}, False),
        ("-", 3, -3),
        ("-", 2.5, -2.5),
        ("-", True, ERROR),
        ("-", "3", ERROR),
        ("-", None, ERROR),
    ],
)
def test_unary_operators(op: str, operand: Json, result: Json) -> None:
    """`not` by truth, `-` on numbers."""
    if result is ERROR:
        assert message(Unary(op, Const(operand)))
    else:
        assert value(Unary(op, Const(operand))) == result


NO = Binary("/", Const(1), Const(0))


@pytest.mark.parametrize(
    ("term", "result"),
    [
        (Binary("and", Const(0), NO), 0),
        (Binary("or", Const(1), NO), 1),
        (Binary("and", Const("a"), Const([])), []),
        (Binary("or", Const(0), Const("")), ""),
        (Choice(Const(1), Const("then"), NO), "then"),
        (Choice(Const([]), NO, Const("else")), "else"),
    ],
)
def test_what_is_not_reached_is_not_evaluated(term: Term, result: Json) -> None:
    """As in Python."""
    assert value(term) == result


@pytest.mark.parametrize(
    ("term", "result"),
    [
        (Binary("==", SKIPPED, Const(None)), True),
        (Binary("!=", Const(None), get("s", "x")), False),
        (Binary("or", get("s", "x"), Const(2)), 2),
        (Binary("or", Binary("+", SKIPPED, Const(1)), Const(2)), 2),
        (Binary("or", Binary("or", SKIPPED, SKIPPED), Const(2)), 2),
        (Binary("==", Template(("a ", SKIPPED)), Const(None)), True),
        (Binary("==", SKIPPED, Const(0)), ERROR),
        (Binary("==", Const(0), SKIPPED), ERROR),
        (Binary("==", SKIPPED, get("a", "x", 1, "y")), ERROR),
        (Binary("or", Const(0), SKIPPED), ERROR),
        (Binary("and", SKIPPED, Const(1)), ERROR),
        (Binary("and", Const(1), SKIPPED), ERROR),
        (Unary("not", SKIPPED), ERROR),
        (Template((SKIPPED,)), ERROR),
        (ListOf((SKIPPED,)), ERROR),
        (Choice(SKIPPED, Const(1), Const(2)), ERROR),
    ],
)
def test_some_operands_read_what_was_skipped_as_null(term: Term, result: Json) -> None:
    """Those compared with the literal null, and those to the left of `or`; all others pass the skipping on."""
    if result is ERROR:
        with pytest.raises(SkippedRead) as caught:
            value(term)
        assert caught.value.node == "s"
    else:
        assert value(term) is result


def test_where_skipping_is_null_it_is_null_everywhere() -> None:
    """As in join and in fallbacks: whatever the path, and `null` in a text."""
    terms = (SKIPPED, get("s", "x", 0), Template(("it is ", SKIPPED)), Unary("not", SKIPPED))
    assert value(ListOf(terms), skipped_is_null=True) == [None, None, "it is null", True]


@pytest.mark.parametrize(
    ("term", "result"),
    [
        (get("a", "x", 0), 10),
        (get("a", "x", -1, "y"), None),
        (get("a", "key with blanks"), 1),
        (Item("x"), {"name": "Rome", "tags": ["old"]}),
        (Item("x", ("tags", 0)), "old"),
        (Param("city"), ["Rome"]),
        (Param("city", (0,)), "Rome"),
        (MapOf((("k", get("n")), ("l", ListOf((Item("x", ("name",)),))))), {"k": 3, "l": ["Rome"]}),
    ],
)
def test_reads(term: Term, result: Json) -> None:
    """Nodes, the loop's element and inputs, with paths into them."""
    assert value(term) == result


@pytest.mark.parametrize(
    ("term", "words"),
    [
        (get("a", "xx"), "`$a` has no key `xx`: did you mean `x`?"),
        (get("a", "height"), "`$a` has no key `height`: it has `x`, `key with blanks`"),
        (get("a", "x", 2), "`$a.x` has no element 2: it has 2"),
        (get("a", "x", -3), "`$a.x` has no element -3: it has 2"),
        (get("a", 0), "`$a` is a mapping and has no element 0: take a key, `$a.name`"),
        (get("a", "x", "y"), "`$a.x` is a list and has no key `y`: take an element first, `$a.x[0].y`"),
        (get("t", 0), "`$t` is a text and has no elements: take a part of it, `$t[0:]`"),
        (get("n", "x"), "`$n` is a number and has no parts: leave `.x` out"),
        (get("a", "x", 1, "y", "z"), "`$a.x[1].y` is null and has no parts: leave `.z` out"),
        (Item("x", ("population",)), "`$x` has no key `population`: it has `name`, `tags`"),
        (Param("city", (1,)), "`$city` has no element 1: it has 1"),
        (Binary("+", Const(value=True), Const(1)), "write `1 if x else 0` for a number"),
        (Binary("+", Const("a"), Const(1)), 'join texts inside a string, `"$x $y"`'),
        (Binary("-", Const([1]), Const(1)), "take a number out of it with a path, `$x.name` or `$x[0]`"),
        (Binary("/", Const(1), Const(0)), "`/` divides by zero: test for it first, `x if $n != 0 else 0`"),
        (Binary("**", Const(0), Const(-1)), "zero cannot have a negative power"),
        (Binary("**", Const(-8), Const(0.5)), "is not a real number"),
    ],
)
def test_a_mistake_says_what_is_missing_and_what_would_do(term: Term, words: str) -> None:
    """One fact, then one suggestion."""
    assert words in message(term)


def test_a_mistake_knows_its_place() -> None:
    """The span of the term, and the node that was read."""
    with pytest.raises(EvaluationError) as caught:
        value(get("a", "xx"))
    assert (caught.value.span, caught.value.node) == (Span(3, 9), "a")
    with pytest.raises(EvaluationError) as caught:
        value(Binary("-", Const("a"), Const(1), Span(5, 8)))
    assert (caught.value.span, caught.value.node) == (Span(5, 8), None)


def test_texts_hold_values_as_text() -> None:
    """A text as it is, anything else as compact JSON; what a value contains is never looked at again."""
    term = Template(("<", get("t"), "|", get("a", "x"), "|", Const(1.0), "|", Const(value=True), "|", Const("$1"), ">"))
    assert value(term) == '<text|[10,{"y":null}]|1.0|true|$1>'


def test_compact_json() -> None:
    """No blanks, and letters of all scripts as they are."""
    assert compact({"ä": [1, None, "é\n"], "b": 1e100}) == '{"ä":[1,null,"é\\n"],"b":1e+100}'


def test_truth() -> None:
    """As in Python."""
    falsy: list[Json] = [None, 0, 0.0, "", [], {}]
    truthy: list[Json] = [True, -1, 0.1, "0", [0], {"": 0}]
    assert [truth(each) for each in falsy] == [False] * 6
    assert [truth(each) for each in truthy] == [True] * 6


def test_doubling_a_list_again_and_again_ends_in_an_error() -> None:
    """Values share their parts, so that a few terms could stand for more data than there is memory."""
    term: Term = Const("x")
    for _ in range(18):
        term = Const(value(ListOf((term, term))))
    assert "has more than" in message(ListOf((term, term, term, term)))


def test_deep_nesting_ends_in_an_error() -> None:
    """A hundred levels are the most."""
    term: Term = Const(1)
    for _ in range(99):
        term = Const(value(ListOf((term,))))
    assert "nested more than 100 deep" in message(ListOf((term,)))


def test_a_very_long_text_is_refused() -> None:
    """Texts with values in them are bounded too."""
    part = Const("x" * 1024 * 1024)
    assert "the text is longer than" in message(Template((part,) * 17))


MANY: list[Json] = [[1] * 10 for _ in range(10)]
EQUAL = Binary("==", Const(MANY), Const([list(each) for each in MANY if isinstance(each, list)]))
LONG = "ab" * 600
COSTLY: dict[str, Term] = {
    "comparison": EQUAL,
    "element": Binary("in", Const([2] * 10), Const(MANY)),
    "part of a text": Binary("in", Const("ba" * 700), Const(LONG * 9)),
    "sum": Binary("==", Binary("+", Const(MANY * 20), Const(MANY)), Const([])),
    "sum of texts": Binary("==", Binary("+", Const(LONG * 9), Const("c")), Const("d")),
    "list": ListOf((Const(MANY * 20),)),
    "text": Template((Const(MANY * 5),)),
}


@pytest.mark.parametrize("name", COSTLY)
def test_an_expression_looks_at_so_much_at_most(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it does so: nothing else runs until it has its value."""
    term = COSTLY[name]
    often = ListOf((term,) * 200)
    assert len(value(often)) == 200  # type: ignore[arg-type]  # a list
    monkeypatch.setattr("llmc_compiler.expressions.evaluation.EFFORT", 5_000)
    assert value(ListOf((term,)))
    assert "the expression looks at more than 5,000,000 parts of values" in message(often)


def test_what_another_expression_looked_at_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor what is compared where none is evaluated."""
    monkeypatch.setattr("llmc_compiler.expressions.evaluation.EFFORT", 200)
    for _ in range(5):
        assert value(EQUAL) is True
        assert "looks at more" in message(Binary("and", EQUAL, EQUAL))
        assert all(same(MANY, MANY) for _ in range(5))


def test_a_key_is_looked_for_among_few_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is compared letter by letter, and a result may have a million."""
    compared: list[str] = []

    def near(name: str, names: list[str], n: int) -> list[str]:
        compared.extend(names)
        return get_close_matches(name, names, n)

    monkeypatch.setattr("llmc_grammar.suggestion.get_close_matches", near)
    env = Fake()
    env.nodes["n"] = {"n" * 10_000: 0, "names": 1, **{f"x{number}": 0 for number in range(5_000)}}
    with pytest.raises(EvaluationError, match="did you mean `names`"):
        evaluate(get("n", "nams"), env)
    assert len(compared) == 999
    with pytest.raises(EvaluationError, match="it has"):
        evaluate(get("n", "m" * 10_000), env)
    assert len(compared) == 999


@pytest.mark.parametrize("op", ["+", "or", "and", "=="])
def test_a_chain_of_operators_needs_no_stack(op: str) -> None:
    """Ten thousand in a row, each the left operand of the next."""
    term: Term = Const(1)
    for _ in range(10_000):
        term = Binary(op, term, Const(1))
    assert value(term) == {"+": 10_001, "or": 1, "and": 1, "==": False}[op]


def test_a_chain_of_choices_needs_no_stack() -> None:
    """`a if … else b if … else c`."""
    term: Term = Const("last")
    for _ in range(10_000):
        term = Choice(Const(value=False), Const("no"), term)
    assert value(term) == "last"


def test_values_are_never_changed() -> None:
    """Operators make new lists."""
    left: list[Json] = [1]
    env = Fake()
    env.nodes["n"] = left
    assert evaluate(Binary("+", get("n"), get("n")), env) == [1, 1]
    assert evaluate(Binary("*", get("n"), Const(3)), env) == [1, 1, 1]
    assert left == [1]


@pytest.mark.parametrize(("size", "is_allowed"), [(100_000, True), (100_001, False)])
def test_a_list_in_place_has_so_many_elements(size: int, *, is_allowed: bool) -> None:
    """Its source is bounded, even if the condition leaves all elements out."""
    env = Fake()
    env.nodes["n"] = [0] * size
    term = Comprehension(Const(1), (Clause("i", Get(NodeId("n")), Const(value=False)),))
    if is_allowed:
        assert evaluate(term, env) == []
    else:
        with pytest.raises(EvaluationError, match=r"has 100,001 elements: at most 100,000 are allowed"):
            evaluate(term, env)
