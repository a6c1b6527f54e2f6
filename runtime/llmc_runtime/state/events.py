"""Events of a run as they happen: the only source for progress, traces and tests.

    RunStarted
      Asked  Answered                     a call waits for approval, and has its answer
      Started  Retried  FellBack          a call, an attempt after the first, a fallback used
      Expanded                            a loop has its elements
      Stalled                             a tool blocks the event loop
      Finished  Failed  Skipped  Blocked  Cancelled  Dropped
    Restarted                             the text so far was reasoning or another form; its tasks were dropped
    RunFinished

`key` is the instance, `task` the written task, and `at` the seconds since the start of the run. `to_json()` returns the
event's line in a trace, with its value.

Events must not be changed. Their classes are not frozen, since a run makes at least two for each task, and a frozen
dataclass takes three times as long to make.
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
"""Decimal places of seconds: microseconds."""


class RunEvent(Brief):
    """An event at the time `at` that can be recorded."""

    __slots__ = ()

    __dataclass_fields__: ClassVar[dict[str, Any]]
    at: float
    """Seconds since the start of the run."""

    def to_json(self, *, values: bool = True) -> dict[str, Any]:
        """The event as JSON data without secrets: its class as `event`, and its fields. Without `values` no result."""
        data = self._head()
        for name in self.__dataclass_fields__:
            if name == "key":
                node, indices = getattr(self, name)
                data.update(node=node, indices=list(indices))
            elif name != "at" and (values or name != "value"):
                data[name] = _json(getattr(self, name))
        return data

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


@dataclass(slots=True, unsafe_hash=True, repr=False)
class RunStarted(RunEvent):
    """The run accepts nodes."""

    at: float
    """Seconds since the start of the run."""


@dataclass(slots=True, unsafe_hash=True, repr=False)
class InstanceEvent(RunEvent):
    """An event of an instance."""

    key: Key
    """The node, and the positions in the loops around it."""
    task: TaskId
    """The task as written."""
    at: float
    """Seconds since the start of the run."""


@dataclass(slots=True, unsafe_hash=True, repr=False)
class Asked(InstanceEvent):
    """A call of `tool` waits for approval."""

    tool: str
    """The name of the tool."""


@dataclass(slots=True, unsafe_hash=True, repr=False)
class Answered(InstanceEvent):
    """The call was approved, or not."""

    approved: bool
    """Whether the call was approved."""


@dataclass(slots=True, unsafe_hash=True, repr=False)
class Started(InstanceEvent):
    """A tool is called for the first time."""

    tool: str
    """The name of the tool."""


@dataclass(slots=True, unsafe_hash=True, repr=False)
class Retried(InstanceEvent):
    """An attempt failed, and attempt number `attempt` follows after `delay` seconds."""

    attempt: int
    """The number of the next attempt."""
    delay: float
    """Seconds until the next attempt."""
    error: PlanError
    """The error of the failed attempt."""


@dataclass(slots=True, unsafe_hash=True, repr=False)
class FellBack(InstanceEvent):
    """The instance failed, and its fallback supplies the value."""

    error: PlanError
    """The error that the fallback replaces."""


@dataclass(slots=True, unsafe_hash=True, repr=False)
class Expanded(InstanceEvent):
    """A loop has `count` elements."""

    count: int
    """The number of elements."""


@dataclass(slots=True, unsafe_hash=True, repr=False)
class Stalled(InstanceEvent):
    """The tool blocked the event loop for `seconds`, so that nothing else went on."""

    tool: str
    """The name of the tool."""
    seconds: float
    """The time for which the event loop was blocked."""


def _shown(event: "Finished") -> Json:
    """The value of an event without secrets."""
    return event._veil.value(event.key[0], event._value)  # noqa: SLF001 — the getter of a property of that class


_SHOWN: Final = property(_shown)


@dataclass(repr=False, init=False)
class Finished(InstanceEvent):
    """The instance has a value, after `seconds` in tools.

    The value is shared with the run and must not be changed. Secrets are redacted each time it is read, including those
    that became known later.
    """

    __slots__ = ("_value", "_veil", "seconds")

    seconds: float
    """The time of the calls, in seconds."""
    value: Json = _SHOWN  # type: ignore[assignment]  # a field for readers
    """The value, without secrets."""

    if TYPE_CHECKING:  # the parts of the field
        _value: Json = field(init=False)
        _veil: Veil = field(init=False)

    def __init__(
        self, key: Key, task: TaskId, at: float, seconds: float, value: Json = None, *, veil: Veil = NO_VEIL
    ) -> None:
        self.key = key
        self.task = task
        self.at = at
        self.seconds = seconds
        self._value = value
        self._veil = veil

    def __hash__(self) -> int:
        return hash((self.key, self.task, self.at, self.seconds))

    def __repr__(self) -> str:
        veil, node = self._veil, self.key[0]
        value = veil.beginning(node, self._value, LENGTH)[0] if veil.has_label(node) else self._value
        return brief_fields(self, veil.text, value=value)

    def __reduce__(self) -> tuple[type["Finished"], tuple[object, ...]]:
        """Pickle the event with its redacted value: secrets stay in their run."""
        return Finished, (self.key, self.task, self.at, self.seconds, self.value)


@dataclass(slots=True, unsafe_hash=True, repr=False)
class Failed(InstanceEvent):
    """The instance failed."""

    error: PlanError
    """The error of the instance."""


@dataclass(slots=True, unsafe_hash=True, repr=False)
class Skipped(InstanceEvent):
    """The instance was skipped: a condition did not hold, or it reads a skipped node."""


@dataclass(slots=True, unsafe_hash=True, repr=False)
class Blocked(InstanceEvent):
    """The instance was not done because another task failed."""

    cause: TaskId
    """The task that failed."""
    cause_line: int | None = None
    """The line of the cause, None if the text is unknown."""
    cause_ended: str = "failed"
    """The outcome of the cause."""
    by_order: bool = False
    """True if the instance does not use the value of the cause, but comes after it."""
    fell_back: bool = False
    """True if the cause has the value of its `@fallback`."""

    @property
    def reason(self) -> str:
        """Why the instance was not done, with the line of the cause."""
        where = place_of(self.task, self.cause, self.cause_line)
        return blocked_by(where, self.cause_ended, is_by_order=self.by_order, has_fallen_back=self.fell_back)


@dataclass(slots=True, unsafe_hash=True, repr=False)
class Cancelled(InstanceEvent):
    """The instance was given up, or not begun, because the run was stopped; in doubt if it may have written."""

    error: PlanError
    """The error, which is in doubt if the instance may have written."""


@dataclass(slots=True, unsafe_hash=True, repr=False)
class Dropped(InstanceEvent):
    """The instance is no longer needed."""


@dataclass(slots=True, unsafe_hash=True, repr=False)
class Restarted(RunEvent):
    """The plan so far was dropped, and its keys may be used again.

    It was reasoning, or the whole text is of a `dialect`. Then `plan` is the plan that it stands for, unless it has
    mistakes.
    """

    at: float
    """Seconds since the start of the run."""
    dialect: str | None = None
    """The dialect of the whole text, None if reasoning was taken for a plan."""
    plan: str = ""
    """The plan that the text in a dialect stands for, empty if it has mistakes."""


@dataclass(slots=True, unsafe_hash=True, repr=False)
class RunFinished(RunEvent):
    """All instances have an outcome, or the run was given up."""

    at: float
    """Seconds since the start of the run."""
    complete: bool
    """True if all instances have an outcome."""
    abandoned: tuple[str, ...]
    """The calls that still run."""
    processor_seconds: float | None = field(default=None, compare=False)
    """The processor time, as in Run."""
    sum_of_calls: float | None = field(default=None, compare=False)
    """The time of all calls together, as in Run."""


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
"""An event of a run."""


OF_RUNS: Final = (RunStarted, Restarted, RunFinished)
"""Events of a run as a whole, without an instance."""

OF_ERRORS: Final = (Retried, FellBack, Failed, Cancelled)
"""Events with an error."""


def unfinished(key: Key, task: TaskId, at: float, outcome: outcomes.Outcome) -> Event:
    """Return the event of an outcome without a value."""
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
    """Return the tasks, with loop indices, that may or may not have written."""
    doubts: dict[str, None] = {}
    for event in happened:
        if isinstance(event, (Failed, Cancelled, FellBack)) and event.error.in_doubt:
            doubts["".join([event.task, *(f"[{index}]" for index in event.key[1])])] = None
    return tuple(doubts)
