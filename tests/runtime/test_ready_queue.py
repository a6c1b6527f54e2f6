"""Expressions, however many, leave the loop its turns."""

import asyncio
import math

import pytest

import llmc
from llmc_runtime.limits import Policy
from llmc_runtime.program.run_result import Run
from llmc_runtime.scheduler import ready_queue
from llmc_runtime.state.events import Event
from tests.runtime import clock
from tests.runtime.fakes import echo

TASKS = 100
PLAN = "".join(f"{number}. ${number - 1} + 1\n" if number > 1 else "1. 1\n" for number in range(1, TASKS + 1))
LOOP = "1. echo([1, 2, 3])\n2. $x + 1 for x in $1 if $x > 1\n3. fail($x) for x in $2\n4. echo($2)\njoin($2, $4)\n"


@llmc.pure
async def fail(value: llmc.Json) -> None:
    """Raise."""
    raise ValueError(value)


TOOLS = llmc.Toolbox([echo, fail])


def play(text: str, policy: Policy = "finish") -> tuple[Run, int]:
    """Run a plan; how many turns of the loop somebody else had meanwhile."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def both() -> Run:
        waiting = asyncio.ensure_future(others())
        try:
            return await llmc.compile(text, TOOLS, passes=()).run(policy=policy)
        finally:
            waiting.cancel()

    return clock.run(both()), turns


@pytest.mark.parametrize(("seconds", "least", "most"), [(0.0, TASKS, math.inf), (math.inf, 0, TASKS / 2)])
def test_the_loop_has_its_turns(seconds: float, least: float, most: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where deciding takes longer than a slice of time; nothing else changes."""
    monkeypatch.setattr(ready_queue, "SLICE", seconds)
    run, turns = play(PLAN)
    assert least <= turns <= most
    assert run.results == {str(number): number for number in range(1, TASKS + 1)}


@pytest.mark.parametrize("policy", ["finish", "fail_fast"])
def test_it_ends_in_the_same_way(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    """With loops, failures, and a run that is stopped."""
    runs = []
    for seconds in (0.0, math.inf):
        monkeypatch.setattr(ready_queue, "SLICE", seconds)
        runs.append(play(LOOP, policy)[0])
    one, other = runs
    assert one.value == other.value
    assert one.results == other.results
    assert {task: str(error) for task, error in one.errors.items()} == {
        task: str(error) for task, error in other.errors.items()
    }


def test_who_leaves_meanwhile_is_told_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is cancelled between two slices ends there."""
    monkeypatch.setattr(ready_queue, "SLICE", 0.0)

    async def leave() -> list[Event]:
        seen: list[Event] = []
        running = asyncio.ensure_future(llmc.compile(PLAN, TOOLS, passes=()).run(emit=seen.append))
        for _ in range(TASKS // 2):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])
        before = len(seen)
        for _ in range(TASKS):
            await asyncio.sleep(0)
        assert len(seen) == before
        return seen

    assert 10 < len(clock.run(leave())) < TASKS
