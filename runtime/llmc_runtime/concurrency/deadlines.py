"""Deadlines of a run.

Those that last equally long are reached in the order in which they began, so that each length needs one timer of the
loop, and a deadline that is never reached costs as little as an entry in a dictionary.
"""

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

H = TypeVar("H", bound=Hashable)


class Deadlines(Generic[H]):
    """Deadlines of one length, in seconds: `reached` is told of each that was not cleared before."""

    __slots__ = ("_due", "_loop", "_reached", "_seconds", "_timer")

    def __init__(self, loop: AbstractEventLoop, seconds: float, reached: Callable[[H], object]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._reached = reached
        self._due: dict[H, float] = {}
        self._timer: TimerHandle | None = None

    def set(self, what: H) -> float:
        """A deadline begins now; when it will be reached, in the time of the loop."""
        due = self._loop.time() + self._seconds
        self._due[what] = due
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._fire, due)
        return due

    def clear(self, what: H) -> None:
        """A deadline counts no more."""
        self._due.pop(what, None)

    def close(self) -> None:
        """No deadline counts any more."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self, when: float) -> None:
        """The time has come that was the first of all, when it was set."""
        self._timer = None
        now = max(when, self._loop.time())
        late: list[H] = []
        for what, due in self._due.items():
            if due > now:
                self._timer = self._loop.call_at(due, self._fire, due)
                break
            late.append(what)
        for what in late:
            # One that is reached may clear others.
            if self._due.pop(what, None) is not None:
                self._reached(what)
