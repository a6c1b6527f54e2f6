"""What the calls of a run share: where they run, whose turn it is, what they may take, and who is told."""

from asyncio import AbstractEventLoop
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from llmc_compiler.tools import Tool
from llmc_runtime import left
from llmc_runtime.deadlines import Deadlines
from llmc_runtime.ending import Ending
from llmc_runtime.errors import CallError
from llmc_runtime.gate import Gate
from llmc_runtime.group import Group
from llmc_runtime.limits import Limits
from llmc_runtime.outcomes import Done, Failed
from llmc_runtime.threads import Threads

if TYPE_CHECKING:
    from llmc_runtime.call import Calling

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Report(Protocol[T_contra]):
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
class Allowance(Generic[T]):
    """What a run may take, and has taken: a plan that is read anew after a repair goes on with the same.

    `until` is the end of the run in the loop's time, `room` the bytes that are left for what it keeps. Runs that share
    it end together where something ends one of them: `error` is what did.
    """

    limits: Limits
    gate: "Gate[Calling[T]]"
    until: float
    calls: int = 0
    cost: float = 0.0
    room: int = field(init=False)
    error: BaseException | None = None
    _endings: list[Ending] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nothing is kept yet."""
        self.room = self.limits.run_bytes

    def share(self, ending: Ending) -> None:
        """A run takes from this."""
        self._endings.append(ending)
        if self.error is not None:
            ending.fail(self.error)

    def end_with(self, error: BaseException) -> None:
        """End the runs with an error; a future takes any but StopIteration."""
        error = RuntimeError(repr(error)) if isinstance(error, StopIteration) else error
        self.error = error if self.error is None else self.error
        for ending in self._endings:
            ending.fail(error)

    def no_room(self) -> tuple[str, str]:
        """Which limit lets nothing more be computed, and why, where there is no `room` for what it would give."""
        limit = self.limits.run_bytes
        return "run_bytes", f"the run's results and arguments have {limit - self.room:,} bytes, and may have {limit:,}"

    def refusal(self, tool: Tool) -> tuple[str, str] | None:
        """Which limit does not let a tool be called, and why; None where it may be called."""
        limits = self.limits
        if self.room <= 0:
            return self.no_room()
        if self.calls >= limits.calls:
            return "calls", f"the run has made {self.calls:,} calls"
        if tool.cost and self.cost + tool.cost > limits.cost:
            return "cost", f"`{tool.name}` costs {tool.cost:g}, and the run has spent {self.cost:g} of {limits.cost:g}"
        if (number := left.number_left(tool.call)) >= limits.abandoned:
            return "abandoned", f"{number:,} calls of `{tool.name}` were given up and still run"
        return None


@dataclass(slots=True)
class Door(Generic[T]):
    """What the calls of a run share; `random` is from 0 to 1, `wall` the time of day.

    Once it is closing, no attempt is followed by another.
    """

    loop: AbstractEventLoop
    group: Group
    threads: Threads
    allowance: Allowance[T]
    random: Callable[[], float]
    wall: Callable[[], float]
    rank: Callable[[T], float]
    report: Report[T]
    limits: Limits = field(init=False)
    gate: "Gate[Calling[T]]" = field(init=False)
    until: float = field(init=False)
    is_closing: bool = False
    calls: int = 0
    tasks: "Deadlines[Calling[T]]" = field(init=False)
    _attempts: "dict[float, Deadlines[Calling[T]]]" = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """The deadlines of tasks are all of one length."""
        self.limits, self.gate, self.until = self.allowance.limits, self.allowance.gate, self.allowance.until
        seconds = self.limits.task_time
        self.tasks = Deadlines(self.loop, seconds, lambda calling: calling.time_out(seconds, "task"))

    def attempts(self, seconds: float) -> "Deadlines[Calling[T]]":
        """The deadlines of attempts that may take so long."""
        found = self._attempts.get(seconds)
        if found is None:
            found = Deadlines(self.loop, seconds, lambda calling: calling.time_out(seconds, "attempt"))
            self._attempts[seconds] = found
        return found

    def close(self) -> None:
        """Nobody is let in any more; what is in goes on, within its time."""
        self.is_closing = True

    def end(self) -> None:
        """No deadline counts any more."""
        self.tasks.close()
        for deadlines in self._attempts.values():
            deadlines.close()
