"""T3: a tool swallows its cancellation, or is slow to cancel."""

import asyncio
import subprocess
import sys

import pytest

from llmc_compiler.tools.decorators import pure, write
from llmc_compiler.tools.tool import Tool
from llmc_runtime.concurrency import abandoned
from llmc_runtime.errors import LimitReached, ToolTimedOut
from llmc_runtime.limits import Limits
from llmc_runtime.program.execution import execute
from tests.patience import PATIENCE
from tests.runtime import clock
from tests.runtime.build import call, graph, play


class Stubborn:
    """A tool that goes on until it is released."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.calls = 0

    async def __call__(self) -> str:
        """Swallow whatever comes."""
        self.calls += 1
        while not self.release.is_set():
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                continue
        return "too late"

    async def let_go(self) -> None:
        """Let all calls end."""
        self.release.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def test_it_times_out_and_is_named() -> None:
    """The run ends after its limit and a grace; a write is in doubt."""

    async def scenario() -> None:
        stubborn = Stubborn()
        tool = Tool.from_function(stubborn, write("r", name="stubborn")(lambda: None).effect, name="stubborn")
        run = await execute(graph(call("a", tool, timeout=1)), {})
        error = run.errors["a"]
        assert isinstance(error, ToolTimedOut)
        assert error.in_doubt
        assert run.seconds == 1.5
        assert run.abandoned == ("stubborn (task a)",)
        assert abandoned.number_left(stubborn) == 1
        await stubborn.let_go()
        assert abandoned.number_left(stubborn) == 0

    clock.run(scenario())


@pytest.mark.parametrize("bound", [1, 3])
def test_calls_of_a_tool_that_piles_up_fail_at_once(bound: int) -> None:
    """Once so many of its calls were given up and still run, further ones are not made, in later runs either."""

    async def scenario() -> None:
        stubborn = Stubborn()
        tool = Tool.from_function(stubborn, pure(name="stubborn")(lambda: None).effect, name="stubborn")
        limits = Limits(attempt_time=1, abandoned=bound, tool_width=1, grace=0.1)
        run = await execute(graph(*(call(f"t{i}", tool) for i in range(6))), {}, limits=limits)
        refused = [error for error in run.errors.values() if isinstance(error, LimitReached)]
        assert stubborn.calls < 6
        assert len(refused) == 6 - stubborn.calls
        assert {error.limit for error in refused} == {"abandoned"}
        assert (await execute(graph(call("a", tool)), {}, limits=limits)).calls == 0
        await stubborn.let_go()
        stubborn.release.clear()
        again = await execute(graph(call("a", tool)), {}, limits=limits)
        assert again.calls == 1
        await stubborn.let_go()

    clock.run(scenario())


def test_one_that_cleans_up_is_not_counted() -> None:
    """Within its grace a tool may take its time."""

    @pure
    async def careful() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.4)

    run = play(call("a", careful, timeout=1))
    assert run.abandoned == ()
    assert run.seconds == 1.4


PROGRAM = """
import asyncio
from llmc import Toolbox, compile, pure

@pure(name="stubborn")
async def stubborn() -> str:
    while True:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            pass

run = compile("a = stubborn() @timeout(100ms)\\njoin($a)", Toolbox([stubborn])).run_sync()
print(run.abandoned)
"""


def test_run_sync_returns_and_the_process_ends() -> None:
    """Neither waits for a task that never ends, and nothing is complained of at the end."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert ended.stdout == "('stubborn (task a)',)\n"
    assert ended.stderr == ""
