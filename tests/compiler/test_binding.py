"""Binding: which argument goes to which parameter."""

import pytest

from llmc_compiler.binding import ANYTHING, Misfit, Missing, Shape, TooMany, Twice, Unknown, bind

PLAIN = Shape(("a", "b"), frozenset({"a", "b", "c"}), ("a", "c"))
STARRED = Shape(("a",), frozenset({"a"}), ("a",), more_positional=True, more_named=True)
BY_POSITION = Shape(("a", "b"), frozenset({"b"}), ("a",), more_named=True)

CASES: list[tuple[Shape, list[str | None], list[str | None], list[Misfit]]] = [
    (PLAIN, [None, None, "c"], ["a", "b", "c"], []),
    (PLAIN, ["c", "b", "a"], ["c", "b", "a"], []),
    (PLAIN, [None, "c"], ["a", "c"], []),
    (PLAIN, [], [], [Missing("a"), Missing("c")]),
    (PLAIN, [None, None, None, "c"], ["a", "b", None, "c"], [TooMany(2)]),
    (PLAIN, [None, "a", "c"], ["a", "a", "c"], [Twice(1, "a")]),
    (PLAIN, [None, "d"], ["a", "d"], [Unknown(1, "d"), Missing("c")]),
    (STARRED, [None, None, None, "z"], ["a", None, None, "z"], []),
    (STARRED, ["a", "z"], ["a", "z"], []),
    (STARRED, ["z"], ["z"], [Missing("a")]),
    (BY_POSITION, [None, "b", "z"], ["a", "b", "z"], []),
    (BY_POSITION, ["a"], ["a"], [Unknown(0, "a")]),
    (ANYTHING, [None, None, "x", "y"], [None, None, "x", "y"], []),
    (ANYTHING, [], [], []),
]


@pytest.mark.parametrize(("shape", "names", "bound", "misfits"), CASES)
def test_arguments_find_their_parameters(
    shape: Shape, names: list[str | None], bound: list[str | None], misfits: list[Misfit]
) -> None:
    """Positional ones in order, keywords by name; what does not fit is told one by one."""
    assert bind(shape, names) == (tuple(bound), tuple(misfits))
