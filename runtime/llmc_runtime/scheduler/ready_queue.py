"""The queue of instances that are ready to be decided, one after another, so that long chains need no recursion.

It regularly yields to the event loop, so that evaluating expressions delays no timer and no other task.
"""

from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Final

from llmc_runtime.state.instance import Instance

SLICE: Final = 0.05
"""Seconds after which the event loop gets a turn."""


class ReadyQueue:
    """Ready instances. `decide` decides one; `more` makes others ready, and returns whether to call it again.

    `add` queues an instance.
    """

    def __init__(
        self,
        loop: AbstractEventLoop,
        *,
        decide: Callable[[Instance], None],
        more: Callable[[], bool],
        over: Callable[[], None],
        crash: Callable[[BaseException], None],
    ) -> None:
        self._loop = loop
        self._decide = decide
        self._more = more
        self._over = over
        self._crash = crash
        self._ready: deque[Instance] = deque()
        self.add: Callable[[Instance], None] = self._ready.append
        self._is_later = False
        self._is_closed = False
        self.is_held = False

    def close(self) -> None:
        """Empty the queue, and ignore further instances."""
        self._is_closed = True
        self._ready.clear()
        self.add = _turn_away

    def drain(self) -> None:
        """Decide instances until the queue is empty, and then call `over`."""
        if self.is_held:
            return
        ready = self._ready
        self.is_held = True
        until = perf_counter() + SLICE
        try:
            while ready or (not self._is_closed and (self._more() or ready)):
                while ready:
                    instance = ready.popleft()
                    if instance.outcome is None and not instance.waiting:
                        self._decide(instance)
                    if ready and perf_counter() > until:
                        self.go_on_later()
                        return
        finally:
            self.is_held = False
        self._over()

    def go_on_later(self) -> None:
        """Continue after the event loop's other callbacks."""
        if not self._is_later:
            self._is_later = True
            self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        self._is_later = False
        try:
            self.drain()
        except Exception as error:  # noqa: BLE001 — raised where the run is awaited
            self._crash(error)


def _turn_away(_: Instance) -> None:
    """Ignore an instance, since the queue is closed."""
