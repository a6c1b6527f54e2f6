"""The parameters that an object schema describes, whatever form it has."""

from typing import Any

import pytest

from llmc_compiler.json_schema.object_schema import object_schema
from llmc_compiler.tools.schema_signature import SchemaSignature
from llmc_compiler.tools.signature import ArgumentError, ToolboxError
from llmc_compiler.tools.tool import Tool

A: dict[str, Any] = {"properties": {"a": {"type": "string"}}, "required": ["a"]}
B: dict[str, Any] = {"properties": {"b": {"type": "integer"}}, "required": ["b"]}
BOTH: dict[str, Any] = {"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}


def names(schema: dict[str, Any]) -> str:
    """The parameters in order: `a`, `b?`, and `**` where there may be others."""
    shape = SchemaSignature("t", schema, {}).shape
    listed = [name if name in shape.required else f"{name}?" for name in shape.positional]
    return " ".join([*listed, *["*"] * shape.more_positional, *["**"] * shape.more_named])


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "object", **A}, "a"),
        ({"anyOf": [A, B]}, "a? b?"),
        ({"oneOf": [{**A, "required": ["a"]}, {**BOTH, "required": ["a", "b"]}]}, "a b?"),
        ({"$ref": "#/$defs/x", "$defs": {"x": A}}, "a"),
        ({"$ref": "#/definitions/x", "definitions": {"x": {"$ref": "#/definitions/y"}, "y": A}}, "a"),
        ({"allOf": [A, B]}, "a b"),
        ({"allOf": [{"$ref": "#/$defs/x"}], "properties": {"c": {}}, "$defs": {"x": A}}, "a c?"),
        ({"properties": {}, "anyOf": [A, B]}, "a? b?"),
        ({"properties": {"c": {}}, "anyOf": [{"required": ["c"]}, {"required": ["d"]}]}, "c? d?"),
        ({"type": "object", "required": ["x"]}, "x **"),
        ({"properties": {"y": {}, "x": {}}, "required": ["x", "z"]}, "x z y?"),
        ({"anyOf": [A, {"type": "null"}]}, "a"),
        ({"type": ["object", "null"], **A}, "a"),
        ({"allOf": [{"oneOf": [A, B]}, {"properties": {"c": {}}, "required": ["c"]}]}, "c a? b?"),
        ({"properties": {"a": {}}, "if": A, "then": {"properties": {"b": {}}, "required": ["c"]}}, "a? c? b?"),
        ({"properties": {"a": {}}, "additionalProperties": False, "then": {"properties": {"b": {}}}}, "a?"),
        ({"properties": {"a": {}}, "dependentSchemas": {"a": B}}, "a? b?"),
        ({"type": "object", "properties": {}}, ""),
        ({"type": "object", "additionalProperties": False}, ""),
        ({"type": "object"}, "**"),
        ({"patternProperties": {"^x": {}}}, "**"),
        ({"properties": {"a": {}}, "unevaluatedProperties": {"type": "string"}}, "a? **"),
        ({}, "* **"),
        ({"description": "anything", "$defs": {"x": A}}, "* **"),
        ({"$ref": "#"}, "* **"),
        ({"$ref": "#/nowhere", **A}, "a"),
        ({"allOf": [{"$ref": "#"}, A]}, "a"),
        (
            {
                "$schema": "http://json-schema.org/draft-03/schema#",
                "properties": {"a": {"type": "string"}, "b": {"type": "integer", "required": True}},
            },
            "b a?",
        ),
    ],
)
def test_whatever_is_an_object_schema_has_parameters(schema: dict[str, Any], expected: str) -> None:
    """Required ones come first, in the order of the properties; what is no object schema takes anything."""
    assert names(schema) == expected


@pytest.mark.parametrize("schema", [{"type": "string"}, {"type": ["array", "null"]}, {"anyOf": [{"type": "integer"}]}])
def test_arguments_are_an_object(schema: dict[str, Any]) -> None:
    """A schema that no object fits is refused when the tool is defined."""
    with pytest.raises(ToolboxError, match="`t` can never be called: no object fits the schema of its parameters"):
        Tool.from_schema("t", "", schema, "pure", print)


def test_the_schema_of_a_parameter_is_what_each_part_says() -> None:
    """Parts that all hold are joined, those of alternatives are options; a forbidden one is none."""
    schema = {
        "allOf": [
            {"properties": {"a": {"type": "string"}, "b": {}}},
            {"properties": {"a": {"maxLength": 3}}, "additionalProperties": {"minimum": 0}},
        ]
    }
    found = object_schema(schema)
    assert found is not None
    assert found.all.schemas == {"a": {"allOf": [{"type": "string"}, {"maxLength": 3}]}, "b": {"minimum": 0}}
    found = object_schema({"anyOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"minimum": 1}}}]})
    assert found is not None
    assert found.all.schemas == {"a": {"anyOf": [{"type": "string"}, {"minimum": 1}]}}
    found = object_schema(
        {"properties": {"a": {}}, "additionalProperties": False, "allOf": [{"properties": {"b": {}}}]}
    )
    assert found is not None
    assert list(found.all.schemas) == ["a"]


def test_alternatives_are_forms_with_parameters_of_their_own() -> None:
    """Each has its required ones; one that no call can have is left out."""
    signature = SchemaSignature("t", {"oneOf": [A, B, {"properties": {"c": False}, "required": ["c"]}]}, {})
    assert [[(each.name, each.required) for each in form] for form in signature.forms] == [[("a", True)], [("b", True)]]
    assert SchemaSignature("t", {"allOf": [A, B]}, {}).forms == ()


def test_arguments_are_checked_together() -> None:
    """The names of all, and the values of those that are known, have to be of one form."""
    signature = SchemaSignature("t", {"oneOf": [A, {**BOTH, "required": ["b"]}], "minProperties": 1}, {})
    signature.check_call(["a"], {})
    signature.check_call(["a", "b"], {})
    with pytest.raises(ArgumentError, match="give `a`; or `b`, `a\\?`"):
        signature.check_call([], {})
    with pytest.raises(ArgumentError, match=r"give `a`$"):
        signature.check_call(["a", "b"], {"b": "no integer"})
    with pytest.raises(ArgumentError, match="is valid under 2 of the given schemas"):
        SchemaSignature("t", {"oneOf": [A, {**A}, B]}, {}).check_call(["a"], {"a": "x"})


def test_alternatives_of_1_and_true_are_two() -> None:
    """To Python they are equal, to JSON they are not."""
    options = [{"properties": {"on": {"const": value}}, "required": ["on"]} for value in (1, True)]
    signature = SchemaSignature("t", {"oneOf": options}, {})
    assert [[each.schema for each in form] for form in signature.forms] == [[{"const": 1}], [{"const": True}]]
    assert object_schema({"anyOf": [options[0], dict(options[0])]}).forms == ()  # type: ignore[union-attr]  # an object


def test_values_that_are_no_object_exclude_objects() -> None:
    """So do constants and enumerations at the root."""
    excluding: list[dict[str, Any]] = [{"const": "x"}, {"enum": [1, None]}, {"enum": []}]
    for schema in excluding:
        assert object_schema(schema) is None
    assert object_schema({"enum": [None, {"a": 1}]}) is not None


def test_a_reference_stands_alone_in_early_drafts() -> None:
    """Up to draft 7 validators ignore the words beside it; later ones take both."""
    schema: dict[str, Any] = {"$ref": "#/definitions/x", "properties": {"b": {}}, "definitions": {"x": A}}
    assert names(schema) == "a b?"
    for draft in ("4", "6", "7"):
        assert names({"$schema": f"http://json-schema.org/draft-0{draft}/schema#", **schema}) == "a"


def test_many_names_are_read_in_linear_time() -> None:
    """Each name is looked up, not searched for; otherwise this would take minutes."""
    many = [f"p{number}" for number in range(20_000)]
    found = object_schema({"required": many, "allOf": [{"properties": dict.fromkeys(many, True)}] * 5})
    assert found is not None
    assert len(found.all.required) == 20_000


def test_many_alternatives_are_not_told_apart() -> None:
    """Beyond 64 there are no forms, and any other name may be one of a further alternative."""
    options = [{"properties": {f"p{number}": {}}, "required": [f"p{number}"]} for number in range(100)]
    signature = SchemaSignature("t", {"properties": {"q": {}}, "required": ["q"], "oneOf": options}, {})
    assert signature.shape.required == ("q",)
    assert signature.shape.more_named
    assert signature.forms == ()


def test_alternatives_of_alternatives_are_read_in_bounded_time() -> None:
    """Twenty choices between two make a million forms; a few of them are looked at."""
    schema: dict[str, Any] = {
        "allOf": [{"anyOf": [{"properties": {f"a{n}": {}}}, {"properties": {f"b{n}": {}}}]} for n in range(20)]
    }
    assert SchemaSignature("t", schema, {}).shape.more_named
    deep: dict[str, Any] = A
    for _ in range(200):
        deep = {"anyOf": [deep, deep]}
    assert object_schema(deep) is not None


def test_what_is_not_named_is_checked_as_well() -> None:
    """`additionalProperties` has a schema for arguments of any other name."""
    signature = SchemaSignature("t", {"type": "object", "additionalProperties": {"type": "integer"}}, {})
    signature.check("n", 1)
    with pytest.raises(ArgumentError, match="'x' is not of type 'integer'"):
        signature.check("n", "x")
