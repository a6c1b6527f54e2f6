"""Signatures of tools that come as JSON schema."""

from typing import Any

import pytest

from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.types import describe
from llmc_compiler.tools.argument_binding import Shape
from llmc_compiler.tools.schema_signature import SchemaSignature
from llmc_compiler.tools.signature import ArgumentError, ResultError, ToolboxError
from llmc_compiler.tools.tool import Tool

ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "item": {"type": "string"},
        "count": {"type": "integer", "default": 1},
        "price": {"type": "number"},
        "to": {"$ref": "#/$defs/address"},
    },
    "required": ["item"],
    "$defs": {"address": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
}


def signature(parameters: dict[str, Any], returns: dict[str, Any] | None = None) -> SchemaSignature:
    """The signature of a schema."""
    return SchemaSignature("tool", parameters, returns or {})


def test_positional_arguments_are_the_properties_in_order() -> None:
    """The shape names them, and unknown keywords are none of it unless the schema says so."""
    names = ("item", "count", "price", "to")
    assert signature(ORDER).shape == Shape(names, frozenset(names), ("item",))
    assert signature({**ORDER, "additionalProperties": False}).shape.more_named is False
    assert signature({**ORDER, "additionalProperties": True}).shape.more_named is True
    assert signature({**ORDER, "additionalProperties": {"type": "string"}}).shape.more_named is True
    assert signature({"type": "object", "properties": {}}).shape == Shape((), frozenset(), ())


def test_the_call_gets_keywords_without_defaults() -> None:
    """What was not given is not filled in, and an integer stays one where a number is wanted."""
    args, kwargs = signature(ORDER).prepare([("item", "pen"), ("price", 3)])
    assert (args, kwargs) == ([], {"item": "pen", "price": 3})
    assert type(kwargs["price"]) is int


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("item", 1, "1 is not of type 'string'"),
        ("item", None, "None is not of type 'string'"),
        ("count", "1", "'1' is not of type 'integer'"),
        ("count", 1.5, "1.5 is not of type 'integer'"),
        ("count", True, "True is not of type 'integer'"),
        ("price", "3", "'3' is not of type 'number'"),
        ("to", {"city": 1}, "['city']: 1 is not of type 'string'"),
        ("to", {}, "'city' is a required property"),
    ],
)
def test_nothing_is_coerced(name: str, value: Json, words: str) -> None:
    """A value of another type is refused, behind a `$ref` too, when checked and when prepared."""
    found = signature(ORDER)
    for attempt in (lambda: found.check(name, value), lambda: found.prepare([("item", "pen"), (name, value)])):
        with pytest.raises(ArgumentError) as caught:
            attempt()
        assert str(caught.value) == words
        assert caught.value.parameter == name


def test_rules_about_all_arguments_hold_when_they_are_known() -> None:
    """A missing argument is found by `prepare`, and blamed on none."""
    with pytest.raises(ArgumentError, match="'item' is a required property") as caught:
        signature(ORDER).prepare([("count", 1)])
    assert caught.value.parameter is None


def test_further_arguments_are_checked_too() -> None:
    """`additionalProperties` is the schema of every argument that has no other."""
    found = signature({"properties": {}, "additionalProperties": {"type": "integer"}})
    assert found.prepare([("a", 1)]) == ([], {"a": 1})
    with pytest.raises(ArgumentError, match="'x' is not of type 'integer'"):
        found.prepare([("a", "x")])


def test_a_schema_without_properties_is_still_a_schema() -> None:
    """It takes arguments of any name, if they are as it says."""
    found = signature({"type": "object", "additionalProperties": {"type": "integer"}, "required": ["n"]})
    assert found.prepare([("n", 1)]) == ([], {"n": 1})
    for wrong in ([("n", "1")], [("m", 1)]):
        with pytest.raises(ArgumentError):
            found.prepare(wrong)


def test_an_empty_schema_takes_anything_as_written() -> None:
    """Positional arguments stay positional, keywords keywords."""
    found = signature({})
    found.check(None, 1)
    found.check("x", None)
    assert found.prepare([(None, 1), (None, "a"), ("x", [1])]) == ([1, "a"], {"x": [1]})
    assert found.accept(object) is object


def test_the_tool_gets_data_of_its_own() -> None:
    """What a tool does to its arguments is seen by nobody else."""
    value: list[Json] = [[1]]
    args, kwargs = signature({}).prepare([(None, value), ("x", value)])
    args[0][0].append(2)
    kwargs["x"].append(3)
    assert value == [[1]]


def test_the_result_is_checked_where_a_schema_says_so() -> None:
    """A result of another form is refused; a good one is given as it is."""
    found = signature({}, {"type": "array", "items": {"type": "integer"}})
    good = [1, 2]
    assert found.accept(good) is good
    with pytest.raises(ResultError, match=r"\[1\]: 'x' is not of type 'integer'"):
        found.accept([1, "x"])


def test_a_schema_is_read_by_its_own_draft() -> None:
    """`$schema` chooses the rules: in draft 4 a bound is made exclusive by a flag."""
    schema = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "properties": {"n": {"type": "number", "minimum": 0, "exclusiveMinimum": True}},
    }
    signature(schema).check("n", 1)
    with pytest.raises(ArgumentError):
        signature(schema).check("n", 0)


def test_parameters_and_results_have_types() -> None:
    """By their schemas; what has no schema is anything."""
    properties = {"a": {"type": "string"}, "b": {"type": ["string", "null"]}, "c": True, "d": {"$ref": "#/$defs/n"}}
    schema = {"properties": properties, "$defs": {"n": {"type": "integer", "minimum": 0}}}
    found = signature(schema, {"type": "object", "properties": {"n": {"type": "integer"}}})
    wanted = {name: found.wants(name) for name in ("a", "b", "c", "d", "e", None)}
    assert [describe(each.at_most) for each in wanted.values()] == ["str", "str?", "any", "float", "any", "any"]
    assert [describe(each.at_least) for each in wanted.values()] == ["str", "str?", "any", "nothing", "any", "any"]
    assert describe(found.gives) == "{n?: float, …}"


@pytest.mark.parametrize(
    "reference", ["http://127.0.0.1:9/x.json", "file:///etc/passwd", "x.json", "#/$defs/none", "#none"]
)
def test_what_is_not_in_a_schema_is_not_fetched(reference: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is opened for it; a value that would need it is refused, and others are not."""
    opened: list[object] = []
    monkeypatch.setattr("urllib.request.urlopen", opened.append)
    found = signature(
        {"properties": {"x": {"$ref": reference}, "y": {"items": {"$ref": reference}}}}, {"$ref": reference}
    )
    for attempt in (
        lambda: found.check("x", 1),
        lambda: found.check("y", [1]),
        lambda: found.prepare([("x", 1)]),
        lambda: found.prepare([("y", [1])]),
    ):
        with pytest.raises(ArgumentError, match=r"its schema refers to `.*`, which is not in it"):
            attempt()
    with pytest.raises(ResultError, match=r"its schema refers to `.*`, which is not in it"):
        found.accept(1)
    assert found.prepare([("y", [])]) == ([], {"y": []})
    assert opened == []


def test_references_follow_the_names_in_a_schema() -> None:
    """Anchors and identifiers, by the rules of the draft."""
    inner = {"$id": "http://a/b", "$defs": {"n": {"$anchor": "here", "type": "integer"}}, "$ref": "#here"}
    found = signature({"properties": {"x": inner, "y": {"$ref": "http://a/b#here"}}})
    for name in ("x", "y"):
        found.check(name, 1)
        assert found.prepare([(name, 1)]) == ([], {name: 1})
        with pytest.raises(ArgumentError):
            found.prepare([(name, "a")])


def test_a_schema_in_circles_is_no_trap() -> None:
    """One that never comes to a value takes none; one that comes back to itself is a list."""
    circle = {"$ref": "#/$defs/a"}
    found = signature({"properties": {"x": circle}, "$defs": {"a": circle}})
    for attempt in (lambda: found.check("x", 1), lambda: found.prepare([("x", 1)])):
        with pytest.raises(ArgumentError, match="its references go in circles, or the value is nested too deeply"):
            attempt()
    node = {"type": "object", "properties": {"next": circle}, "additionalProperties": False}
    chain = signature({"properties": {"x": circle}, "$defs": {"a": node}})
    chain.check("x", {"next": {"next": {}}})
    with pytest.raises(ArgumentError):
        chain.check("x", {"next": {"next": 1}})


def test_schemas_too_deep_inside_each_other_are_refused() -> None:
    """When the tool is made."""
    deep: dict[str, Any] = {}
    for _ in range(3_000):
        deep = {"items": deep}
    with pytest.raises(ToolboxError, match="schemas that are nested too deeply"):
        signature({"properties": {"x": deep}})


@pytest.mark.parametrize("schema", [None, 3, True, [], "x"])
def test_a_tools_schema_is_a_mapping(schema: Any) -> None:  # noqa: ANN401 — whatever a server sends
    """Anything else is refused, as are properties that are none."""
    with pytest.raises(ToolboxError, match=r"a schema of `t` is .*: give a mapping"):
        Tool.from_schema("t", "", schema, "pure", call=dict)
    with pytest.raises(ToolboxError, match="the parameters of `t` are not described by a valid JSON schema"):
        Tool.from_schema("t", "", {"properties": 3}, "pure", call=dict)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("^(a+)+$", "a" * 5_000 + "!", False),
        ("(x+x+)+y", "x" * 5_000, False),
        ("^(a|a)*$", "a" * 5_000, True),
        ("b", "abc", True),
        ("^b", "abc", False),
        (r"^(?!x)\w+$", "yes", True),
        (r"^(?!x)\w+$", "xes", True),
        (r"^(\w)\1$", "ab", True),
        (r"^(a+)+\1$", "a" * 5_000 + "!", True),
    ],
)
def test_a_pattern_is_searched_for_in_linear_time(pattern: str, text: str, fits: bool) -> None:
    """A text of a model's cannot make it take for ever; what looks around or back is not searched for."""
    schema = {"type": "object", "properties": {"x": {"type": "string", "pattern": pattern}}, "required": ["x"]}
    signature = Tool.from_schema("f", "f", schema, "pure", call=print).signature
    for look in (lambda: signature.check("x", text), lambda: signature.prepare([("x", text)])):
        if fits:
            look()
        else:
            with pytest.raises(ArgumentError, match="does not match"):
                look()
