"""The sum of the times of all calls, if they would take as long one after another.

Calls that wait for a processor, or for the interpreter lock, take longer side by side than alone. None of them has
waited longer than the process used processors meanwhile. The sum is therefore given only if that time is at most a
quarter of the time of the run and of the calls. Processes that a tool starts are counted once it has waited for their
end.
"""

import os
from collections.abc import Callable, Hashable
from time import process_time
from typing import Final

SHARE: Final = 0.25
"""Largest share of the time in which processors may have been used."""

STEP: Final = 0.001
"""Seconds between two readings of the processor clock."""


def processor_time() -> float:
    """Return the processor seconds of this process, and of the child processes that it has waited for."""
    used = os.times()
    return process_time() + used.children_user + used.children_system


class CallTimes:
    """The clocks of a run: add up the times of its calls, and the processor time meanwhile, in seconds.

    The processor clock is slow to read, so it is read once every `STEP` at most. Between two readings, all processor
    time counts for as many calls as were open at once. `is_stalled` means that a call blocked the event loop, so that
    others took longer. `ended` is the time at which the last call ended.
    """

    __slots__ = (
        "_began",
        "_busy",
        "_calls",
        "_clock",
        "_most",
        "_next",
        "_open",
        "_processor",
        "_seen",
        "_start",
        "ended",
        "is_stalled",
    )

    def __init__(self, clock: Callable[[], float], processor: Callable[[], float]) -> None:
        self._clock = clock
        self._processor = processor
        self._start = clock()
        self._began = processor()
        self._open: set[Hashable] = set()
        self._most = 0
        self._seen = self._next = 0.0
        self._calls = 0.0
        self._busy = self.ended = 0.0
        self.is_stalled = False

    def now(self) -> float:
        """Seconds since the start of the run."""
        return self._clock() - self._start

    def used(self) -> float:
        """Processor seconds since the start of the run."""
        return max(self._processor() - self._began, 0.0)

    def begin(self, call: Hashable) -> float:
        """Start the clock of a call, and return its start time."""
        now = self._clock() - self._start
        if now >= self._next:
            self._look(now)
        self._open.add(call)
        if len(self._open) > self._most:  # noqa: PLR1730 — without a call, for each call
            self._most = len(self._open)
        return now

    def end(self, call: Hashable, began: float) -> float:
        """Stop the clock of a call that began at `began`, and return its duration."""
        self.ended = now = self._clock() - self._start
        self._open.discard(call)
        if now >= self._next:
            self._look(now)
        self._calls += now - began
        return now - began

    def forget(self, call: Hashable) -> None:
        """Stop counting a call."""
        self._open.discard(call)

    def _look(self, now: float) -> None:
        """Add the processor time since the last reading, for each of the calls meanwhile."""
        used = max(self.used(), self._seen)
        self._busy += (used - self._seen) * self._most
        self._seen, self._next, self._most = used, now + STEP, len(self._open)

    def total(self, seconds: float, used: float) -> float | None:
        """Return the sum of call times for a run of `seconds` that `used` processors so long; None if it is misleading.

        It is also None for a run that is shorter than the clock's resolution.
        """
        is_true = seconds > 0.0 and used <= SHARE * seconds and self._busy <= SHARE * self._calls
        return self._calls if is_true and not self.is_stalled else None
