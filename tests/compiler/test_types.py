"""The type language: laws that hold for every type and value, and how types are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.expressions import types
from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.types import ANY, BOOL, FLOAT, INT, NEVER, NULL, STR, Field, Type, describe
from llmc_grammar import ast
from tests.compiler.typed import KEYS, TYPES, VALUES, has

STEPS: st.SearchStrategy[str | int] = st.sampled_from([*KEYS, 0, -1, 1])


@given(VALUES)
def test_a_value_is_of_its_own_type(value: Json) -> None:
    """Whatever it is made of."""
    assert has(types.of_value(value), value)


@given(TYPES, TYPES, VALUES)
def test_what_is_within_a_type_is_of_it(inner: Type, outer: Type, value: Json) -> None:
    """A type within another has none but its values."""
    if types.within(inner, outer) and has(inner, value):
        assert has(outer, value)


@given(TYPES, VALUES)
def test_a_value_is_within_every_plain_type_that_it_is_of(found: Type, value: Json) -> None:
    """So what certainly fits is found: only where a value has several types inside can it be missed."""
    if has(found, value) and not isinstance(value, (list, dict)):
        assert types.within(types.of_value(value), found) or not types.within(types.of_value(value), STR)


@given(TYPES)
def test_a_type_is_within_itself_and_any(found: Type) -> None:
    """And nothing is within everything."""
    assert types.within(found, found)
    assert types.within(found, ANY)
    assert types.within(NEVER, found)


@given(TYPES, TYPES, VALUES)
def test_types_with_a_common_value_overlap(one: Type, other: Type, value: Json) -> None:
    """Where there is no overlap, no value is of both."""
    if has(one, value) and has(other, value):
        assert types.overlap(one, other)
        assert types.overlap(other, one)


@given(TYPES, TYPES, VALUES)
def test_a_union_has_the_values_of_both(one: Type, other: Type, value: Json) -> None:
    """Nothing is lost when it is made smaller."""
    both = types.union((one, other))
    if has(one, value) or has(other, value):
        assert has(both, value)
    assert types.within(one, both)
    assert types.within(other, both)


@given(TYPES, VALUES, STEPS)
def test_a_part_has_the_type_of_the_part(found: Type, value: Json, step: str | int) -> None:
    """Where a step leads somewhere in a value, the type says what is there."""
    try:
        inside = value[step]  # type: ignore[index]  # raises where it does not lead anywhere
    except (TypeError, LookupError):
        return
    if has(found, value) and not isinstance(value, str):
        assert has(types.part(found, step), inside)


@given(TYPES, VALUES)
def test_an_element_has_the_type_of_elements(found: Type, value: Json) -> None:
    """Items of a list, keys of a mapping; whatever else has a type that cannot be looped over."""
    if has(found, value) and isinstance(value, (list, dict)):
        assert types.can_be_looped(found)
        assert all(has(types.element(found), each) for each in value)


@pytest.mark.parametrize("found", [NULL, BOOL, FLOAT, STR, NEVER])
def test_what_has_no_elements_cannot_be_looped_over(found: Type) -> None:
    """Nor does it have parts."""
    assert not types.can_be_looped(found)
    assert types.element(found) == NEVER
    assert types.part(found, 0) == NEVER


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (STR, INT),
        (types.words(["a"]), types.words(["b"])),
        (types.list_of(STR), STR),
        (types.record([Field("a", STR)]), types.record([Field("a", INT)])),
        (types.record([Field("a", STR)]), types.record([])),
        (types.record([Field("a", STR)]), types.map_of(INT)),
        (types.union([STR, NULL]), types.union([INT, BOOL])),
        (ANY, NEVER),
    ],
)
def test_types_without_a_common_value_are_told_apart(one: Type, other: Type) -> None:
    """So what certainly does not fit is found."""
    assert not types.overlap(one, other)
    assert not types.overlap(other, one)


def test_types_stay_small() -> None:
    """What would grow without end is anything."""
    deep: Type = INT
    for _ in range(1000):
        deep = types.list_of(deep)
    assert len(describe(deep)) <= 60
    wide = types.record(Field(f"k{number}", INT) for number in range(1000))
    assert wide == types.record((), ANY)
    assert types.union(types.record([Field(f"k{number}", INT)]) for number in range(9)) == ANY
    assert types.words(map(str, range(17))) == STR
    assert types.of_value([[number] for number in range(100)]) == types.list_of(types.list_of(INT))


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (ANY, "any"),
        (NEVER, "nothing"),
        (types.union([INT, NULL]), "int?"),
        (types.union([INT, FLOAT]), "float"),
        (types.union([INT, STR, NULL]), "int | str | null"),
        (types.words(["b", "a"]), '"a" | "b"'),
        (types.words("abcdefg"), '"a" | "b" | "c" | "d" | "e" | …'),
        (types.list_of(ANY), "list"),
        (types.list_of(types.list_of(STR)), "list[list[str]]"),
        (types.map_of(BOOL), "dict[str, bool]"),
        (types.record([]), "dict"),
        (types.record([Field("a", STR), Field("b", INT, required=False)]), "{a: str, b?: int}"),
        (types.record([Field("a", STR)], ANY), "{a: str, …}"),
        (types.record(Field(name, INT) for name in "abcdef"), "{a: int, b: int, c: int, d: int, …}"),
        (types.list_of(types.record(Field(f"{name}" * 20, STR) for name in "abc")), f"list[{{{'a' * 20}: str, "),
    ],
)
def test_a_type_is_written_as_in_a_plan(found: Type, text: str) -> None:
    """As far as a plan can write it, and cut where it is long."""
    assert describe(found).startswith(text) if text.endswith(" ") else describe(found) == text
    assert len(describe(found)) <= 60


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (ast.Type("str"), "str"),
        (ast.Type("any", optional=True), "any"),
        (ast.Type("list", ast.Type("int", optional=True)), "list[int?]"),
        (ast.Type("dict", ast.Type("any"), optional=True), "dict?"),
    ],
)
def test_an_input_has_the_type_that_it_declares(written: ast.Type, text: str) -> None:
    """In the type language."""
    assert describe(types.declared(written)) == text
