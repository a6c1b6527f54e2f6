"""One line for each task of a run, printed when the task ends; the line of a loop counts its elements.

0.112  finished  1  search($first)  after 0.11 s
1.204  finished  2  area($place) for place in $all  200 elements, 2 failed  after 1.09 s
1.204  failed    3  `height` raised ValueError: no such mountain
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from llmc.cli.progress.event_log import line
from llmc.cli.terminal.output import counted
from llmc.cli.terminal.sanitize import shown, shown_time
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import JOIN, TaskId
from llmc_runtime.state import events
from llmc_runtime.state.events import Event

_WIDTH: Final = 160
_TEXT: Final = 60
"""The maximum number of characters of a task's text."""

_NO_VALUE: Final = (events.Failed, events.Blocked, events.Cancelled, events.Skipped)
_ENDS: Final = (*_NO_VALUE, events.Finished, events.Dropped)
_WORDS: Final[Mapping[type, str]] = dict(zip(_NO_VALUE, ("failed", "blocked", "stopped", "skipped"), strict=True))
"""Words for loop elements without a value."""

_FALLBACK: Final = "by fallback"


@dataclass(slots=True)
class _Task:
    """A running task: the start of its first call, the elements of its loop, and the first failure inside it."""

    since: float | None = None
    elements: int | None = None
    counts: Counter[str] = field(default_factory=Counter)
    failure: events.Failed | None = None


class TaskLines:
    """Returns the line of a task when the task ends; expressions without a call have no line."""

    def __init__(self) -> None:
        self._tasks: dict[TaskId, _Task] = {}

    def __call__(self, event: Event, written: Mapping[NodeId, str]) -> str | None:
        """Return the line of the task that ends with an event; `written` has the nodes' texts."""
        if isinstance(event, events.OF_RUNS):
            self._tasks.clear()
            return None
        task = self._tasks.setdefault(event.task, _Task())
        node, indices = event.key
        if TaskId(node) == event.task and not indices and isinstance(event, _ENDS):
            del self._tasks[event.task]
            return _end(event, task, written.get(node, ""))
        _note(task, event)
        return None


def _note(task: _Task, event: Event) -> None:
    """Record an event inside a task."""
    match event:
        case events.Started(at=at) | events.Expanded(at=at) if task.since is None:
            task.since = at
        case events.FellBack():
            task.counts[_FALLBACK] += 1
        case events.Failed() if task.failure is None:
            task.failure = event
        case _:
            pass
    if isinstance(event, events.Expanded) and TaskId(event.key[0]) == event.task:
        task.elements = event.count
    if isinstance(event, _NO_VALUE) and event.key[0] == f"{event.task}/each":
        is_own = isinstance(event, events.Blocked) and event.cause == event.task  # a call in the element failed
        task.counts[_WORDS[events.Failed if is_own else type(event)]] += 1


def _end(event: Event, task: _Task, text: str) -> str | None:
    """Return the line of a task that has ended, None if it has no line."""
    match event:
        case events.Blocked(key=key, cause=cause, at=at) if task.failure is not None and cause == event.task:
            return line(replace(task.failure, key=key, at=at), {})
        case events.Finished() | events.Blocked() | events.Cancelled() if event.task == TaskId(JOIN):
            return None  # the command prints its value, or another task's line says why it is missing
        case events.Finished(task=name, at=at) if task.since is not None:
            return _line(f"{at:7.3f}  finished  {name}", text, _counts(task), f"after {shown_time(at - task.since)}")
        case events.Finished():
            return None
        case events.Failed() if task.elements is not None:
            return f"{line(event, {})}  ({_counts(task)})"
        case _:
            return line(event, {})


def _counts(task: _Task) -> str:
    """Return the counts of a loop's elements: `200 elements, 2 failed`."""
    if task.elements is None:
        return "by its fallback" if task.counts[_FALLBACK] else ""
    counts = (f"{count} {word}" for word, count in sorted(task.counts.items()))
    return ", ".join((counted(task.elements, "element"), *counts))


def _line(head: str, text: str, *facts: str) -> str:
    """Return a line of bounded length."""
    return shown("  ".join(filter(None, (head, shown(text, _TEXT), *facts))), _WIDTH)
