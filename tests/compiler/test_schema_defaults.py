"""Defaults of schemas are filled in where a schema says by itself which default counts."""

from typing import Any

import pytest

import llmc
from llmc_compiler.expressions.terms import Json
from llmc_compiler.json_schema.schema_defaults import Filling
from llmc_compiler.tools.signature import Signature

X: dict[str, Any] = {"type": "object", "properties": {"x": {"type": "integer", "default": 1}}}
SHARED: dict[str, Any] = {
    "o": {**X, "default": {}},
    "named": {**X, "$anchor": "named"},
    "moved": {**X, "$id": "other-place"},
    "moving": {**X, "$dynamicAnchor": "moving"},
    "a/b c": X,
}


def by_whole(properties: dict[str, Any], **more: Any) -> Signature:
    """What a schema says that has more than properties."""

    async def call() -> None: ...

    return llmc.Tool.from_schema("t", "", {"properties": properties, **more}, "write(x)", call).signature


@pytest.mark.parametrize(
    ("parameter", "left", "right"),
    [
        ({"allOf": [{"properties": {"x": {"default": 1}}}]}, {}, {"x": 1.0}),
        ({"additionalProperties": {"properties": {"x": {"default": 1}}}}, {"k": {}}, {"k": {"x": 1}}),
        ({"prefixItems": [{"properties": {"x": {"default": 1}}}]}, [{}, {}], [{"x": 1}, {}]),
        ({"properties": {"o": {"default": {}, "properties": {"x": {"default": [{}]}}}}}, {}, {"o": {"x": [{}]}}),
        ({"oneOf": [{"type": "array"}, {"type": "object", "properties": {"x": {"default": 1}}}]}, {}, {"x": 1}),
        ({"$ref": "#/properties/other"}, {}, {"x": 1}),
        ({"anyOf": [X, {"properties": {"k": {"const": 1}, **X["properties"]}}]}, {}, {"x": 1}),
        ({"anyOf": [{"properties": {"o": {"anyOf": [X, dict(X)]}}}] * 2, **X}, {"o": {}}, {"o": {"x": 1}, "x": 1}),
        ({"patternProperties": {"^k": X}}, {"k1": {}}, {"k1": {"x": 1}}),
        ({"patternProperties": {"^k": X}, "additionalProperties": True}, {"k1": {}}, {"k1": {"x": 1}}),
        ({"unevaluatedProperties": X, "allOf": [{"properties": {"a": {}}}]}, {"k": {}}, {"k": {"x": 1}}),
        ({"prefixItems": [{}], "unevaluatedItems": X}, [{}, {}], [{}, {"x": 1}]),
        ({"properties": {"o": {"allOf": [{"$ref": "#/$defs/o"}]}}}, {}, {"o": {"x": 1}}),
        ({"properties": {"o": {"allOf": [{"type": "integer", "default": 3}]}}}, {}, {"o": 3}),
        ({"if": {"properties": {"m": {"const": "a"}}}, "then": X}, {"m": "a"}, {"m": "a", "x": 1}),
        ({"if": {"properties": {"m": {"const": "a"}}}, "else": X}, {"m": "b"}, {"m": "b", "x": 1}),
        ({"if": False, "then": True, "else": X}, {}, {"x": 1}),
        ({"properties": {"m": {"default": 1}}, "dependentSchemas": {"m": X}}, {}, {"m": 1, "x": 1}),
        ({"$ref": "#named"}, {}, {"x": 1}),
        ({"$ref": "other-place"}, {}, {"x": 1}),
        ({"$ref": "#/$defs/a~1b%20c"}, {}, {"x": 1}),
        ({"$dynamicRef": "#moving"}, {}, {"x": 1}),
        (
            {"$id": "http://x/", "$defs": {"y": X}, "properties": {"o": {"$ref": "#/$defs/y"}}},
            {"o": {}},
            {"o": {"x": 1}},
        ),
    ],
)
def test_defaults_of_schemas_are_found_at_any_depth(
    parameter: dict[str, Any], left: Json, right: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through references, in lists, in defaults, under conditions, and in alternatives that fill in the same."""
    found = by_whole({"a": parameter, "other": X}, **{"$defs": SHARED})
    assert found.identify([("a", left)]) == found.identify([("a", right)])
    monkeypatch.setattr(Filling, "filled", lambda _self, value: value)
    assert found.identify([("a", left)]) != found.identify([("a", right)])


def test_long_arguments_are_filled_in_to_their_end() -> None:
    """However many there are."""
    found = by_whole({"a": {"type": "array", "items": {"anyOf": [X, dict(X)]}}})
    one = found.identify([("a", [{} for _ in range(5_000)])])
    assert one == found.identify([("a", [{"x": 1} for _ in range(5_000)])])


def test_alternatives_of_alternatives_end() -> None:
    """They may be many for a short argument; then nothing is certain."""
    inside = {"properties": {"n": {"$ref": "#/$defs/node"}, **X["properties"]}}
    node = {"anyOf": [inside, {"type": "object", **inside}]}
    value: Json = {}
    for _ in range(20):
        value = {"n": value}
    found = by_whole({"a": {"$ref": "#/$defs/node"}}, **{"$defs": {"node": node}}).identify([("a", value)])
    assert found.likeness is not None
    assert not found.likeness.is_certain


@pytest.mark.parametrize(
    ("parameter", "left", "right"),
    [
        ({"items": [X], "additionalItems": {**X}}, [{}, {}], [{"x": 1}, {"x": 1}]),
        ({"dependencies": {"m": X, "n": ["m"]}}, {"m": 1, "n": 1}, {"m": 1, "n": 1, "x": 1}),
    ],
)
def test_defaults_are_found_in_earlier_drafts(parameter: dict[str, Any], left: Json, right: Json) -> None:
    """Where they had other words for it."""
    found = by_whole({"a": parameter}, **{"$schema": "http://json-schema.org/draft-07/schema#"})
    assert found.identify([("a", left)]) == found.identify([("a", right)])


@pytest.mark.parametrize(
    ("parameter", "left", "right"),
    [
        ({"properties": {"x": {}}}, {}, {"x": None}),
        ({"anyOf": [{"properties": {"x": {"default": 1}}}, {"properties": {"x": {"default": 2}}}]}, {}, {"x": 1}),
        ({"items": {"properties": {"x": {"default": 1}}}}, [{}], [{"x": 2}]),
        ({"anyOf": [{"$ref": "elsewhere"}, True]}, {}, {"x": 1}),
        ({"properties": {"x": {"default": 1e999}}}, {}, {"x": 1e308}),
    ],
)
def test_nothing_else_is_filled_in(parameter: dict[str, Any], left: Json, right: Json) -> None:
    """Not what has no default, nor what alternatives say differently."""
    found = by_whole({"a": parameter})
    assert found.identify([("a", left)]) != found.identify([("a", right)])


def test_a_default_inside_itself_ends_at_every_depth_of_the_stack() -> None:
    """At Python's own limit, a library that is written in Rust ended the process."""
    schema = {"properties": {"k": {"$ref": "#"}}, "default": {}}
    signature = llmc.Tool.from_schema("f", "", schema, "read(x)", lambda **_: None).signature

    def identified(depth: int) -> object:
        return identified(depth - 1) if depth else signature.identify([("k", {})])

    assert len({repr(identified(depth)) for depth in range(0, 280, 8)}) == 1
