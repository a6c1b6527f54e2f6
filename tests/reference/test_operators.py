"""Operators of the reference, one by one."""

import pytest

from tests.reference.operators import EvaluationError, Json, as_text, binary, step, unary


@pytest.mark.parametrize(
    ("left", "op", "right", "expected"),
    [
        (7, "//", 2, 3),
        (-7, "//", 2, -4),
        (-7, "%", 3, 2),
        (7, "/", 2, 3.5),
        (2, "**", 10, 1024),
        (2, "**", -1, 0.5),
        (1, "+", 0.5, 1.5),
        ("ab", "+", "cd", "abcd"),
        ([1], "+", [2], [1, 2]),
        ("ab", "*", 2, "abab"),
        (2, "*", [1], [1, 1]),
        ("ab", "*", -1, ""),
        (1, "==", 1.0, True),
        (True, "==", 1, False),
        ([True], "==", [1], False),
        ({"k": [1]}, "==", {"k": [1.0]}, True),
        ({"k": 1}, "!=", {"l": 1}, True),
        (None, "==", False, False),
        ("a", "<", "b", True),
        (1, "<=", 1.0, True),
        (1, "in", [1.0, 2], True),
        (True, "in", [1], False),
        ("k", "in", {"k": 0}, True),
        ("b", "not in", "abc", False),
    ],
)
def test_an_operator_has_a_value(left: Json, op: str, right: Json, expected: Json) -> None:
    """Operators compute as Python's do, on equal types of values."""
    found = binary(op, left, right)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("left", "op", "right"),
    [
        (True, "+", 1),
        ("a", "+", 1),
        ([1], "+", "a"),
        ("a", "*", 1.0),
        ("a", "*", True),
        (1, "/", 0),
        (1, "//", 0.0),
        (0, "**", -1),
        (-1, "**", 0.5),
        (2, "**", 10_000),
        (1 << 6_000, "*", 1 << 6_000),
        (1e300, "*", 1e300),
        (10**400, "+", 0.5),
        ("ab", "*", 1 << 20),
        ([1], "*", 100_001),
        (1, "<", "a"),
        (True, "<", 2),
        ([1], "<", [2]),
        (1, "in", 1),
        (1, "in", "1"),
        (1, "in", {"1": 0}),
    ],
)
def test_an_operator_refuses(left: Json, op: str, right: Json) -> None:
    """Any other operand is an error, and so is a result that is too large or no number."""
    with pytest.raises(EvaluationError):
        binary(op, left, right)


def test_a_sign_is_for_numbers() -> None:
    """`-` takes numbers only, `not` anything."""
    assert unary("-", 2) == -2
    assert unary("not", []) is True
    with pytest.raises(EvaluationError):
        unary("-", value=True)


@pytest.mark.parametrize(
    ("value", "key", "expected"), [({"k": 1}, "k", 1), ([1, 2], -1, 2), ([1, 2], 0, 1), ({"k": None}, "k", None)]
)
def test_a_step_finds(value: Json, key: str | int, expected: Json) -> None:
    """A text leads into a mapping, an integer into a list."""
    assert step(value, key) == expected


@pytest.mark.parametrize(("value", "key"), [({"k": 1}, "l"), ([1], 1), ([1], -2), ("text", 0), ([1], "k"), (None, "k")])
def test_a_step_refuses(value: Json, key: str | int) -> None:
    """What is missing, or cannot be there, is an error."""
    with pytest.raises(EvaluationError):
        step(value, key)


@pytest.mark.parametrize(
    ("value", "expected"), [("é", "é"), (None, "null"), (1.0, "1.0"), ({"é": [1, True]}, '{"é":[1,true]}')]
)
def test_a_value_as_text(value: Json, expected: str) -> None:
    """A text stays as it is, anything else is compact JSON."""
    assert as_text(value) == expected
