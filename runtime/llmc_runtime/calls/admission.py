"""Admission of calls: the widths and rates of a run.

A waiting call holds nothing. It is admitted when everything it takes is free at once, so limits cannot deadlock. Among
calls that could be admitted, the highest rank goes first, then the earliest. No call starves, since a run has finitely
many calls and each of them ends.

A call that its tool's own limits keep back waits in the tool's lane, where it blocks no other call. Without
memory for the arguments of the first call in line, all wait until a call ends. Copies of large arguments take time, so
the event loop gets a turn after each of them.
"""

from asyncio import AbstractEventLoop, TimerHandle
from collections import deque
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any, Final, Generic, Protocol, TypeVar

from llmc_runtime.errors import Timed
from llmc_runtime.limits import Limits, Rate

Entry = tuple[float, int, Any]
"""An entry of a waiting line, which is a heap: the negated rank, the number of arrival, and the waiting call."""

_LARGE: Final = 1024 * 1024
"""Size in bytes that takes some time to copy."""

_TICK: Final = 1e-6
"""Seconds by which timers may fire early: the resolution of the clock."""


class Waiter(Protocol):
    """A call that waits for admission; `waits` turns false when it no longer wants it."""

    @property
    def lane(self) -> "Lane":
        """The lane of its tool."""
        ...

    @property
    def in_thread(self) -> bool:
        """Whether it takes a thread."""
        ...

    @property
    def waits(self) -> bool:
        """Whether it still waits."""
        ...

    def enter(self) -> None:
        """Start the call, now that it is admitted."""
        ...


class PendingCall(Waiter, Protocol):
    """A call with deadlines."""

    def __hash__(self) -> int:
        """Deadlines hold calls by identity."""
        ...

    def time_out(self, seconds: float, limit: Timed) -> None:
        """Give up: the attempt or the call took longer than `seconds`."""
        ...

    def outlive(self) -> None:
        """Stop waiting for an attempt that was given up."""
        ...


class Lane:
    """The admission state of one tool in a run: free slots, times of recent calls, and waiting calls."""

    __slots__ = ("begun", "is_timed", "line", "opens", "rate", "room", "timer")

    def __init__(self, width: int, rate: Rate | None) -> None:
        self.room = width
        self.rate = rate
        self.is_timed = rate is not None  # or was paused
        self.begun: deque[float] = deque(maxlen=rate.calls if rate else 0)
        self.opens = 0.0
        self.line: list[Entry] = []
        self.timer: TimerHandle | None = None

    def opening(self) -> float:
        """The earliest time at which the tool may be called."""
        if self.rate is None or len(self.begun) < self.rate.calls:
            return self.opens
        return max(self.opens, self.begun[0] + self.rate.seconds)


W = TypeVar("W", bound=Waiter)


class Admission(Generic[W]):
    """Admits calls as long as there is room; of two waiting calls the one with the higher `rank` goes first.

    `size` returns the bytes that admission copies, and `fits` whether there is memory for them.
    """

    def __init__(
        self,
        loop: AbstractEventLoop,
        limits: Limits,
        rank: Callable[[W], float],
        *,
        size: Callable[[W], int] = lambda _: 0,
        fits: Callable[[W], bool] = lambda _: True,
    ) -> None:
        self._loop = loop
        self._limits: Final = limits
        self._rank = rank
        self._size = size
        self._fits = fits
        self._room = limits.width
        self._threads = limits.threads
        self._lanes: dict[str, Lane] = {}
        self._arrived: list[W] = []
        self._line: list[Entry] = []
        self._thread_line: list[Entry] = []
        self._number = count()
        self._is_admitting = False
        self._is_closed = False
        self._is_held = False

    def lane(self, tool: str) -> Lane:
        """Return the lane of a tool."""
        lane = self._lanes.get(tool)
        if lane is None:
            own = self._limits.tools.get(tool)
            width = own.width if own is not None and own.width is not None else self._limits.tool_width
            self._lanes[tool] = lane = Lane(width, own.rate if own is not None else None)
        return lane

    def ask(self, waiter: W) -> None:
        """Queue a call: it is admitted at the next `admit`, or once there is room."""
        self._arrived.append(waiter)

    def leave(self, waiter: W) -> None:
        """Free the slot of an admitted call; the next `admit` fills it."""
        self._room += 1
        lane = waiter.lane
        lane.room += 1
        if lane.line:
            self._call_up(lane.line)
        if waiter.in_thread:
            self._threads += 1
            self._call_up(self._thread_line)
        self._is_held = False

    def pause(self, lane: Lane, seconds: float) -> None:
        """Admit no calls of a tool for so many seconds."""
        lane.opens = max(lane.opens, self._loop.time() + seconds)
        lane.is_timed = True

    def rerank(self) -> None:
        """Sort the lines anew, after ranks have changed."""
        for line in (self._line, self._thread_line, *(lane.line for lane in self._lanes.values())):
            line[:] = [(-self._rank(waiter), number, waiter) for _, number, waiter in line]
            heapify(line)

    def admit(self) -> bool:
        """Admit as many calls as there is room for, and return whether any waited."""
        if self._is_admitting or self._is_held or self._is_closed:
            return False
        if not (self._arrived or (self._line and self._room)):
            return False
        self._is_admitting = True
        try:
            self._receive()
            while self._line and self._room and not self._is_held:
                entry = heappop(self._line)
                if entry[2].waits:
                    self._try(entry[2], entry)
                else:
                    # The calls behind it were not called up in its place.
                    self._call_up(entry[2].lane.line)
                    self._call_up(self._thread_line)
                if self._arrived:  # a call that ended at once may have made others ready
                    self._receive()
        finally:
            self._is_admitting = False
        return True

    def close(self) -> None:
        """Admit no more calls."""
        self._is_closed = True
        for line in (self._line, self._thread_line, *(lane.line for lane in self._lanes.values())):
            line.clear()
        for lane in self._lanes.values():
            if lane.timer is not None:
                lane.timer.cancel()

    def _receive(self) -> None:
        """Admit new arrivals if there is room for all and nothing waits before them; else queue them."""
        while arrived := self._arrived:
            self._arrived = []
            if self._line or len(arrived) > self._room:
                for waiter in arrived:
                    heappush(self._line, self._entry(waiter))
                return
            for waiter in arrived:
                if self._is_held:
                    heappush(self._line, self._entry(waiter))
                elif waiter.waits and not self._is_closed:
                    lane = waiter.lane
                    if not lane.room or lane.is_timed or waiter.in_thread or self._size(waiter):
                        self._try(waiter)
                        continue
                    # As `_try` does with a call for which nothing else is to be looked at.
                    self._room -= 1
                    lane.room -= 1
                    waiter.enter()

    def _entry(self, waiter: W) -> Entry:
        return -self._rank(waiter), next(self._number), waiter

    def _try(self, waiter: W, entry: Entry | None = None) -> None:
        """Admit a call, or move it to a line in which it blocks no other call."""
        lane = waiter.lane
        if not lane.room or (lane.is_timed and not self._is_open(lane)):
            heappush(lane.line, entry or self._entry(waiter))
            if waiter.in_thread and self._threads:
                self._call_up(self._thread_line)
        elif waiter.in_thread and not self._threads:
            heappush(self._thread_line, entry or self._entry(waiter))
        elif (size := self._size(waiter)) and not self._fits(waiter) and self._room < self._limits.width:
            heappush(self._line, entry or self._entry(waiter))
            self._is_held = True
        else:
            self._room -= 1
            lane.room -= 1
            self._threads -= waiter.in_thread
            if lane.rate is not None:
                lane.begun.append(self._loop.time())
            if size > _LARGE:
                self._is_held = True
                self._loop.call_soon(self._go_on)
            waiter.enter()

    def _go_on(self) -> None:
        """Continue after the event loop had its turn."""
        self._is_held = False
        self.admit()

    def _is_open(self, lane: Lane) -> bool:
        """Whether a tool may be called now; if not, set a timer for when it may."""
        opening = lane.opening()
        if self._loop.time() >= opening - _TICK:
            return True
        if lane.timer is None:
            lane.timer = self._loop.call_at(opening, self._reopen, lane)
        return False

    def _reopen(self, lane: Lane) -> None:
        """Admit calls of a tool whose pause is over."""
        lane.timer = None
        for _ in range(min(lane.room, len(lane.line))):
            self._call_up(lane.line)
        self.admit()

    def _call_up(self, line: list[Entry]) -> None:
        """Move the first waiting call of a line back to the main line."""
        while line:
            entry = heappop(line)
            if entry[2].waits:
                heappush(self._line, entry)
                return
            # The dropped call may have been called up from its lane in the place of another.
            if line is self._thread_line:
                self._call_up(entry[2].lane.line)
