"""What a run keeps is counted as CPython stores it, before it is there."""

import asyncio
import gc
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any, Final

import pytest

import llmc
from llmc_compiler.expressions.operators import OPERATORS
from llmc_compiler.expressions.terms import Binary, Const, Item, Template
from llmc_runtime.calls import call_errors
from llmc_runtime.calls.run_budget import RunBudget
from llmc_runtime.calls.tool_call import ToolCall
from llmc_runtime.errors import BadResult, ExpressionFailed, LimitReached, LoopFailed
from llmc_runtime.limits import Limits
from llmc_runtime.program.run_result import Run
from llmc_runtime.scheduler import readiness
from tests.runtime import clock
from tests.runtime.build import call as calls
from tests.runtime.build import expr, loop, play, ref
from tests.runtime.fakes import echo, slow

ROOT: Final = Path(__file__).parent.parent.parent
LINUX: Final = pytest.mark.skipif(sys.platform != "linux", reason="measures memory in /proc")


def ratios(*options: str) -> dict[str, list[float]]:
    """Peak memory over that at the start, in multiples of a limit of 2 MiB, by shape of values."""
    command = [sys.executable, "-m", "benchmarks.memory", "2", *options]
    run = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, text=True)
    rows = [line.replace("(", "").split("s)") for line in run.stdout.splitlines()[1:]]
    return {row[0][:12].strip(): [float(cell[-13:].split()[-2]) for cell in row[:-1]] for row in rows}


@pytest.mark.no_cover
@LINUX
def test_a_run_takes_no_more_than_three_times_its_limit() -> None:
    """Whatever its values are, and however it is run."""
    found = ratios()
    assert [len(cells) for cells in found.values()] == [6] * 5
    assert max(max(cells) for cells in found.values()) <= 3
    assert min(found["texts"][0], found["one emoji"][0]) > 0.5  # it was filled


@LINUX
def test_counted_as_results_are_it_takes_more() -> None:
    """The control: texts alone are what they count there."""
    assert [shape for shape, (ratio,) in ratios("--naive", "--way", "run").items() if ratio <= 3] == ["texts"]


LONG: Final = "x" * 950


@llmc.nondet
async def large(_: object = None) -> str:
    """A thousand bytes, fifty of them for itself."""
    return "x" * 950


TOOLS: Final = llmc.Toolbox([echo, slow, large])


def test_a_text_that_tasks_pass_on_counts_once() -> None:
    """It is stored once; a list has a copy in the result of each of them."""
    passed = [expr(f"t{number}", ref("a")) for number in range(100)]
    assert play(calls("a", large), *passed, limits=Limits(run_bytes=12_000)).errors == {}
    assert "t99" in play(calls("a", echo, [None] * 10), *passed, limits=Limits(run_bytes=12_000)).errors
    assert play(calls("a", echo, [None] * 10), *passed, limits=Limits(run_bytes=40_000)).errors == {}


def test_tasks_that_are_merged_have_one_copy() -> None:
    """A value that counts once is there once in the results; another task that reads it has its own."""
    text = "a = echo([1, [2]])\nb = echo([1, [2]])\nc = $a\njoin($a)\n"
    run = clock.run(llmc.compile(text, TOOLS).run())
    a, b = run.results["a"], run.results["b"]
    assert a is b
    assert isinstance(a, list)
    assert isinstance(run.value, list)
    assert a[1] is not run.value[1]


@pytest.mark.parametrize("term", [Binary("*", Const("x"), Const(10**6)), Binary("*", Const([1]), Const(10**5))])
def test_what_has_no_room_is_not_built(term: Binary, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator is not applied."""
    applied: list[object] = []

    def multiply(left: llmc.Json, right: llmc.Json) -> llmc.Json:
        applied.append((left, right))
        return []

    monkeypatch.setitem(OPERATORS, "*", multiply)
    for limit, number in ((10_000, 0), (10**7, 1)):
        run = play(expr("a", term), limits=Limits(run_bytes=limit))
        assert len(applied) == number
        assert isinstance(run.errors.get("a"), LimitReached) == (not number)


def test_arguments_count_until_their_call_has_ended() -> None:
    """A hundred calls, one after the other, need room for one."""
    prompts = loop("a", list(range(100)), calls("a/each", slow, 1, Template((Const(LONG), Item("x")))))
    chain = [calls(f"t{n}", large, Template((Const(LONG), ref(f"t{n - 1}")))) for n in range(1, 10)]
    start = calls("t0", echo, 1)
    assert "a" in play(prompts, limits=Limits(run_bytes=20_000)).errors  # all of them at once
    assert play(start, *chain, join=1, limits=Limits(run_bytes=12_500)).errors == {}


def test_without_the_rule_they_count_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: nothing is given back."""
    monkeypatch.setattr(RunBudget, "count", lambda self, size: None)
    chain = [calls(f"t{n}", large, Template((Const(LONG), ref(f"t{n - 1}")))) for n in range(1, 10)]
    assert play(calls("t0", echo, 1), *chain, join=1, limits=Limits(run_bytes=12_500)).errors != {}


def most_at_once(limit: int) -> tuple[int, Run]:
    """How many of ten calls that each get a list of a thousand were under way at once."""
    now = most = 0

    @llmc.nondet
    async def take(rows: list[object], number: int) -> None:
        """Take a while."""
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(1)
        now -= 1

    rows: list[Any] = [None] * 1_000
    tasks = loop("b", list(range(10)), calls("b/each", take, ref("a"), Item("x")))
    run = play(calls("a", echo, rows), tasks, join=1, limits=Limits(run_bytes=limit))
    return most, run


def test_calls_wait_for_room_for_their_copies() -> None:
    """Of a list of 8 kB there is room for two copies, or for ten; all calls are made."""
    for limit, expected in ((26_000, 2), (200_000, 10)):
        most, run = most_at_once(limit)
        assert (most, run.errors) == (expected, {})


def test_without_a_wait_calls_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: who has no room is let in."""
    monkeypatch.setattr(ToolCall, "fits", True)
    _, run = most_at_once(26_000)
    assert isinstance(run.errors["b"], LoopFailed)


def test_nothing_is_begun_after_something_had_no_room() -> None:
    """Not even what is small; a result that arrives is kept if there is room for it."""
    text = "a = slow(2, 1)\nb = large(1)\nc = slow(1, true)\nd = echo(1) if $c\ne = slow(3, 'x')\n"
    run = clock.run(llmc.compile(text, TOOLS).run(limits=Limits(run_bytes=900)))
    why = "the run's results and arguments would take 1,000 bytes; at most 900 are allowed (limit `run_bytes`)"
    assert str(run.errors["b"]) == f"task b has no value: {why}"
    assert str(run.errors["d"]) == f"task d was not done: {why}"
    assert {task: run.results[task] for task in "ace"} == {"a": 1, "c": True, "e": "x"}


def test_a_write_whose_result_has_no_room_is_in_doubt() -> None:
    """It may have written, and what it said is lost."""

    @llmc.write("notes")
    async def put() -> str:
        """Write."""
        return LONG

    run = play(calls("a", put), limits=Limits(run_bytes=900))
    assert run.in_doubt == ("a",)
    assert play(calls("a", put), limits=Limits(run_bytes=2_000)).in_doubt == ()


def test_inputs_count() -> None:
    """As copies; a run whose inputs alone are too large does not begin."""
    program = llmc.compile("input rows: any\na = echo($rows)\njoin($a)\n", TOOLS)
    rows: list[Any] = [None] * 100
    assert clock.run(program.run({"rows": rows}, limits=Limits(run_bytes=3_500))).errors == {}
    assert clock.run(program.run({"rows": rows}, limits=Limits(run_bytes=1_500))).errors != {}
    with pytest.raises(llmc.RunRefused, match=r"the inputs take 856 bytes; at most 800 are allowed"):
        clock.run(program.run({"rows": rows}, limits=Limits(run_bytes=800)))


class Rows(list[Any]):
    """A list that can be watched."""


def left_behind() -> tuple[bool, BaseException | None]:
    """Whether a result of the wrong type outlives its task, and the cause of an expression's failure."""
    watched: list[weakref.ref[Rows]] = []

    @llmc.pure
    async def wrong() -> list[int]:
        """Not what it says."""
        rows = Rows("x" * 100)
        watched.append(weakref.ref(rows))
        return rows

    run = play(calls("a", wrong), expr("b", Binary("-", Const("x"), Const(1))))
    assert isinstance(run.errors["a"], BadResult)
    assert isinstance(run.errors["b"], ExpressionFailed)
    gc.collect()
    return watched[0]() is not None, run.errors["b"].__cause__


def test_errors_keep_no_values() -> None:
    """Neither in frames nor in causes."""
    is_there, cause = left_behind()
    assert not is_there
    assert cause is not None
    assert (cause.__traceback__, cause.__context__) == (None, None)


def test_with_their_frames_they_would(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    for module in (call_errors, readiness):
        monkeypatch.setattr(module, "without_values", lambda error: error)
    is_there, cause = left_behind()
    assert is_there
    assert cause is not None
    assert cause.__traceback__ is not None
