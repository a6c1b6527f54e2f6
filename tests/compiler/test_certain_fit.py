"""Quick checks by JSON schemas: what they accept fits, and everyday data is accepted."""

import random
from collections.abc import Callable
from itertools import pairwise
from math import inf, nan
from typing import Any, Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft7Validator, Draft202012Validator

from llmc_compiler.expressions.terms import Json
from llmc_compiler.json_schema import schema_validation
from llmc_compiler.json_schema.certain_fit import certain_fit
from llmc_compiler.json_schema.schema_validation import bounded_validator, error_in
from llmc_compiler.tools.schema_signature import SchemaSignature
from llmc_compiler.tools.signature import ArgumentError, ResultError

NUMBERS: Final = (-1, 0, 0.5, 1, 1.0, 2, 3, True, 2**70, inf, nan)
TEXTS: Final = ("", "a", "ab", "abc")
BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
DEFINITIONS: Final = {
    "node": {"properties": {"a": {"anyOf": [{"type": "integer", "maximum": 1}, {"$ref": "#/$defs/node"}]}}},
    "tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
}
CASES: Final = 8
"""Schemas with a value that one seed makes."""


class Maker:
    """Makes schemas, and values that may fit them, at random."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._one = self._random.choice

    def schema(self, depth: int = 3) -> Any:  # noqa: ANN401 — JSON data
        """A schema, mostly of keywords that a quick check understands."""
        kinds = [self._number, self._text, self._scalar]
        return self._one(kinds + [self._list, self._record, self._several] * (depth > 0))(depth - 1)

    def _some(self, **words: Any) -> dict[str, Any]:
        """Few of these keywords."""
        return {word: words[word] for word in self._random.sample(sorted(words), self._one([0, 1, 1, 2]))}

    def _size(self) -> int:
        return self._random.randrange(3)

    def _number(self, _: int) -> Any:  # noqa: ANN401 — JSON data
        kind = self._one(["integer", "number", ["integer", "null"], ["boolean", "number"]])
        bounds = {word: self._size() for word in BOUNDS}
        return {"type": kind, **self._some(**bounds, multipleOf=2, enum=[self._one(NUMBERS), 1])}

    def _text(self, _: int) -> Any:  # noqa: ANN401 — JSON data
        words = {"pattern": "b$", "const": self._one(TEXTS), "nullable": True, "format": "date"}
        kind = self._one(["string", ["string", "null"]])
        return {"type": kind, **self._some(minLength=self._size(), maxLength=self._size(), **words)}

    def _scalar(self, _: int) -> Any:  # noqa: ANN401 — JSON data
        other = {"$ref": self._one(["#", "#/$defs/node", "#/$defs/tree", "#/$defs/none"])}
        return self._one([True, False, {}, {"enum": [1, None, "a", [1]]}, {"const": 1.0}, {"not": {}}, other])

    def _list(self, depth: int) -> Any:  # noqa: ANN401 — JSON data
        words = {"minItems": self._size(), "maxItems": self._size(), "uniqueItems": True, "prefixItems": [True]}
        return {"type": "array", "items": self.schema(depth), **self._some(**words)}

    def _record(self, depth: int) -> Any:  # noqa: ANN401 — JSON data
        others = self._one([True, False, self.schema(depth)])
        sizes = {"minProperties": self._size(), "maxProperties": self._size(), "dependentRequired": {"a": ["b"]}}
        named = {key: self.schema(depth) for key in self._random.sample("abc", self._size())}
        required = self._random.sample("abc", self._size())
        return {"properties": named, **self._some(required=required, additionalProperties=others, **sizes)}

    def _several(self, depth: int) -> Any:  # noqa: ANN401 — JSON data
        word = self._one(["anyOf", "allOf", "anyOf", "oneOf"])
        beside: Any = self._one([{}, {}, {"minLength": 1}, {"$ref": "#/$defs/node"}])
        return {word: [self.schema(depth) for _ in range(1 + self._size())], **beside}

    def near(self, schema: Any, depth: int = 4) -> Any:  # noqa: ANN401 — JSON data
        """A value that may fit a schema, as far as its form tells."""
        if depth == 0 or self._random.random() < 0.1:
            return self._one([None, *NUMBERS, *TEXTS, [], {}, [[1]], {"a": {"a": 1}}])
        match schema:
            case {"items": inside}:
                return [self.near(inside, depth - 1) for _ in range(self._random.randrange(4))]
            case {"properties": named}:
                keys = self._random.sample("abc", self._random.randrange(4))
                return {key: self.near(named.get(key), depth - 1) for key in keys}
            case {"anyOf": options} | {"allOf": options} | {"oneOf": options}:
                return self.near(self._one(options), depth)
            case {"type": "string" | ["string", *_]}:
                return self._one(TEXTS)
            case {"type": _}:
                return self._one(NUMBERS)
            case _:
                return self.near({"type": "string"}, depth - 1)


Check = Callable[[dict[str, Any]], Callable[[Any], bool]]


def accepted(check: Check) -> list[bool]:
    """Which of many values a check accepts: only those that jsonschema, and the validator of tools, accept too."""
    found: list[bool] = []

    @settings(phases=[Phase.generate])
    @given(st.integers(0, 2**32))
    def law(seed: int) -> None:
        maker = Maker(seed)
        for _ in range(CASES):
            schema = maker.schema()
            value = maker.near(schema)
            whole: dict[str, Any] = {"$defs": DEFINITIONS}
            whole.update({"allOf": [schema]} if isinstance(schema, bool) else schema)
            found.append(check(whole)(value))
            if found[-1]:
                assert Draft202012Validator(whole).is_valid(value), (whole, value)
                assert error_in(bounded_validator(whole), value) is None

    law()
    return found


def test_what_is_accepted_fits() -> None:
    """Never more than JSON Schema allows, and a good part of what is tried."""
    found = accepted(certain_fit)
    assert found.count(True) > len(found) / 4


def without(schema: Any, word: str) -> Any:  # noqa: ANN401 — JSON data
    """A schema without a keyword, at any depth."""
    if isinstance(schema, dict):
        return {key: without(each, word) for key, each in schema.items() if key != word}
    return [without(each, word) for each in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize("word", ["maximum", "required", "items"])
def test_a_check_that_ignores_a_keyword_is_laxer(word: str) -> None:
    """The control: the same law notices it."""
    with pytest.raises(AssertionError):
        accepted(lambda whole: certain_fit(without(whole, word)))


HIT: Final = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 1, "description": "Shown."},
        "kind": {"enum": ["page", "image", 1, None]},
        "score": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
        "rank": {"type": ["integer", "null"], "minimum": 1, "maximum": 99},
        "day": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "inside": {"type": "array", "items": {"$ref": "#/$defs/Hit"}, "maxItems": 2},
        "more": {"type": "object", "additionalProperties": {"type": "boolean"}},
        "any": True,
    },
    "required": ["title"],
    "additionalProperties": False,
}
WHOLE: Final = {"$schema": "http://json-schema.org/draft-07/schema#", "$defs": {"Hit": HIT}, "$ref": "#/$defs/Hit"}


@pytest.mark.parametrize(
    "part",
    [
        {},
        {"kind": "page", "score": 0.5, "rank": 1},
        {"kind": 1, "score": 0, "rank": None, "day": None},
        {"kind": None, "day": "2026-01-01", "inside": [{"title": "b", "inside": []}, {"title": "c"}]},
        {"more": {"a": True}, "any": {"deep": [[1.5, {"x": None}]]}},
    ],
)
def test_everyday_records_are_accepted(part: dict[str, Any]) -> None:
    """With nested records, references, enums, bounds and optional values."""
    assert certain_fit(WHOLE)({"title": "a", **part})


@pytest.mark.parametrize(
    "part",
    [
        {"title": ""},
        {"title": None},
        {"kind": 1.0},
        {"kind": True},
        {"kind": "film"},
        {"score": 1},
        {"score": nan},
        {"score": True},
        {"rank": 0},
        {"rank": 100},
        {"rank": 1.0},
        {"day": 1},
        {"inside": [{}]},
        {"inside": [{"title": "b"}] * 3},
        {"inside": [{"title": "b", "inside": [1]}]},
        {"more": {"a": 1}},
        {"more": {1: True}},
        {"any": (1,)},
        {"any": [{"x": {1}}]},
        {"other": 1},
    ],
)
def test_all_else_is_left_to_the_validator(part: dict[str, Any]) -> None:
    """What does not fit, fits in another way, or is not data of JSON's own types."""
    assert not certain_fit(WHOLE)({"title": "a", **part})
    assert not certain_fit(WHOLE)([{"title": "a"}])


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "boolean", "nullable": True}, True, True),
        ({"type": "boolean", "nullable": True}, None, False),
        ({"anyOf": [{"type": "string", "maxLength": 1}, {"type": "string"}]}, "ab", True),
        ({"allOf": [{"type": ["string", "integer"]}, {"maxLength": 1}]}, "ab", False),
        ({"allOf": [{"type": ["string", "integer"]}, {"maxLength": 1}]}, "a", True),
        ({"enum": [1, 2], "type": "integer"}, 2, True),
        ({"enum": [nan]}, nan, False),
        ({"minItems": 1, "items": False}, [], False),
        ({"items": False}, [], True),
        ({"items": False}, [1], False),
        ({"$ref": "#"}, 1, False),
        ({"type": "array", "items": {"$ref": "#"}}, [[], [[]]], True),
        ({"$ref": "#/$defs/none"}, 1, False),
        ({"$ref": "#/$defs/a~0b", "$defs": {"a~0b": {}}}, 1, False),
        ({"$ref": "other.json"}, 1, False),
        ({"$id": "https://example.org/a"}, 1, False),
        ({"properties": {"a": {"$schema": "x"}}}, {"a": 1}, False),
        ({"$schema": "https://example.org/unknown"}, 1, False),
        ({"$schema": "http://json-schema.org/draft-03/schema#"}, 1, False),
        ({"pattern": "a"}, "a", False),
        ({"multipleOf": 1}, 1, False),
        ({"anyOf": [{"oneOf": [True]}, {"type": "string"}]}, "a", True),
    ],
)
def test_keywords(schema: dict[str, Any], value: Json, expected: bool) -> None:
    """As far as they are understood."""
    assert certain_fit(schema)(value) is expected


@pytest.mark.parametrize("validator", [Draft4Validator, Draft7Validator])
def test_older_drafts_are_never_laxer_either(validator: Any) -> None:  # noqa: ANN401 — one of jsonschema's classes
    """In draft 4 an exclusive bound is true or false, and there is no `const`."""
    draft = validator.META_SCHEMA["$schema"]
    for schema in ({"minimum": 1, "exclusiveMinimum": True}, {"const": 1}, {"type": "integer"}):
        for value in (1, 1.0, 2):
            if certain_fit({"$schema": draft, **schema})(value):
                assert validator(schema).is_valid(value)


def doubling(word: str, inner: Callable[[object], object]) -> dict[str, Any]:
    """Definitions, each of which leads to the next one twice."""
    names = [f"d{number}" for number in range(60)]
    definitions: dict[str, Any] = {names[-1]: {"type": "integer", "minimum": 1}}
    for name, after in pairwise(names):
        definitions[name] = {word: [inner({"$ref": f"#/$defs/{after}"}), inner({"$ref": f"#/$defs/{after}"})]}
    return {"$defs": definitions, "$ref": "#/$defs/d0"}


@pytest.mark.parametrize("word", ["anyOf", "allOf"])
def test_each_part_of_a_value_is_visited_once(word: str) -> None:
    """Though a schema may lead to each part in 2^60 ways."""
    value: Json = 0
    for _ in range(59):
        value = {"a": value}
    assert not certain_fit(doubling(word, lambda schema: {"properties": {"a": schema}}))(value)
    assert not certain_fit(doubling(word, lambda schema: schema))(0)


def test_nesting_ends_the_check() -> None:
    """Of the schema, and of the value."""
    schema: dict[str, Any] = {"type": "integer"}
    value: Any = 1
    for _ in range(2_000):
        schema, value = {"items": schema}, [value]
    assert not certain_fit(schema)(1)
    assert not certain_fit({"type": "array"})(value)
    assert certain_fit({"type": "array"})(value[0][:0])


def test_tools_ask_the_validator_for_the_rest_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors are those of the validator."""
    asked: list[object] = []

    def counted(validator: Any, value: object) -> Any:  # noqa: ANN401 — as in the module
        asked.append(value)
        return schema_validation.error_in(validator, value)

    monkeypatch.setattr("llmc_compiler.tools.schema_signature.error_in", counted)
    tool = SchemaSignature("t", {"properties": {"a": {"type": "integer", "maximum": 9}}}, {"type": "integer"})
    assert tool.prepare([("a", 1)]) == ([], {"a": 1})
    assert tool.accept(1) == 1
    assert asked == []
    assert tool.prepare([("a", 1.0)]) == ([], {"a": 1.0})
    with pytest.raises(ArgumentError, match="10 is greater than the maximum of 9"):
        tool.prepare([("a", 10)])
    with pytest.raises(ResultError, match="'x' is not of type 'integer'"):
        tool.accept("x")
    assert asked == [{"a": 1.0}, {"a": 10}, "x"]
