"""Arguments are told from each other by the equality of the language, however they are written."""

import dataclasses
import re
from collections import OrderedDict, deque
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import KEEP, Enum, IntEnum, IntFlag, StrEnum
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Annotated, Any, NamedTuple, Self
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, AnyUrl, BaseModel, ConfigDict, PrivateAttr, SecretStr

import llmc
from llmc_compiler.expressions.operators import same
from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.value_identity import json_form
from llmc_compiler.tools.functions.received_text import known_form
from llmc_compiler.tools.signature import ArgumentError, Signature

NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1.0, 1e2, 100, 2**53, 2.0**53, 2**53 + 1, 10**400, 5e-324]),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=5), st.sampled_from(["1", "null", "a,b", "'", '"'])),
    lambda inside: st.one_of(st.lists(inside, max_size=3), st.dictionaries(st.text(max_size=2), inside, max_size=3)),
    max_leaves=8,
)


def respelled(value: Json, pick: Callable[[], bool]) -> Json:
    """An equal value: numbers of the other type, keys in another order."""
    if isinstance(value, list):
        return [respelled(each, pick) for each in value]
    if isinstance(value, dict):
        keys = list(value) if pick() else list(reversed(value))
        return {key: respelled(value[key], pick) for key in keys}
    if type(value) is int and pick() and abs(value) < 2**53:
        return float(value)
    if type(value) is float and pick() and value.is_integer():
        return int(value)
    return deepcopy(value)


def signature(function: Callable[..., Any]) -> Signature:
    """What a function takes."""
    return llmc.write("x")(function).signature


def put(a: Json, b: Json = 100, *c: Json, d: Json = None) -> None:
    """Put."""


def schema(**properties: Any) -> Signature:
    """What a schema says."""

    async def call() -> None: ...

    return llmc.Tool.from_schema("t", "", {"type": "object", "properties": properties}, "write(x)", call).signature


BOTH = (signature(put), schema(a={}, b={"default": 100}, d={"default": None}))


@given(VALUES, VALUES)
def test_two_values_share_a_text_if_they_are_equal(left: Json, right: Json) -> None:
    """And only then, in both ways to make one."""
    assert (json_form(left) == json_form(right)) is same(left, right)
    assert (known_form(left) == known_form(right)) is same(left, right)


@given(VALUES, st.data())
def test_another_spelling_has_the_same_digest(value: Json, data: st.DataObject) -> None:
    """Whatever the value, with a default written out or left out, and in any order of keywords."""
    other = respelled(value, lambda: data.draw(st.booleans()))
    assert same(value, other)
    for each in BOTH:
        first = each.identify([("a", value)])
        assert first == each.identify([("a", other)])
        assert first == each.identify([("d", None), ("b", 1e2), ("a", other)])


@given(VALUES, VALUES)
def test_other_values_have_other_digests(left: Json, right: Json) -> None:
    """And the same value for another parameter is another call."""
    for each in BOTH:
        one, other = each.identify([("a", left)]), each.identify([("a", right)])
        assert (one == other) is same(left, right)
        assert each.identify([("a", 1), ("d", right)]) != each.identify([("a", 1), ("b", right)])


class Hue(Enum):
    """A plain enumeration."""

    RED = "red"


class Level(IntEnum):
    """One of numbers."""

    HIGH = 2


class Pair(NamedTuple):
    """A named tuple."""

    x: int
    y: int


class Model(BaseModel):
    """A model with all kinds of fields."""

    model_config = ConfigDict(extra="allow")
    a: float = 1
    _seen: int = PrivateAttr(default=0)


@dataclasses.dataclass
class Point:
    """Equal by its fields, but for one, which its tool sees as well."""

    x: float
    note: str = dataclasses.field(default="", compare=False)


def noted(note: str) -> Point:
    """A point on which its own code has set something."""
    point = Point(1)
    point.unit = note  # type: ignore[attr-defined]  # as validators may do
    return point


def kept(note: str) -> Model:
    """A model on which its own code has set something."""
    model = Model()
    model.__dict__["unit"] = note
    return model


class Mood(StrEnum):
    """One of texts."""

    GOOD = "good"


class Unit(StrEnum):
    """One of texts, whose members are equal and differ."""

    KG = ("unit", 1)
    LB = ("unit", 2)

    def __new__(cls, text: str, number: int) -> Self:
        """All have the same text."""
        found = str.__new__(cls, text)
        found._value_ = (text, number)  # type: ignore[assignment]  # as enumerations allow
        return found


class Access(IntFlag, boundary=KEEP):
    """Flags, some of them without a name."""

    READ = 1


class Tag(str):
    """A text without room for more."""

    __slots__ = ()


class Amount(Decimal):
    """A number with room for more."""

    unit = ""


class Far(Pair):
    """A named tuple with room for more."""


@dataclasses.dataclass
class Paid:
    """Made from something that it does not keep."""

    name: str
    amount: dataclasses.InitVar[int] = 0


@dataclasses.dataclass
class Quoted:
    """The same, its annotation a text."""

    name: str
    amount: "dataclasses.InitVar[int]" = 0


@dataclasses.dataclass(eq=False)
class Thing:
    """Equal to itself alone."""

    x: int


ZONE = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Decimal("1.00"), 1),
        (Decimal("1.5"), Fraction(3, 2)),
        (Decimal("1E+99999999"), Decimal("10E+99999998")),
        (Decimal("0E+99999999"), 0),
        (Level.HIGH, 2),
        (Pair(1, 2), [1, 2]),
        ((1, 2.0), deque([1, 2])),
        ({1, 2}, frozenset({2.0, 1})),
        (OrderedDict(a=1, b=2), {"b": 2.0, "a": 1}),
        (datetime(2024, 1, 1, 12, tzinfo=UTC), datetime(2024, 1, 1, 14, tzinfo=ZONE)),
        (time(12, tzinfo=UTC), time(14, tzinfo=ZONE)),
        (Model(), Model(a=1.0)),
        (Point(1, "a"), Point(1.0, "a")),
        (Mood.GOOD, "good"),
        (Tag("a"), "a"),
        (SecretStr("a"), SecretStr("a")),
        (UUID(int=1), UUID(int=1)),
        (re.compile("a"), re.compile("a")),
        (float("inf"), float("inf")),
        (Decimal("NaN"), Decimal("NaN")),
        (b"a", b"a"),
    ],
)
def test_objects_share_a_text_if_they_are_equal(left: object, right: object) -> None:
    """By the types that annotations may name."""
    assert known_form(left) == known_form(right) is not None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Decimal("1E+99999999"), Decimal("1E+99999998")),
        (Decimal("1E+99999999"), Decimal("-1E+99999999")),
        (datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)),  # noqa: DTZ001 — the one without a zone
        (datetime(2024, 1, 1), date(2024, 1, 1)),  # noqa: DTZ001 — as above
        (time(12), time(12, tzinfo=UTC)),
        (Hue.RED, "red"),
        ({1}, [1]),
        (Model(), Model(a=2)),
        (Model(), Model(b=1)),  # type: ignore[call-arg]  # one more than it names
        (Point(1), Point(2)),
        (Point(1, "a"), Point(1, "b")),
        (noted("kg"), noted("lb")),
        (kept("a"), kept("b")),
        (Unit.KG, Unit.LB),
        (Access(8), Access(16)),
        (Point(1), {"x": 1}),
        (SecretStr("a"), SecretStr("b")),
        (AnyUrl("http://a/"), AnyUrl("http://b/")),
        (PurePosixPath("a"), "a"),
        ([PurePosixPath("a, PurePosixPath(b")], [PurePosixPath("a"), PurePosixPath("b")]),
        (b"a", "a"),
        (True, 1),
        (None, "None"),
    ],
)
def test_objects_that_are_not_equal_have_other_texts(left: object, right: object) -> None:
    """Of other types, or with other parts."""
    assert known_form(left) != known_form(right)


def test_an_object_whose_equality_is_not_known_has_no_text() -> None:
    """It counts as it was written."""
    own = type("Own", (list,), {})
    more = (Amount(1), Far(1, 2), Paid("a", 1), Quoted("a", 1), type("Path", (PurePosixPath,), {})("a"))
    for each in (object(), Thing(1), [Thing(1)], own([1]), (part for part in "ab"), str, *more):
        assert known_form(each) is None

    def keep(thing: Annotated[int, AfterValidator(Thing)], at: float = 0, more: object = own) -> None:
        """Keep it."""

    found = signature(keep)
    one, other = found.identify([("thing", 1)]), found.identify([("at", 0.0), ("thing", 1)])
    assert one.digests == other.digests
    assert not set(one.digests) & set(found.identify([("thing", 2)]).digests)


NODE: dict[str, Any] = {"type": "object", "properties": {"x": {"default": 1}, "next": {"$ref": "#/$defs/node"}}}


@settings(max_examples=20)
@given(st.integers(1, 30))
def test_schemas_that_go_in_circles_end(depth: int) -> None:
    """By references to themselves, alone and with defaults that have themselves in them."""
    value: Json = {}
    for _ in range(depth):
        value = {"next": value}
    circles = {"node": {**NODE, "default": {}}, "ring": {"allOf": [{"$ref": "#/$defs/ring"}] * 2}}

    async def call() -> None: ...

    whole = {"properties": {"a": {"$ref": "#/$defs/node"}, "b": {"$ref": "#/$defs/ring"}}, "$defs": circles}
    found = llmc.Tool.from_schema("t", "", whole, "write(x)", call).signature
    assert found.identify([("a", value), ("b", {})]) == found.identify([("b", {}), ("a", value)])
    assert found.identify([]) != found.identify([("a", {"x": 2})])


def test_positional_arguments_of_an_empty_schema_keep_their_order() -> None:
    """It takes what was written."""
    found = schema()
    assert found.identify([(None, 1), (None, 2)]) != found.identify([(None, 2), (None, 1)])
    assert found.identify([(None, 1.0), ("x", 2)]) == found.identify([(None, 1), ("x", 2.0)])


def test_what_does_not_fit_is_no_argument() -> None:
    """Where the function's own types have to be made."""

    def wait(until: date) -> None:
        """Wait."""

    with pytest.raises(ArgumentError, match="date"):
        signature(wait).identify([("until", "soon")])
