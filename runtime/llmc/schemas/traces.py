"""Types of the JSON data of events and traces; types of events are generated from their classes."""

from typing import Annotated, Any, Final, Literal, NotRequired, Union, get_args, get_type_hints

from pydantic import Field
from typing_extensions import TypedDict  # before Python 3.12, pydantic cannot use the one in typing

from llmc.schemas.runs import Run
from llmc_runtime.agent.agent_events import Happened, Judged, PlanEnded, Progress
from llmc_runtime.errors import LlmcError
from llmc_runtime.state import events


class EventError(TypedDict):
    """An error, with its class as `type`."""

    type: str
    message: str


class TraceNode(TypedDict):
    """A node of the plan; `waits` are nodes that must end before it, `carry` those of the previous element."""

    id: str
    task: str
    text: str
    waits: list[str]
    loop: str | None
    carry: list[str]


class TraceHead(TypedDict):
    """The first line of a trace file."""

    llmc: Literal["trace"]
    version: Literal[1]
    language: Literal[1]
    plan: str
    nodes: list[TraceNode]


class Attempt(TypedDict):
    """An attempt of a call."""

    began: float
    ended: float | None
    failed: bool


class Instance(TypedDict):
    """An instance: a node, in loops for one element, with its history; times are seconds since the start of the run."""

    node: str
    indices: list[int]
    task: str
    text: str
    ready: float
    asked: float | None
    answered: float | None
    attempts: list[Attempt]
    ended: float | None
    outcome: Annotated[str | None, Field(description="the class of its last event")]
    error: str | None


class RecordedRun(TypedDict):
    """A recorded run: `llmc trace --json`."""

    version: Literal[1]
    plan: str
    seconds: float
    calls: int
    sum_of_calls: float | None
    longest_chain: float
    chain: list[str]
    instances: list[Instance]
    notes: list[str]


class Decided(TypedDict):
    """The decision of a joiner."""

    action: Literal["Finish", "Replan"]
    text: str
    thought: str
    is_unmarked: NotRequired[bool]


_CUT: Final = Annotated[Literal[True], Field(description="true if the value in a trace is shortened")]

_VALUES: Final = {"value": NotRequired[Any], "results": NotRequired[dict[str, Any]]}
"""Keys of a run that are present only if values were requested."""


def event() -> Any:  # noqa: ANN401 — a type
    """Return the type of an event of a run."""
    return Union[tuple(_event(each) for each in get_args(events.Event))]  # noqa: UP007 — of a tuple


def told() -> Any:  # noqa: ANN401 — a type
    """Return the type of an event of a run or of a question."""
    return event() | Union[tuple(_event(each) for each in get_args(Progress))]  # noqa: UP007 — as above


def trace() -> Any:  # noqa: ANN401 — a type
    """Return the type of a recorded run, or of a line of its file."""
    return RecordedRun | TraceHead | event()


def _event(kind: type) -> Any:  # noqa: ANN401 — a type
    """Return the type of the events of a class."""
    hints = get_type_hints(kind)
    fields: dict[str, Any] = {}
    for name, hint in hints.items():
        if name == "key":
            fields["node"], fields["indices"] = str, list[int]
        elif not name.startswith("_"):
            is_error = isinstance(hint, type) and issubclass(hint, LlmcError)
            fields[name] = EventError if is_error else hint
    if kind is events.Finished:
        fields.update(value=NotRequired[Any], cut=NotRequired[_CUT])
    return _dictionary(kind, {**fields, **_other(kind), "event": Literal[kind.__name__]})


def _other(kind: type) -> dict[str, Any]:
    """Return the keys of an event that are not fields or have other types."""
    if kind is Happened:
        return {"happened": event()}
    if kind is PlanEnded:
        return {"run": _dictionary(Run, {**get_type_hints(Run, include_extras=True), **_VALUES})}
    return {"decision": Decided} if kind is Judged else {}


def _dictionary(kind: type, fields: dict[str, Any]) -> Any:  # noqa: ANN401 — a type
    """Return the type of dictionaries with these fields and with the name and docstring of a class."""
    make: Any = TypedDict  # with a dynamic name
    dictionary = make(kind.__name__, fields)
    dictionary.__doc__ = kind.__doc__
    return dictionary
