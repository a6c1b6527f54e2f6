"""What comes in from tools is checked and copied."""

import math
from collections import OrderedDict
from enum import Enum, IntEnum
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BeforeValidator, PlainSerializer

from llmc_compiler.expressions.memory_limit import NoRoomError
from llmc_compiler.expressions.terms import Json
from llmc_compiler.tools.functions.annotation import Annotation
from llmc_compiler.tools.signature import ResultBounds, ResultError
from llmc_runtime import values
from llmc_runtime.values import NotJsonError, Steps, freeze, measure, receive, thaw

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


RAW = st.recursive(
    st.sampled_from(
        [
            *(None, True, 0, -1, 2**60, 2**60 - 1, -(2**60), 2**10_000, 1.5, math.nan, math.inf),
            *(
                "",
                "text",
                "é",
                "λ" * 40,
                "é" * 70,
                "\U0001f600",
                "\ud800",
                Colour.RED,
                Size.SMALL,
                Length(2),
                b"x",
                {1},
            ),
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=2).map(tuple)
        | st.dictionaries(st.sampled_from(["a", "é", "\ud800", 1, Colour.RED]), inner, max_size=3)
    ),
    max_leaves=8,
)


def received(value: object, bounds: ResultBounds) -> tuple[str, int]:
    """The copy that a run keeps, with the types in it, or the error; and the room that it takes."""
    try:
        copied, taken = receive(value, lambda result, _: result, bounds, 10_000)
        return repr(copied), taken
    except (NotJsonError, NoRoomError, ResultError) as error:
        return f"{type(error).__name__} {error}", 0


@given(RAW, st.integers(0, 400), st.integers(1, 5))
def test_both_walks_give_the_same(value: object, size: int, depth: int) -> None:
    """The quick one of plain data, and the slow ones of anything: copies, sizes and errors."""
    quick = received(value, ResultBounds(size, depth))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(values, "_plain", lambda *_, **__: None)
        assert received(value, ResultBounds(size, depth)) == quick


@pytest.mark.parametrize(
    ("value", "expected"), [([{"a": [1, 2.5, "x", None, True]}], True), ((1,), False), ([Size.SMALL], False)]
)
def test_plain_data_takes_the_quick_walk_alone(value: object, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything else takes the slow ones too."""
    slow: list[object] = []
    copied = values._copied  # noqa: SLF001 — counted here

    def counted(value: object, steps: Steps) -> Json:
        slow.append(value)
        return copied(value, steps)

    monkeypatch.setattr(values, "_copied", counted)
    receive(value, lambda result, _: result, ResultBounds())
    assert (slow == []) is expected


@pytest.mark.parametrize("parts", [4_096, 4_097, 20_000])
def test_large_data_is_the_same(parts: int) -> None:
    """Whether it is copied before it is measured, or after."""
    value = [{"a": number} for number in range(parts // 2)]
    copied, taken = receive(value, lambda result, _: result, ResultBounds())
    assert copied == value
    assert taken == measure(value) == 56 + parts // 2 * (8 + 64 + 100 + 51 + 32)


def test_a_result_is_checked_as_it_is_kept() -> None:
    """Though a thread of the tool changes its own object meanwhile."""
    value: list[Any] = [1]

    def accept(result: object, _: ResultBounds) -> object:
        value.append(math.nan)
        return result

    assert receive(value, accept, ResultBounds())[0] == [1]


def test_a_conversion_shares_nothing_with_the_run() -> None:
    """Code of an annotation sees the copy that is checked; the run keeps another."""
    seen: list[Any] = []

    def keep(items: list[Any]) -> list[Any]:
        seen.append(items)
        return items

    kept = Annotated[list[Any], BeforeValidator(keep), AfterValidator(keep), PlainSerializer(keep)]
    found = Annotation(kept, "it")
    value, _ = receive([[1]], found.dump, ResultBounds())
    assert len(seen) == 3
    assert not set(containers(seen)) & set(containers(value))
