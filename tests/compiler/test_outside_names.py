"""Names from outside, as plans write them."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.expressions.terms import Json
from llmc_compiler.tools.outside_names import argument_name, argument_names, distinct, plan_name
from llmc_compiler.tools.schema_signature import SchemaSignature
from llmc_grammar import parse


@pytest.mark.parametrize(
    ("own", "spelling"),
    [
        ("cik-A", "cik_A"),
        ("$filter", "_filter"),
        ("created[gte]", "created_gte_"),
        ("城市", "u57ceu5e02"),
        ("größe", "gruf6udfe"),
        ("X-Api-Key", "X_Api_Key"),
        ("a.b", "a_b"),
        ("2fa", "_2fa"),
        ("in", "in_"),
        ("for", "for_"),
        ("True", "True_"),
        ("class", "class"),
        ("", "_"),
        ("🌍", "_"),
        ("٣", "_"),
        ("e\u0301", "e_"),
        ("a" * 65, "a" * 64),
        ("2" * 64, f"_{'2' * 63}"),
        ("查" * 13, f"{'u67e5' * 12}u67e"),
    ],
)
def test_a_parameter_has_one_spelling(own: str, spelling: str) -> None:
    """ASCII letters, digits and `_` stay, another letter is its code point, anything else `_`."""
    assert argument_name(own) == spelling


def test_spellings_that_agree_are_told_apart_whatever_their_order() -> None:
    """The first by its own name keeps the spelling, later ones get the next free number."""
    names = ("cik_A", "cik-A", "cik A", "cik_A_2")
    expected = {"cik A": "cik_A", "cik-A": "cik_A_3", "cik_A": "cik_A_4", "cik_A_2": "cik_A_2"}
    assert all(argument_names(order) == expected for order in permutations(names))


def test_long_spellings_are_told_apart_in_64_characters() -> None:
    """A plan may have no longer word; the dots of a tool's name begin a new one."""
    assert argument_names(["a" * 70, "a" * 65]) == {"a" * 70: f"{'a' * 62}_2", "a" * 65: "a" * 64}
    assert distinct({"x": f"b.{'a' * 64}", "y": f"b.{'a' * 64}"})["y"] == f"b.{'a' * 62}_2"


def test_many_names_that_agree_are_told_apart_in_linear_time() -> None:
    """Each number is looked for from the last one on; otherwise this would take a minute."""
    signs = [chr(0x2500 + number) for number in range(150)]
    names = [one + other for one in signs for other in signs]
    assert len(set(argument_names(names).values())) == len(names)


@given(st.lists(st.text(max_size=12), unique=True, max_size=8))
def test_each_name_has_a_spelling_of_its_own_that_parses(names: list[str]) -> None:
    """All are different, and each is the name of an argument and, as a tool's, of a call."""
    spelled = argument_names(names)
    assert list(spelled) == names
    assert len(set(spelled.values())) == len(names)
    for spelling in spelled.values():
        assert parse(f"f({spelling}=1)\n").ok
    for name in names:
        assert parse(f"{plan_name(name)}(1)\n").ok
        assert plan_name(plan_name(name)) == plan_name(name)


def test_the_tool_gets_its_own_names_back() -> None:
    """Plans write spellings; a reserved word is taken as well, as the name of an argument."""
    schema = {"properties": {"$top": {"type": "integer"}, "in": {"type": "string"}, "城市": {}}, "required": ["in"]}
    signature = SchemaSignature("t", schema, {})
    assert signature.shape.positional == ("in_", "_top", "u57ceu5e02")
    assert signature.shape.aliases == {"in": "in_"}
    bound: list[tuple[str | None, Json]] = [("in_", "x"), ("_top", 3), ("u57ceu5e02", None)]
    assert signature.prepare(bound) == ([], {"in": "x", "$top": 3, "城市": None})
    assert [each.name for each in signature.received(bound, ([], {}))] == ["in_", "_top", "u57ceu5e02"]
