"""What happens in a run, as it happens: the only source for progress, traces and tests.

    RunStarted
      Asked  Answered                     a call waits until somebody says yes or no
      Started  Retried  FellBack          a call, an attempt after the first, a fallback used
      Expanded                            a loop has its elements
      Stalled                             a tool blocks the event loop
      Finished  Failed  Skipped  Blocked  Cancelled  Dropped
    Restarted                             the text so far was reasoning or another form; its tasks were dropped
    RunFinished

`key` is the instance, `task` the written task, `at` the seconds since the start of the run.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from llmc_compiler.brief import Brief
from llmc_compiler.graph import TaskId
from llmc_runtime import outcomes
from llmc_runtime.errors import PlanError
from llmc_runtime.outcomes import Key


@dataclass(frozen=True, slots=True, repr=False)
class RunStarted(Brief):
    """The run can be given nodes."""

    at: float


@dataclass(frozen=True, slots=True, repr=False)
class Asked(Brief):
    """A call of `tool` waits until somebody says whether it may be made."""

    key: Key
    task: TaskId
    at: float
    tool: str


@dataclass(frozen=True, slots=True, repr=False)
class Answered(Brief):
    """Somebody said whether the call may be made (`approved`) or not."""

    key: Key
    task: TaskId
    at: float
    approved: bool


@dataclass(frozen=True, slots=True, repr=False)
class Started(Brief):
    """A tool is called for the first time."""

    key: Key
    task: TaskId
    at: float
    tool: str


@dataclass(frozen=True, slots=True, repr=False)
class Retried(Brief):
    """An attempt failed, and the one numbered `attempt` follows after `delay` seconds."""

    key: Key
    task: TaskId
    at: float
    attempt: int
    delay: float
    error: PlanError


@dataclass(frozen=True, slots=True, repr=False)
class FellBack(Brief):
    """It failed, and its fallback takes the place of the value."""

    key: Key
    task: TaskId
    at: float
    error: PlanError


@dataclass(frozen=True, slots=True, repr=False)
class Expanded(Brief):
    """A loop has `count` elements."""

    key: Key
    task: TaskId
    at: float
    count: int


@dataclass(frozen=True, slots=True, repr=False)
class Stalled(Brief):
    """The tool blocked the event loop for `seconds`, in which nothing else went on."""

    key: Key
    task: TaskId
    at: float
    tool: str
    seconds: float


@dataclass(frozen=True, slots=True, repr=False)
class Finished(Brief):
    """It has a value, after `seconds` in tools."""

    key: Key
    task: TaskId
    at: float
    seconds: float


@dataclass(frozen=True, slots=True, repr=False)
class Failed(Brief):
    """It failed."""

    key: Key
    task: TaskId
    at: float
    error: PlanError


@dataclass(frozen=True, slots=True, repr=False)
class Skipped(Brief):
    """It was not to be done."""

    key: Key
    task: TaskId
    at: float


@dataclass(frozen=True, slots=True, repr=False)
class Blocked(Brief):
    """It could not be done because the task `cause` failed."""

    key: Key
    task: TaskId
    at: float
    cause: TaskId


@dataclass(frozen=True, slots=True, repr=False)
class Cancelled(Brief):
    """It was given up, or not begun, because the run was stopped; `in_doubt` where it may have written."""

    key: Key
    task: TaskId
    at: float
    error: PlanError


@dataclass(frozen=True, slots=True, repr=False)
class Dropped(Brief):
    """Nobody needs it any more."""

    key: Key
    task: TaskId
    at: float


@dataclass(frozen=True, slots=True, repr=False)
class Restarted(Brief):
    """The plan so far was dropped, and its keys may come again.

    It was reasoning, or the whole text is of a `dialect`; then `plan` is what it says, unless it has mistakes.
    """

    at: float
    dialect: str | None = None
    plan: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class RunFinished(Brief):
    """All have an outcome, or the run was given up (not `complete`); `abandoned` names what is left running."""

    at: float
    complete: bool
    abandoned: tuple[str, ...]


Event = (
    RunStarted
    | Asked
    | Answered
    | Started
    | Retried
    | FellBack
    | Expanded
    | Stalled
    | Finished
    | Failed
    | Skipped
    | Blocked
    | Cancelled
    | Dropped
    | Restarted
    | RunFinished
)


OF_RUNS: Final = (RunStarted, Restarted, RunFinished)
"""Events of a run as a whole, without an instance."""

OF_ERRORS: Final = (Retried, FellBack, Failed, Cancelled)
"""Events with an error."""


def unfinished(key: Key, task: TaskId, at: float, outcome: outcomes.Outcome) -> Event:
    """The event of an outcome that is no value."""
    match outcome:
        case outcomes.Failed(error):
            return Failed(key, task, at, error)
        case outcomes.BlockedBy(cause):
            return Blocked(key, task, at, cause)
        case outcomes.Cancelled(error):
            return Cancelled(key, task, at, error)
        case outcomes.Skipped():
            return Skipped(key, task, at)
        case _:
            return Dropped(key, task, at)


def in_doubt(happened: Iterable[Event]) -> tuple[str, ...]:
    """The tasks, with the places of elements in loops, that may have written something, though nobody knows."""
    found: dict[str, None] = {}
    for event in happened:
        if isinstance(event, (Failed, Cancelled, FellBack)) and event.error.in_doubt:
            found["".join([event.task, *(f"[{index}]" for index in event.key[1])])] = None
    return tuple(found)
