"""The calls, cost, bytes and time that a run may still use."""

from asyncio import AbstractEventLoop
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from llmc_compiler.tools.tool import Tool
from llmc_grammar.forks import fork_safe_lock
from llmc_runtime.calls.admission import Admission, PendingCall
from llmc_runtime.concurrency import abandoned
from llmc_runtime.limits import Limits
from llmc_runtime.state.run_ending import RunEnding

_counting: Final = fork_safe_lock()
"""Nested runs may be in several threads, and count in the same run budgets."""

_ENDS: Final = (StopIteration, StopAsyncIteration, GeneratorExit)
"""Futures reject the first; the second would end an `async for`, the third a coroutine."""

_THIS: Final = "the run"

_AROUND: Final = "the run around it"


class EnclosingRun(Protocol):
    """The run around another one."""

    @property
    def run_budget(self) -> "RunBudget":
        """The budget that both runs draw on."""
        ...

    @property
    def time_left(self) -> float:
        """Seconds that the run may still take."""
        ...


class Surroundings(Protocol):
    """The call in which a run begins."""

    @property
    def run(self) -> EnclosingRun:
        """The run of that call."""
        ...

    def refusal(self) -> str | None:
        """Why a run that began here may begin nothing more."""
        ...


@dataclass(slots=True)
class RunBudget:
    """The run budget: limits, and their use so far. A plan that is parsed anew after a repair goes on with it.

    `seconds` is the time of the run, and `until` its end in loop time. `room` is the number of bytes left for values.
    Once a value does not fit, `spent` is the size that it would have led to, and no more calls start. Use also counts
    in the budget of the outer run, if `place` is set; `is_shared` is set then, or if runs are inside. Runs with a
    common budget end together: `error` is the exception that ended one of them.
    """

    limits: Limits
    admission: Admission[PendingCall]
    until: float
    seconds: float
    place: Surroundings | None = None
    calls: int = 0
    cost: float = 0.0
    spent: int = 0
    room: int = field(init=False)
    is_shared: bool = field(init=False)
    error: BaseException | None = None
    _endings: list[RunEnding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.room = self.limits.run_bytes
        self.is_shared = self.place is not None

    @staticmethod
    def of(
        loop: AbstractEventLoop, limits: Limits, admission: Admission[PendingCall], place: Surroundings | None
    ) -> "RunBudget":
        """Create the budget of a run that starts now, nested at `place` if that is given."""
        now, seconds = loop.time(), limits.run_time
        if place is None:
            return RunBudget(limits, admission, now + seconds, seconds)
        seconds = min(seconds, place.run.time_left)
        place.run.run_budget.is_shared = True
        return RunBudget(limits, admission, now + seconds, seconds, place)

    @property
    def around(self) -> "RunBudget | None":
        """The budget of the outer run."""
        return None if self.place is None else self.place.run.run_budget

    @property
    def is_full(self) -> bool:
        """Whether this run or one around it is out of room."""
        return any(run.is_spent for run, _ in self._runs())

    @property
    def is_spent(self) -> bool:
        """Whether this run itself is out of room, regardless of those around it."""
        return self.spent > 0 or self.room <= 0

    def share(self, ending: RunEnding) -> None:
        """Register a run that uses this budget."""
        self._endings.append(ending)
        if self.error is not None:
            ending.fail(self.error)

    def end_with(self, error: BaseException) -> None:
        """End the runs with an error; errors that would end an iterator or a coroutine are wrapped."""
        if isinstance(error, _ENDS):
            wrapped = RuntimeError(repr(error))
            wrapped.__cause__ = error
            error = wrapped
        self.error = error if self.error is None else self.error
        for ending in self._endings:
            ending.fail(error)

    def no_room(self, size: int = 0) -> tuple[str, str]:
        """Return the limit and the reason for lack of room for `size` more bytes.

        No more calls start after that.
        """
        run = min((run for run, _ in self._runs()), key=lambda run: (not run.is_spent, run.room))
        limit = run.limits.run_bytes
        run.spent = run.spent or limit - run.room + size
        whose = "the run's results and arguments" if run is self else f"the results and arguments of {_AROUND}"
        take = "would take" if run.spent > limit else "take"
        return "run_bytes", f"{whose} {take} {run.spent:,} bytes; at most {limit:,} are allowed"

    def too_late(self) -> str:
        """Return the reason why nothing more starts after the run's time."""
        why = f"the run took longer than {self.seconds:g} s"
        return why if self.seconds == self.limits.run_time else f"{why}, which the run around it had left"

    def refusal(self, tool: Tool, words: str = _THIS) -> tuple[str, str] | None:
        """Return the limit of this run that forbids calling a tool, and its reason; None if the call is allowed."""
        limits = self.limits
        if self.spent > 0 or self.room <= 0:
            return self.no_room()
        if self.calls >= limits.calls:
            return "calls", f"{words} has made {self.calls:,} calls"
        if tool.cost and self.cost + tool.cost > limits.cost:
            return "cost", f"`{tool.name}` costs {tool.cost:g}, and {words} has spent {self.cost:g} of {limits.cost:g}"
        if abandoned.numbers and (number := abandoned.number_left(tool.call)) >= limits.abandoned:
            return "abandoned", f"{number:,} calls of `{tool.name}` were given up and still run"
        return None

    def take(self, tool: Tool, is_first: bool) -> tuple[str, str] | None:  # noqa: FBT001 — of each attempt
        """Count an attempt of a run that shares its budget, as far as all budgets allow it.

        Returns the limit that forbids it, and its reason.
        """
        with _counting:
            return self._take_from_all(tool, int(is_first))

    def too_late_around(self) -> tuple[str, str] | None:
        """Return the limit and its reason if the outer run, or the attempt around this run, has ended."""
        why = None if self.place is None else self.place.refusal()
        return None if why is None else ("run_time", why)

    @property
    def left(self) -> int:
        """Bytes of room, here and in the runs around."""
        return min(run.room for run, _ in self._runs()) if self.is_shared else self.room

    def keep(self, size: int) -> bool:
        """Reserve bytes if there is room for them, and return whether there was."""
        if not self.is_shared:
            if size > self.room:
                return False
            self.room -= size
            return True
        with _counting:
            if fits := size <= self.left:
                self._count(size)
        return fits

    def count(self, size: int) -> None:
        """Count bytes even without room for them; a negative size frees bytes."""
        with _counting:
            self._count(size)

    def continue_from(self, earlier: "RunBudget") -> None:
        """Count the bytes that an earlier run for the same question keeps."""
        self.room -= earlier.limits.run_bytes - earlier.room

    def _count(self, size: int) -> None:
        """Take bytes from this run and those around it."""
        for run, _ in self._runs():
            run.room -= size

    def _take_from_all(self, tool: Tool, calls: int) -> tuple[str, str] | None:
        """Count an attempt in this run and all around it, or in none of them."""
        if self.is_full:
            return self.no_room()
        if (over := self.too_late_around()) is not None:
            return over
        for run, words in self._runs():
            # Another thread may have used up the rest since this run was checked.
            if (refusal := run.refusal(tool, words)) is not None:
                return refusal
        for run, _ in self._runs():
            run.calls += calls
            run.cost += tool.cost
        return None

    def _runs(self) -> "Iterator[tuple[RunBudget, str]]":
        """Yield this run and those around it, with their names in messages."""
        run: RunBudget | None = self
        words = _THIS
        while run is not None:
            yield run, words
            run, words = run.around, _AROUND
