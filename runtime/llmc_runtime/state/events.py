"""What happens in a run, as it happens: the only source for progress, traces and tests.

    RunStarted
      Asked  Answered                     a call waits until somebody says yes or no
      Started  Retried  FellBack          a call, an attempt after the first, a fallback used
      Expanded                            a loop has its elements
      Stalled                             a tool blocks the event loop
      Finished  Failed  Skipped  Blocked  Cancelled  Dropped
    Restarted                             the text so far was reasoning or another form; its tasks were dropped
    RunFinished

`key` is the instance, `task` the written task, `at` the seconds since the start of the run. `to_json()` of an event is
its line in a trace, and with the value.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from llmc_compiler.expressions.terms import Json, thaw
from llmc_compiler.ir.graph import TaskId
from llmc_compiler.representation.brief import LENGTH, Brief, brief_fields
from llmc_runtime.block_reasons import blocked_by, place_of
from llmc_runtime.errors import LlmcError, PlanError
from llmc_runtime.redaction import NO_VEIL, Veil
from llmc_runtime.state import outcomes
from llmc_runtime.state.outcomes import Key

DIGITS: Final = 6
"""Digits of a second behind the point: microseconds."""


class RunEvent(Brief):
    """Something that happened at a time, `at`, and can be written down."""

    __slots__ = ()

    __dataclass_fields__: ClassVar[dict[str, Any]]
    at: float

    def to_json(self, *, values: bool = True) -> dict[str, Any]:
        """The event as JSON data, without secrets: its class as `event`, and its fields; without `values` no result."""
        found = self._head()
        for name in self.__dataclass_fields__:
            if name == "key":
                node, indices = getattr(self, name)
                found.update(node=node, indices=list(indices))
            elif name != "at" and (values or name != "value"):
                found[name] = _json(getattr(self, name))
        return found

    def _head(self) -> dict[str, Any]:
        """The class and the time of the event."""
        return {"event": type(self).__name__, "at": round(self.at, DIGITS)}


def _json(value: Any) -> Json:  # noqa: ANN401 — a field of any event
    """A field as JSON data, in a copy."""
    match value:
        case LlmcError():
            return {"type": type(value).__name__, "message": str(value)}
        case float():
            return round(value, DIGITS)
        case tuple():
            return list(value)
        case _:
            return thaw(value)


@dataclass(frozen=True, slots=True, repr=False)
class RunStarted(RunEvent):
    """The run can be given nodes."""

    at: float


@dataclass(frozen=True, slots=True, repr=False)
class Asked(RunEvent):
    """A call of `tool` waits until somebody says whether it may be made."""

    key: Key
    task: TaskId
    at: float
    tool: str


@dataclass(frozen=True, slots=True, repr=False)
class Answered(RunEvent):
    """Somebody said whether the call may be made (`approved`) or not."""

    key: Key
    task: TaskId
    at: float
    approved: bool


@dataclass(frozen=True, slots=True, repr=False)
class Started(RunEvent):
    """A tool is called for the first time."""

    key: Key
    task: TaskId
    at: float
    tool: str


@dataclass(frozen=True, slots=True, repr=False)
class Retried(RunEvent):
    """An attempt failed, and the one numbered `attempt` follows after `delay` seconds."""

    key: Key
    task: TaskId
    at: float
    attempt: int
    delay: float
    error: PlanError


@dataclass(frozen=True, slots=True, repr=False)
class FellBack(RunEvent):
    """It failed, and its fallback takes the place of the value."""

    key: Key
    task: TaskId
    at: float
    error: PlanError


@dataclass(frozen=True, slots=True, repr=False)
class Expanded(RunEvent):
    """A loop has `count` elements."""

    key: Key
    task: TaskId
    at: float
    count: int


@dataclass(frozen=True, slots=True, repr=False)
class Stalled(RunEvent):
    """The tool blocked the event loop for `seconds`, in which nothing else went on."""

    key: Key
    task: TaskId
    at: float
    tool: str
    seconds: float


def _shown(event: "Finished") -> Json:
    """The value of an event without secrets."""
    return event._veil.value(event.key[0], event._value)  # noqa: SLF001 — a property of it


_SHOWN: Final = property(_shown)


@dataclass(frozen=True, repr=False, init=False)
class Finished(RunEvent):
    """It has a value, after `seconds` in tools.

    The value is the one that the run goes on with, not a copy: nobody may change it. Secrets are taken out of it each
    time that it is looked at, those too that became known later.
    """

    __slots__ = ("_value", "_veil", "at", "key", "seconds", "task")

    key: Key
    task: TaskId
    at: float
    seconds: float
    value: Json = _SHOWN  # type: ignore[assignment]  # a field for all who look at it

    if TYPE_CHECKING:  # what the field is made of
        _value: ClassVar[Json]
        _veil: ClassVar[Veil]

    def __init__(
        self, key: Key, task: TaskId, at: float, seconds: float, value: Json = None, *, veil: Veil = NO_VEIL
    ) -> None:
        keep = object.__setattr__
        keep(self, "key", key)
        keep(self, "task", task)
        keep(self, "at", at)
        keep(self, "seconds", seconds)
        keep(self, "_value", value)
        keep(self, "_veil", veil)

    def __hash__(self) -> int:
        """Hash of all but the value, which may be a list."""
        return hash((self.key, self.task, self.at, self.seconds))

    def __repr__(self) -> str:
        """Its fields, each of them cut, without secrets."""
        veil, node = self._veil, self.key[0]
        value = veil.beginning(node, self._value, LENGTH)[0] if veil.has_label(node) else self._value
        return brief_fields(self, veil.text, value=value)

    def __reduce__(self) -> tuple[type["Finished"], tuple[object, ...]]:
        """Pickle it with the value that it shows: secrets stay in their run."""
        return Finished, (self.key, self.task, self.at, self.seconds, self.value)


@dataclass(frozen=True, slots=True, repr=False)
class Failed(RunEvent):
    """It failed."""

    key: Key
    task: TaskId
    at: float
    error: PlanError


@dataclass(frozen=True, slots=True, repr=False)
class Skipped(RunEvent):
    """It was not to be done."""

    key: Key
    task: TaskId
    at: float


@dataclass(frozen=True, slots=True, repr=False)
class Blocked(RunEvent):
    """It could not be done because the task `cause` failed, which is in the line `cause_line`, if the text is known.

    `by_order`: it needs no value of it, but comes after it; `fell_back`: that task has the value of its `@fallback`.
    `cause_ended` is how that task ended, if it did not fail.
    """

    key: Key
    task: TaskId
    at: float
    cause: TaskId
    cause_line: int | None = None
    cause_ended: str = "failed"
    by_order: bool = False
    fell_back: bool = False

    @property
    def reason(self) -> str:
        """Why it was not done, by the line of the task that failed."""
        where = place_of(self.task, self.cause, self.cause_line)
        return blocked_by(where, self.cause_ended, is_by_order=self.by_order, has_fallen_back=self.fell_back)


@dataclass(frozen=True, slots=True, repr=False)
class Cancelled(RunEvent):
    """It was given up, or not begun, because the run was stopped; `in_doubt` where it may have written."""

    key: Key
    task: TaskId
    at: float
    error: PlanError


@dataclass(frozen=True, slots=True, repr=False)
class Dropped(RunEvent):
    """Nobody needs it any more."""

    key: Key
    task: TaskId
    at: float


@dataclass(frozen=True, slots=True, repr=False)
class Restarted(RunEvent):
    """The plan so far was dropped, and its keys may come again.

    It was reasoning, or the whole text is of a `dialect`; then `plan` is what it says, unless it has mistakes.
    """

    at: float
    dialect: str | None = None
    plan: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class RunFinished(RunEvent):
    """All have an outcome, or the run was given up (not `complete`); `abandoned` names what is left running.

    `processor_seconds` and `sum_of_calls` are those of the Run.
    """

    at: float
    complete: bool
    abandoned: tuple[str, ...]
    processor_seconds: float | None = field(default=None, compare=False)
    sum_of_calls: float | None = field(default=None, compare=False)


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
        case outcomes.BlockedBy(cause, error, by_order, fell_back):
            return Blocked(key, task, at, cause, error.line, error.ended, by_order, fell_back)
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
