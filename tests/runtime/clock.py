"""Event loops that tell another time: none of them is brought nearer to a timer by a machine that is slow.

In a virtual loop the time jumps to the next timer where nothing is ready. In a patient one, for programs that use
sockets or threads, it passes as it does outside, but only while nothing is ready.
"""

import asyncio
import selectors
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, Final, TypeVar

from llmc_runtime.concurrency import stall_monitor
from tests.patience import PATIENCE

T = TypeVar("T")

SLICE: Final = 0.02
"""Seconds that a patient loop waits for sockets and threads before it counts them, at most."""

FAR = 60.0
"""Timers so many seconds ahead are limits, not what a test is about: a thread that works has real time before them."""


class _Selector(selectors.DefaultSelector):
    """Never waits for a timer."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready; instead of waiting for a timer, the loop's time is set to it."""
        if timeout is None:
            ready = super().select(PATIENCE)
            assert ready, "nothing will ever happen again"
            return ready
        ready = super().select(self.loop.for_threads if timeout > FAR and self.loop.has_threads() else 0)
        if not ready:
            self.loop.now += max(timeout, 0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time is `now`, in seconds from 0; it waits `for_threads`, in real seconds, before it jumps far."""

    def __init__(self, for_threads: float = PATIENCE / 20) -> None:
        self.now = 0.0
        self.for_threads = for_threads
        self._jobs = 0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """The virtual time."""
        return self.now

    def run_in_executor(  # type: ignore[override]  # typeshed has type variables here
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        """Run a function in a thread, as `asyncio.to_thread` does."""
        self._jobs += 1
        job = super().run_in_executor(executor, func, *args)
        job.add_done_callback(self._end_job)
        return job

    def _end_job(self, _: object) -> None:
        self._jobs -= 1

    def has_threads(self) -> bool:
        """Whether a tool may be at work in a thread of a run, or in one of an executor."""
        return self._jobs > 0 or any(thread.name == "llmc-tool" for thread in threading.enumerate())


class _Patient(selectors.DefaultSelector):
    """Counts the time in which nothing was ready, and waits only where something may come from outside."""

    loop: "PatientLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready, or nothing after a short while, by which the loop's time goes on."""
        if timeout is not None and self._is_alone():
            waits, passes = 0.0, max(timeout, 0)
        else:
            waits = passes = SLICE if timeout is None else min(max(timeout, 0), SLICE)
        ready = super().select(waits)
        if not ready:
            self.loop.now += passes
        return ready

    def _is_alone(self) -> bool:
        """Whether there are no files but the loop's own, and no threads but this one and the one that watches it."""
        threads = {thread.name for thread in threading.enumerate()} - {stall_monitor.NAME}
        return len(self.get_map()) == 1 and len(threads) == 1


class PatientLoop(asyncio.SelectorEventLoop):
    """A loop whose time is `now`: the seconds from 0 in which it had nothing to do."""

    def __init__(self) -> None:
        self.now = 0.0
        selector = _Patient()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """The time in which nothing was ready."""
        return self.now


left_over: list[str] = []
"""Tasks that were left running at the end of a loop."""


def run(main: Coroutine[Any, Any, T], loop: VirtualLoop | None = None) -> T:
    """Run a coroutine in virtual time, and note what it leaves running."""
    with asyncio.Runner(loop_factory=lambda: loop or VirtualLoop()) as runner:
        return runner.run(_watched(main))


async def _watched(main: Coroutine[Any, Any, T]) -> T:
    try:
        return await main
    finally:
        # What ended with the run has one turn to be gone.
        await asyncio.sleep(0)
        left_over.extend(map(str, asyncio.all_tasks() - {asyncio.current_task()}))
        # A runner gives threads 300 seconds to end, which pass here at once (Python 3.12): so they end before.
        await asyncio.get_running_loop().shutdown_default_executor()
