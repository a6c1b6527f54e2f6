"""T21: what may have been written stays in doubt, whatever follows or takes its place."""

import asyncio

import pytest

import llmc
from llmc_compiler.tools.decorators import write
from llmc_runtime.cache.call_cache import CallCache
from llmc_runtime.errors import Blocked, ExpressionFailed, LimitReached, NotSent
from llmc_runtime.limits import Limits
from llmc_runtime.program.execution import execute
from llmc_runtime.program.program import compile_plan
from llmc_runtime.program.run_result import Run
from llmc_runtime.state.events import FellBack
from tests.runtime import clock
from tests.runtime.build import call, expr, play, ref
from tests.runtime.fakes import OutageError, echo, look_in_vain, put, put_in_vain
from tests.runtime.faults.late import Store, run_with


def test_functions_that_nobody_declared_count_as_writes() -> None:
    """One that was given up blocks the declared write after it."""
    store = Store("task")

    async def touch(x: int) -> int:
        return await store.tool("plain").call(x)  # type: ignore[no-any-return]  # a tool's function gives anything

    async def scenario() -> Run:
        tools = llmc.Toolbox([touch], bare="parallel") | llmc.Toolbox([store.tool("plain")])
        run = await llmc.compile("a = touch(1) @timeout(100ms)\nb = put(2)\njoin()\n", tools).run()
        await store.landed()
        return run

    run = clock.run(scenario())
    assert run.in_doubt == ("a",)
    assert isinstance(run.errors["b"], Blocked)
    assert store.values == [1]


def test_a_later_attempt_does_not_take_the_doubt_away() -> None:
    """Nobody knows what the first one did, if the second one certainly did nothing."""
    attempts: list[int] = []

    @write("r", idempotent=True)
    async def put(x: int) -> None:
        attempts.append(x)
        if len(attempts) > 1:
            raise NotSent("no connection")
        await asyncio.Event().wait()

    run = play(call("a", put, 1, timeout=1, retries=1), call("b", put, 2, after=["a"]))
    assert len(attempts) == 2
    assert "NotSent" in str(run.errors["a"])
    assert run.in_doubt == ("a",)


def test_a_limit_that_refuses_the_next_attempt_leaves_the_doubt() -> None:
    """What the first attempt wrote, nobody knows."""

    @write("r", idempotent=True, cost=6)
    async def put() -> None:
        raise OutageError("connection reset")

    run = play(call("a", put, retries=1), limits=Limits(cost=10))
    assert isinstance(run.errors["a"], LimitReached)
    assert run.in_doubt == ("a",)


def test_a_fallback_without_a_value_leaves_the_doubt() -> None:
    """The error is that of the fallback, and the write is in doubt as before."""
    run = play(call("t", echo, {}), call("a", put_in_vain, fallback=ref("t", "x")), call("b", put, after=["a"]))
    assert isinstance(run.errors["a"], ExpressionFailed)
    assert run.in_doubt == ("a",)
    assert isinstance(run.errors["b"], Blocked)


def test_what_needs_the_value_of_a_fallback_goes_on() -> None:
    """It is blocked only if its own effect conflicts; a read or an expression that fell back blocks nothing."""
    store = Store("task")
    text = "a = put(1) @timeout(100ms) @fallback(5)\nb = echo($a)\njoin($b)\n"
    run = run_with(store, "plain", text)
    assert (run.value, run.in_doubt) == (5, ("a",))
    assert [event.task for event in run.events if isinstance(event, FellBack)] == ["a"]
    run = play(call("a", look_in_vain, fallback=0), expr("e", ref("a", "x"), fallback=1), call("b", put, after=["a"]))
    assert run.results == {"a": 0, "e": 1, "b": "written"}


@pytest.mark.parametrize("how", ["task", "task of a run inside", "thread of a run inside"])
def test_a_later_plan_of_a_question_does_not_race_with_it(how: str) -> None:
    """While it goes on, neither the same write nor another one is done; afterwards both are."""
    store = Store(how)

    async def scenario() -> tuple[Run, Run, Run]:
        cache = CallCache()
        tools = llmc.Toolbox([store.tool("idempotent")])

        async def play_next(text: str) -> Run:
            cache.next_plan()
            return await execute(compile_plan(text, tools).graph, {}, memo=cache)

        first = await play_next("1. put(1) @timeout(100ms)\njoin()")
        second = await play_next("2. put(1)\n3. put(2)\njoin()")
        await store.landed()
        return first, second, await play_next("4. put(1)\n5. put(2)\njoin()")

    first, second, third = clock.run(scenario())
    assert first.in_doubt == ("1",)
    assert {type(error) for error in second.errors.values()} == {Blocked}
    assert str(second.errors["2"]) == "task 2 was not done: task 1, whose effect comes first, failed"
    assert third.results == {"4": 1, "5": 2}
    assert store.values == [1, 1, 2]
