"""Binding: which argument goes to which parameter."""

import pytest

from llmc_compiler.tools.argument_binding import (
    ANYTHING,
    ExtraPositional,
    Misfit,
    MissingParameter,
    RepeatedParameter,
    Shape,
    UnknownParameter,
    bind,
)

PLAIN = Shape(("a", "b"), frozenset({"a", "b", "c"}), ("a", "c"))
STARRED = Shape(("a",), frozenset({"a"}), ("a",), more_positional=True, more_named=True)
BY_POSITION = Shape(("a", "b"), frozenset({"b"}), ("a",), more_named=True)

CASES: list[tuple[Shape, list[str | None], list[str | None], list[Misfit]]] = [
    (PLAIN, [None, None, "c"], ["a", "b", "c"], []),
    (PLAIN, ["c", "b", "a"], ["c", "b", "a"], []),
    (PLAIN, [None, "c"], ["a", "c"], []),
    (PLAIN, [], [], [MissingParameter("a"), MissingParameter("c")]),
    (PLAIN, [None, None, None, "c"], ["a", "b", None, "c"], [ExtraPositional(2)]),
    (PLAIN, [None, "a", "c"], ["a", "a", "c"], [RepeatedParameter(1, "a")]),
    (PLAIN, [None, "d"], ["a", "d"], [UnknownParameter(1, "d"), MissingParameter("c")]),
    (STARRED, [None, None, None, "z"], ["a", None, None, "z"], []),
    (STARRED, ["a", "z"], ["a", "z"], []),
    (STARRED, ["z"], ["z"], [MissingParameter("a")]),
    (BY_POSITION, [None, "b", "z"], ["a", "b", "z"], []),
    (BY_POSITION, ["a"], ["a"], [UnknownParameter(0, "a")]),
    (ANYTHING, [None, None, "x", "y"], [None, None, "x", "y"], []),
    (ANYTHING, [], [], []),
]


@pytest.mark.parametrize(("shape", "names", "bound", "misfits"), CASES)
def test_arguments_find_their_parameters(
    shape: Shape, names: list[str | None], bound: list[str | None], misfits: list[Misfit]
) -> None:
    """Positional ones in order, keywords by name; what does not fit is told one by one."""
    assert bind(shape, names) == (tuple(bound), tuple(misfits))
