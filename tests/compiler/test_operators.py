"""Operators on JSON values."""

import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.expressions.operators import OPERATORS, OperandError, same
from llmc_compiler.expressions.terms import Json

ERROR: Any = ...
"""Where operands do not fit."""


@pytest.mark.parametrize(
    ("left", "op", "right", "result"),
    [
        (1, "+", 2, 3),
        (1, "+", 2.5, 3.5),
        ("a", "+", "b", "ab"),
        ([1], "+", ["a"], [1, "a"]),
        ({}, "+", {}, ERROR),
        (True, "+", 1, ERROR),
        ("a", "+", 1, ERROR),
        ("a", "+", ["b"], ERROR),
        (None, "+", 1, ERROR),
        (5, "-", 7, -2),
        ("a", "-", "a", ERROR),
        ([1], "-", [1], ERROR),
        (3, "*", 4, 12),
        ("ab", "*", 2, "abab"),
        (2, "*", "ab", "abab"),
        ([1, 2], "*", 2, [1, 2, 1, 2]),
        (2, "*", [1], [1, 1]),
        ("ab", "*", -1, ""),
        ([], "*", 10**17, []),
        ("ab", "*", 1.0, ERROR),
        ("ab", "*", True, ERROR),
        ("ab", "*", "ab", ERROR),
        (True, "*", 2, ERROR),
        (7, "/", 2, 3.5),
        (6, "/", 2, 3.0),
        (7, "//", 2, 3),
        (-7, "//", 2, -4),
        (7.5, "//", 2, 3.0),
        (-7, "%", 3, 2),
        ("%s", "%", "x", ERROR),
        (1, "/", 0, ERROR),
        (1, "//", 0, ERROR),
        (1, "%", 0.0, ERROR),
        (2, "**", 10, 1024),
        (2, "**", -1, 0.5),
        (2, "**", 0.5, 2**0.5),
        (0, "**", 0, 1),
        (0, "**", -1, ERROR),
        (-8, "**", 0.5, ERROR),
        (10.0, "**", 400, ERROR),
        (1e308, "*", 10, ERROR),
        (1e308, "+", 1e308, ERROR),
        (10**400, "/", 1, ERROR),
        (10**400, "+", 0.5, ERROR),
        (1, "<", 1.5, True),
        ("a", "<", "b", True),
        ("a", ">=", "b", False),
        (2, "<=", 2, True),
        (2, ">", 2, False),
        (True, "<", 2, ERROR),
        ("a", "<", 1, ERROR),
        ([1], "<", [2], ERROR),
        (None, "<", 1, ERROR),
        (1, "==", 1.0, True),
        (True, "==", 1, False),
        (False, "!=", 0, True),
        ([1, {"a": True}], "==", [1.0, {"a": True}], True),
        ([True], "==", [1], False),
        ({"a": 1, "b": 2}, "==", {"b": 2, "a": 1}, True),
        ({"a": 0}, "==", {"a": False}, False),
        ({"a": 0}, "==", {"b": 0}, False),
        ([1], "==", [1, 2], False),
        (None, "==", False, False),
        ("1", "==", 1, False),
        (1, "in", [2, 1.0], True),
        (True, "in", [1], False),
        ([True], "not in", [[1]], True),
        ("a", "in", {"a": 1}, True),
        (1, "in", {"1": 1}, ERROR),
        ("ell", "in", "hello", True),
        ("", "not in", "hello", False),
        (1, "in", "123", ERROR),
        ("a", "in", 3, ERROR),
        ("a", "in", None, ERROR),
    ],
)
def test_operators(left: Json, op: str, right: Json, result: Json) -> None:
    """Python's on numbers, texts, lists and mappings, with the exceptions of JSON; the type counts too."""
    if result is ERROR:
        with pytest.raises(OperandError, match=": "):
            OPERATORS[op](left, right)
    else:
        found = OPERATORS[op](left, right)
        assert found == result
        assert type(found) is type(result)


@pytest.mark.parametrize(
    ("left", "op", "right"),
    [
        (2, "**", 9_999),
        (2**5_000, "*", 2**4_999),
        (2**9_999, "+", 2**9_999 - 1),
        ("a", "*", 1024 * 1024),
        ("é" * 1024, "*", 512),
        ("a" * 1024 * 1024, "+", ""),
        ([0], "*", 100_000),
        ([0] * 50_000, "+", [0] * 50_000),
        (1, "**", 10**17),
        (0, "**", 10**17),
        (-1, "**", 10**17),
    ],
)
def test_what_is_just_small_enough_has_a_value(left: Json, op: str, right: Json) -> None:
    """The bounds are inclusive."""
    assert OPERATORS[op](left, right) is not None


@pytest.mark.parametrize(
    ("left", "op", "right"),
    [
        (2, "**", 10_000),
        (9, "**", 10**17),
        (-9, "**", 10**17),
        (2**5_000, "*", 2**5_000),
        (2**9_999, "+", 2**9_999),
        ("a", "*", 1024 * 1024 + 1),
        ("é" * 1024, "*", 513),
        ("a", "*", 10**17),
        ("a" * 1024 * 1024, "+", "a"),
        ("é" * 512 * 1024, "+", "a"),
        ([0], "*", 100_001),
        ([0], "*", 10**17),
        ([0] * 50_000, "+", [0] * 50_001),
        (["x" * 1_000], "*", 100_000),
        ([[0] * 1_000], "*", 1_000),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_made(left: Json, op: str, right: Json) -> None:
    """However large it would have been."""
    with pytest.raises(OperandError, match="has more than"):
        OPERATORS[op](left, right)


NUMBERS = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6, allow_nan=False)
ARITHMETIC: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@given(NUMBERS, st.sampled_from(sorted(ARITHMETIC)), NUMBERS)
def test_numbers_are_pythons(left: float, op: str, right: float) -> None:
    """On small numbers every operator gives what Python gives, of the same type."""
    try:
        expected = ARITHMETIC[op](left, right)
    except ZeroDivisionError:
        with pytest.raises(OperandError, match="divides by zero"):
            OPERATORS[op](left, right)
        return
    found: Any = OPERATORS[op](left, right)
    assert (found, type(found)) == (expected, type(expected))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from([0.0, 1.0, 0.5]) | st.sampled_from(["", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(JSON, JSON, JSON)
def test_equality_is_one(one: Json, two: Json, three: Json) -> None:
    """Everything equals itself, in both directions, and what equals the same is equal."""
    assert same(one, one)
    assert same(one, two) == same(two, one)
    if same(one, two) and same(two, three):
        assert same(one, three)
    if same(one, two):
        assert one == two
