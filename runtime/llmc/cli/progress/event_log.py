"""Events as lines, for output that is not a terminal."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TextIO

from llmc.cli.progress.run_state import reason, texts
from llmc.cli.terminal.sanitize import shown_ends, shown_time
from llmc.cli.terminal.screen import question
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import JOIN, Graph
from llmc_grammar.source import Source
from llmc_runtime.errors import Blocked
from llmc_runtime.state import events
from llmc_runtime.state.events import Event

_WIDTH: Final = 160
_FAILURE: Final = 500
"""The maximum number of characters of a failure's line."""

_FAILURES: Final = (*events.OF_ERRORS, events.Blocked)


LineOf = Callable[[Event, Mapping[NodeId, str]], str | None]
"""Returns the line of an event, None if it has no line; the mapping has the nodes' texts."""


class EventLog:
    """Writes lines for events; `line_of` returns the line of an event, or None."""

    def __init__(self, graph: Graph, source: Source, stream: TextIO, line_of: LineOf | None = None) -> None:

        self._written = texts(graph, source)
        self._stream = stream
        self._line = line if line_of is None else line_of
        self._kept: list[str] | None = None

    def apply(self, event: Event) -> None:
        """Write the line of an event, if it has one."""
        text = self._line(event, self._written)
        if text is None:
            return
        if self._kept is None:
            print(text, file=self._stream, flush=True)
        else:
            self._kept.append(text)

    @contextmanager
    def still(self) -> Iterator[None]:
        """Hold lines back while a question is asked."""
        held = self._kept = []
        try:
            with question():
                yield
        finally:
            self._kept = None
            for text in held:
                print(text, file=self._stream, flush=True)

    def conclude(self, results: Mapping[str, object]) -> None:
        """Ignore the results."""


def line(event: Event, written: Mapping[NodeId, str]) -> str | None:
    """Return the line of an event, None if it is not about a task; `written` has the nodes' texts."""
    if isinstance(event, events.OF_RUNS):
        return None
    node, indices = event.key
    if node == JOIN and isinstance(event, events.Finished):
        return None  # the command prints its value
    name = f"{event.task}{''.join(f'[{index}]' for index in indices)}"
    is_blocked = isinstance(event, events.Failed) and event.error.ended == Blocked.ended  # all elements of a loop
    kind = events.Blocked if is_blocked else type(event)
    words = f"{event.at:7.3f}  {kind.__name__.lower():<8}  {name}"
    details = _details(event, written.get(node, ""))
    width = _FAILURE if isinstance(event, _FAILURES) else _WIDTH
    return shown_ends(f"{words}  {details}" if details else words, width)


def _details(event: Event, text: str) -> str:
    """Return the details of an event, after its kind and its task."""
    match event:
        case events.Started():
            return text
        case events.Asked():
            return f"may it run? {text}"
        case events.Answered(approved=approved):
            return "yes" if approved else "no"
        case events.Finished(seconds=seconds):
            return f"after {shown_time(seconds)}" if seconds else ""
        case events.Expanded(count=count):
            return f"{count} elements"
        case events.Retried(attempt=attempt, delay=delay, error=error):
            return f"attempt {attempt} in {shown_time(delay)}: {reason(error)}"
        case events.Stalled(tool=tool, seconds=seconds):
            return f"`{tool}` blocked everything else for {shown_time(seconds)}"
        case events.FellBack(error=error) | events.Failed(error=error) | events.Cancelled(error=error):
            return reason(error)
        case events.Blocked():
            return event.reason
        case _:
            return ""
