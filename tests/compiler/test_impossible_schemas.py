"""Schemas that no value fits are found with certainty, or not at all."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing.exceptions import Unresolvable

from llmc_compiler.json_schema.faults.impossible_schemas import impossible
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.tool import Tool

OLD = "http://json-schema.org/draft-07/schema#"
OLDER = "http://json-schema.org/draft-04/schema#"

NEVER: list[tuple[dict[str, Any], str]] = [
    ({"not": {}}, "`not` excludes every value"),
    ({"not": True}, "`not` excludes every value"),
    ({"enum": []}, "none of its listed values fits its other keywords"),
    ({"const": 1, "type": "string"}, "none of its listed values fits its other keywords"),
    ({"enum": ["long"], "maxLength": 1}, "none of its listed values fits its other keywords"),
    ({"type": "number", "minimum": 5, "maximum": 3}, "no number fits bounds of 5 and 3"),
    ({"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 6}, "no number fits bounds of 5 and 6"),
    ({"type": "integer", "minimum": 7, "maximum": 9, "multipleOf": 5}, "no number fits bounds of 7 and 9"),
    ({"$schema": OLDER, "type": "number", "minimum": 1, "maximum": 1, "exclusiveMinimum": True}, "bounds of 1 and 1"),
    ({"type": "string", "minLength": 3, "maxLength": 1}, "`minLength` 3 is more than `maxLength` 1"),
    ({"type": "array", "minItems": 3, "maxItems": 1}, "`minItems` 3 is more than `maxItems` 1"),
    ({"type": "array", "minItems": 1, "items": {"not": {}}}, "an item is required, and `not` excludes"),
    ({"type": "array", "prefixItems": [{}], "items": False, "minItems": 2}, "an item is required, and `false`"),
    ({"$schema": OLD, "type": "array", "items": [{}, False], "minItems": 2}, "an item is required, and `false`"),
    ({"type": "array", "contains": {"enum": []}}, "no list contains"),
    ({"type": "object", "required": ["a"], "properties": {"a": False}}, "`a` is required, and `false` accepts"),
    ({"type": "object", "required": ["a"], "additionalProperties": False}, "`a` is required"),
    ({"type": "object", "required": ["a", "b"], "maxProperties": 1}, "requires more keys than `maxProperties`"),
    ({"type": "object", "minProperties": 1, "propertyNames": {"type": "null"}}, "no key fits `propertyNames`"),
    ({"type": "object", "minProperties": 1, "additionalProperties": False}, "`minProperties` is more than the keys"),
    ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "its types exclude each other"),
    ({"type": "string", "not": {"type": ["string", "null"]}}, "`not` excludes its type"),
    ({"type": "null", "not": {"const": None}}, "it excludes each value of its type"),
    ({"anyOf": [{"enum": []}, {"not": {}}]}, "no value fits an option of `anyOf`"),
    ({"type": "string", "oneOf": [{"type": "integer"}, {"type": "null"}]}, "no value fits an option of `oneOf`"),
    ({"oneOf": [{"type": "string"}, {"type": "string"}]}, "no value fits an option of `oneOf`: each is listed twice"),
    ({"$ref": "#/$defs/none"}, "it refers to `#/$defs/none`, which is not in it"),
    ({"$ref": "http://example.com/x"}, "it refers to `http://example.com/x`, which is not in it"),
    ({"$ref": "#"}, "its references go in circles"),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}, "its references go in circles"),
    ({"anyOf": [{"$ref": "#"}]}, "its references go in circles"),
    ({"type": "object", "required": ["n"], "properties": {"n": {"$ref": "#"}}}, "nested without end"),
]


@pytest.mark.parametrize(("schema", "reason"), NEVER)
def test_a_schema_that_no_value_fits_is_found(schema: dict[str, Any], reason: str) -> None:
    """The reason names the keyword."""
    assert reason in (impossible(schema) or "")


SOMETIMES: list[dict[str, Any]] = [
    {},
    {"type": "integer", "enum": [2.0]},
    {"type": ["string", "integer"], "minimum": 5, "maximum": 3},
    {"minItems": 2, "maxItems": 1},
    {"required": ["a"], "properties": {"a": False}},
    {"type": "object", "properties": {"a": False}},
    {"type": "array", "items": False},
    {"anyOf": [{"$ref": "#/none"}, {"type": "null"}]},
    {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
    {"oneOf": [{"type": "string"}, {"type": "string"}, {"type": "null"}]},
    {"type": "object", "properties": {"n": {"$ref": "#"}}},
    {"type": "object", "required": ["n"], "properties": {"n": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}},
    {
        "allOf": [{"$ref": "#/$defs/m"}, {"required": ["n"]}],
        "$defs": {"m": {"properties": {"n": {"$ref": "#/$defs/m"}}}},
    },
    {"$schema": OLD, "$ref": "#/definitions/a", "enum": [], "definitions": {"a": {"type": "integer"}}},
    {"$schema": OLDER, "type": "number", "not": {"type": "integer"}},
    {"type": "object", "required": ["ab"], "patternProperties": {"^a": {}}, "additionalProperties": False},
    {"$id": "http://a/b", "$ref": "http://a/b#n", "$defs": {"n": {"$anchor": "n", "type": "null"}}},
]


@pytest.mark.parametrize("schema", SOMETIMES)
def test_a_schema_that_some_value_fits_is_not(schema: dict[str, Any]) -> None:
    """Also where it looks like one that none fits."""
    assert impossible(schema) is None


SCALARS: list[object] = [None, True, False, 0, 1, 2, 3, 1.0, 1.5, 2.5, "", "a", "bb", "ccc"]
SOME: list[object] = [[], {}, *([each] for each in SCALARS), *({"a": each} for each in SCALARS)]
VALUES: list[object] = [
    *SCALARS,
    *SOME,
    *([each, 1] for each in SOME),
    *({"a": each, "b": 1} for each in SOME),
    [1, 2, 3],
    {"b": 2},
    {"b": "a"},
]
SMALL = st.integers(0, 3)
LEAVES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"]),
        "enum": st.lists(st.sampled_from(SCALARS), max_size=2),
        "minimum": SMALL,
        "exclusiveMaximum": SMALL,
        "multipleOf": st.just(2),
        "maxLength": SMALL,
        "minLength": SMALL,
        "minItems": SMALL,
        "maxItems": SMALL,
        "minProperties": SMALL,
        "required": st.lists(st.sampled_from(["a", "b"]), unique=True),
        "$ref": st.sampled_from(["#", "#/$defs/x", "#/none"]),
    },
)


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas with others inside."""
    some = st.lists(inner, min_size=1, max_size=2)
    words = {
        **dict.fromkeys(("not", "items", "contains", "additionalProperties", "propertyNames"), inner),
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), some),
        "properties": st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
        "$defs": st.fixed_dictionaries({"x": inner}),
    }
    return st.tuples(LEAVES, st.fixed_dictionaries({}, optional=words)).map(lambda pair: {**pair[0], **pair[1]})


SCHEMAS = st.recursive(st.booleans() | LEAVES, _around, max_leaves=4)


@settings(max_examples=60)
@given(SCHEMAS.filter(lambda schema: isinstance(schema, dict)))
def test_no_value_fits_an_impossible_schema(schema: dict[str, Any]) -> None:
    """By the judgement of jsonschema, as far as it gets with a schema in circles."""
    if impossible(schema) is not None:
        with suppress(RecursionError, Unresolvable):
            assert not any(Draft202012Validator(schema).is_valid(value) for value in VALUES)


def nested(levels: int) -> dict[str, Any]:
    """Mappings in mappings, with options beside them, and a value at the end that cannot be."""
    inside = [nested(levels - 1), nested(levels - 1)] if levels else [{"not": {}}, {"not": {}}]
    return {"type": "object", "required": ["a"], "properties": dict(zip("ab", inside, strict=True)), "anyOf": [{}, {}]}


def test_work_on_large_schemas_is_bounded() -> None:
    """Nested, wide and in circles: they count as possible where they are too large to read."""
    assert impossible(nested(2)) is not None
    impossible(nested(11))  # ends, whether it finds it or not
    deep: dict[str, Any] = {"not": {}}
    for _ in range(5_000):
        deep = {"allOf": [deep]}
    assert impossible(deep) is None
    assert impossible({"anyOf": [{"allOf": [{"minimum": i}]} for i in range(20_000)]}) is None


def test_a_tool_whose_result_cannot_be_given_is_refused() -> None:
    """When it is defined, and not after it wrote."""
    with pytest.raises(ToolboxError, match="no result of `put` can fit the schema in `returns`: `not` excludes every"):
        Tool.from_schema("put", "", {}, "write(x)", lambda: None, returns={"not": {}})
    assert Tool.from_schema("put", "", {}, "write(x)", lambda: None, returns={"anyOf": [{"not": {}}, {}]}).notes == ()


def test_a_tool_that_cannot_be_called_has_a_note() -> None:
    """It does no harm, and the other tools of its server can be used."""
    parameters = {"type": "object", "properties": {"x": False}, "required": ["x"]}
    tool = Tool.from_schema("put", "", parameters, "write(x)", lambda: None)
    assert tool.notes == ("no call fits the parameters: `x` is required, and `false` accepts no value",)
