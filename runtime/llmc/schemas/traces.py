"""Events and traces as JSON data, as types; those of events are made from their classes."""

from typing import Annotated, Any, Final, Literal, NotRequired, Union, get_args, get_type_hints

from pydantic import Field
from typing_extensions import TypedDict  # that of typing is too old for pydantic before Python 3.12

from llmc_runtime import events
from llmc_runtime.errors import LlmcError


class EventError(TypedDict):
    """An error, with its class as `type`."""

    type: str
    message: str


class TraceNode(TypedDict):
    """A node of the plan; `waits` are those that end before it, `carry` those of the element before."""

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
    """A node, in loops for one element, and what happened to it; times are seconds since the start of the run."""

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


_ADDED: Final[dict[str, dict[str, Any]]] = {"Finished": {"value": NotRequired[Any]}}
"""Keys that are no fields: a trace file has values only if they were asked for."""


def event() -> Any:  # noqa: ANN401 — a type
    """The type of an event."""
    return Union[tuple(_event(each) for each in get_args(events.Event))]  # noqa: UP007 — of a tuple


def trace() -> Any:  # noqa: ANN401 — a type
    """The type of a recorded run, or of a line of its file."""
    return RecordedRun | TraceHead | event()


def _event(kind: type) -> Any:  # noqa: ANN401 — a type
    """The type of the events of a class."""
    fields: dict[str, Any] = {"event": Literal[kind.__name__]}
    for name, hint in get_type_hints(kind).items():
        if name == "key":
            fields["node"], fields["indices"] = str, list[int]
        elif not name.startswith("_"):
            is_error = isinstance(hint, type) and issubclass(hint, LlmcError)
            fields[name] = EventError if is_error else hint
    make: Any = TypedDict  # with a name that is not written here
    found = make(kind.__name__, {**fields, **_ADDED.get(kind.__name__, {})})
    found.__doc__ = kind.__doc__
    return found
