"""What the calls of a run share: where they run, whose turn it is, what they may take, and who is told."""

from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from llmc_runtime.calls.admission import Admission, PendingCall
from llmc_runtime.calls.nested_runs import OuterRun
from llmc_runtime.calls.run_budget import RunBudget
from llmc_runtime.concurrency.deadlines import Deadlines
from llmc_runtime.concurrency.task_group import TaskGroup
from llmc_runtime.concurrency.thread_pool import ThreadPool
from llmc_runtime.errors import CallError
from llmc_runtime.limits import Limits
from llmc_runtime.state.outcomes import Done, Failed

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class CallListener(Protocol[T_contra]):
    """Who wants to know about calls; `owner` is whatever a call was made for."""

    def started(self, owner: T_contra, tool: str, /) -> None:
        """The tool is called for the first time."""
        ...

    def retried(self, owner: T_contra, attempt: int, delay: float, error: CallError, /) -> None:
        """An attempt failed, and the one with this number follows after so many seconds."""
        ...

    def ended(self, owner: T_contra, outcome: Done | Failed, /) -> None:
        """It is over; told once."""
        ...


@dataclass(slots=True)
class CallContext(Generic[T]):
    """What the calls of a run share; `random` is from 0 to 1, `wall` the time of day.

    Once it is closing, no attempt is followed by another. Once it is halted, runs inside begin nothing more either.
    """

    loop: AbstractEventLoop
    group: TaskGroup
    threads: ThreadPool
    allowance: RunBudget
    random: Callable[[], float]
    wall: Callable[[], float]
    rank: Callable[[T], float]
    report: CallListener[T]
    host: OuterRun
    limits: Limits = field(init=False)
    gate: Admission[PendingCall] = field(init=False)
    until: float = field(init=False)
    is_inside: bool = field(init=False)
    is_closing: bool = False
    is_halted: bool = False
    calls: int = 0
    tasks: "Deadlines[PendingCall]" = field(init=False)
    graces: "Deadlines[PendingCall]" = field(init=False)
    _attempts: "dict[float, Deadlines[PendingCall]]" = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """The deadlines of tasks are all of one length, and so are those of attempts that were given up."""
        self.limits, self.gate, self.until = self.allowance.limits, self.allowance.gate, self.allowance.until
        self.is_inside = self.allowance.place is not None
        seconds = self.limits.task_time
        self.tasks = Deadlines(self.loop, seconds, lambda calling: calling.time_out(seconds, "task"))
        self.graces = Deadlines(self.loop, self.limits.grace, lambda calling: calling.outlive())

    def attempts(self, seconds: float) -> "Deadlines[PendingCall]":
        """The deadlines of attempts that may take so long."""
        found = self._attempts.get(seconds)
        if found is None:
            found = Deadlines(self.loop, seconds, lambda calling: calling.time_out(seconds, "attempt"))
            self._attempts[seconds] = found
        return found

    def soon(self, told: Callable[[int], object], turn: int) -> None:
        """Tell something on the loop's thread, from any thread; a loop that was closed is told nothing."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(told, turn)

    def close(self) -> None:
        """Nobody is let in any more; what is in goes on, within its time."""
        self.is_closing = True

    def halt(self) -> None:
        """Nobody is let in any more, here or in runs inside; what is in goes on."""
        self.is_closing = self.is_halted = True

    def end(self) -> None:
        """No deadline counts any more."""
        self.tasks.close()
        self.graces.close()
        for deadlines in self._attempts.values():
            deadlines.close()
