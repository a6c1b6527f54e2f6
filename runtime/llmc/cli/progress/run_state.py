"""The state of a run for people: a row for each call and each task, kept up to date by events.

    TreeState      rows in plan order, calls inside a task below it
      Row          a node of the graph; in a loop, all its elements together

Knows neither a terminal nor a clock; `drawing.py` makes lines of it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from llmc.cli.terminal.sanitize import shown_place, shown_value
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Call, Graph, Join, Loop, Node
from llmc_grammar.source import Source
from llmc_runtime.errors import Blocked, LoopFailed, PlanError
from llmc_runtime.state import events
from llmc_runtime.state.events import Event

_BINDER: Final = re.compile(r"(?:[A-Za-z_]\w*\s*=(?!=)|[0-9]+\.)\s*")
LONGEST_VALUE: Final = 200
_BLANKS: Final = re.compile(r"\s+")


class Phase(Enum):
    """How far a row is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    DROPPED = "dropped"


@dataclass(slots=True)
class TaskRow:
    """What is shown of a node: the tasks it stands for, how it is written, and how far it is.

    `since` is when it began and `seconds` how long it took, both None where nothing was called. For loops and what is
    in them, `ended` of `total` elements have an outcome, and `under_way` are being worked at.
    """

    label: str
    text: str
    depth: int
    phase: Phase = Phase.WAITING
    since: float | None = None
    seconds: float | None = None
    note: str = ""
    total: int | None = None
    ended: int = 0
    under_way: int = 0
    value: str | None = None


class RunState:
    """The rows of a run; `apply` an event, and they say what is known after it."""

    def __init__(self, graph: Graph, source: Source) -> None:
        """A row for every node that people see, all of them waiting."""
        loops = [node for node in graph.nodes.values() if isinstance(node.op, Loop)]
        bodies = {node.id: _calls(node.op) for node in loops if isinstance(node.op, Loop)}
        self._inside: dict[NodeId, tuple[NodeId, ...]] = {loop: tuple(calls) for loop, calls in bodies.items()}
        self._loop_of: dict[NodeId, NodeId] = {node.op.result: node.id for node in loops if isinstance(node.op, Loop)}
        seen = [*graph.nodes.values(), *(node for calls in bodies.values() for node in calls.values())]
        self._rows = {
            node.id: TaskRow(_label(node, depth), _written(node, source), depth) for node, depth in _arranged(seen)
        }

    @property
    def rows(self) -> tuple[TaskRow, ...]:
        """The rows, in the order in which they are shown."""
        return tuple(self._rows.values())

    def apply(self, event: Event) -> None:
        """Take note of an event."""
        if isinstance(event, events.OF_RUNS):
            return
        node, indices = event.key
        row = self._rows.get(node)
        if row is not None:
            (_apply_to_element if indices else _apply)(row, event)
        if indices:
            self._count(node, event)
        elif node in self._inside:
            self._spread(node, event)

    def conclude(self, results: Mapping[str, object]) -> None:
        """Show the values of the tasks; they are known when the run is over."""
        for row in self._rows.values():
            task = row.label.partition(" ")[0]
            if row.phase is Phase.DONE and task in results:
                row.value = shown_value(results[task], LONGEST_VALUE)

    def _count(self, node: NodeId, event: Event) -> None:
        """Count an element of a loop that has its outcome."""
        loop = self._loop_of.get(node)
        if loop is not None and isinstance(event, _ENDS):
            self._rows[loop].ended += 1

    def _spread(self, loop: NodeId, event: Event) -> None:
        """What a loop's own event means for the rows inside."""
        for node in self._inside[loop]:
            row = self._rows[node]
            if isinstance(event, events.Expanded):
                row.total = event.count
            elif isinstance(event, _ENDS) and row.phase in {Phase.WAITING, Phase.RUNNING}:
                row.phase = Phase.DONE if row.ended else _PHASES[type(event)]


_PHASES: Final[Mapping[type, Phase]] = {
    events.Finished: Phase.DONE,
    events.Failed: Phase.FAILED,
    events.Skipped: Phase.SKIPPED,
    events.Blocked: Phase.BLOCKED,
    events.Cancelled: Phase.CANCELLED,
    events.Dropped: Phase.DROPPED,
}
_ENDS: Final = tuple(_PHASES)


def _apply(row: TaskRow, event: Event) -> None:
    """An event of a row's own."""
    match event:
        case events.Asked():
            row.note = "waits for a yes"
        case events.Answered():
            row.note = ""
        case events.Started(at=at):
            row.phase, row.since = Phase.RUNNING, at
        case events.Expanded(at=at, count=count):
            row.phase, row.since, row.total = Phase.RUNNING, at, count
        case events.Retried(attempt=attempt, error=error):
            row.note = f"attempt {attempt}, since {reason(error)}"
        case events.FellBack(error=error):
            row.note = f"fallback, since {reason(error)}"
        case events.Finished(at=at, seconds=seconds):
            row.phase = Phase.DONE
            row.seconds = seconds if row.total is None or row.since is None else at - row.since
        case events.Failed(at=at, error=error):
            row.phase, row.note = Phase.FAILED, reason(error)
            row.seconds = None if row.since is None else at - row.since
        case events.Cancelled(error=error):
            row.phase, row.note = Phase.CANCELLED, reason(error)
        case events.Stalled(seconds=seconds):
            row.note = f"blocked everything else for {seconds:.1f} s"
        case events.Blocked():
            row.phase, row.note = Phase.BLOCKED, event.reason
        case _:
            row.phase = _PHASES.get(type(event), row.phase)


def _apply_to_element(row: TaskRow, event: Event) -> None:
    """An event of one of the elements that a row stands for."""
    match event:
        case events.Started(at=at):
            row.under_way += 1
            row.phase = Phase.RUNNING if row.phase is Phase.WAITING else row.phase
            row.since = at if row.since is None else row.since
        case events.Failed(error=error):
            row.phase, row.note = Phase.FAILED, row.note or reason(error)
        case events.Blocked() if row.phase is not Phase.FAILED:
            row.phase, row.note = Phase.BLOCKED, row.note or event.reason
        case _:
            pass
    if isinstance(event, _ENDS):
        row.under_way = max(0, row.under_way - 1)
        row.ended += 1
        row.phase = Phase.DONE if row.ended == row.total and row.phase is Phase.RUNNING else row.phase


def texts(graph: Graph, source: Source) -> dict[NodeId, str]:
    """Every node as it is written."""
    tops = graph.nodes.values()
    inside = (node for top in tops if isinstance(top.op, Loop) for node in top.op.body)
    return {node.id: _written(node, source) for node in (*tops, *inside)}


def reason(error: PlanError, *, has_place: bool = True) -> str:
    """The text of an error without its task, and the place of the failure in the tool."""
    if isinstance(error, Blocked):
        return error.reason
    if isinstance(error, LoopFailed):
        return f"{error.where}: {reason(error.error, has_place=has_place)}"
    words = str(error).removeprefix(f"task {error.task} ").removeprefix("failed: ")
    return words if error.place is None or not has_place else f"{words} ({shown_place(error.place)})"


def _calls(loop: Loop) -> dict[NodeId, Node]:
    """The calls in a loop's body that get rows of their own: a single one is what the loop's row already shows."""
    found = {node.id: node for node in loop.body if isinstance(node.op, Call)}
    return found if len(found) > 1 else {}


def _arranged(nodes: Iterable[Node]) -> Iterator[tuple[Node, int]]:
    """Nodes in plan order with the calls inside a task below it, and how deep they are; the join only if it calls."""
    known = {node.id: node for node in nodes}
    inside: dict[NodeId | None, list[Node]] = {}
    for node in known.values():
        inside.setdefault(_outer(node.id, known), []).append(node)
    # A stack, since a plan may nest as deep as its bounds allow.
    waiting = [(node, 0) for node in reversed(inside.get(None, []))]
    while waiting:
        node, depth = waiting.pop()
        within = inside.get(node.id, [])
        if within or not isinstance(node.op, Join):
            yield node, depth
        waiting.extend((each, depth + 1) for each in reversed(within))


def _outer(node: NodeId, known: Mapping[NodeId, Node]) -> NodeId | None:
    """The nearest node that this one is inside of."""
    outer = node
    while "/" in outer:
        outer = NodeId(outer.rpartition("/")[0])
        if outer in known:
            return outer
    return None


def _label(node: Node, depth: int) -> str:
    """The tasks that a row stands for; what is inside a task says nothing."""
    return "" if depth else " ".join(node.origins or (node.task,))


def _written(node: Node, source: Source) -> str:
    """The node as it is written, in one line."""
    text = _BLANKS.sub(" ", source.text[node.span.start : node.span.end])
    if isinstance(node.op, Loop):
        text = _BINDER.sub("", text, count=1) if _BINDER.match(text) else text
    return text or (node.op.tool.name if isinstance(node.op, Call) else node.id)
