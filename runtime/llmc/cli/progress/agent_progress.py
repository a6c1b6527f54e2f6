"""Shows the progress of a question: plans as they are written, with the state of each task next to its line."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from llmc.cli.progress.event_log import LineOf, line
from llmc.cli.progress.live_display import LiveDisplay
from llmc.cli.progress.run_state import Phase, reason
from llmc.cli.terminal.sanitize import shown, shown_time
from llmc.cli.terminal.screen import question
from llmc_compiler.ir.graph import JOIN
from llmc_compiler.representation.sheet import lines_as_rich
from llmc_runtime.agent import agent_events
from llmc_runtime.agent.joining.decisions import Finish
from llmc_runtime.block_reasons import blocked_by
from llmc_runtime.state import events

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_WIDTH: Final = 160
_BESIDE: Final = 64
"""The maximum width of a plan's line before the state of its task."""

_INDENT: Final = "  "
_BINDER: Final = re.compile(r"[^\w$\"']*(\w+)\s*[.)=:]")
_SIGNS: Final = {
    Phase.WAITING: "·",
    Phase.RUNNING: "▸",
    Phase.DONE: "✓",
    Phase.FAILED: "✗",
    Phase.BLOCKED: "⊘",
    Phase.SKIPPED: "-",
    Phase.DROPPED: "~",
}


class Board(Protocol):
    """Shows the progress of a question."""

    def apply(self, event: agent_events.Progress) -> None:
        """Show an event."""
        ...

    def still(self) -> AbstractContextManager[object]:
        """Draw nothing inside the block."""
        ...


class AgentLog:
    """Writes a line for each line of a plan and for each event of its run; `line_of` returns the line of an event."""

    def __init__(self, stream: TextIO, line_of: LineOf = line) -> None:

        self._stream = stream
        self._line = line_of
        self._open = ""
        self._kept: list[str] | None = None

    def apply(self, event: agent_events.Progress) -> None:
        """Write the lines of an event, if it has any."""
        for text in self._lines(event):
            self._print(text)

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
                self._print(text)

    def _print(self, text: str) -> None:
        """Write a line, or hold it back."""
        if self._kept is None:
            print(shown(text, _WIDTH), file=self._stream, flush=True)
        else:
            self._kept.append(text)

    def _lines(self, event: agent_events.Progress) -> Iterator[str]:
        """Yield the lines of an event."""
        match event:
            case agent_events.PlanBegan(plan, at):
                yield f"{at:7.3f}  plan {plan}"
            case agent_events.Reasoned():
                pass
            case agent_events.Wrote(_, at, text):
                *whole, self._open = (self._open + text).split("\n")
                yield from (f"{at:7.3f}  written   {each}" for each in whole if each.strip())
            case agent_events.Happened(_, at, events.Restarted(_, dialect, plan)):
                yield from self._rest(at)
                yield f"{at:7.3f}  restart   {_why(dialect)}"
                yield from (f"{at:7.3f}  written   {each}" for each in plan.splitlines())
            case agent_events.Happened(_, at, happened, written):
                yield from self._rest(at)
                texts = {} if isinstance(happened, events.OF_RUNS) else {happened.key[0]: " ".join(written.split())}
                text_line = self._line(happened, texts)
                yield from () if text_line is None else (f"{at:7.3f}{text_line[7:]}",)
            case agent_events.Repairing(_, at, attempt, report):
                yield from self._rest(at)
                mistakes = [each for each in report.splitlines() if each.startswith(("error", "warning"))]
                yield f"{at:7.3f}  repair {attempt}  {'; '.join(mistakes) or 'the plan is not complete'}"
            case agent_events.PlanEnded(_, at):
                yield from self._rest(at)
            case agent_events.Judged(_, at, decision):
                yield f"{at:7.3f}  {'finish' if isinstance(decision, Finish) else 'replan'}    {decision.thought}"

    def _rest(self, at: float) -> Iterator[str]:
        """Yield the last line of a plan, which has no newline."""
        rest, self._open = self._open, ""
        if "join" in rest or rest.endswith(")"):
            yield f"{at:7.3f}  written   {rest}"
        else:
            self._open = rest


@dataclass(slots=True)
class AgentRow:
    """A line of a plan with the state of its task, or a heading between plans (`is_ours`)."""

    text: str
    phase: Phase | None = None
    note: str = ""
    since: float | None = None
    is_ours: bool = False


@dataclass(slots=True)
class AgentSheet:
    """The lines of all plans of a question so far, in `rows`."""

    rows: list[AgentRow] = field(default_factory=list)
    _first: int = 0

    def apply(self, event: agent_events.Progress) -> None:
        """Update the rows with an event."""
        match event:
            case agent_events.PlanBegan(plan):
                self.rows += [AgentRow(f"── plan {plan}", is_ours=True), AgentRow("")]
                self._first = len(self.rows) - 1
            case agent_events.Reasoned():
                pass
            case agent_events.Wrote(text=text):
                self._write(text)
            case agent_events.Happened(event=events.Restarted(_, dialect, plan)):
                self.rows += [AgentRow(f"── {_why(dialect)}", is_ours=True)]
                self._first = len(self.rows)
                self.rows += [AgentRow(each) for each in plan.splitlines() or [""]]
            case agent_events.Happened(_, at, happened, written):
                self._happened(at, happened, written)
            case agent_events.Repairing(attempt=attempt):
                self.rows += [AgentRow(f"── repair {attempt}", is_ours=True)]
            case agent_events.PlanEnded(text=text):
                self._end(text)
            case agent_events.Judged(decision=decision):
                word = "finish" if isinstance(decision, Finish) else "replan"
                self.rows.append(AgentRow(f"── {word}: {decision.thought or decision.text}", is_ours=True))

    def _write(self, text: str) -> None:
        """Append text from the planner."""
        first, *others = text.split("\n")
        self.rows[-1].text += first
        self.rows += [AgentRow(each) for each in others]

    def _happened(self, at: float, event: events.Event, written: str) -> None:
        """Update the row of a task with an event of its run."""
        if isinstance(event, events.OF_RUNS) or event.key[0] == JOIN or "/" in event.key[0]:
            return
        row = self._row(str(event.task), written)
        if row is None or event.key[1]:
            return
        match event:
            case events.Asked():
                row.phase, row.note = Phase.WAITING, "waits for approval"
            case events.Started() | events.Expanded():
                row.phase, row.since = Phase.RUNNING, at
            case events.Finished(seconds=seconds):
                row.phase, row.note = Phase.DONE, shown_time(seconds) if seconds else "already known"
            case events.Failed(error=error) | events.Cancelled(error=error):
                row.phase, row.note = Phase.FAILED, reason(error, has_place=False)
            case events.Blocked(cause=cause, cause_ended=ended, by_order=by_order, fell_back=fell_back):
                # The plan on display has task names but no line numbers.
                words = blocked_by(cause, ended, is_by_order=by_order, has_fallen_back=fell_back)
                row.phase, row.note = Phase.BLOCKED, words
            case events.Skipped():
                row.phase = Phase.SKIPPED
            case events.Dropped():
                row.phase = Phase.DROPPED
            case _:
                pass

    def _row(self, task: str, written: str) -> AgentRow | None:
        """Return the row of a task: the line that begins with its number or name, or that contains its text."""
        rows = self.rows[self._first :]
        by_name = (row for row in rows if _name(row.text) == task)
        first = written.partition("\n")[0]
        return next(by_name, None) or next((row for row in rows if first and first in row.text), None)

    def _end(self, text: str) -> None:
        """Replace the lines of a repaired plan by the plan that ran."""
        rows_by_task = {_name(row.text): row for row in self.rows[self._first :]}
        if any(row.text.startswith("── repair") for row in self.rows[self._first :]):
            self.rows[self._first :] = [
                replace(rows_by_task.get(_name(each), AgentRow("")), text=each) for each in text.splitlines()
            ]
        while self.rows and not self.rows[-1].text.strip():
            self.rows.pop()

    def lines(self, now: float, width: int) -> Iterator[str]:
        """Yield the rows as lines of at most `width` characters."""
        beside = min(_BESIDE, max((len(row.text) for row in self.rows), default=0))
        for row in self.rows:
            if row.phase is None:
                yield shown(row.text, width)
                continue
            running = row.phase is Phase.RUNNING and row.since is not None
            note = shown_time(max(now - row.since, 0.0)) if running and row.since is not None else row.note
            text = shown(f"{shown(row.text, beside):<{beside}}  {_SIGNS[row.phase]} {note}", width)
            yield text.rstrip()


def _why(dialect: str | None) -> str:
    """Return the reason why a plan restarts."""
    return "the text so far was reasoning" if dialect is None else f"read as another form of a plan (`{dialect}`)"


def _name(text: str) -> str:
    """Return the name of the task on a line, or the line itself."""
    binder = _BINDER.match(text)
    return binder[1] if binder else text.strip()


class LiveAgentSheet(LiveDisplay):
    """A sheet that is redrawn periodically."""

    def __init__(self, console: "Console") -> None:

        super().__init__(console)
        self.sheet = AgentSheet()
        self._now = 0.0
        self._start = console.get_time()

    def apply(self, event: agent_events.Progress) -> None:
        """Update the picture with an event; raises the exception with which drawing failed."""
        self.check()
        self.sheet.apply(event)

    def __rich__(self) -> "Text":
        """Return the current picture: the last lines that fit; lines written by a model are indented."""
        width, height = self._console.size
        indents = ("" if row.is_ours else _INDENT for row in self.sheet.rows)
        lines = self.sheet.lines(self._console.get_time() - self._start, width - len(_INDENT))
        pieces = [((f"{indent}{line}", ""),) for indent, line in zip(indents, lines, strict=True)]
        return lines_as_rich(pieces[-max(height - 2, 1) :])


@contextmanager
def live_board(console: "Console") -> Iterator[LiveAgentSheet]:
    """Show plans and tasks while the block runs; the last picture stays on the terminal."""
    board = LiveAgentSheet(console)
    board.start()
    try:
        yield board
    finally:
        board.stop()
