"""The line of instances whose time has come: decided one after the other, so that a chain of any length needs no stack.

Now and then it gives way to the loop, so that expressions, however many, hold up no timer and no other task.
"""

from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Final

from llmc_runtime.state.instance import Instance

SLICE: Final = 0.05
"""Seconds after which the loop has its turn."""


class ReadyQueue:
    """Instances in line. `decide` decides one; `more` makes others come, or says that there are none.

    `add` takes an instance whose time has come.
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
        """Decide nothing more, and let nobody in line."""
        self._is_closed = True
        self._ready.clear()
        self.add = _turn_away

    def drain(self) -> None:
        """Decide what stands in line, until nobody does: `over` is told then."""
        if self.is_held:
            return
        self.is_held = True
        ready = self._ready
        until = perf_counter() + SLICE
        try:
            while ready or (not self._is_closed and self._more()):
                while ready:
                    instance = ready.popleft()
                    if instance.outcome is None and not instance.waiting:
                        self._decide(instance)
                    if perf_counter() > until:
                        self.go_on_later()
                        return
        finally:
            self.is_held = False
        self._over()

    def go_on_later(self) -> None:
        """Go on when the loop has had its turn."""
        if not self._is_later:
            self._is_later = True
            self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        """Go on."""
        self._is_later = False
        try:
            self.drain()
        except Exception as error:  # noqa: BLE001 — given to whoever waits for the end
            self._crash(error)


def _turn_away(_: Instance) -> None:
    """Take nobody: the line is closed."""
