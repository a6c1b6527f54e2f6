"""What schemas say in the type language: never less than they allow, never more than they certainly do."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.types import describe
from llmc_compiler.json_schema.schema_types import at_least, at_most
from tests.compiler.typed import KEYS, VALUES, has

Schema = dict[str, Any] | bool

NAMES = ("null", "boolean", "integer", "number", "string", "array", "object")
LEAVES: st.SearchStrategy[Schema] = st.one_of(
    st.booleans(),
    st.sampled_from(NAMES).map(lambda name: {"type": name}),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(lambda names: {"type": names}),
    st.sampled_from(
        [
            {},
            {"enum": ["a", "b"]},
            {"enum": [1, None, "a"]},
            {"enum": [[1]]},
            {"const": "a"},
            {"const": True},
            {"type": "string", "enum": ["a"]},
            {"type": "string", "minLength": 2},
            {"type": "number", "minimum": 1},
            {"type": "string", "description": "a text", "default": "a"},
            {"$ref": "#/$defs/text"},
            {"$ref": "#/$defs/tree"},
            {"not": {"type": "string"}},
        ]
    ),
)


def _compound(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    fields = st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
    required = st.lists(st.sampled_from(KEYS), max_size=2, unique=True)
    return st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries({"type": st.just("array"), "prefixItems": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"type": st.just("array"), "prefixItems": st.tuples(inner).map(list), "items": inner}),
        st.fixed_dictionaries(
            {"type": st.just("object")},
            optional={"properties": fields, "required": required, "additionalProperties": inner},
        ),
        st.fixed_dictionaries({"type": st.just("object"), "patternProperties": st.just({"^a": {"type": "string"}})}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2), "type": st.sampled_from(NAMES)}),
    )


SCHEMAS = st.recursive(LEAVES, _compound, max_leaves=6)
DEFINITIONS: dict[str, Any] = {
    "text": {"type": "string"},
    "tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
}


@given(SCHEMAS, VALUES)
def test_types_lie_around_a_schema(schema: Schema, value: Json) -> None:
    """What the schema allows is in the larger type, and what is in the smaller type it allows."""
    whole = {"$defs": DEFINITIONS, "allOf": [schema]}
    is_valid = Draft202012Validator(whole).is_valid(value)
    if is_valid:
        assert has(at_most(schema, whole), value)
    if has(at_least(schema, whole), value):
        assert is_valid


@pytest.mark.parametrize(
    ("schema", "most", "least"),
    [
        ({"type": "string"}, "str", "str"),
        ({"type": "integer"}, "float", "int"),
        ({"type": ["string", "null"]}, "str?", "str?"),
        ({"type": "string", "pattern": "x"}, "str", "nothing"),
        ({"enum": ["a", "b"]}, '"a" | "b"', '"a" | "b"'),
        ({"enum": [1, 2]}, "float | bool", "nothing"),
        ({"type": "array", "items": {"type": "number"}}, "list[float]", "list[float]"),
        ({"type": "array", "prefixItems": [{"type": "string"}], "items": False}, "list[str]", "nothing"),
        ({"type": "array", "items": [{"type": "string"}]}, "list", "list"),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
            "{a: str, …}",
            "{a: str, …}",
        ),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "dict[str, bool]", "dict[str, bool]"),
        ({"type": "object", "additionalProperties": False}, "dict", "dict"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "str?", "str?"),
        ({"allOf": [{"title": "x"}, {"type": "boolean"}]}, "bool", "nothing"),
        ({"$ref": "#/nowhere"}, "any", "nothing"),
        ({"$ref": "elsewhere.json"}, "any", "nothing"),
        ({"$ref": "#"}, "any", "nothing"),
        (False, "nothing", "nothing"),
        (None, "any", "nothing"),
    ],
)
def test_a_schema_has_these_types(schema: object, most: str, least: str) -> None:
    """Where a schema says no more than a type can, both are the same."""
    assert (describe(at_most(schema)), describe(at_least(schema))) == (most, least)


def test_schemas_of_annotations_are_exact() -> None:
    """Their records have no other keys, and their integers no decimal point."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    assert describe(at_most(schema, strict=True)) == "{n: int}"
    assert describe(at_most({**schema, "additionalProperties": True}, strict=True)) == "{n: int, …}"


def test_a_schema_may_be_as_large_as_it_likes() -> None:
    """Reading ends: what is too much is anything, or nothing."""
    wide: dict[str, Any] = {"$defs": {}}
    for number in range(20):
        inner = {"$ref": f"#/$defs/n{number + 1}"}
        wide["$defs"][f"n{number}"] = {"type": "object", "properties": dict.fromkeys("abcdefgh", inner)}
    wide["$defs"]["n20"] = {"type": "string"}
    reference = {"$ref": "#/$defs/n0"}
    assert describe(at_most(reference, wide)).startswith("{a?: {a?: ")
    assert describe(at_least(reference, wide)).startswith("{a?: {a?: ")
    parts = {"type": "array", "items": {"$ref": "#/$defs/part"}}
    deep = {"$defs": {"part": {"type": "object", "properties": {"parts": parts}}}}
    for read in (at_most, at_least):
        assert describe(read({"$ref": "#/$defs/part"}, deep)).startswith("{parts?: list[{parts?: ")
