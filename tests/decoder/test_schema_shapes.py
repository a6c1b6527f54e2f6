"""Values that a schema allows, keyword by keyword: the grammar has them, and the compiler takes most of what it has."""

from math import inf
from typing import Annotated, Any

import pytest
from pydantic import AnyUrl, BaseModel, Field, HttpUrl, IPvAnyAddress

from llmc import Tool, Toolbox, decoder_grammar, pure
from llmc_compiler.decoder.values.schema_shapes import shape_of
from llmc_compiler.decoder.values.shapes import ANYTHING, NOTHING, Keys, TextShape, Whole
from tests.decoder.test_decoder_grammar import accepted, by_schema
from tests.decoder.walker import Walker

ADDRESS = '"https://example.org/a?b=1"'
TREE = {
    "type": "object",
    "properties": {"v": {"type": "integer"}, "next": {"$ref": "#/properties/x"}},
    "required": ["v"],
}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        # not certain, and so not impossible
        ({"anyOf": [{"type": "string", "format": "uri"}, {"type": "null"}]}, [ADDRESS, "null"], ["1"]),
        ({"type": "string", "pattern": "^a+$"}, ['"aaa"', '"b"'], ["1"]),
        ({"type": "string", "pattern": "^a+$", "maxLength": 2}, ['"aa"'], ['"aaa"']),
        ({"type": "string", "format": "uri", "minLength": 3}, ['"a:b"'], ['"ab"']),
        ({"type": "array", "items": {"type": "string", "format": "email"}}, ['["a@b.c"]', "[]"], ["[1]"]),
        ({"type": "array", "items": {"type": "integer"}, "uniqueItems": True}, ["[1, 2]"], ['["a"]']),
        (
            {"type": "object", "properties": {"u": {"type": "string", "pattern": "x"}}, "required": ["u"]},
            ['{"u": "x"}'],
            ["{}"],
        ),
        ({"enum": ["ab", "b", 3], "pattern": "^a"}, ['"ab"', "3"], ['"b"']),
        ({"enum": ["ab", "b", 3], "type": "string", "pattern": "^a"}, ['"ab"'], ['"b"', "3"]),
        ({"allOf": [{"type": "string"}, {"pattern": "^a"}]}, ['"ab"'], ["1"]),
        ({"type": "number", "multipleOf": 0.01}, ["0.07", "1"], ['"a"']),
        ({"type": "integer", "not": {"const": 3}}, ["4"], ['"a"']),
        ({"not": {"type": "string"}}, ["4", "null", "[1]"], ['"a"']),
        ({"type": ["string", "null"], "not": {"type": "null"}}, ['"a"'], ["null"]),
        ({"enum": ["a", "b"], "not": {"const": "a"}}, ['"b"'], ['"a"']),
        ({"type": "string", "if": {"const": "a"}, "then": {"minLength": 2}}, ['"b"'], ["1"]),
        # bounds of numbers
        ({"type": "number", "minimum": 0.2, "maximum": 0.8}, ["0.2", "0.25", "0.8"], ["0", "1", "0.19", "0.81", "7.5"]),
        ({"type": "number", "exclusiveMinimum": 0.5, "maximum": 3}, ["0.51", "1", "2.75", "3"], ["0.5", "0.4", "3.1"]),
        ({"type": "integer", "minimum": 0, "maximum": 59, "multipleOf": 15}, ["0", "45"], ["5", "60"]),
        ({"type": "number", "multipleOf": 2}, ["4"], ["1.5"]),
        # what holds together
        (
            {"allOf": [{"type": "integer", "minimum": 3}, {"minimum": 5, "maximum": 9}, {"maximum": 7}]},
            ["5", "7"],
            ["3", "8"],
        ),
        ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, ['"b"'], ['"a"', '"c"']),
        ({"const": 5, "minimum": 6}, [], ["5"]),
        ({"const": "a", "enum": ["a", "b"]}, ['"a"'], ['"b"']),
        ({"enum": [1.0, 2.5]}, ["1", "1.0", "2.5"], ["2"]),
        (
            {
                "allOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"a": {"minimum": 3}}}],
                "type": "object",
            },
            ['{"a": 3}'],
            ['{"a": 2}'],
        ),
        (
            {
                "type": "string",
                "anyOf": [{"maxLength": 1}, {"enum": ["abc"]}],
                "oneOf": [{"minLength": 1}, {"const": ""}],
            },
            ['"a"', '"abc"'],
            ['"ab"'],
        ),
        ({"oneOf": [{"const": "a", "title": "A"}, {"const": "b"}, {"const": "a"}]}, ['"b"'], ['"a"']),
        ({"oneOf": [{"type": "string", "maxLength": 1}, {"type": "string", "minLength": 3}]}, ['"a"', '"abc"'], ["1"]),
        # types
        ({"type": "string", "nullable": True}, ["null", '"a"'], ["1"]),
        ({"type": ["array", "null"], "items": {"type": "integer"}}, ["null", "[1]"], ['["a"]']),
        ({"minLength": 2}, ['"ab"', "1", "null", "[1]"], ['"a"']),
        # lists
        (
            {"prefixItems": [{"type": "integer"}], "type": "array", "items": {"type": "null"}},
            ["[]", "[1]", "[1, null]"],
            ["[null]"],
        ),
        ({"type": "array", "contains": {"const": 1}}, ["[1]"], ["[]"]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 18}, [f"[{', '.join('1' * 18)}]"], ["[1]"]),
        # mappings
        ({"type": "object", "propertyNames": {"enum": ["a", "b"]}}, ["{}", '{"a": 1, "b": 2}'], ['{"c": 1}']),
        (
            {"type": "object", "properties": {"a": {}, "b": {}}, "minProperties": 1},
            ['{"a": 1}', '{"a": 1, "b": 2}'],
            ["{}"],
        ),
        (
            {"type": "object", "properties": {"a": {}, "b": {}}, "maxProperties": 1},
            ["{}", '{"b": 1}'],
            ['{"a": 1, "b": 2}'],
        ),
        ({"type": "object", "minProperties": 1}, ['{"a": 1}'], ["{}"]),
        ({"type": "object", "maxProperties": 0}, ["{}"], ['{"a": 1}']),
        (
            {"type": "object", "patternProperties": {"^a": {"type": "null"}}, "additionalProperties": False},
            ['{"a": null}'],
            ['{"a": 1}'],
        ),
        ({"type": "object", "properties": {"a": False, "b": {}}}, ['{"b": 1}'], ['{"a": 1}']),
        (TREE, ['{"v": 1}', '{"v": 1, "next": {"v": 2}}'], ['{"next": {"v": 1}}', '{"v": 1, "next": 3}']),
    ],
)
def test_the_values_of_a_schema(schema: Any, good: list[str], bad: list[str]) -> None:  # noqa: ANN401 — a schema
    """What it allows can be written; what certainly does not fit cannot."""
    plans = {value: f"1. f({value})\njoin()" for value in (*good, *bad)}
    assert accepted([*plans.values()], by_schema(schema), tasks=1) == [plans[value] for value in good]


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (HttpUrl | None, [ADDRESS, "null"], ["1"]),
        (list[AnyUrl], [f"[{ADDRESS}]"], ["[1]"]),
        (dict[str, IPvAnyAddress], ['{"a": "127.0.0.1"}'], ['{"a": 1}']),
        (Annotated[str, Field(pattern="^[A-Z]{3}$")] | int, ['"EUR"', "7"], ["null"]),
        (Annotated[float, Field(gt=0.2, lt=0.8)], ["0.5"], ["0.2", "1"]),
    ],
)
def test_annotations_with_formats_and_patterns(annotation: Any, good: list[str], bad: list[str]) -> None:  # noqa: ANN401 — any type
    """`Optional[HttpUrl]` takes addresses, and `null` besides."""

    def f(x) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 — annotated below
        """Take it."""

    f.__annotations__["x"] = annotation
    plans = {value: f"1. f({value})\njoin()" for value in (*good, *bad)}
    assert accepted([*plans.values()], Toolbox([pure(f)]), tasks=1) == [plans[value] for value in good]


class Page(BaseModel):
    """A page with an address."""

    address: HttpUrl
    mirrors: list[HttpUrl] = []


def test_records_with_formats_can_be_written() -> None:
    """A field that is not certain does not make its record impossible."""

    @pure
    def f(page: Page | None) -> None:
        """Take it."""

    plan = f'1. f({{"address": {ADDRESS}, "mirrors": [{ADDRESS}]}})\njoin()'
    assert accepted([plan], Toolbox([f]), tasks=1) == [plan]


def test_a_text_with_a_length_may_have_references() -> None:
    """Its length shows when it runs; one that may have few characters is a reference alone, or none."""
    tools = by_schema({"type": "string", "minLength": 1, "maxLength": 5000})
    texts = ['1. f("a")\n2. f("see $1")\njoin()', '1. f("a")\n2. f("$1")\njoin()', '1. f("")\njoin()']
    assert accepted(texts, tools) == texts[:2]
    few = by_schema({"type": "string", "maxLength": 3})
    assert accepted(texts, few) == texts[1:]


def test_lists_are_long_beside_many_arguments() -> None:
    """References are shared out among arguments, constants are not."""
    properties = {f"p{number}": {"type": "array", "items": {"type": "integer"}} for number in range(16)}
    tools = Toolbox([Tool.from_schema("f", "", {"type": "object", "properties": properties}, "pure", print)])
    plan = f"1. f(p3=[{', '.join('1' * 16)}])\njoin()"
    assert accepted([plan], tools, tasks=1) == [plan]


FORMS = {
    "type": "object",
    "oneOf": [
        {"properties": {"action": {"const": "get"}, "id": {"type": "integer"}}, "required": ["action", "id"]},
        {"properties": {"action": {"const": "list"}, "page": {"type": "integer"}}, "required": ["action"]},
    ],
}
EITHER_NAME = {"type": "object", "properties": {"id": {"type": "integer"}, "cik-A": {"type": "string"}, "q": {}}}
ONE_NAME = {**EITHER_NAME, "oneOf": [{"required": ["id"]}, {"required": ["cik-A"]}]}
ANY_NAME = {**EITHER_NAME, "anyOf": [{"required": ["id"]}, {"required": ["cik-A"]}]}


@pytest.mark.parametrize(
    ("parameters", "good", "bad"),
    [
        (
            FORMS,
            ['action="get", id=1', 'action="list", page=2', 'action="list"'],
            ['action="get"', 'action="get", page=1', 'action="list", id=1', 'action="x", id=1', ""],
        ),
        (ONE_NAME, ["id=1", 'cik_A="a"', "id=1, q=2"], ['id=1, cik_A="a"', 'cik_A="a", id=1', "q=1", ""]),
        (ANY_NAME, ["id=1", 'cik_A="a"', 'id=1, cik_A="a"'], ["q=1", ""]),
        ({"$ref": "#/$defs/a", "$defs": {"a": EITHER_NAME}}, ["1", '1, "a"', "id=1", ""], ['"a"', "cik_A=1"]),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, ["", "any_name=3"], ["any_name=true", "3"]),
        (
            {"type": "object", "properties": {"城市": {"type": "string"}, "if": {}}},
            ['u57ceu5e02="a"', "if_=1"],
            ["if=1"],
        ),
    ],
)
def test_calls_of_object_schemas(parameters: dict[str, Any], good: list[str], bad: list[str]) -> None:
    """Alternatives are called by name, each with its own arguments; names are those that plans write."""
    tools = Toolbox([Tool.from_schema("f", "", parameters, "pure", print)])
    plans = [f"1. f({arguments})\njoin()" for arguments in (*good, *bad)]
    assert accepted(plans, tools, tasks=1) == plans[: len(good)]


def test_references_of_every_kind_are_followed() -> None:
    """`definitions`, properties, escapes, percent-encoding and anchors; an old draft's `$ref` stands alone."""
    parts = {"definitions": {"a b/c": {"type": "integer", "$anchor": "n"}}, "properties": {"y": {"type": "integer"}}}
    for reference in ("#/definitions/a%20b~1c", "#/definitions/a b~1c", "#/properties/y", "#n"):
        assert shape_of({"$ref": reference, "minimum": 3}, parts) == Whole(least=3)
    old = {**parts, "$schema": "http://json-schema.org/draft-07/schema#"}
    assert shape_of({"$ref": "#/properties/y", "minimum": 3}, old) == Whole()


def test_the_words_of_a_draft() -> None:
    """In draft 4 a switch leaves out a bound, and `const` means nothing."""
    draft = {"$schema": "http://json-schema.org/draft-04/schema#"}
    assert shape_of({"type": "integer", "minimum": 3, "exclusiveMinimum": True}, draft) == Whole(least=4)
    assert shape_of({"type": "integer", "const": 5}, draft) == Whole()


@pytest.mark.parametrize(
    ("schema", "shape"),
    [
        ({"type": "string", "maxLength": 65_536}, TextShape()),
        ({"type": "string", "minLength": 10**9}, NOTHING),
        ({"type": "array", "minItems": 10**9}, NOTHING),
        ({"type": "string", "minLength": 3, "maxLength": 2}, NOTHING),
        ({"minimum": -inf, "type": "integer"}, Whole()),
        ({"type": "object", "required": ["\ud800"]}, NOTHING),
        ({"anyOf": [{"type": "string"}, True]}, ANYTHING),
        ({"oneOf": [{"type": "string"}, {"type": "string"}]}, NOTHING),
        ({"type": "object", "unevaluatedProperties": False}, Keys((), NOTHING)),
    ],
)
def test_odd_bounds(schema: dict[str, Any], shape: object) -> None:
    """A bound that no plan can meet leaves nothing, and one that each plan meets is none."""
    assert shape_of(schema, schema) == shape


def test_hostile_schemas_are_read_in_a_bounded_number_of_steps() -> None:
    """Alternatives of alternatives, joined again and again: what is too much is left open, not impossible."""
    doubled = {
        f"n{at}": {"allOf": [{"$ref": f"#/$defs/n{at + 1}"}, {"$ref": f"#/$defs/n{at + 1}"}]} for at in range(60)
    }
    options = {"anyOf": [{"type": "string", "maxLength": length} for length in range(1, 9)]}
    nested: dict[str, Any] = {"type": "array"}
    for _ in range(30):
        nested = {"oneOf": [nested, {"type": "object", "properties": {"a": {"$ref": "#/properties/x"}}}]}
    for schema in ({"$ref": "#/$defs/n0"}, {"allOf": [options] * 40}, nested):
        whole = {"type": "object", "properties": {"x": schema}, "$defs": {**doubled, "n60": {"type": "integer"}}}
        tools = Toolbox([Tool.from_schema("f", "", whole, "pure", print)])
        grammar = decoder_grammar(tools, tasks=1, largest=1 << 20)
        assert Walker.of(grammar, "lark").accepts('1. f("a")\njoin()') == (schema is not nested)
