"""What comes in from tools is checked and copied."""

import math
from collections import OrderedDict
from enum import Enum, IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.expressions.terms import Json
from llmc_runtime.values import NotJsonError, freeze, thaw

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


class Colour(str, Enum):  # noqa: UP042 — a StrEnum has a text of its own
    """A text that is more than a text."""

    RED = "red"

    def __str__(self) -> str:
        """Something else."""
        return "the colour red"


class Size(IntEnum):
    """An integer that is more than an integer."""

    SMALL = 1


class Length(float):
    """A number that is more than a number."""


@given(JSON)
def test_json_data_comes_in_and_goes_out_unchanged(value: Json) -> None:
    """Data made of JSON's types is equal to its frozen and its thawed copy."""
    assert freeze(value) == value
    assert thaw(freeze(value)) == value


def containers(value: object) -> list[int]:
    """The identities of all lists and mappings in a value."""
    if isinstance(value, dict):
        return [id(value), *(key for each in value.values() for key in containers(each))]
    return [id(value), *(key for each in value for key in containers(each))] if isinstance(value, list) else []


def test_copies_share_no_container() -> None:
    """Neither copy has a list or a mapping of the other or of the original."""
    original = {"a": [1, {"b": []}], "c": {}}
    frozen = freeze(original)
    thawed = thaw(frozen)
    assert not set(containers(original)) & set(containers(frozen))
    assert not set(containers(frozen)) & set(containers(thawed))
    assert len(set(containers(thawed))) == 5


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ((1, (2,)), [1, [2]]),
        (Colour.RED, "red"),
        (Size.SMALL, 1),
        (Length(1.5), 1.5),
        (OrderedDict(a=Colour.RED), {"a": "red"}),
        ({Colour.RED: 1}, {"red": 1}),
        (True, True),
        ("\U0001f600 ünï", "\U0001f600 ünï"),
    ],
)
def test_subclasses_become_plain(value: object, plain: object) -> None:
    """What is left are JSON's own types."""
    frozen = freeze(value)
    assert frozen == plain
    assert type(frozen) is type(plain)
    if isinstance(frozen, dict):
        assert [type(key) for key in frozen] == [str]


def nested(depth: int) -> list[Any]:
    """A list in a list, and so on."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"x", "`result` is of type `bytes`, which is not JSON"),
        ({"items": [1, 2, 3, {4}]}, "`result.items[3]` is of type `set`, which is not JSON"),
        ([object()], "`result[0]` is of type `object`, which is not JSON"),
        ([math.nan], "`result[0]` is nan, which is not JSON: give `None` instead"),
        (-math.inf, "`result` is -inf, which is not JSON: give `None` instead"),
        ({"a": {1: 2}}, "`result.a` is a mapping with a key of type `int`, not text"),
        (["\ud800"], "`result[0]` is a text with a lone surrogate"),
        ({"\ud800": 1}, "`result` is a text with a lone surrogate"),
        ([2**10_000], "`result[0]` is an integer of more than 10,000 bits"),
        (CYCLE, "`result` is nested more than 100 deep, or contains itself"),
        (nested(100_000), "`result` is nested more than 100 deep, or contains itself"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(value: object, message: str) -> None:
    """The error names the place in the result and what is there."""
    with pytest.raises(NotJsonError) as caught:
        freeze(value)
    assert str(caught.value) == message


def test_what_is_just_small_enough_is_taken() -> None:
    """A hundred levels and ten thousand bits are fine."""
    assert freeze(nested(99)) == nested(99)
    assert freeze(2**10_000 - 1) == 2**10_000 - 1
