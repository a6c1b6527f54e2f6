"""Checks by schemas of others: as JSON Schema says, bounded, and open where something is not checked."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.validators import extend
from referencing import Registry

import llmc
from llmc_compiler.expressions.terms import Json
from llmc_compiler.json_schema import schema_validation
from llmc_compiler.json_schema.schema_validation import bounded_validator, error_in
from llmc_compiler.json_schema.seen_content import SeenContent, digest_of
from llmc_compiler.tools.schema_signature import SchemaSignature
from llmc_compiler.tools.signature import ArgumentError, ResultError
from llmc_compiler.tools.tool import Tool
from tests.compiler.test_schema_types import DEFINITIONS, SCHEMAS, Schema
from tests.compiler.typed import KEYS, VALUES

AROUND = "(?=a)"
"""A pattern that is not checked; it is found where `a` is."""


def fits(schema: Any, value: Json, draft: str = "https://json-schema.org/draft/2020-12/schema") -> bool:  # noqa: ANN401
    """Whether a value fits a schema of one parameter."""
    whole = {"$schema": draft, "properties": {"x": schema}}
    found = Tool.from_schema("t", "", whole, "pure", print).signature
    try:
        found.prepare([("x", value)])
    except ArgumentError:
        return False
    return True


def _uncheckable(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    """Schemas around others, and what is not checked."""
    return st.one_of(
        inner.map(lambda each: {"not": each}),
        st.tuples(inner, inner, inner).map(lambda each: {"if": each[0], "then": each[1], "else": each[2]}),
        st.lists(inner, min_size=1, max_size=3).map(lambda each: {"oneOf": each}),
        st.tuples(inner, st.integers(0, 2)).map(lambda each: {"contains": each[0], "maxContains": each[1]}),
        st.tuples(inner, inner).map(
            lambda each: {"patternProperties": {"^a": each[0]}, "additionalProperties": each[1]},
        ),
        st.tuples(inner, inner).map(lambda each: {"allOf": [each[0]], "unevaluatedProperties": each[1]}),
        inner.map(lambda each: {"propertyNames": each}),
        inner.map(lambda each: {"items": each, "uniqueItems": True}),
        inner.map(lambda each: {"dependentSchemas": {KEYS[0]: each}}),
        inner.map(lambda each: {"prefixItems": [each], "unevaluatedItems": False}),
    )


OPEN = st.recursive(
    SCHEMAS | st.sampled_from([{"pattern": AROUND}, {"type": "string", "pattern": AROUND}, {"pattern": "b"}]),
    _uncheckable,
    max_leaves=6,
)


@given(OPEN, VALUES)
def test_what_a_schema_allows_is_never_refused(schema: Schema, value: Json) -> None:
    """Whatever of it is not checked, and wherever that stands."""
    whole = {"$defs": DEFINITIONS, "allOf": [schema]}
    if Draft202012Validator(whole).is_valid(value):
        assert error_in(bounded_validator(whole), value) is None


@given(SCHEMAS, VALUES)
def test_without_patterns_checks_are_those_of_json_schema(schema: Schema, value: Json) -> None:
    """No more and no less is refused."""
    whole = {"$defs": DEFINITIONS, "allOf": [schema]}
    if "patternProperties" not in str(whole):
        found = error_in(bounded_validator(whole), value)
        assert (found is None) is Draft202012Validator(whole).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "open_", "refused"),
    [
        ({"type": "string", "pattern": AROUND}, "b", 1),
        ({"type": "string", "pattern": AROUND, "maxLength": 2}, "b", "bbb"),
        ({"not": {"pattern": AROUND}}, "a", None),
        ({"not": {"type": "string", "pattern": AROUND}}, "a", None),
        ({"not": {"anyOf": [{"type": "integer"}, {"pattern": AROUND}]}}, "a", 1),
        ({"not": {"not": {"pattern": AROUND}}}, "b", None),
        ({"not": {"$ref": "#/$defs/around"}}, "a", None),
        ({"oneOf": [{"pattern": AROUND}, {"type": "string"}]}, "a", None),
        ({"oneOf": [{"type": "string", "pattern": AROUND}, {"type": "integer"}]}, "b", 1.5),
        ({"oneOf": [{"pattern": AROUND}, {"type": "string"}, {"minLength": 1}]}, "", "a"),
        ({"if": {"pattern": AROUND}, "then": {"minLength": 5}, "else": {"maxLength": 0}}, "b", None),
        ({"contains": {"pattern": AROUND}, "maxContains": 1}, ["a", "a"], None),
        ({"items": {"pattern": AROUND}}, ["b"], None),
        ({"propertyNames": {"pattern": AROUND}}, {"b": 1}, None),
        ({"patternProperties": {"^b": {"type": "string"}}}, {"b": 1}, 0),
        ({"type": "object", "patternProperties": {"^b": {}}, "additionalProperties": False}, {"b": 1}, []),
        ({"patternProperties": {"^b": {}}, "additionalProperties": False, "required": ["c"]}, {"c": 1}, {"b": 1}),
        ({"not": {"patternProperties": {"^b": {"type": "string"}}}}, {"b": 1}, None),
        ({"patternProperties": {"^b": {}}, "unevaluatedProperties": False}, {"b": 1}, None),
        ({"allOf": [{"patternProperties": {"^b": {}}}], "unevaluatedProperties": False}, {"b": 1}, None),
        ({"if": {"pattern": AROUND}, "unevaluatedItems": False}, [], [1]),
    ],
)
def test_what_depends_on_what_is_not_checked_is_open(schema: Any, open_: Json, refused: Json) -> None:  # noqa: ANN401
    """And nothing else: what is certainly wrong is still refused."""
    whole = {**schema, "$defs": {"around": {"pattern": AROUND}}}
    parameters = {"properties": {"x": schema}, "$defs": whole["$defs"]}
    found = SchemaSignature("t", parameters, whole)
    assert found.prepare([("x", open_)]) == ([], {"x": open_})
    assert found.accept(open_) == open_
    found.check("x", open_)
    if refused is not None and refused != 0:
        for attempt in (lambda: found.check("x", refused), lambda: found.prepare([("x", refused)])):
            with pytest.raises(ArgumentError):
                attempt()
        with pytest.raises(ResultError):
            found.accept(refused)


@pytest.mark.parametrize("draft", ["03", "04", "06", "07"])
def test_old_drafts_are_open_alike(draft: str) -> None:
    """Also where a part names a draft of its own."""
    name = f"http://json-schema.org/draft-{draft}/schema#"
    for schema in ({"pattern": r"^(a+)+\1$"}, {"$schema": name, "pattern": r"^(a+)+\1$"}):
        assert fits(schema, "a" * 50 + "!", name)
        assert fits(schema, "a" * 50 + "!")
    for part in ({"pattern": "^(a+)+$"}, {"$schema": name, "pattern": "^(a+)+$"}):
        assert not fits(part, "a" * 50 + "!")
    assert fits({"disallow": [{"pattern": AROUND}]}, "a", "http://json-schema.org/draft-03/schema#")


def test_a_tool_is_never_refused_for_a_pattern() -> None:
    """Not even for one that is none; its notes say which are not checked."""
    named = {
        "properties": {"pattern": {"pattern": "("}, "default": {}},
        "default": {"pattern": "("},
        "pattern": "^.{9,}$",
    }
    result = {"items": {"patternProperties": {"*": {}}, "pattern": "^[a-z]{1,5000}$"}}
    tool = Tool.from_schema("t", "", named, "pure", print, returns=result)
    assert tool.notes == (
        "the pattern `(` of `parameters/properties/pattern` is not checked",
        "the pattern `^[a-z]{1,5000}$` of `result/items` is not checked beyond 19,992 characters",
        "`patternProperties` of `result/items`, and keywords that depend on it, are not checked",
    )
    assert Tool.from_schema("t", "", {"properties": {"x": {"pattern": r"^\p{L}$"}}}, "pure", print).notes == ()
    assert llmc.pure(name="f")(lambda: 1).notes == ()


def test_notes_are_few_and_short() -> None:
    """However many there would be."""
    many = {"properties": {f"{n}" * 500: {"pattern": AROUND * 100} for n in range(30)}}
    notes = Tool.from_schema("t", "", many, "pure", print).notes
    assert len(notes) == 21
    assert max(map(len, notes)) < 250
    assert notes[-1] == "10 more parts of the schema are not checked"


def _nested(word: Callable[[Any], Any], depth: int) -> dict[str, Any]:
    """A schema of so many levels, each of which has the next one twice."""
    levels: dict[str, Any] = {f"a{n}": word({"$ref": f"#/$defs/a{n + 1}"}) for n in range(depth)}
    return {"$ref": "#/$defs/a0", "$defs": {**levels, f"a{depth}": {"type": ["string", "object"]}}}


TWICE: list[tuple[Callable[[Any], Any], Json]] = [
    (lambda each: {"anyOf": [each, each]}, 1),
    (lambda each: {"allOf": [each, each]}, "a"),
    (lambda each: {"oneOf": [each, {"not": each}]}, "a"),
    (lambda each: {"if": each, "then": each}, "a"),
    (lambda each: {"allOf": [each, each], "unevaluatedProperties": True}, {"k": 1}),
    (lambda each: {"unevaluatedProperties": True, "dependentSchemas": {"k": each, "l": each}}, {"k": 1, "l": 1}),
]


@pytest.mark.parametrize(("word", "value"), TWICE)
def test_a_check_takes_so_many_steps_at_most(
    word: Callable[[Any], Any], value: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A schema may double with each level what is to be done, and no time limit could end it."""
    monkeypatch.setattr(schema_validation, "_STEPS", 2_000)
    small = _nested(word, 3)
    is_valid = Draft202012Validator(small).is_valid(value)
    assert (error_in(bounded_validator(small), value) is None) is is_valid
    large = _nested(word, 20)
    found = SchemaSignature("t", {"properties": {"x": large["$defs"]["a0"]}, "$defs": large["$defs"]}, large)
    for attempt in (lambda: found.check("x", value), lambda: found.prepare([("x", value)])):
        with pytest.raises(ArgumentError, match="its schema takes too many steps to check this"):
            attempt()
    with pytest.raises(ResultError, match="its schema takes too many steps to check this"):
        found.accept(value)
    assert found.identify([("x", value)]).digests


def test_jsonschema_itself_takes_twice_the_steps_for_each_level() -> None:
    """What the bound is for."""

    def calls(depth: int) -> int:
        found: list[object] = []
        counted: Any = extend(Draft202012Validator, {"type": lambda *given: found.append(given)})  # type: ignore[no-untyped-call]
        counted(_nested(TWICE[1][0], depth)).is_valid("a")
        return len(found)

    assert calls(6) == 2 * calls(5) == 64


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"uniqueItems": True}, [{"a": n} for n in range(3_000)]),
        ({"items": {"enum": [[1] * 20 + [n] for n in range(200)]}}, [[1] * 20 + [199]] * 20),
        ({"unevaluatedItems": False, "prefixItems": [{}]}, [1]),
        ({"multipleOf": 0.5}, 10**4_000),
        ({"required": ["a"], "properties": {"a": {"items": {"type": "integer"}}}}, {"a": [1] * 5_000}),
    ],
)
def test_costly_keywords_are_checked_in_linear_time(
    schema: Any,  # noqa: ANN401 — JSON data
    value: Json,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In fewer steps than their value has parts, many times over."""
    monkeypatch.setattr(schema_validation, "_STEPS", 2_000)
    assert fits(schema, value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"uniqueItems": True}, [{"a": 1}, {"b": 1}, {"a": 1.0}]),
        ({"uniqueItems": True}, [[1], [1]]),
        ({"enum": [[1, True], {"a": 1}]}, [1, 1]),
        ({"const": {"a": [1]}}, {"a": [True]}),
        ({"multipleOf": 0.5}, 0.25),
        ({"multipleOf": 0.3}, 10**4_000),
        ({"multipleOf": 3}, 10**4_000),
        ({"oneOf": [True, {"type": "integer"}]}, 1),
        ({"anyOf": [False, {"type": "integer"}]}, "a"),
    ],
)
def test_they_refuse_what_does_not_fit(schema: Any, value: Json) -> None:  # noqa: ANN401 — JSON data
    """By the equality of JSON."""
    assert not fits(schema, value)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ({"uniqueItems": True}, list(range(100))),
        ({"items": True}, list(range(100))),
        ({"contains": True, "minContains": 100}, list(range(100))),
        ({"additionalProperties": True}, {str(n): n for n in range(100)}),
        ({"propertyNames": True}, {str(n): n for n in range(100)}),
        ({"required": [str(n) for n in range(100)]}, {str(n): n for n in range(100)}),
        ({"enum": [[n] * 10 for n in range(20)]}, [19] * 10),
    ],
)
def test_what_is_gone_through_again_and_again_takes_steps(
    part: Any,  # noqa: ANN401 — JSON data
    value: Json,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once is no trouble."""
    monkeypatch.setattr(schema_validation, "_STEPS", 250)
    monkeypatch.setattr(schema_validation, "_STEPS_EACH", 0)
    assert fits(part, value)
    found = SchemaSignature("t", {"properties": {"x": {"allOf": [part] * 50}}}, {})
    with pytest.raises(ArgumentError, match="too many steps"):
        found.check("x", value)


def test_a_long_text_is_not_compared_with_a_large_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search in linear time takes a step for each place in the pattern, and each character."""
    monkeypatch.setattr(schema_validation, "_STEPS", 20_000)
    large = "^[a-c]{1,900}$"
    assert not fits({"pattern": large}, "d" * 100)
    assert fits({"pattern": large}, "d" * 100_000)
    assert not fits({"pattern": "^[a-c]+$"}, "d" * 100_000)
    assert fits({"not": {"pattern": large}}, "a" * 100_000)


def test_the_messages_of_options_take_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each writes the value out."""
    monkeypatch.setattr(schema_validation, "_STEPS", 2_000)
    options = {"anyOf": [{"type": "null"}] * 100}
    with pytest.raises(ArgumentError, match="too many steps"):
        SchemaSignature("t", {"properties": {"x": options}}, {}).check("x", "a" * 100_000)
    with pytest.raises(ArgumentError, match="not valid under any"):
        SchemaSignature("t", {"properties": {"x": options}}, {}).check("x", "a" * 1_000)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"$ref": "#/properties/y/default"}, "its schema cannot be used"),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "minLength": 2}, "is too short"),
    ],
)
def test_a_reference_into_data_ends_in_one_error(part: Any, words: str) -> None:  # noqa: ANN401 — JSON data
    """Nobody has looked whether that is a schema."""
    found = SchemaSignature("t", {"properties": {"x": part, "y": {"default": {"minLength": "a"}}}}, {})
    with pytest.raises(ArgumentError, match=words):
        found.check("x", "b")


def test_a_hidden_pattern_does_not_go_back_either() -> None:
    """Where a reference leads into data, and no note can tell."""
    hidden = {"$ref": "#/properties/y/default"}
    found = SchemaSignature("t", {"properties": {"x": hidden, "y": {"default": {"pattern": r"^(a+)+\1$"}}}}, {})
    found.check("x", "a" * 50 + "!")


def test_keys_that_match_patterns_may_be_arguments() -> None:
    """Which they are is not checked, so that none is refused by its name."""
    parameters = {
        "properties": {"a": {}},
        "patternProperties": {"^x-": {"type": "string"}},
        "additionalProperties": False,
    }
    tool = Tool.from_schema("t", "", parameters, "pure", lambda **given: given)
    assert llmc.compile("1. t(a=1, b=[2])\njoin($1)", llmc.Toolbox([tool])).run_sync().value == {"a": 1, "b": [2]}


def test_a_name_in_a_schema_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by going through the whole schema for each reference."""
    names = [f"n{number}" for number in range(20)]
    places: dict[str, Any] = {name: {"$anchor": name, "type": "string"} for name in names}
    whole: Any = {"properties": {"x": {"allOf": [{"$ref": f"#{name}"} for name in names]}}, "$defs": places}
    found = SchemaSignature("t", whole, {})
    crawls: list[object] = []
    crawl = Registry.crawl

    def counted(registry: Any) -> Any:  # noqa: ANN401 — a registry of schemas
        crawls.append(registry)
        return crawl(registry)

    monkeypatch.setattr(Registry, "crawl", counted)
    found.prepare([("x", "a")])
    found.identify([("x", "a")])
    assert crawls == []
    Draft202012Validator(whole, registry=schema_validation.NOWHERE).validate({"x": "a"})
    assert len(crawls) == 20


def test_an_equal_schema_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its content: a changed one is checked again, a list is not a tuple, and `1` is not `true`."""
    checks: list[object] = []
    rules_of = schema_validation.validator_of

    def counted(given: dict[str, Any]) -> Any:  # noqa: ANN401 — a class of validators
        """Count the schemas that a validator is made for."""
        checks.append(given)
        return rules_of(given)

    monkeypatch.setattr(schema_validation, "validator_of", counted)
    schema: dict[str, Any] = {"type": "object", "required": ["once"], "title": "checked once"}
    assert schema_validation.mistake_in(schema) is None
    assert schema_validation.mistake_in({**schema}) is None
    assert len(checks) == 2  # for the schema, and for its metaschema
    schema["required"] = ("once",)
    assert schema_validation.mistake_in(schema) is not None
    assert schema_validation.mistake_in(schema) is not None
    assert len(checks) == 6
    for value in (1, True):
        assert schema_validation.mistake_in({"const": value, "title": "checked once"}) is None
    assert len(checks) == 10


def test_the_schemas_that_are_remembered_are_bounded() -> None:
    """The one that was not asked for for longest is forgotten."""
    seen = SeenContent(2)
    for digest in (b"a", b"b"):
        seen.add(digest)
    assert seen.has(b"a")
    seen.add(b"c")
    assert [digest for digest in (b"a", b"b", b"c") if seen.has(digest)] == [b"a", b"c"]
    assert digest_of({"a": object()}) is None
