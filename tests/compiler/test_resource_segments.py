"""A segment in braces is closed by arguments that the tool certainly receives as they are written, and by no other."""

import enum
import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import PurePath
from typing import Annotated, Any, Literal, NewType

import pytest
from pydantic import AfterValidator, AnyUrl, BeforeValidator, Field, StringConstraints

import llmc
from llmc_compiler.effects.effects import Effect, Kind
from llmc_compiler.expressions.terms import Json
from llmc_compiler.ir.graph import Graph
from llmc_compiler.json_schema.resource_segments import ResourceSegment
from llmc_runtime.program.program import compile_plan

Place = NewType("Place", str)


class Seat(enum.StrEnum):
    """Texts."""

    WINDOW = "window"


class Room(enum.Enum):
    """Members with texts."""

    ATTIC = "attic"


class Lenient(enum.Enum):
    """Takes other texts for its members."""

    ATTIC = "attic"

    @classmethod
    def _missing_(cls, value: object) -> "Lenient":
        return cls.ATTIC


class Level(enum.Enum):
    """Numbers."""

    HIGH = 1


def by_annotation(annotation: object, *default: object) -> llmc.Tool:
    """A tool with a parameter of this type."""

    def keep(id: object = None) -> None: ...  # noqa: A002 — as users call it

    keep.__annotations__["id"] = annotation
    keep.__defaults__ = default or None
    return llmc.write("doc:{id}")(keep)


def by_schema(schema: Json, **more: Any) -> llmc.Tool:
    """The same by a schema."""
    whole = {"type": "object", "properties": {"id": schema}, **more}
    return llmc.Tool.from_schema("keep", "", whole, "write(doc:{id})", lambda **_: None)


def segment(tool: llmc.Tool, *given: Json) -> str:
    """The last segment of the call's resource."""
    return tool.effect_of([("id", value) for value in given]).resource.partition(":")[2]


TEXT: Any = [
    *(str, Any, Place, Literal["a", "b"], str | None, str | int, str | bool | list[str]),
    *(Annotated[str, Field(pattern="[a-z]")], Annotated[str, StringConstraints(min_length=1)]),
]
CONVERTED: Any = [
    *(uuid.UUID, date, Decimal, PurePath, AnyUrl, bytes, Lenient, Level, float, str | uuid.UUID),
    *(Annotated[str, AfterValidator(str.strip)], Annotated[str, BeforeValidator(str)]),
    *(Annotated[str, StringConstraints(strip_whitespace=True)], Annotated[str, StringConstraints(to_lower=True)]),
]


@pytest.mark.parametrize("annotation", TEXT)
def test_a_text_that_arrives_as_it_is_closes_the_segment(annotation: object) -> None:
    """By the annotation."""
    assert segment(by_annotation(annotation), "a") == "a"


@pytest.mark.parametrize("kind", [Seat, Room])
def test_members_of_enumerations_of_texts_close_it(kind: type[enum.Enum]) -> None:
    """By their texts, as written and as defaults."""
    (member,) = kind
    assert segment(by_annotation(kind), member.value) == member.value
    assert segment(by_annotation(kind, member)) == member.value


@pytest.mark.parametrize("annotation", CONVERTED)
def test_a_text_that_may_be_converted_leaves_it_open(annotation: object) -> None:
    """Another text may be the same thing."""
    for given in ("a", "12345678-1234-5678-1234-567812345678", "2024-05-01"):
        assert segment(by_annotation(annotation), given) == "{id}"


@pytest.mark.parametrize(
    ("schema", "is_closed"),
    [
        ({"type": "string"}, True),
        ({"type": "string", "pattern": "a", "minLength": 1, "description": "any"}, True),
        ({}, True),
        (True, True),
        ({"enum": ["a", "b"]}, True),
        ({"const": "a"}, True),
        ({"type": ["string", "null"]}, True),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, True),
        ({"$ref": "#/$defs/name"}, True),
        ({"type": "string", "format": "uuid"}, False),
        ({"format": "date"}, False),
        ({"type": ["string", "null"], "format": "date"}, False),
        ({"type": "string", "contentEncoding": "base64"}, False),
        ({"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]}, False),
        ({"allOf": [{"type": "string"}, {"$ref": "#/$defs/day"}]}, False),
        ({"if": {"minLength": 3}, "then": {"format": "uuid"}}, False),
        ({"$ref": "#/$defs/day"}, False),
        ({"$ref": "#/$defs/ring"}, False),
        ({"$ref": "elsewhere"}, False),
        ({"$dynamicRef": "#name"}, False),
    ],
)
def test_a_format_of_a_schema_says_that_a_text_is_converted(schema: Json, is_closed: bool) -> None:
    """Wherever the format stands; without one, the tool gets the text."""
    shared = {
        "name": {"type": "string"},
        "day": {"type": "string", "format": "date"},
        "ring": {"$ref": "#/$defs/ring"},
    }
    tool = by_schema(schema, **{"$defs": shared})
    assert segment(tool, "a") == ("a" if is_closed else "{id}")


def test_each_part_of_a_schema_is_looked_at_once() -> None:
    """Although each is several times in the one around it; and a default may be too deep to be compared."""
    many = {f"a{n}": {"anyOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 6} for n in range(9)}
    tool = by_schema({"$ref": "#/$defs/a0"}, **{"$defs": {**many, "a9": {"type": "string"}}})
    assert segment(tool, "a") == "a"
    both = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 3} for n in range(40)}
    assert segment(by_schema({"$ref": "#/$defs/a0"}, **{"$defs": {**both, "a40": {"default": "b"}}})) == "{id}"
    deep: Json = []
    for _ in range(2_000):
        deep = [deep]
    assert segment(by_schema({"type": "string", "default": deep}), "a") == "a"


@pytest.mark.parametrize("word", ["allOf", "if", "$ref", "patternProperties", "dependentSchemas"])
def test_a_schema_that_describes_a_parameter_elsewhere_leaves_it_open(word: str) -> None:
    """Nothing but the parameter's own schema is looked at."""
    more: Any = {"allOf": [{}], "$ref": "#/$defs/any", "$defs": {"any": {}}}.get(word, {})
    assert segment(by_schema({"type": "string"}, **{word: more, "$defs": {"any": {}}}), "a") == "{id}"


@pytest.mark.parametrize(
    "tool",
    [
        by_annotation(int),
        by_annotation(int | None),
        by_annotation(Annotated[int, Field(ge=-5)]),
        by_schema({"type": "integer"}),
        by_schema({"type": "integer", "format": "int64"}),
    ],
)
def test_an_integer_closes_the_segment_by_its_value(tool: llmc.Tool) -> None:
    """However it is written; other things do not."""
    assert [segment(tool, given) for given in (1, 1.0, 1e2, -3, 0.0)] == ["1", "1", "100", "-3", "0"]
    others: tuple[Json, ...] = (True, None, 1.5, 10**5000, 1e300, [1], "1")
    assert {segment(tool, given) for given in others} == {"{id}"}


@pytest.mark.parametrize("tool", [by_annotation(Any), by_annotation(str), by_annotation(float), by_schema({})])
def test_numbers_leave_it_open_where_something_else_is_taken(tool: llmc.Tool) -> None:
    """What the tool makes of them is not known."""
    assert segment(tool, 1) == "{id}"


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (by_annotation(str, "mine"), "mine"),
        (by_annotation(int, 7), "7"),
        (by_annotation(str | None, None), "{id}"),
        (by_annotation(str), "{id}"),
        (by_annotation(uuid.UUID, uuid.UUID(int=1)), "{id}"),
        (by_annotation(uuid.UUID, "1"), "{id}"),
        (by_schema({"type": "string", "default": "mine"}), "mine"),
        (by_schema({"$ref": "#/$defs/name"}, **{"$defs": {"name": {"type": "string", "default": "mine"}}}), "mine"),
        (by_schema({"type": "integer", "default": 7.0}), "7"),
        (by_schema({"type": "string"}), "{id}"),
    ],
)
def test_a_default_is_the_argument_that_is_left_out(tool: llmc.Tool, expected: str) -> None:
    """And no other: what is not known yet may be anything."""
    assert segment(tool) == expected
    assert tool.effect_of([("id", None)]).resource == "doc:{id}"


def test_keywords_of_any_name_have_the_type_of_all() -> None:
    """In a signature and in a schema."""

    @llmc.write("doc:{id}")
    def texts(**more: str) -> None: ...

    @llmc.write("doc:{id}")
    def days(**more: date) -> None: ...

    schema = {"type": "object", "properties": {}, "additionalProperties": {"type": "string", "format": "date"}}
    by_name = llmc.Tool.from_schema("keep", "", schema, "write(doc:{id})", texts.call)
    assert [segment(tool, "a") for tool in (texts, days, by_name)] == ["a", "{id}", "{id}"]
    assert segment(texts) == "{id}"


def test_it_is_decided_when_the_tool_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not for each call."""
    tool = by_annotation(str)
    monkeypatch.setattr(type(tool.signature), "segment", None)
    assert tool.effect_of([("id", "a")]) == Effect(Kind.WRITE, "doc:a")


def after(graph: Graph) -> list[tuple[str, ...]]:
    """What each of the first two tasks comes after."""
    return [tuple(map(str, node.after)) for node in list(graph.nodes.values())[:2]]


@pytest.mark.parametrize(
    ("tool", "one", "other", "is_ordered"),
    [
        (
            by_annotation(uuid.UUID),
            '"12345678-1234-5678-1234-567812345678"',
            '"12345678123456781234567812345678"',
            True,
        ),
        (by_annotation(Decimal), '"1.0"', '"1"', True),
        (by_annotation(str, "mine"), '"mine"', "", True),
        (by_annotation(str, "mine"), '"yours"', "", False),
        (by_annotation(str), '"a"', '"b"', False),
        (by_annotation(int), "1", "2", False),
        (by_annotation(int), "1", "1", True),
    ],
)
def test_calls_of_one_thing_are_ordered(tool: llmc.Tool, one: str, other: str, is_ordered: bool) -> None:
    """However it is written."""
    tools = llmc.Toolbox([tool])
    graph = compile_plan(f"1. keep({one})\n2. keep({other})\njoin()", tools).graph
    assert after(graph) == [(), ("1",) if is_ordered else ()]


def test_as_written_two_spellings_are_not_ordered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The orders above are not blind."""
    take: Callable[[ResourceSegment, object], str] = lambda _self, value: value if isinstance(value, str) else ""  # noqa: E731
    monkeypatch.setattr(ResourceSegment, "of", take)
    graph = compile_plan('1. keep("1.0")\n2. keep("1")\njoin()', llmc.Toolbox([by_annotation(Decimal)])).graph
    assert after(graph) == [(), ()]
