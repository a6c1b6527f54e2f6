"""C9: the caller cancels, also twice."""

import asyncio

import pytest

from llmc_compiler.tools.decorators import pure, write
from llmc_runtime.errors import Stopped
from llmc_runtime.program.execution import execute, stream
from llmc_runtime.state.events import Cancelled, Event, RunFinished
from tests.runtime import clock
from tests.runtime.build import call, graph, ref
from tests.runtime.fakes import echo

ended: list[str] = []


@pure
async def careful(name: str) -> None:
    """Clean up, which takes a while."""
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.3)
        ended.append(name)


@write("r")
async def writing() -> None:
    """Be in the middle of something."""
    await asyncio.Event().wait()


PLAN = graph(call("a", careful, "a"), call("w", writing), call("b", echo, ref("a")))


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("pause", [0.0, 0.1])
def test_it_is_passed_on_and_nothing_is_left(times: int, pause: float) -> None:
    """Tools may clean up within the grace; what was being written is in doubt."""
    told: list[Event] = []
    ended.clear()

    async def scenario() -> None:
        running = asyncio.ensure_future(execute(PLAN, {}, emit=told.append))
        await asyncio.sleep(1)
        for _ in range(times):
            running.cancel()
            await asyncio.sleep(pause)
        with pytest.raises(asyncio.CancelledError):
            await running
        assert running.cancelled()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    clock.run(scenario())
    assert ended == ["a"]
    assert told[-1] == RunFinished(1.3, complete=False, abandoned=())
    stopped = {str(event.task): event.error for event in told if isinstance(event, Cancelled)}
    assert set(stopped) == {"a", "w"}
    doubts = {task: error.in_doubt for task, error in stopped.items() if isinstance(error, Stopped)}
    assert doubts == {"a": False, "w": True}
    assert str(stopped["w"]) == "task w was stopped: the run was ended; its write may or may not have happened"


def test_a_cancellation_before_the_first_step_leaves_nothing() -> None:
    """The run was not even begun."""

    async def scenario() -> None:
        running = asyncio.ensure_future(execute(PLAN, {}))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    clock.run(scenario())


def test_a_timeout_around_a_run_is_a_timeout() -> None:
    """`asyncio.timeout` sees its own cancellation come back."""

    async def scenario() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await execute(PLAN, {})
        assert asyncio.get_running_loop().time() == 1.3

    clock.run(scenario())


def test_a_stream_is_cancelled_like_a_run() -> None:
    """Whoever follows its events gets the cancellation."""
    ended.clear()

    async def follow() -> None:
        async for _ in stream(PLAN, {}):
            pass

    async def scenario() -> None:
        running = asyncio.ensure_future(follow())
        await asyncio.sleep(1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    clock.run(scenario())
    assert ended == ["a"]
