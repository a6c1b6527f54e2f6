"""State shared by the calls of a run: loop, threads, admission, run budget and listener."""

from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from llmc_compiler.tools.signature import ResultBounds
from llmc_runtime.calls.admission import Admission, Lane, PendingCall
from llmc_runtime.calls.nested_runs import OuterRun
from llmc_runtime.calls.run_budget import RunBudget
from llmc_runtime.calls.tool_runner import ToolRunner
from llmc_runtime.concurrency.deadlines import Deadlines
from llmc_runtime.concurrency.task_group import TaskLabel
from llmc_runtime.errors import CallError
from llmc_runtime.limits import Limits
from llmc_runtime.state.outcomes import Done, Failed

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class CallListener(Protocol[T_contra]):
    """A listener for calls; `owner` is the object that a call was made for."""

    def started(self, owner: T_contra, tool: str, /) -> None:
        """The tool is called for the first time."""
        ...

    def retried(self, owner: T_contra, attempt: int, delay: float, error: CallError, /) -> None:
        """An attempt failed, and attempt number `attempt` follows after `delay` seconds."""
        ...

    def ended(self, owner: T_contra, outcome: Done | Failed, /) -> None:
        """The call has ended; sent once."""
        ...


class RecordedCall(TaskLabel, Protocol):
    """A call that waits for its intent to be committed."""

    def intended(self) -> None:
        """The intent is committed: ask for the turn of the first attempt."""
        ...

    def not_intended(self, why: BaseException, /) -> None:
        """The intent was not committed: the call is not made."""
        ...

    def admit(self) -> None:
        """Admit calls that wait and fit."""
        ...


class Recording(Protocol):
    """Where the intent and the outcome of one call are kept."""

    def intend(self, call: RecordedCall, /) -> bool:
        """Commit the intent of a call that may write; whether the call has to wait for it."""
        ...

    def stop(self) -> None:
        """Do not wait for the intent any more."""
        ...

    def give_up(self, *, in_doubt: bool) -> None:
        """The call was given up."""
        ...

    def end(self, outcome: Done | Failed, /) -> None:
        """The call is over."""
        ...


@dataclass(slots=True)
class CallContext(Generic[T]):
    """State shared by the calls of a run. `random` returns numbers from 0 to 1, `wall` the time of day.

    Once closing, no attempt is retried. Once halted, nested runs start no calls either.
    """

    loop: AbstractEventLoop
    runner: ToolRunner
    run_budget: RunBudget
    random: Callable[[], float]
    wall: Callable[[], float]
    rank: Callable[[T], float]
    report: CallListener[T]
    host: OuterRun
    limits: Limits = field(init=False)
    admission: Admission[PendingCall] = field(init=False)
    until: float = field(init=False)
    context: Context = field(init=False)
    bounds: ResultBounds = field(init=False)
    is_inside: bool = field(init=False)
    is_closing: bool = False
    is_halted: bool = False
    calls: int = 0
    tasks: "Deadlines[PendingCall]" = field(init=False)
    graces: "Deadlines[PendingCall]" = field(init=False)
    _of_attempts: "dict[float, Deadlines[PendingCall]]" = field(init=False, default_factory=dict)
    _of_tools: "dict[tuple[str, float | None], tuple[Lane, Deadlines[PendingCall]]]" = field(
        init=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        self.limits, self.admission, self.until = (
            self.run_budget.limits,
            self.run_budget.admission,
            self.run_budget.until,
        )
        self.context = self.host.context
        self.bounds = ResultBounds(self.limits.result_bytes, self.limits.result_depth)
        self.is_inside = self.run_budget.place is not None
        seconds = self.limits.task_time
        self.tasks = Deadlines(self.loop, seconds, lambda calling: calling.time_out(seconds, "task"))
        self.graces = Deadlines(self.loop, self.limits.grace, lambda calling: calling.outlive())

    def lane_and_deadlines(self, tool: str, timeout: float | None) -> "tuple[Lane, Deadlines[PendingCall]]":
        """Return the lane of a tool, and the deadlines of its attempts with this `@timeout` in seconds."""
        shared = self._of_tools.get((tool, timeout))
        if shared is None:
            limit = self.limits.attempt_time
            seconds = limit if timeout is None or timeout > limit else timeout
            shared = self._of_tools[tool, timeout] = self.admission.lane(tool), self._attempts(seconds)
        return shared

    def _attempts(self, seconds: float) -> "Deadlines[PendingCall]":
        """Return the deadlines for attempts of this length, in seconds."""
        deadlines = self._of_attempts.get(seconds)
        if deadlines is None:
            deadlines = Deadlines(self.loop, seconds, lambda calling: calling.time_out(seconds, "attempt"))
            self._of_attempts[seconds] = deadlines
        return deadlines

    def soon(self, told: Callable[[int], object], turn: int) -> None:
        """Call a function on the loop's thread, from any thread; does nothing if the loop is closed."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(told, turn)

    def close(self) -> None:
        """Admit no more calls; running ones go on, within their time."""
        self.is_closing = True

    def halt(self) -> None:
        """Admit no more calls, here or in nested runs; running ones go on."""
        self.is_closing = self.is_halted = True

    def end(self) -> None:
        """Remove all deadlines."""
        self.tasks.close()
        self.graces.close()
        for deadlines in self._of_attempts.values():
            deadlines.close()
