"""Traces: a run's events in a file, to inspect the run later.

    {"llmc": "trace", "version": 1, "language": 1, "plan", "nodes": [{"id", "task", "text", "waits", "loop", "carry"}]}
    {"event": "Started", "at", "node", "indices", "task", "tool"}
    …

One JSON object per line: the head, then an object for each event of the run, with its class as `event`. By default a
trace holds no values, only the plan's text, times, and errors without secrets. The last event, `RunFinished`, has the
run's `processor_seconds` and `sum_of_calls`. On request, `Finished` has the `value` without secrets; of a long one the
beginning, and `"cut": true`. Keys and events may be added within a version.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, Final, TypeGuard

from llmc_compiler.analysis.levels import waits
from llmc_compiler.expressions.terms import Json, NodeId
from llmc_compiler.ir.graph import Graph, Loop, Node, all_nodes, node_body
from llmc_compiler.ir.printer import describe_bodies, describe_nodes
from llmc_compiler.representation.brief import Brief
from llmc_compiler.representation.short_repr import short_repr
from llmc_compiler.representation.source_text import written
from llmc_compiler.serialization.graph_json import LANGUAGE
from llmc_grammar.portable import Portable
from llmc_grammar.source import Source
from llmc_runtime.state import events
from llmc_runtime.state.events import Event
from llmc_runtime.text_format import beginning_of

VERSION: Final = 1

LARGEST: Final = 64 * 1024 * 1024
"""Largest trace that is read, in bytes."""

LONGEST_VALUE: Final = 64 * 1024
"""Longest value in a trace, in bytes of JSON; longer ones are cut."""

VALUES: Final = LARGEST // 2
"""Most bytes of lines with values in a trace, so that it can be read."""

LATEST: Final = 10**9
"""Latest time of an event, in seconds from the start of its run: the most that a limit may be."""

DEEPEST: Final = 128
"""Most loops around a node: three in a row in each pair of brackets."""

_LONGEST_TEXT: Final = 200
_FIELDS: Final = (
    "tool", "error", "delay", "value", "cut", "sum_of_calls",
    "cause", "cause_line", "cause_ended", "by_order", "fell_back",
)  # fmt: skip
"""Fields of events that are read."""

_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

TracedKey = tuple[str, tuple[int, ...]]
"""An instance in a trace: its node, and the position in each loop around it."""


class TraceError(Portable, ValueError):
    """A file is not a readable trace; the text says where and why."""


@dataclass(frozen=True, slots=True, repr=False)
class TracedNode(Brief):
    """A node of the executed plan; `waits` are the nodes that end before it, `carry` those of a previous element.

    `loop` is the innermost loop around it.
    """

    id: str
    task: str
    text: str
    waits: tuple[str, ...] = ()
    loop: str | None = None
    carry: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class TracedEvent(Brief):
    """An event: its class by name, its time, its instance, and its other fields."""

    event: str
    at: float
    key: TracedKey | None
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class Trace(Brief):
    """A recorded run; `notes` are sentences about missing parts."""

    plan: str
    nodes: Mapping[str, TracedNode]
    events: tuple[TracedEvent, ...]
    notes: tuple[str, ...] = ()


def head_line(graph: Graph, plan: str, source: Source | None = None) -> str:
    """Return the first line of a trace; inner nodes are named as in the source, if it is known."""
    described = [*describe_nodes(graph), *describe_bodies(graph)]
    texts = {node.id: _shown(node, text, source)[:_LONGEST_TEXT] for node, text, _ in described}
    before = waits(graph)
    loops = {inner.id: node.id for node in all_nodes(graph) for inner in node_body(node)}
    carry = _carry(graph)
    nodes = [
        {
            "id": node.id,
            "task": node.task,
            "text": texts[node.id],
            "waits": list(before[node.id]),
            "loop": loops.get(node.id),
            "carry": carry.get(node.id, []),
        }
        for node in all_nodes(graph)
    ]
    return _line({"llmc": "trace", "version": VERSION, "language": LANGUAGE, "plan": plan, "nodes": nodes})


def _shown(node: Node, text: str, source: Source | None) -> str:
    """The text of a node; that of the plan for text that may name inner nodes, whose ids are not in the plan."""
    return text if source is None or "/" not in text else written(node.span, node.task, source) or text


def _carry(graph: Graph) -> dict[NodeId, list[str]]:
    """Map nodes to those of a previous element, of any loop around them, that end before them."""
    found: dict[NodeId, list[str]] = {}
    for node in all_nodes(graph):
        for earlier, later in node.op.carry if isinstance(node.op, Loop) else ():
            found.setdefault(later, []).append(earlier)
    return found


def event_line(event: Event, *, values: bool = False) -> str:
    """Return the line of an event; with `values`, the line of `Finished` has its value or the beginning of it."""
    data = event.to_json(values=False)
    if values and isinstance(event, events.Finished):
        data.update(_value(event.value))
    return _line(data)


class TraceWriter:
    """Formats the lines of a run's events, with values as long as there is `room` in bytes for such lines."""

    def __init__(self, room: int) -> None:
        self._room = room

    def __call__(self, event: Event) -> str:
        """Return the line of an event; a value without room is left out, and marked as cut."""
        if not self._room or not isinstance(event, events.Finished):
            return event_line(event)
        line = event_line(event, values=True)
        size = _bytes(line)
        if size > self._room:
            return _line({**event.to_json(values=False), "cut": True})
        self._room -= size
        return line


def _value(value: Json) -> dict[str, Json]:
    """A value within the bounds of a trace, and a mark if it is cut."""
    beginning, most = beginning_of(value, LONGEST_VALUE)[0], LONGEST_VALUE
    while most and (size := _bytes(_encode(beginning))) > LONGEST_VALUE:
        most = min(most // 2, most * LONGEST_VALUE // size)
        beginning = beginning_of(value, most)[0]
    return {"value": beginning} if beginning == value else {"value": beginning, "cut": True}


def _bytes(text: str) -> int:
    """The number of bytes of a text in a trace."""
    return len(text.encode("utf-8", "backslashreplace"))


def _line(value: object) -> str:
    return _encode(value) + "\n"


def read_trace(stream: BinaryIO) -> Trace:
    """Read a trace from a file; raises TraceError. An incomplete last line is left out, with a note."""
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise TraceError(f"the file has more than {LARGEST // 1024**2} MiB")
    lines = (line for line in BytesIO(data) if line.endswith(b"\n"))
    plan, nodes = _head(next(lines, b"{}"))
    recorded = tuple(_events(lines, nodes))
    notes = []
    if not data.endswith(b"\n"):
        notes.append("the last line is incomplete, and is left out")
    if not recorded or recorded[-1].event != events.RunFinished.__name__:
        notes.append("the run did not end: it was killed, or is still running")
    return Trace(plan, nodes, recorded, tuple(notes))


def _head(line: bytes) -> tuple[str, dict[str, TracedNode]]:
    """The plan's name and nodes; raises TraceError."""
    head = _object(line, 1)
    if head is None or head.get("llmc") != "trace":
        raise TraceError("line 1 is not the head of a trace")
    version = head.get("version")
    if version != VERSION:
        raise TraceError(f"the trace has version {short_repr(version)}, and this llmc reads version {VERSION}")
    plan, nodes = head.get("plan"), head.get("nodes")
    if not isinstance(plan, str) or not isinstance(nodes, list):
        raise TraceError("line 1 lacks the plan or its nodes")
    return plan, {node.id: node for node in map(_node, nodes)}


def _node(data: object) -> TracedNode:
    """A node of the head; raises TraceError."""
    if isinstance(data, dict):
        texts = [data.get(name) for name in ("id", "task", "text")]
        lists = [data.get(name) for name in ("waits", "carry")]
        loop = data.get("loop")
        if all(isinstance(text, str) for text in (*texts, "" if loop is None else loop)) and all(map(_is_texts, lists)):
            key, task, text = texts
            before, carry = (tuple(dict.fromkeys(ids or ())) for ids in lists)
            return TracedNode(str(key), str(task), str(text), before, loop, carry)
    raise TraceError("line 1 has an invalid node")


def _is_texts(value: object) -> bool:
    """Whether it is a list of texts."""
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _events(lines: Iterable[bytes], nodes: Mapping[str, TracedNode]) -> Iterator[TracedEvent]:
    """Yield the events of the remaining lines; raises TraceError."""
    last = 0.0
    for number, line in enumerate(lines, 2):
        data = _object(line, number) or {}
        name, time = data.get("event"), data.get("at")
        if not isinstance(name, str) or not is_time(time) or time < last:
            raise TraceError(f"line {number} is not an event of a run")
        last = round(float(time), events.DIGITS)  # times below a microsecond cannot be drawn to scale
        fields: dict[str, Any] = {field: data[field] for field in _FIELDS if field in data}
        yield TracedEvent(name, last, _key(data, nodes, number), fields)


def is_time(value: object) -> TypeGuard[int | float]:
    """Whether it is a number of seconds that a run may take."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= LATEST


def _key(data: Mapping[str, Any], nodes: Mapping[str, TracedNode], number: int) -> TracedKey | None:
    """The instance of an event, None for an event of the run; raises TraceError."""
    match data:
        case {"node": str(node), "indices": list(indices)} if _are_indices(indices):
            if node not in nodes:
                raise TraceError(f"line {number} is about `{node[:40]}`, which is not a node of the plan")
            return node, tuple(indices)
        case {"node": _}:
            raise TraceError(f"line {number} is not an event of a run")
        case _:
            return None


def _are_indices(indices: list[object]) -> bool:
    """Whether these are positions in loops that a plan may nest."""
    return len(indices) <= DEEPEST and all(type(index) is int for index in indices)


def _object(line: bytes, number: int) -> dict[str, Any] | None:
    """The JSON object of a line, None for other JSON; raises TraceError."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TraceError(f"line {number} is not JSON") from error
    return data if isinstance(data, dict) else None
