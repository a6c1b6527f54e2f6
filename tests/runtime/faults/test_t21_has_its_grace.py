"""T21: an attempt that was given up has its grace, in which nothing else of its call happens.

Time is virtual. Where a thread is to end within the grace, that is so long that the virtual time waits for it.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import pytest

from llmc_compiler.steps import Add
from llmc_compiler.tools.decorators import read
from llmc_compiler.tools.tool import Tool
from llmc_runtime.errors import Blocked, Stopped, ToolTimedOut
from llmc_runtime.limits import Limits, Policy
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from llmc_runtime.scheduler.executor import Executor
from llmc_runtime.state.events import Cancelled, Event, RunStarted, Started
from tests.runtime import clock
from tests.runtime.build import call, graph, play, times
from tests.runtime.fakes import broken
from tests.runtime.faults.late import EFFECTS, HOW, PLANS, Store, run_with
from tests.runtime.faults.observed import POLICIES

PATIENT: Final = 200.0
"""A grace, in seconds, for which the virtual time waits for threads."""


@pytest.mark.parametrize(("how", "effect"), [*((how, "idempotent") for how in HOW), ("task", "key")])
def test_an_attempt_that_ends_in_its_grace_is_followed_by_another(how: str, effect: str) -> None:
    """The next one begins when it is over; its late result is not used."""
    store = Store(how)
    seconds = 100 if "thread" in how else 1  # for a second attempt that takes real time
    # As long as there is a thread of ours, the virtual time waits for threads.
    text = f"t = tick()\na = put(1) @timeout({seconds}s) @retry(1)\nb = put(2)\njoin($a, $b, $t)\n"

    def emit(event: Event) -> None:
        if isinstance(event, Started) and event.task == "a":
            asyncio.get_running_loop().call_later(seconds + 2, store.release)

    run = run_with(store, effect, text, emit=emit, limits=Limits(grace=PATIENT))
    assert run.value == [1, 2, 0]
    assert store.values == [1, 1, 2]
    assert times(run, "retried") == {"a": seconds + 2}
    assert (run.in_doubt, run.abandoned) == ((), ())


@pytest.mark.parametrize("effect", ["plain", "opaque"])
def test_a_plain_write_stays_in_doubt(effect: str) -> None:
    """When its attempt has ended in its grace, it fails: nobody knows what it did."""
    store = Store("task")
    text = "a = put(1) @timeout(1s) @retry(1)\nb = put(2)\njoin()\n"

    def emit(event: Event) -> None:
        if isinstance(event, RunStarted):
            asyncio.get_running_loop().call_later(1.25, store.release)

    run = run_with(store, effect, text, emit=emit)
    assert times(run, "failed") == {"a": 1.25}
    assert run.in_doubt == ("a",)
    assert run.abandoned == ()
    assert store.values == [1]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("declare", [EFFECTS["idempotent"], EFFECTS["key"], EFFECTS["plain"], read("r", name="put")])
def test_an_attempt_that_ends_when_it_is_told_costs_no_time(
    declare: Callable[[Callable[..., Any]], Tool], policy: Policy
) -> None:
    """A cancellation that is followed, also through tasks inside, takes turns of the loop and no time."""

    async def hang(key: str = "") -> None:
        await asyncio.gather(asyncio.wait_for(asyncio.Event().wait(), 50), asyncio.sleep(50))

    tool = declare(hang)
    run = play(call("a", tool, timeout=1, retries=2), random=lambda: 0, policy=policy)
    attempts = 3 if tool.may_repeat else 1
    assert times(run, "failed") == {"a": attempts}
    assert run.seconds == attempts


def test_a_read_is_not_waited_for() -> None:
    """What writes nothing can land at any time: the next attempt follows at once."""
    store = Store("task")

    async def scenario() -> Run:
        tool = read("r", name="put")(store.tool("plain").call)
        run = await execute(graph(call("a", tool, 1, timeout=1, retries=1)), {}, random=lambda: 0)
        await store.landed()
        return run

    run = clock.run(scenario())
    assert run.results == {"a": 1}
    assert times(run, "finished")["a"] == 1


# The end of the call, of the run


@pytest.mark.parametrize("text", ["a = put(1)\nb = put(2)\njoin()\n", "a = put(1) @retry(2)\nb = put(2)\njoin()\n"])
def test_the_time_of_the_task_is_over(text: str) -> None:
    """The attempt is waited for, and no other one follows."""
    store = Store("task")
    run = run_with(store, "idempotent", text, limits=Limits(task_time=1))
    error = run.errors["a"]
    assert isinstance(error, ToolTimedOut)
    assert (error.limit, error.in_doubt, store.attempts) == ("task", True, 1)
    assert isinstance(run.errors["b"], Blocked)
    assert run.seconds == 1.5


def test_the_time_of_the_task_is_over_during_the_grace() -> None:
    """The grace goes on, and the call fails with the attempt's error; time of the task is no second end."""
    store = Store("task")
    run = run_with(store, "idempotent", PLANS["retry"], limits=Limits(task_time=0.2))
    error = run.errors["a"]
    assert isinstance(error, ToolTimedOut)
    assert (error.limit, error.in_doubt) == ("attempt", True)
    assert times(run, "failed") == {"a": 0.6}


def test_the_time_of_the_run_is_over_during_the_grace() -> None:
    """The write is in doubt at once; the end of the run waits for it."""
    store = Store("task")
    run = run_with(store, "idempotent", PLANS["retry"], limits=Limits(run_time=0.2))
    error = run.errors["a"]
    assert isinstance(error, ToolTimedOut)
    assert (error.limit, error.in_doubt) == ("run", True)
    assert times(run, "failed") == {"a": 0.2}
    assert run.abandoned == ("put (task a)",)


def test_a_failure_elsewhere_lets_it_have_its_grace() -> None:
    """Under `fail_fast` it is a write under way: let end, not repeated, and in doubt."""
    store = Store("task")

    async def scenario() -> Run:
        nodes = (call("a", store.tool("idempotent"), 1, timeout=0.1, retries=2), call("f", broken, 0.2))
        run = await execute(graph(*nodes), {}, policy="fail_fast")
        await store.landed()
        return run

    run = clock.run(scenario())
    assert times(run, "failed") == {"a": 0.6, "f": 0.2}
    assert run.in_doubt == ("a",)
    assert store.attempts == 1


def test_the_caller_ends_the_run_during_the_grace() -> None:
    """The write is named as given up in doubt, and nothing follows."""
    store = Store("task")
    told: list[Event] = []

    async def scenario() -> Executor:
        async with Executor({}, emit=told.append) as executor:
            executor.apply([Add((call("a", store.tool("idempotent"), 1, timeout=0.1, retries=2),))])
            await asyncio.sleep(0.2)
        await store.landed()
        return executor

    executor = clock.run(scenario())
    errors = [event.error for event in told if isinstance(event, Cancelled)]
    assert [(type(error), error.in_doubt) for error in errors] == [(Stopped, True)]
    assert executor.abandoned == ("put (task a)",)
    assert store.attempts == 1
