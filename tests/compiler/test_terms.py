"""Terms: constants by type, and what is inside."""

from hypothesis import given
from hypothesis import strategies as st

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
    Template,
    Term,
    Unary,
    canonical,
    children,
    reads,
    rebuild,
    substitute,
)

LEAVES: st.SearchStrategy[Term] = (
    st.builds(Const, st.none() | st.booleans() | st.integers() | st.text())
    | st.builds(Get, st.sampled_from("abc").map(NodeId), st.lists(st.text() | st.integers(), max_size=2).map(tuple))
    | st.just(Item("x", ("k",)))
    | st.just(Param("n"))
)


def around(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    """One level more."""
    several = st.lists(inner, max_size=3).map(tuple)
    return (
        st.builds(Template, several.map(lambda parts: ("text", *parts)))
        | st.builds(ListOf, several)
        | st.builds(MapOf, several.map(lambda parts: tuple((f"k{at}", part) for at, part in enumerate(parts))))
        | st.builds(Unary, st.just("not"), inner)
        | st.builds(Binary, st.just("+"), inner, inner)
        | st.builds(Choice, inner, inner, inner)
    )


TERMS = st.recursive(LEAVES, around, max_leaves=8)


def test_constants_of_different_types_are_different() -> None:
    """`1`, `1.0` and `true` are three constants, also inside; so are the two zeros."""
    values: list[Json] = [1, 1.0, True, "1", None, [1], [1.0], {"a": 1}, {"a": True}, 0.0, -0.0, "", [], {}]
    assert len({Const(value) for value in values}) == len(values)


def test_the_order_of_keys_does_not_matter() -> None:
    """Equal data has one canonical text."""
    assert canonical({"a": 1, "b": {"c": 2, "d": 3}}) == canonical({"b": {"d": 3, "c": 2}, "a": 1})
    assert Const({"a": 1, "b": 2}) == Const({"b": 2, "a": 1})
    assert Const(1) != 1


@given(TERMS)
def test_a_term_is_rebuilt_from_what_is_inside(term: Term) -> None:
    """`children` and `rebuild` fit each other."""
    assert rebuild(term, children(term)) == term


@given(TERMS)
def test_reads_are_renamed_everywhere_and_nothing_else_is(term: Term) -> None:
    """Renaming back gives the term again."""
    fresh = {NodeId(name): NodeId(f"{name}2") for name in "ab"}
    renamed = substitute(term, fresh)
    assert [(read.node, read.path) for read in reads(renamed)] == [
        (fresh.get(read.node, read.node), read.path) for read in reads(term)
    ]
    assert substitute(renamed, {new: old for old, new in fresh.items()}) == term
