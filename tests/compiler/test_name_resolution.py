"""Names: which are taken, and which references are good."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.ir.graph import Graph
from tests.compiler.compiling import compiled


def codes(text: str) -> list[str]:
    """The codes of a plan's mistakes, by place."""
    try:
        compiled(text)
    except CompileError as error:
        return [found.code for found in error.diagnostics]
    return []


USES = st.lists(st.lists(st.integers(0, 5), max_size=2), min_size=1, max_size=6)


@given(USES)
def test_every_bad_reference_is_told_once_for_what_it_is(uses: list[list[int]]) -> None:
    """To itself, in a circle, to a later line, or to nothing; a reference to a line above is good."""
    reached = {task: set(used) for task, used in enumerate(uses)}
    for _ in uses:
        reached = {task: set(used).union(*(reached.get(one, ()) for one in used)) for task, used in reached.items()}
    expected = []
    for task, used in enumerate(uses):
        for one in used:
            if one == task:
                expected.append("E204")
            elif one >= len(uses):
                expected.append("E202")
            elif one > task:
                expected.append("E205" if task in reached[one] else "E203")
    text = "\n".join(f"n{task} = f({', '.join(f'$n{one}' for one in used)})" for task, used in enumerate(uses))
    assert codes(f"{text}\njoin()") == expected


def test_a_circle_is_shown_from_its_first_task() -> None:
    """The shortest way round, whatever else hangs on it."""
    with pytest.raises(CompileError) as caught:
        compiled("x = f($a)\na = f($c)\nb = f($a)\nc = f($b, $a)\njoin($x)")
    titles = [found.words("title") for found in caught.value.diagnostics]
    assert titles == ["`$a` is used before it is defined", "these tasks wait for each other: `a` → `c` → `a`"]


@pytest.mark.parametrize(
    "text",
    [
        "input a: str\n1. f($a)\njoin($1)",
        "1. f($x) for x in [1]\n2. g($x) for x in $1\njoin($2)",
        "1. f($x) for x in [1]\njoin()",
        "3. f(1)\n1. f($3)\n2. f($1)\njoin($2)",
        "_ = f(1)\nA = f($_)\na = f($A)\njoin($a)",
        "1. f(1) @fallback(2)\n2. f($1) @fallback($1)\njoin($2)",
    ],
)
def test_these_names_are_good(text: str) -> None:
    """Numbers in any order, a loop's name twice, names that differ in case."""
    assert codes(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. f($x) for x in $x\njoin($1)", ["E202"]),
        ("1. f(1) for x in [1] if $y\njoin($1)", ["E202"]),
        ("x = f($x) for x in [1]\njoin($x)", ["E213"]),
        ("1. f(1) if $1\njoin($1)", ["E204"]),
        ("1. f(1) @fallback($2)\n2. f(1)\njoin($1)", ["E203"]),
        ("1. f($2, $2)\n2. f(1)\njoin($1)", ["E203", "E203"]),
        ("f($1)\njoin()", ["E204"]),
        ("1. f($join)\njoin($1)", ["E202"]),
        ("1. f(1)\njoin($join)", ["E202"]),
        ("9999. f(1)\nf(2)\nf(3)\njoin()", ["E207", "E207"]),
        ("9999. f(1)\na = f(2)\njoin()", []),
    ],
)
def test_a_name_is_known_where_it_is_known(text: str, expected: list[str]) -> None:
    """A loop's name in filter and body alone, a task's below it alone."""
    assert codes(text) == expected


@given(st.lists(st.none() | st.integers(1, 30), max_size=10))
def test_automatic_numbers_are_one_above_the_highest(binders: list[int | None]) -> None:
    """Whatever numbers were written; a number that is taken is the later line's mistake."""
    given_numbers: list[int] = []
    repeated = 0
    for binder in binders:
        number = binder or max(given_numbers, default=0) + 1
        repeated += number in given_numbers
        given_numbers.append(number)
    text = "\n".join(f"{binder}. f(1)" if binder else "f(1)" for binder in binders)
    if repeated:
        assert codes(f"{text}\njoin()") == ["E206"] * repeated
    else:
        assert list(compiled(f"{text}\njoin()").tasks) == list(map(str, given_numbers))


def chain(length: int) -> Graph:
    """The graph of tasks that each use the one above."""
    names = [f"n{number}" for number in range(length)]
    lines = ["n0 = f(1)", *(f"{name} = f(${above})" for above, name in pairwise(names))]
    return compiled("\n".join(lines))


def test_a_long_chain_is_no_circle() -> None:
    """Also where networkx is not asked."""
    assert len(chain(300).nodes) == 301
