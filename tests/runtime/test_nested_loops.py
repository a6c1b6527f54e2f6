"""Loops inside loops: instances at every depth, flat lists, and effects in the order of the elements."""

import asyncio
from typing import Any, Final

import pytest

from llmc_compiler.tools.decorators import nondet, pure, read, write
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.errors import Blocked, ExpressionFailed, LimitReached, LoopFailed, ToolFailed
from llmc_runtime.limits import Limits
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from tests.compiler.compiling import compiled
from tests.runtime import clock
from tests.runtime.build import times, trace
from tests.runtime.fakes import OutageError, slow


@nondet
async def wait(seconds: float) -> object:
    """The seconds, after so many of them; negative ones fail at once."""
    if seconds < 0:
        raise OutageError(f"{seconds} is negative")
    await asyncio.sleep(seconds)
    return seconds


@pure
async def upto(number: int) -> list[int]:
    """The numbers below."""
    return list(range(number))


@read("r")
async def look(value: object = None) -> object:
    """Read the resource for a second."""
    await asyncio.sleep(1)
    return value


@write("r")
async def put(value: object = None) -> object:
    """Write the resource for a second."""
    await asyncio.sleep(1)
    if value == "bad":
        raise OutageError("the disk is full")
    return value


TOOLS: Final = Toolbox([wait, upto, look, put, slow])


def run(text: str, **options: Any) -> Run:
    """Run a plan without passes, in virtual time."""
    return clock.run(execute(compiled(text, TOOLS), {}, **options))


def failure(text: str, **options: Any) -> LoopFailed:
    """The error of task `a`, which is a loop."""
    found = run(text, **options).errors["a"]
    assert isinstance(found, LoopFailed)
    return found


def test_a_row_of_loops_gives_one_list_at_once() -> None:
    """In the order of Python; all calls run at the same time."""
    found = run("a = wait($x * 10 + $y) for x in [2, 1] for y in upto($x)\njoin($a)")
    assert found.value == [20, 21, 10]
    assert found.seconds == 21


def test_lists_in_lists_keep_their_shape() -> None:
    """Each pair of brackets is a list, also without elements."""
    found = run("a = [[wait($y) for y in upto($x)] for x in [2, 0, 1]]\njoin($a)")
    assert found.value == [[0, 1], [], [0]]


def test_three_loops_in_a_row_with_filters() -> None:
    """A filter leaves its element out, with everything inside."""
    text = (
        "a = wait($x + $y + $z) for x in [1, 2] if wait($x) > 1 for y in [0, 1] for z in upto(3) if $z != 1\njoin($a)"
    )
    assert run(text).value == [x + y + z for x in [1, 2] if x > 1 for y in [0, 1] for z in range(3) if z != 1]


def test_a_list_with_calls_stands_anywhere() -> None:
    """In arguments, behind conditions, and in the join."""
    text = "a = wait([wait($x) for x in [1, 2]][1])\njoin([wait($x) for x in [3]] if $a == 2 else [wait(9)], $a)"
    found = run(text)
    assert found.value == [[3], 2]
    assert found.calls == 4


def test_an_unreached_list_makes_no_calls() -> None:
    """Neither its elements nor its source."""
    found = run("a = [wait($x) for x in upto(3)] if wait(0) else [1]\njoin($a)")
    assert found.value == [1]
    assert found.calls == 1


def test_a_nested_loop_opens_as_soon_as_its_source_is_known() -> None:
    """Only its nodes and its end wait for earlier effects; reads of all elements run at the same time."""
    found = run("w = put(1)\na = [[look($y), wait($y)] for x in [1, 2] for y in [$x]]\njoin($a)")
    assert found.value == [[1, 1], [2, 2]]
    starts = times(found, "started")
    assert [starts[f"a/each/each/i1[{index}][0]"] for index in range(2)] == [0, 0]
    assert [starts[f"a/each/each/i0[{index}][0]"] for index in range(2)] == [1, 1]


def test_writes_happen_in_the_order_of_all_elements() -> None:
    """One after the other, inside an element and from one outer element to the next."""
    found = run("a = put([$x, $y]) for x in [1, 2] for y in [1, 2]\njoin($a)")
    starts = times(found, "started")
    assert [starts[f"a/each/each[{outer}][{inner}]"] for outer in range(2) for inner in range(2)] == [0, 1, 2, 3]


def test_an_empty_element_between_passes_the_order_on() -> None:
    """The third outer element waits for the first, though the second has no elements."""
    found = run("a = put([$x, $y]) for x in [2, 0, 1] for y in range($x)\njoin($a)")
    starts = times(found, "started")
    assert [starts[f"a/each/each{at}"] for at in ("[0][0]", "[0][1]", "[2][0]")] == [0, 1, 2]
    ends = times(found, "finished")
    assert ends["a/each[1]"] == ends["a/each[0]"] == 2


def test_what_comes_after_in_the_element_waits_for_the_nested_loop() -> None:
    """And the next element for that; a loop that may write waits for earlier reads, even if it has no elements."""
    found = run("a = [[put($y) for y in range($x)], look()] for x in [2, 0]\njoin($a)")
    starts = times(found, "started")
    assert starts["a/each/i1[0]"] == 2
    assert starts["a/each/i1[1]"] == 3


def test_a_failed_write_blocks_the_writes_of_later_elements() -> None:
    """At every depth, also behind an element without any; the list names the first by its position in one row."""
    found = failure('a = put($y) for x in [["ok", "bad", "no"], [], ["no"]] for y in $x\njoin($a)')
    assert found.index == 1
    assert found.results == {0: "ok"}
    assert isinstance(found.error, ToolFailed)
    happened = run('a = put($y) for x in [["ok", "bad", "no"], [], ["no"]] for y in $x\njoin($a)')
    assert trace(happened, "failed", "blocked", "finished") == [
        "finished a/each/each[0][0]",
        "failed a/each/each[0][1]",
        "blocked a/each/each[0][2]",
        "failed a/each[0]",
        "finished a/each[1]",
        "blocked a/each/each[2][0]",
        "failed a/each[2]",
        "failed a",
    ]


def test_positions_of_a_flat_list_count_every_innermost_element() -> None:
    """Also those that a filter left out; a source that failed takes one position."""
    text = "a = wait($y) for x in [[5, 1], [-1], 3, [2, 0, -2]] for y in $x if wait(0) + $y != 1\njoin($a)"
    found = failure(text)
    assert found.index == 2
    assert found.results == {0: 5, 4: 2, 5: 0}
    assert isinstance(found.error, ToolFailed)
    alone = failure("a = wait($y) for x in [[1], 3] for y in $x\njoin($a)")
    assert alone.index == 1
    assert isinstance(alone.error, ExpressionFailed)


def test_a_nested_list_that_fails_is_named_by_both_positions() -> None:
    """The outer loop's error has the inner one's."""
    found = failure("a = [[wait($y) for y in $x] for x in [[1], [2, -1]]]\njoin($a)")
    assert found.index == 1
    assert found.results == {0: [1]}
    assert isinstance(found.error, LoopFailed)
    assert found.error.index == 1
    assert found.error.results == {0: 2}


def test_a_nested_loop_is_blocked_by_all_that_its_body_needs() -> None:
    """Before it opens, as a loop outside, also without elements."""
    found = run("b = wait(-1)\na = [[wait($y + $b) for y in $x] for x in [[], [1]]]\njoin($a)")
    assert isinstance(found.errors["a"], Blocked)
    inner = failure("a = [wait($y + $z) for x in [[]] for z in [wait(-1)] for y in $x]\njoin($a)")
    assert isinstance(inner.error, ToolFailed)


def test_an_element_that_was_skipped_skips_the_lists_around() -> None:
    """Its value is missing, and no filter said so."""
    assert run("s = wait(1) if false\na = wait($s) for x in [1] for y in [2]\njoin($a)").skipped == ("s", "a")


def test_options_are_those_of_an_innermost_element() -> None:
    """Each has its own fallback."""
    assert run("a = wait($y) for x in [[1, -1], [-2]] for y in $x @fallback($y * 10)\njoin($a)").value == [1, -10, -20]


def test_a_loop_may_have_a_fallback_as_a_whole() -> None:
    """Brackets make one value of it."""
    assert run("a = [$x[0] for x in [upto(1), upto(0)]] @fallback([])\njoin($a)").value == []


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("a = wait($y) for x in [[1, 2], [3, 4]] for y in $x\njoin($a)", 0),
        ("a = wait($z) for x in [[1, 2], [3]] for y in $x for z in [$y, 0]\njoin($a)", 0),
        ("a = wait($y) for x in [2, 2] for y in upto($x)\njoin($a)", 2),
    ],
)
def test_a_row_of_loops_has_as_many_elements_as_one_loop(text: str, calls: int) -> None:
    """Counted before the first call if the sources need none, else as soon as they are known."""
    found = run(text, limits=Limits(elements=3))
    error = found.errors["a"]
    assert "elements together: at most 3 are allowed" in str(error)
    waits = [line for line in trace(found, "started") if not line.startswith("started a/each/in")]
    assert len(trace(found, "started")) - len(waits) == calls
    assert run(text, limits=Limits(elements=6)).errors == {}
    if not calls:
        assert isinstance(error, ExpressionFailed)
        assert not waits


def test_each_nested_list_has_its_own_limit() -> None:
    """Lists in a list are loops of their own."""
    text = "a = [[wait($y) for y in [0, 1]] for x in [1, 2, 3]]\njoin($a)"
    assert run(text, limits=Limits(elements=3)).errors == {}
    assert isinstance(run(text, limits=Limits(elements=2)).errors["a"], ExpressionFailed)


def test_elements_without_calls_are_many() -> None:
    """With a fallback each is a node; the limit of elements is for calls."""
    found = run("a = $x / 0 for x in range(5) @fallback($x)\njoin($a)", limits=Limits(elements=3))
    assert found.value == [0, 1, 2, 3, 4]


def test_all_tasks_of_nested_loops_count() -> None:
    """A run has at most so many tasks; the loop that would have more fails."""
    found = run("a = [[wait($y) for y in [0, 1, 2]] for x in [1, 2]]\njoin($a)", limits=Limits(tasks=8))
    error = found.errors["a"]
    assert isinstance(error, LoopFailed)
    assert isinstance(error.error, LimitReached)


def test_a_stopped_run_cancels_what_nested_loops_have_not_begun() -> None:
    """Calls under way end, and no loop stays open."""
    text = "b = wait(-1)\na = put([$x, $y]) for x in [1, 2] for y in [1, 2]\njoin($a)"
    found = run(text, policy="fail_fast")
    assert found.errors.keys() >= {"a", "b"}
    assert found.seconds == 1
    assert trace(found, "cancelled")[-1:] == ["cancelled a"]


def test_mappings_give_their_keys_at_every_depth() -> None:
    """As a loop outside."""
    assert run('a = (wait(1) if $k == "b" else $k) for x in [{"a": 1, "b": 2}] for k in $x\njoin($a)').value == ["a", 1]
