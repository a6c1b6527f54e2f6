"""Whose turn it is: the widths and rates of a run.

Whoever waits holds nothing, and is let in when all that it takes is free at once, so that there is no order in which
limits could lock each other. Among those that could go, the one of the highest rank goes, then the one that came first;
nobody is passed by for ever, since a run has finitely many calls and each of them ends.

A call that its tool's own limits keep back waits in the lane of the tool, where it is in nobody's way. Where there is
no memory for the arguments of the first in line, all wait until somebody leaves. Copies of large arguments take time:
after each of them the loop has its turn.
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
"""A place in a line, which is a heap: the rank with its sign turned, the number of arrival, and who waits."""

_LARGE: Final = 1024 * 1024
"""Bytes that take some time to copy."""

_TICK: Final = 1e-6
"""Timers come early by the resolution of the clock, in seconds."""


class Waiter(Protocol):
    """Who wants in; `waits` turns false when it wants no more."""

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
        """Whether it still wants in."""
        ...

    def enter(self) -> None:
        """It is let in."""
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
    """What is known of the calls of one tool in a run: how many are in, when they began, who has to wait."""

    __slots__ = ("begun", "line", "opens", "rate", "room", "timer")

    def __init__(self, width: int, rate: Rate | None) -> None:
        self.room = width
        self.rate = rate
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
    """Lets calls in as long as there is room; `rank` says of two that wait who goes first, the higher one.

    `size` are the bytes that are copied when one is let in, and `fits` says whether there is memory for them.
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
        """The lane of a tool."""
        lane = self._lanes.get(tool)
        if lane is None:
            own = self._limits.tools.get(tool)
            width = own.width if own is not None and own.width is not None else self._limits.tool_width
            self._lanes[tool] = lane = Lane(width, own.rate if own is not None else None)
        return lane

    def ask(self, waiter: W) -> None:
        """Somebody wants in: at the next `admit`, or whenever there is room."""
        self._arrived.append(waiter)

    def leave(self, waiter: W) -> None:
        """Somebody who was let in makes room; who takes it is settled by the next `admit`."""
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
        """Nobody is let in to a tool for so long."""
        lane.opens = max(lane.opens, self._loop.time() + seconds)

    def rerank(self) -> None:
        """Ranks are other ones from now on."""
        for line in (self._line, self._thread_line, *(lane.line for lane in self._lanes.values())):
            line[:] = [(-self._rank(waiter), number, waiter) for _, number, waiter in line]
            heapify(line)

    def admit(self) -> bool:
        """Let in whom there is room for; whether there was somebody."""
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
                    # Who waited behind it was not called up in its place.
                    self._call_up(entry[2].lane.line)
                    self._call_up(self._thread_line)
                if self._arrived:  # a call that ended at once may have made others ready
                    self._receive()
        finally:
            self._is_admitting = False
        return True

    def close(self) -> None:
        """Nobody is let in any more."""
        self._is_closed = True
        for line in (self._line, self._thread_line, *(lane.line for lane in self._lanes.values())):
            line.clear()
        for lane in self._lanes.values():
            if lane.timer is not None:
                lane.timer.cancel()

    def _receive(self) -> None:
        """Let in those that just came, if there is room for all and nobody was before them; else line them up."""
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
                    self._try(waiter)

    def _entry(self, waiter: W) -> Entry:
        """Its place in a line."""
        return -self._rank(waiter), next(self._number), waiter

    def _try(self, waiter: W, entry: Entry | None = None) -> None:
        """Let somebody in, or keep them where they are in nobody's way."""
        lane = waiter.lane
        if not lane.room or ((lane.rate is not None or lane.opens) and not self._is_open(lane)):
            heappush(lane.line, entry or self._entry(waiter))
            if waiter.in_thread and self._threads:
                self._call_up(self._thread_line)
        elif waiter.in_thread and not self._threads:
            heappush(self._thread_line, entry or self._entry(waiter))
        elif not self._fits(waiter) and self._room < self._limits.width:
            heappush(self._line, entry or self._entry(waiter))
            self._is_held = True
        else:
            self._room -= 1
            lane.room -= 1
            self._threads -= waiter.in_thread
            if lane.rate is not None:
                lane.begun.append(self._loop.time())
            if self._size(waiter) > _LARGE:
                self._is_held = True
                self._loop.call_soon(self._go_on)
            waiter.enter()

    def _go_on(self) -> None:
        """The loop has had its turn."""
        self._is_held = False
        self.admit()

    def _is_open(self, lane: Lane) -> bool:
        """Whether a tool may be called now; if not, it is tried again when it may."""
        opening = lane.opening()
        if self._loop.time() >= opening - _TICK:
            return True
        if lane.timer is None:
            lane.timer = self._loop.call_at(opening, self._reopen, lane)
        return False

    def _reopen(self, lane: Lane) -> None:
        """The time has come at which a tool may be called again."""
        lane.timer = None
        for _ in range(min(lane.room, len(lane.line))):
            self._call_up(lane.line)
        self.admit()

    def _call_up(self, line: list[Entry]) -> None:
        """The first of a line that still waits may try again."""
        while line:
            entry = heappop(line)
            if entry[2].waits:
                heappush(self._line, entry)
                return
            # Who waits no more may have been called up from its lane, in the place of another.
            if line is self._thread_line:
                self._call_up(entry[2].lane.line)
