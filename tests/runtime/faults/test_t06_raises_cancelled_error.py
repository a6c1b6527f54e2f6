"""T6: a tool raises CancelledError itself."""

import asyncio

from llmc_compiler.tools.decorators import pure
from llmc_runtime.errors import Blocked, ToolFailed
from tests.runtime.build import call, play, ref
from tests.runtime.fakes import echo, raising


def test_that_is_its_failure_and_not_a_cancellation() -> None:
    """What needs it is blocked, and nobody is cancelled."""

    @pure
    async def cancels_itself() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    run = play(
        call("a", raising(asyncio.CancelledError())),
        call("b", cancels_itself),
        call("c", echo, ref("a")),
        call("d", echo),
    )
    assert isinstance(run.errors["a"], ToolFailed)
    assert isinstance(run.errors["b"], ToolFailed)
    assert isinstance(run.errors["c"], Blocked)
    assert run.results == {"d": None}
