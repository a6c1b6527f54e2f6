"""What values take in memory, and room for them."""

import sys
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmc_compiler.expressions import evaluation
from llmc_compiler.expressions.compact_json import compact, length_as_json
from llmc_compiler.expressions.environment import EvaluationError
from llmc_compiler.expressions.evaluation import evaluate
from llmc_compiler.expressions.memory_limit import MemoryRoom, NoRoomError, copied_bytes, own_bytes, text_bytes
from llmc_compiler.expressions.terms import Apply, Binary, Const, Get, Json, ListOf, MapOf, NodeId, Template, Term
from tests.compiler.test_evaluation import Fake

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 50),
        ("x" * 1_000, 1_050),
        ("é" * 1_000, 1_050),
        ("λ" * 1_000, 2_050),
        ("x" * 999 + "\U0001f600", 4_050),
        ("é", 51),
        ("aλ", 54),
        ("\U0001f600", 54),
    ],
)
def test_a_text_counts_its_widest_character(text: str, size: int) -> None:
    """For each of its characters."""
    assert text_bytes(text) == size
    assert abs(sys.getsizeof(text) - size) < 30


@pytest.mark.parametrize(
    ("value", "size"),
    [(None, 0), (True, 0), (1, 32), (1.5, 32), ([], 56), ([0, None], 56 + 16 + 32), ({"key": {}}, 64 + 100 + 64)],
)
def test_other_values(value: Json, size: int) -> None:
    """As the module says."""
    assert copied_bytes(value) == size


@given(JSON)
@settings(max_examples=25)
def test_the_count_is_not_much_less_than_what_is_taken(value: Json) -> None:
    """By the sum of what CPython says of each object."""
    open_, taken = [value], 0
    while open_:
        each = open_.pop()
        taken += 0 if each is None or isinstance(each, bool) else sys.getsizeof(each)
        open_ += each if isinstance(each, list) else [*each.values()] if isinstance(each, dict) else []
    assert copied_bytes(value, text_bytes) >= taken * 2 / 3


LONG: Final = Binary("*", Const("x"), Const(1_000))


PARTS: Final = Apply("split", (("s", Const("aa bb")),))


def built(term: Term, left: int = 10**9) -> tuple[int, int]:
    """The bytes that are built and not used up, and those that are kept with the value."""
    room = MemoryRoom(left)
    value = evaluate(term, Fake(), room)
    return room.built, room.kept(value)


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (LONG, (1_050, 1_050)),
        (Const("x" * 1_000), (0, 0)),
        (Const([1]), (0, 96)),
        (Binary("+", LONG, LONG), (2_050, 2_050)),
        (Binary("==", LONG, LONG), (0, 0)),
        (Template(("a", LONG)), (1_051, 1_051)),
        (Template((LONG,)), (1_050, 1_050)),
        (ListOf((LONG, LONG)), (72 + 2_100, 72 + 2_100)),
        (Binary("*", ListOf((LONG,)), Const(10)), (136 + 1_050, 136 + 1_050)),
        (MapOf((("a", LONG),)), (164 + 1_050, 164 + 1_050)),
        (Binary("or", Const(0), LONG), (1_050, 1_050)),
        (Get(NodeId("a"), ("x",)), (0, 268)),
        (PARTS, (72 + 2 * 52, 72 + 2 * 52)),
        (Apply("sorted", (("xs", PARTS),)), (72 + 2 * 52, 72 + 2 * 52)),
        (Apply("zip", (("xs", PARTS), ("ys", PARTS))), (72 + 4 * 52, 72 + 2 * 72 + 4 * 52)),
        (Apply("len", (("x", PARTS),)), (0, 32)),
        (Apply("join_text", (("xs", PARTS),)), (54, 54)),
        (Apply("reversed", (("xs", Const(["a" * 1_000])),)), (64, 64)),
        (Apply("range", (("a", Const(3)),)), (80 + 3 * 32, 80 + 3 * 32)),
        (Apply("parse_json", (("s", Const('{"a":["bc"]}')),)), (164 + 64 + 52, 164 + 64 + 52)),
    ],
)
def test_what_is_built_counts_once(term: Term, expected: tuple[int, int]) -> None:
    """What is used up does not, and what was there before only as the copy that a result is."""
    assert built(term) == expected


@pytest.mark.parametrize(
    "term", [LONG, Binary("*", Const([0]), Const(200)), Template((Get(NodeId("a"), ("x",)),) * 200)]
)
def test_there_has_to_be_room_before(term: Term) -> None:
    """For the value, and for all that is on the way to it."""
    size = built(term)[0]
    assert built(term, size)[0] == size
    with pytest.raises(NoRoomError):
        built(term, size - 1)


@given(JSON)
@settings(max_examples=25)
def test_the_length_of_json_is_known_without_writing_it(value: Json) -> None:
    """To the character."""
    assert length_as_json(value, sys.maxsize) == len(compact(value))


@pytest.mark.parametrize("rule", [length_as_json, lambda value, _: len(vars(evaluation)["compact"](value))])
def test_a_text_that_is_too_long_is_not_put_together(rule: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    """A list of long integers has far more characters than parts; the control writes it to know."""
    written: list[Json] = []

    def write(value: Json) -> str:
        written.append(value)
        return compact(value)

    monkeypatch.setattr(evaluation, "compact", write)
    monkeypatch.setattr(evaluation, "length_as_json", rule)
    monkeypatch.setattr(evaluation, "VALUE_TEXT", 10**6)
    env = Fake()
    env.nodes["n"] = [2**9_999] * 600
    with pytest.raises(EvaluationError, match="the text is longer than"):
        evaluate(Template(("x", Get(NodeId("n")))), env)
    assert len(written) == (rule is not length_as_json)


def test_an_own_size_is_that_of_the_outside() -> None:
    """What is in it counts besides."""
    inside: Any = ["x" * 1_000]
    assert own_bytes([inside]) == own_bytes([None]) == 64
