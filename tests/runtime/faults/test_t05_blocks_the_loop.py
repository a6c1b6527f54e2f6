"""T5: an async tool blocks the event loop."""

import asyncio
import logging
import threading
from collections.abc import Iterator

import pytest

from llmc_compiler.tools.decorators import pure
from llmc_runtime.concurrency import stall_monitor
from llmc_runtime.errors import ToolTimedOut
from llmc_runtime.limits import Limits
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from llmc_runtime.state.events import Stalled
from tests.patience import PATIENCE
from tests.runtime.build import call, graph
from tests.runtime.faults.test_t02_hangs import hang

STALL = 0.1

named = threading.Event()


class Naming(logging.Handler):
    """Notes that a tool was named."""

    def emit(self, record: logging.LogRecord) -> None:
        """It was."""
        named.set()


@pytest.fixture(autouse=True)
def naming() -> Iterator[None]:
    """`named` is set when the log names a tool."""
    named.clear()
    handler = Naming()
    logging.getLogger("llmc").addHandler(handler)
    yield
    logging.getLogger("llmc").removeHandler(handler)


@pure
async def block() -> str:
    """Do not give the loop back before that was noticed."""
    assert named.wait(PATIENCE)
    return "done"


def run_it(*nodes: object) -> Run:
    """Run in real time, with a short patience."""
    plan = graph(*nodes)  # type: ignore[arg-type]  # nodes, all of them
    return asyncio.run(execute(plan, {}, limits=Limits(stall=STALL)))


def test_a_watchdog_names_it_and_other_deadlines_hold_afterwards(caplog: pytest.LogCaptureFixture) -> None:
    """It is named while it blocks, in the log, and in an event when the loop is free again."""
    run = run_it(call("a", block), call("b", hang, timeout=0.01))
    assert run.results == {"a": "done"}
    assert isinstance(run.errors["b"], ToolTimedOut)
    (stalled,) = [event for event in run.events if isinstance(event, Stalled)]
    assert (stalled.task, stalled.tool) == ("a", "block")
    assert STALL <= stalled.seconds <= run.seconds
    (said,) = [record.getMessage() for record in caplog.records if record.name == "llmc"]
    assert said.startswith("block (task a) has blocked the event loop for ")


class Work:
    """A tool that works in steps of half a stall, by a clock of its own; the thread that watches looks once in each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.looked = threading.Event()
        self._look = stall_monitor._look  # noqa: SLF001 — to see that it looks
        monkeypatch.setattr(stall_monitor, "monotonic", lambda: self.now)
        monkeypatch.setattr(stall_monitor, "_look", self.look)

    def look(self, run: stall_monitor.WatchedLoop, now: float) -> None:
        """Look, and tell that."""
        self._look(run, now)
        self.looked.set()

    def run(self) -> Run:
        """A run of it."""

        @pure
        async def polite() -> str:
            """Compute, and give the loop back in between."""
            for _ in range(10):
                self.looked.clear()
                self.now += STALL / 2
                assert self.looked.wait(PATIENCE)
                await asyncio.sleep(0)
            return "done"

        return run_it(call("a", polite))


def test_a_tool_that_works_a_lot_in_small_steps_is_not_blamed(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same task is seen again and again, but each time at another step."""
    run = Work(monkeypatch).run()
    assert not [event for event in run.events if isinstance(event, Stalled)]
    assert not caplog.records


def test_without_a_sign_of_life_it_would_be(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a thread that does not ask the loop takes many steps for one."""
    monkeypatch.setattr(stall_monitor, "_ask", lambda *_: None)
    Work(monkeypatch).run()
    assert [record.getMessage().split(" for ")[0] for record in caplog.records] == [
        "polite (task a) has blocked the event loop"
    ]
