"""Arguments of which something is left out that has no certain default may be the same as others."""

import dataclasses
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from pydantic import BaseModel, Field, PrivateAttr

from llmc_compiler.expressions.operators import same
from llmc_compiler.expressions.terms import Json
from llmc_compiler.expressions.value_identity import likeness
from llmc_compiler.tools.signature import Identified
from tests.compiler.test_schema_defaults import X, by_whole
from tests.compiler.test_value_identity import VALUES, signature


def may_be(one: Identified, other: Identified) -> bool:
    """Whether two may be the same."""
    assert one.likeness is not None
    assert other.likeness is not None
    return one.likeness.may_be(other.likeness)


UNCERTAIN: list[tuple[dict[str, Any], Json, Json]] = [
    ({"anyOf": [X, {"type": "object"}]}, {}, {"x": 1}),
    ({"anyOf": [X, True]}, {}, {"x": 1}),
    ({"anyOf": [X, {"properties": {"x": {"default": 2}}}]}, {"o": 1}, {"o": 1, "x": 2}),
    ({"allOf": [X, {"properties": {"x": {"default": 2}}}]}, {}, {"x": 1}),
    ({"allOf": [{"$ref": "elsewhere"}]}, {}, {"x": 1}),
    ({"$ref": "#/$defs/loop"}, {}, {"next": {}}),
]


@pytest.mark.parametrize(("parameter", "left", "right"), UNCERTAIN)
def test_what_a_schema_leaves_open_is_not_certain(parameter: dict[str, Any], left: Json, right: Json) -> None:
    """The two may be the same; a third one that says something else is not."""
    loop = {"properties": {"next": {"$ref": "#/$defs/loop", "default": {}}}}
    found = by_whole({"a": parameter, "b": {}}, **{"$defs": {"loop": loop}})
    one, other = found.identify([("a", left)]), found.identify([("a", right)])
    assert not set(one.digests) & set(other.digests)
    assert may_be(one, other)
    assert may_be(other, one)
    third, fourth = found.identify([("a", left), ("b", 1)]), found.identify([("a", left), ("b", 2)])
    assert not may_be(third, fourth)


class Made(BaseModel):
    """A model with a part that is made anew."""

    name: str = "ann"
    tags: list[str] = Field(default_factory=list)
    metadata: UUID = Field(default_factory=uuid4)


class Hidden(BaseModel):
    """A model with a private one."""

    name: str = "ann"
    _number: UUID = PrivateAttr(default_factory=uuid4)


class Tagged(BaseModel):
    """A model with a part that is the same each time."""

    name: str = "ann"
    tags: list[str] = Field(default_factory=list)


@dataclasses.dataclass
class Stamped:
    """A dataclass with a part that is made anew."""

    name: str = "ann"
    number: UUID = dataclasses.field(default_factory=uuid4)


@pytest.mark.parametrize("kind", [Made, Hidden, Stamped])
@pytest.mark.parametrize("around", [None, list])
def test_what_code_makes_anew_is_not_certain(kind: Any, around: Any) -> None:  # noqa: ANN401 — a model
    """Wherever it stands; two that say the same of all that they both say may be the same."""

    def put(thing: object, times: int = 1) -> None: ...

    put.__annotations__["thing"] = kind if around is None else around[kind]
    found = signature(put)

    def of(value: dict[str, Json], **more: Json) -> Identified:
        return found.identify([("thing", value if around is None else [value]), *more.items()])

    assert may_be(of({}), of({"name": "ann"}))
    assert may_be(of({}), of({"name": "ann"}, times=1))
    assert not may_be(of({"name": "ann"}), of({"name": "bob"}))
    assert not may_be(of({}), of({}, times=2))
    assert set(of({}).digests) & set(of({}).digests)


def test_what_is_the_same_each_time_is_certain() -> None:
    """There is nothing to compare."""

    def put(thing: Tagged) -> None: ...

    one = signature(put).identify([("thing", {})])
    other = signature(put).identify([("thing", {"tags": []})])
    assert set(one.digests) & set(other.digests)
    assert one.likeness is other.likeness is None


@given(VALUES, VALUES)
def test_equal_arguments_may_be_the_same(left: Json, right: Json) -> None:
    """And others only where one of them says less; two that are certain never."""
    one, other = (likeness([("a", value)], is_certain=False) for value in (left, right))
    assert one.may_be(likeness([("a", left)], is_certain=True))
    assert one.may_be(other) is other.may_be(one)
    assert one.may_be(other) or not same(left, right)
    assert not likeness([("a", left)], is_certain=True).may_be(likeness([("a", left)], is_certain=True))
    if not isinstance(left, dict):
        assert one.may_be(other) is same(left, right) or isinstance(left, list)


def test_many_parts_are_not_all_kept() -> None:
    """The first ones are compared."""
    found = likeness([("a", [*range(10_000)]), ("b", 1)], is_certain=False)
    assert len(found.parts) < 1_000
    assert not found.may_be(likeness([("a", [*range(10_000)]), ("b", 2)], is_certain=False))
