"""The sum of the times of all calls, where they would take as long one after another.

Calls that wait for a processor, or for each other to leave the interpreter, take longer side by side than alone. None
has waited longer than the process used processors meanwhile. So the sum is given only if that is at most a quarter, of
the run and of the calls. Processes that a tool starts are counted once it has waited for their end.
"""

import os
from collections.abc import Callable, Hashable
from time import process_time
from typing import Final

SHARE: Final = 0.25
"""The part of the time in which processors may have been used."""

STEP: Final = 0.001
"""Seconds between two looks at the clock of processors."""


def processor_time() -> float:
    """Seconds on processors of this process, and of those that it has waited for."""
    used = os.times()
    return process_time() + used.children_user + used.children_system


class CallTimes:
    """The clocks of a run: adds up the times of its calls, and how long processors were used meanwhile, in seconds.

    The clock of processors is slow to read, so it is read every `STEP` at most; between two looks, all the time on
    processors counts for as many calls as were open at once. `is_stalled`: a call blocked the event loop, so that
    others took longer.
    """

    __slots__ = (
        "_began", "_busy", "_calls", "_clock", "_most", "_next", "_open", "_processor", "_seen", "_start", "is_stalled"
    )  # fmt: skip

    def __init__(self, clock: Callable[[], float], processor: Callable[[], float]) -> None:
        self._clock = clock
        self._processor = processor
        self._start = clock()
        self._began = processor()
        self._open: set[Hashable] = set()
        self._most = 0
        self._seen = self._next = 0.0
        self._calls = 0.0
        self._busy = 0.0
        self.is_stalled = False

    def now(self) -> float:
        """Seconds since the start of the run."""
        return self._clock() - self._start

    def used(self) -> float:
        """Seconds that processors were used since then."""
        return max(self._processor() - self._began, 0.0)

    def begin(self, call: Hashable) -> float:
        """A call begins: when that is."""
        now = self._clock() - self._start
        if now >= self._next:
            self._look(now)
        self._open.add(call)
        self._most = max(self._most, len(self._open))
        return now

    def end(self, call: Hashable, began: float) -> float:
        """A call that began then is over: how long it took."""
        now = self._clock() - self._start
        self.forget(call)
        if now >= self._next:
            self._look(now)
        self._calls += now - began
        return now - began

    def forget(self, call: Hashable) -> None:
        """A call is not waited for any more."""
        self._open.discard(call)

    def _look(self, now: float) -> None:
        """Count how long processors were used since the last look, for each of the calls meanwhile."""
        used = max(self.used(), self._seen)
        self._busy += (used - self._seen) * self._most
        self._seen, self._next, self._most = used, now + STEP, len(self._open)

    def total(self, seconds: float, used: float) -> float | None:
        """The sum at the end of a run that took so long, and used processors so long; None where it would be false.

        A run that is shorter than the clock can tell has none.
        """
        is_true = seconds > 0.0 and used <= SHARE * seconds and self._busy <= SHARE * self._calls
        return self._calls if is_true and not self.is_stalled else None
