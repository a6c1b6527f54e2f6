"""T5: an async tool blocks the event loop."""

import asyncio
import time

import pytest

from llmc_compiler.tools import pure
from llmc_runtime.errors import ToolTimedOut
from llmc_runtime.events import Stalled
from llmc_runtime.limits import Limits
from llmc_runtime.run import Run, execute
from tests.runtime.build import call, graph
from tests.runtime.faults.test_t02_hangs import hang


@pure
async def block() -> str:
    """Do not give the loop back."""
    time.sleep(0.6)  # noqa: ASYNC251 — the fault
    return "done"


@pure
async def polite() -> str:
    """Compute a little, often, and give the loop back in between."""
    until = time.monotonic() + 0.4
    while time.monotonic() < until:  # noqa: ASYNC110 — it computes
        await asyncio.sleep(0)
    return "done"


def run_it(*nodes: object) -> Run:
    """Run in real time, with a short patience."""
    plan = graph(*nodes)  # type: ignore[arg-type]  # nodes, all of them
    return asyncio.run(execute(plan, {}, limits=Limits(stall=0.1, attempt_time=1)))


def test_a_watchdog_names_it_and_other_deadlines_hold_afterwards(caplog: pytest.LogCaptureFixture) -> None:
    """It is named while it blocks, in the log, and in an event when the loop is free again."""
    run = run_it(call("a", block), call("b", hang))
    assert run.results == {"a": "done"}
    assert isinstance(run.errors["b"], ToolTimedOut)
    assert 1 <= run.seconds < 3
    (stalled,) = [event for event in run.events if isinstance(event, Stalled)]
    assert (stalled.task, stalled.tool) == ("a", "block")
    assert 0.1 <= stalled.seconds < 3
    (said,) = [record.getMessage() for record in caplog.records if record.name == "llmc"]
    assert said.startswith("block (task a) has blocked the event loop for ")


def test_a_tool_that_works_a_lot_in_small_steps_is_not_blamed(caplog: pytest.LogCaptureFixture) -> None:
    """The same task is seen again and again, but each time at another step."""
    run = run_it(call("a", polite))
    assert not [event for event in run.events if isinstance(event, Stalled)]
    assert not caplog.records
