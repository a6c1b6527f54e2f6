"""An event loop in virtual time: where nothing is ready, the time jumps to the next timer."""

import asyncio
import selectors
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE = 10.0
"""How long, in real seconds, a thread may take to come back where no timer is set."""

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
        ready = super().select(PATIENCE / 5 if timeout > FAR and _has_threads() else 0)
        if not ready:
            self.loop.now += max(timeout, 0)
        return ready


def _has_threads() -> bool:
    """Whether a tool may be at work in a thread."""
    return any(thread.name == "llmc-tool" for thread in threading.enumerate())


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time is `now`, in seconds from 0."""

    def __init__(self) -> None:
        self.now = 0.0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """The virtual time."""
        return self.now


left_over: list[str] = []
"""Tasks that were left running at the end of a loop."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time, and note what it leaves running."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_watched(main))


async def _watched(main: Coroutine[Any, Any, T]) -> T:
    try:
        return await main
    finally:
        # What ended with the run has one turn to be gone.
        await asyncio.sleep(0)
        left_over.extend(map(str, asyncio.all_tasks() - {asyncio.current_task()}))
