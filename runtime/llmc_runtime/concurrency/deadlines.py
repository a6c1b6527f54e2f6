"""Deadlines of a run.

Deadlines of the same length expire in the order in which they were set. Each length therefore needs one timer of the
loop, and a deadline that does not expire costs no more than an entry in a dictionary.
"""

from asyncio import AbstractEventLoop, BaseEventLoop, TimerHandle
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

H = TypeVar("H", bound=Hashable)


def clock_of(loop: AbstractEventLoop) -> Callable[[], float]:
    """Return the clock of a loop; that of asyncio's own loops without the method around it."""
    return monotonic if type(loop).time is BaseEventLoop.time else loop.time


class Deadlines(Generic[H]):
    """Deadlines of one length in seconds: `reached` is called with each one that was not cleared before.

    `due` tells when each of them expires, in loop time.
    """

    __slots__ = ("_loop", "_reached", "_seconds", "_time", "_timer", "due")

    def __init__(self, loop: AbstractEventLoop, seconds: float, reached: Callable[[H], object]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._time = clock_of(loop)
        self._reached = reached
        self.due: dict[H, float] = {}
        self._timer: TimerHandle | None = None

    def set(self, what: H) -> float:
        """Set a deadline that starts now, and return when it expires, in loop time."""
        self.due[what] = due = self._time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._fire, due)
        return due

    def clear(self, what: H) -> None:
        """Remove a deadline."""
        self.due.pop(what, None)

    def close(self) -> None:
        """Remove all deadlines."""
        self.due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self, when: float) -> None:
        """Expire all deadlines that are due, and set the timer for the next."""
        self._timer = None
        now = max(when, self._loop.time())
        late: list[H] = []
        for what, due in self.due.items():
            if due > now:
                self._timer = self._loop.call_at(due, self._fire, due)
                break
            late.append(what)
        for what in late:
            # The callback may clear other deadlines.
            if self.due.pop(what, None) is not None:
                self._reached(what)
