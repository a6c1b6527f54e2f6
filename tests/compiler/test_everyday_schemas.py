"""Schemas that are certainly valid, or fit some value, are read without jsonschema, and never laxer than it."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Final

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from jsonschema import SchemaError
from jsonschema.validators import validator_for

from llmc_compiler.json_schema.everyday_schemas import KEYWORDS, is_possible, valid_words
from llmc_compiler.json_schema.faults.impossible_schemas import _impossible
from llmc_compiler.tools import schema_signature
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.tool import Tool
from tests.compiler.test_impossible_schemas import NEVER, SCHEMAS, SOMETIMES

pytestmark = pytest.mark.no_cover
"""The searches are long, and other tests reach the lines."""

NEWEST: Final = "https://json-schema.org/draft/2020-12/schema"
OLD: Final = "http://json-schema.org/draft-07/schema#"

DATA: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2),
    max_leaves=3,
)
COUNTS: Final = st.integers(0, 3)
TEXTS: Final = st.text("ab ", max_size=5)
TYPES: Final = st.sampled_from(["array", "boolean", "integer", "null", "number", "object", "string"])
NAMES: Final = st.text("abc", min_size=1, max_size=2)
LEAVES: Final = st.fixed_dictionaries(
    {},
    optional={
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "title": TEXTS,
        "description": TEXTS,
        "default": DATA,
        "const": DATA,
        "enum": st.lists(DATA, max_size=3),
        "examples": st.lists(DATA, max_size=2),
        "minimum": st.integers(-3, 3) | st.floats(-3, 3),
        "exclusiveMaximum": st.integers(-3, 3),
        "multipleOf": st.integers(1, 3),
        "minLength": COUNTS,
        "maxLength": COUNTS,
        "minItems": COUNTS,
        "maxItems": COUNTS,
        "uniqueItems": st.booleans(),
        "required": st.lists(NAMES, max_size=3, unique=True),
        "pattern": TEXTS,
        "format": TEXTS,
        "readOnly": st.booleans(),
        "$ref": st.sampled_from(["#", "#/$defs/a"]),
    },
)


def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas with others inside."""
    named, some = st.dictionaries(NAMES, inner, max_size=3), st.lists(inner, min_size=1, max_size=2)
    words = {
        **dict.fromkeys(("properties", "$defs", "definitions"), named),
        **dict.fromkeys(("anyOf", "allOf", "oneOf", "prefixItems"), some),
        **dict.fromkeys(("items", "additionalProperties", "not", "contains", "if", "then"), inner),
    }
    return st.tuples(LEAVES, st.fixed_dictionaries({}, optional=words)).map(lambda pair: {**pair[0], **pair[1]})


SOUND: Final = st.builds(
    lambda schema, draft: {**schema, **draft},
    st.recursive(st.booleans() | LEAVES, around, max_leaves=6).filter(lambda schema: isinstance(schema, dict)),
    st.sampled_from([{}, {}, {"$schema": NEWEST}, {"$schema": OLD}]),
)
WRONG: Final = st.sampled_from(
    [
        *(None, True, -1, 5, 1.5, 0, 0.0, float("nan"), float("inf"), "", "a", "string", "text", b"a", object()),
        *([], {}, ["a", "a"], ["a", 1], [1], [{}], [None], {"a": 1}, {"a": {}}, (), ("a",), {1: {}}, {"a": {1: 2}}),
        *(["string", "string"], ["string", "text"], {"minLength": -1}, [{"title": 5}], {"a": {"type": 1}}),
    ]
)
WORDS: Final = st.sampled_from(
    [*KEYWORDS, "properties", "items", "anyOf", "allOf", "additionalProperties", "$defs", "$id", "$anchor", "x", "if"]
)
MISTAKES: Final = st.sampled_from(
    [
        *((word, wrong) for word in ("minLength", "maxItems") for wrong in (-1, 1.5, "1")),
        *(("required", wrong) for wrong in (["a", "a"], [1], True)),
        *(("type", wrong) for wrong in ("text", [], ["string", "string"])),
        *(("title", 5), ("pattern", None), ("uniqueItems", 1), ("minimum", "0"), ("multipleOf", 0)),
        *(("enum", "a"), ("$ref", 1), ("anyOf", []), ("items", 1), ("properties", {"a": 1})),
    ]
)


def places(part: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 — a part of a schema
    """The mappings and lists in a schema, with each of their keys."""
    pairs = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [place for key, inside in pairs for place in ((part, key), *places(inside))]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A sound schema with a few of its values replaced, or given to other keywords."""
    schema: dict[str, Any] = deepcopy(draw(SOUND))
    for _ in range(draw(st.integers(1, 2))):
        mappings = [schema, *(part[key] for part, key in places(schema) if isinstance(part[key], dict))]
        replaces = draw(st.booleans())
        if (there := places(schema)) and replaces:
            part, key = draw(st.sampled_from(there))
            wrong = draw(WRONG)
        else:
            part = draw(st.sampled_from(mappings))
            key, wrong = draw(MISTAKES | st.tuples(WORDS, WRONG | COUNTS))
        part[key] = deepcopy(wrong)
    return schema


def is_valid(schema: Mapping[str, Any]) -> bool:
    """Whether a schema is valid by the judgement of jsonschema."""
    try:
        validator_for(schema).check_schema(dict(schema))
    except SchemaError:
        return False
    return True


def is_laxer(words: Callable[[Mapping[str, Any]], object], schema: Mapping[str, Any]) -> bool:
    """Whether a check accepts a schema that jsonschema refuses."""
    return words(schema) is not None and not is_valid(schema)


@given(SOUND)
def test_sound_schemas_of_common_keywords_need_no_jsonschema(schema: dict[str, Any]) -> None:
    """Of both drafts, and without one."""
    assert is_valid(schema)
    assert valid_words(schema) is not None


@given(mutated())
def test_the_check_is_never_laxer_than_the_metaschema(schema: dict[str, Any]) -> None:
    """For schemas with mistakes of all kinds."""
    assert not is_laxer(valid_words, schema)


LAXER: Final[dict[str, Callable[[object], bool]]] = {
    "minLength": lambda value: type(value) is int,
    "required": lambda value: isinstance(value, list),
    "title": lambda _: True,
}


@pytest.mark.parametrize("word", LAXER)
def test_a_laxer_check_is_noticed(word: str) -> None:
    """The twin: a check that ignores the sign of `minLength`, a name twice in `required`, or a title's type."""
    lax = {**KEYWORDS, word: LAXER[word]}
    once = settings(max_examples=1_000, phases=[Phase.generate], derandomize=True)
    assert find(mutated(), lambda schema: is_laxer(lambda given: valid_words(given, lax), schema), settings=once)


REFUSED: Final[list[dict[str, Any]]] = [
    {"title": 5},
    {"properties": {"a": {"minLength": -1}}},
    {"properties": {"a": {"type": "string"}}, "required": ["a", "a"]},
    {"properties": {"a": {"type": "text"}}},
    {"properties": {"a": {"type": []}}},
    {"properties": {"a": {"anyOf": []}}},
    {"properties": {"a": {"items": [{"type": "string"}]}}},
    {"properties": {"a": {"multipleOf": 0}}},
    {"properties": {"a": {"enum": "ab"}}},
    {"properties": {1: {}}},
    {"properties": {"a": {"default": {1: 2}}}},
    {"$schema": OLD, "$defs": {"a": {}}, "definitions": {"a": {"maximum": "9"}}},
]


@pytest.mark.parametrize("schema", REFUSED)
def test_a_schema_with_a_mistake_is_refused(schema: dict[str, Any]) -> None:
    """As that of the arguments, and of the result."""
    with pytest.raises(ToolboxError, match="not described by a valid JSON schema"):
        Tool.from_schema("put", "", schema, "write(x)", lambda: None)
    with pytest.raises(ToolboxError, match="not described by a valid JSON schema"):
        Tool.from_schema("put", "", {}, "write(x)", lambda: None, returns=schema)


def chain(levels: int, end: object) -> dict[str, Any]:
    """Schemas in schemas."""
    schema: Any = end
    for _ in range(levels):
        schema = {"items": schema}
    return schema  # type: ignore[no-any-return]  # there are levels


def circle(**words: object) -> dict[str, Any]:
    """A schema that contains itself as a Python object."""
    schema: dict[str, Any] = {"type": "object", **words}
    schema["properties"] = {"next": schema}
    return schema


def shared(levels: int) -> dict[str, Any]:
    """A schema whose parts are shared by two others each."""
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"anyOf": [schema, schema]}
    return schema


class Own(dict[str, Any]):
    """A mapping of somebody else."""


LEFT: Final[list[dict[str, Any]]] = [
    {"$id": "http://a/b"},
    {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1},
    {"$schema": ["unhashable"]},
    {"unknown": 1},
    {"patternProperties": {"a": {}}},
    {"properties": Own(a={})},
    {"properties": {"a": Own(type="string")}},
    {"items": 1},
    {"enum": ("a",)},
    {"default": object()},
    {"default": [[1], {"a": {2: 3}}]},
    {"const": circle()},
    chain(30, True),
    circle(),
    shared(18),
]


@pytest.mark.parametrize("schema", LEFT)
def test_other_schemas_are_left_to_the_full_check(schema: dict[str, Any]) -> None:
    """Those with keywords, drafts and objects that are not known here, and those beyond the bounds."""
    assert valid_words(schema) is None
    assert valid_words({"properties": {"a": schema}, "anyOf": [schema]}) is None or "$schema" in schema


def test_the_keywords_of_a_schema_are_those_of_its_parts() -> None:
    """Names of properties and keys of data are none."""
    schema = {"properties": {"pattern": {"items": {"pattern": "a"}}}, "default": {"title": 1}}
    assert sorted(valid_words(schema) or ()) == ["default", "items", "pattern", "properties"]
    assert sorted(valid_words({**schema, "properties": {"pattern": True}}) or ()) == ["default", "properties"]


@pytest.mark.parametrize(("schema", "checks"), [({"title": "x"}, 0), ({"title": "x", "$id": "x"}, 2)])
def test_the_full_check_is_for_schemas_that_need_it(
    schema: dict[str, Any], checks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes milliseconds; the validators of the others are made when they are needed."""
    made: list[object] = []

    def counted(whole: Callable[[object], object]) -> Callable[[object], object]:
        """Count the schemas that a function is called with."""

        def function(given: object) -> object:
            made.append(given)
            return whole(given)

        return function

    for name in ("mistake_in", "bounded_validator"):
        monkeypatch.setattr(schema_signature, name, counted(getattr(schema_signature, name)))
    parameters = {"type": "object", "properties": {"a": {"type": "integer", **schema}}}
    tool = Tool.from_schema("get", "", parameters, "pure", lambda a: a)
    assert len(made) == checks
    assert tool.signature.prepare([("a", 1.0)]) == ([], {"a": 1.0})  # which the quick check leaves to the validator
    assert len(made) == max(checks, 1)


@given(SCHEMAS | SOUND)
def test_a_possible_schema_is_not_impossible(schema: Any) -> None:  # noqa: ANN401 — a schema
    """By the judgement of the full search."""
    if isinstance(schema, dict) and is_possible(schema):
        assert _impossible(schema) is None


def test_no_impossible_schema_is_possible() -> None:
    """Those of many schemas with a value are."""
    assert not [schema for schema, _ in NEVER if is_possible(schema)]
    assert [schema for schema in SOMETIMES if is_possible(schema)]


POSSIBLE: Final[list[dict[str, Any]]] = [
    {},
    {"type": "string", "minLength": 1, "maxLength": 1, "format": "date"},
    {"type": "integer", "minimum": -2, "maximum": -2},
    {"type": ["number", "null"], "maximum": 0.5},
    {"type": "string", "enum": [1, "a"]},
    {"type": "array", "minItems": 2, "items": {"type": "boolean"}},
    {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
    {"type": "object", "properties": {"a": False, "b": {"not": {}}}},
    {"type": "object", "required": ["a", "b"], "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": True}},
]


@pytest.mark.parametrize("schema", POSSIBLE)
def test_an_everyday_schema_is_possible(schema: dict[str, Any]) -> None:
    """Without a search."""
    assert is_possible(schema)
    assert is_possible({"type": "object", "properties": {"a": schema}, "required": ["a"], "$defs": {"a": True}})


UNKNOWN: Final[list[dict[str, Any]]] = [
    {"type": "string", "pattern": "a"},
    {"type": "number", "minimum": 2.5, "maximum": 2.75},
    {"type": "integer", "minimum": 3, "maximum": 2},
    {"type": "string", "enum": ["aaa"], "maxLength": 1},
    {"type": "array", "minItems": 1, "items": [{}]},
    {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}},
    {"anyOf": [{"not": {}}, {}]},
    {"type": "null", "const": 1},
    circle(required=["next"]),
]


@pytest.mark.parametrize("schema", UNKNOWN)
def test_other_schemas_are_searched(schema: dict[str, Any]) -> None:
    """Whether or not a value fits them."""
    assert not is_possible(schema)
