"""The state of a run as rows, one for each task and call, updated by events.

    RunState       rows in plan order, each task followed by the calls inside it
      TaskRow      a node of the graph; in a loop, all its elements together

Independent of terminals and clocks; `run_tree.py` turns the state into lines.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from llmc.cli.terminal.sanitize import shown_place, shown_value
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Call, Graph, Join, Loop, Node, all_nodes, loops_within
from llmc_grammar.source import Source
from llmc_runtime.errors import Blocked, LoopFailed, PlanError
from llmc_runtime.state import events
from llmc_runtime.state.events import Event

_BINDER: Final = re.compile(r"(?:[A-Za-z_]\w*\s*=(?!=)|[0-9]+\.)\s*")
LONGEST_VALUE: Final = 200
_BLANKS: Final = re.compile(r"\s+")


class Phase(Enum):
    """The state of a row."""

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
    """The display of a node: its tasks, its text and its state.

    `since` is its start and `seconds` its duration, both None if it made no call. In loops, `ended` of `total` elements
    have an outcome, and `under_way` are running.
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
    """The rows of a run; `apply` updates them with an event."""

    def __init__(self, graph: Graph, source: Source) -> None:
        tops = graph.nodes.values()
        bodies = {node.id: _shown(loop) for top in tops for node, loop in loops_within(top)}
        self._inside: dict[NodeId, tuple[NodeId, ...]] = {loop: tuple(nodes) for loop, nodes in bodies.items()}
        self._loop_of: dict[NodeId, NodeId] = {node.op.result: node.id for node in tops if isinstance(node.op, Loop)}
        self._below = {
            top.id: tuple(key for node, _ in loops_within(top) for key in self._inside[node.id]) for top in tops
        }
        seen = [*tops, *(node for nodes in bodies.values() for node in nodes.values())]
        self._rows = {
            node.id: TaskRow(_label(node, depth), _written(node, source), depth) for node, depth in _arranged(seen)
        }

    @property
    def rows(self) -> tuple[TaskRow, ...]:
        """The rows, in display order."""
        return tuple(self._rows.values())

    def apply(self, event: Event) -> None:
        """Update the rows with an event."""
        if isinstance(event, events.OF_RUNS):
            return
        node, indices = event.key
        row = self._rows.get(node)
        if row is not None:
            (_apply_to_element if indices else _apply)(row, event)
        if indices:
            self._count(node, event)
        else:
            self._end(node, event)
        if isinstance(event, events.Expanded):
            for inner in self._inside[node]:
                self._rows[inner].total = (self._rows[inner].total or 0) + event.count

    def conclude(self, results: Mapping[str, object]) -> None:
        """Add the results of tasks, after the run."""
        for row in self._rows.values():
            task = row.label.partition(" ")[0]
            if row.phase is Phase.DONE and task in results:
                row.value = shown_value(results[task], LONGEST_VALUE)

    def _count(self, node: NodeId, event: Event) -> None:
        """Count a loop element with an outcome."""
        loop = self._loop_of.get(node)
        if loop is not None and isinstance(event, _ENDS):
            self._rows[loop].ended += 1

    def _end(self, loop: NodeId, event: Event) -> None:
        """Apply the end of a loop to the rows inside it, at every depth."""
        for node in self._below.get(loop, ()) if isinstance(event, _ENDS) else ():
            row = self._rows[node]
            if row.phase in {Phase.WAITING, Phase.RUNNING}:
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
    """Apply an event to its row."""
    match event:
        case events.Asked():
            row.note = "waits for approval"
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
    """Apply an event of one loop element to its row."""
    match event:
        case events.Started(at=at) | events.Expanded(at=at):
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
    """Return the text of every node."""
    return {node.id: _written(node, source) for node in all_nodes(graph)}


def reason(error: PlanError, *, has_place: bool = True) -> str:
    """Return the text of an error without its task, with the file and line at which the tool failed."""
    if isinstance(error, Blocked):
        return error.reason
    if isinstance(error, LoopFailed):
        return f"{error.where}: {reason(error.error, has_place=has_place)}"
    words = str(error).removeprefix(f"task {error.task} ").removeprefix("failed: ")
    return words if error.place is None or not has_place else f"{words} ({shown_place(error.place)})"


def _shown(loop: Loop) -> dict[NodeId, Node]:
    """Return the calls and loops in a body that have separate rows; a single one is shown by the loop's row."""
    nodes = {node.id: node for node in loop.body if isinstance(node.op, (Call, Loop))}
    return nodes if len(nodes) > 1 else {}


def _arranged(nodes: Iterable[Node]) -> Iterator[tuple[Node, int]]:
    """Yield nodes in display order with their depth; the join only if it contains calls."""
    by_id = {node.id: node for node in nodes}
    inside: dict[NodeId | None, list[Node]] = {}
    for node in by_id.values():
        inside.setdefault(_outer(node.id, by_id), []).append(node)
    # Iterative, since a plan may nest as deep as its bounds allow.
    waiting = [(node, 0) for node in reversed(inside.get(None, []))]
    while waiting:
        node, depth = waiting.pop()
        within = inside.get(node.id, [])
        if within or not isinstance(node.op, Join):
            yield node, depth
        waiting.extend((each, depth + 1) for each in reversed(within))


def _outer(node: NodeId, by_id: Mapping[NodeId, Node]) -> NodeId | None:
    """Return the innermost node that contains this one."""
    outer = node
    while "/" in outer:
        outer = NodeId(outer.rpartition("/")[0])
        if outer in by_id:
            return outer
    return None


def _label(node: Node, depth: int) -> str:
    """Return the tasks of a row; empty for calls inside a task."""
    return "" if depth else " ".join(node.origins or (node.task,))


def _written(node: Node, source: Source) -> str:
    """Return the text of a node in one line."""
    text = _BLANKS.sub(" ", source.at(node.span))
    if isinstance(node.op, Loop):
        text = _BINDER.sub("", text, count=1) if _BINDER.match(text) else text
    return text or (node.op.tool.name if isinstance(node.op, Call) else node.id)
