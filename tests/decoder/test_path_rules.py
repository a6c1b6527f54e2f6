"""References go into results as far as these go."""

from collections.abc import Iterable
from functools import reduce
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmc import Tool, Toolbox
from llmc_compiler.expressions import types
from tests.decoder.test_decoder_grammar import accepted

ATOMS = (".a", ".b", ".c", "[0]")
PATHS = [path for count in range(4) for path in product(ATOMS, repeat=count)]


def giving(returns: dict[str, Any]) -> Toolbox:
    """A tool `f` with such a result, and one that gives a text."""
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    other = Tool.from_schema("g", "", schema, "pure", print, returns={"type": "string"})
    return Toolbox([Tool.from_schema("f", "", schema, "pure", print, returns=returns), other])


def plans(paths: Iterable[str]) -> list[str]:
    """Plans that take these steps into a result."""
    return [f"1. f()\njoin($1{path})" for path in paths]


STEPS = (
    "",
    ".a",
    ".b",
    ".c",
    "[0]",
    "[-3]",
    ".a.b",
    ".a[0]",
    "[0].a",
    "[0][0]",
    ".a.b.c",
    ".a[0].b",
    "[0].a.b",
    ".a.b.c.a",
)


@pytest.mark.parametrize(
    ("returns", "found"),
    [
        ({"type": "number"}, [""]),
        ({"type": ["string", "null"]}, [""]),
        ({"type": "array", "items": {"type": "number"}}, ["", "[0]", "[-3]"]),
        ({"type": "array", "items": {"type": "array", "items": {"type": "null"}}}, ["", "[0]", "[-3]", "[0][0]"]),
        ({"type": "object", "properties": {"a": {"type": "number"}}, "additionalProperties": False}, ["", ".a"]),
        ({"type": "object", "additionalProperties": {"type": "number"}}, ["", ".a", ".b", ".c"]),
        ({}, [step for step in STEPS if step != ".a.b.c.a"]),
    ],
)
def test_a_step_leads_somewhere(returns: dict[str, Any], found: list[str]) -> None:
    """Into the parts that some result has, and no further than these go."""
    assert accepted(plans(STEPS), giving(returns)) == plans(found)


def test_what_earlier_plans_gave_may_have_any_part() -> None:
    """Nothing is known of it."""
    plan = "2. g()\njoin($1.a[0].b)"
    assert accepted([plan], giving({"type": "number"}), first=2, known=["1"]) == [plan]
    assert accepted([plan], giving({"type": "number"}), first=2) == []


SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.sampled_from([{"type": "number"}, {"type": "string"}, {"type": ["null", "boolean"]}, {}]),
    lambda inside: st.one_of(
        inside.map(lambda items: {"type": "array", "items": items}),
        st.builds(
            lambda properties, rest: {"type": "object", "properties": properties, "additionalProperties": rest},
            st.dictionaries(st.sampled_from("abc"), inside, max_size=2),
            st.one_of(st.booleans(), inside),
        ),
        st.lists(inside, min_size=2, max_size=2).map(lambda options: {"anyOf": options}),
    ),
    max_leaves=6,
)


@settings(max_examples=40)
@given(SCHEMAS)
def test_every_step_that_leads_somewhere_is_let_through(returns: dict[str, Any]) -> None:
    """What the compiler takes, up to three steps deep."""
    tools = giving(returns)
    (found,) = (tool.signature.gives for tool in tools if tool.name == "f")
    good = ["".join(path) for path in PATHS if reduce(types.part, map(step, path), found) != types.NEVER]
    assert accepted(plans(good), tools) == plans(good)


def step(atom: str) -> str | int:
    """A step as the compiler knows it."""
    return 0 if atom == "[0]" else atom[1:]
