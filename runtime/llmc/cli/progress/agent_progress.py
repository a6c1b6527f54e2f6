"""What is shown while a question is answered: the plan as it is written, and beside its lines what their tasks do."""

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
"""Characters of a plan's line that stand before what its task does."""

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
    """Shows a question under way."""

    def apply(self, event: agent_events.Progress) -> None:
        """Show what happened."""
        ...

    def still(self) -> AbstractContextManager[object]:
        """Draw nothing meanwhile."""
        ...


class AgentLog:
    """Writes a line for each line of a plan, and lines for events of its run, which `line_of` gives."""

    def __init__(self, stream: TextIO, line_of: LineOf = line) -> None:
        """Nothing was told."""
        self._stream = stream
        self._line = line_of
        self._open = ""
        self._kept: list[str] | None = None

    def apply(self, event: agent_events.Progress) -> None:
        """Write the lines of an event."""
        for text in self._lines(event):
            self._print(text)

    @contextmanager
    def still(self) -> Iterator[None]:
        """Keep lines back while a question is asked."""
        kept = self._kept = []
        try:
            with question():
                yield
        finally:
            self._kept = None
            for text in kept:
                self._print(text)

    def _print(self, text: str) -> None:
        """Write a line, or keep it."""
        if self._kept is None:
            print(shown(text, _WIDTH), file=self._stream, flush=True)
        else:
            self._kept.append(text)

    def _lines(self, event: agent_events.Progress) -> Iterator[str]:
        """What there is to say."""
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
                said = self._line(happened, texts)
                yield from () if said is None else (f"{at:7.3f}{said[7:]}",)
            case agent_events.Repairing(_, at, attempt, report):
                yield from self._rest(at)
                mistakes = [each for each in report.splitlines() if each.startswith(("error", "warning"))]
                yield f"{at:7.3f}  repair {attempt}  {'; '.join(mistakes) or 'the plan is not complete'}"
            case agent_events.PlanEnded(_, at):
                yield from self._rest(at)
            case agent_events.Judged(_, at, decision):
                yield f"{at:7.3f}  {'finish' if isinstance(decision, Finish) else 'replan'}    {decision.thought}"

    def _rest(self, at: float) -> Iterator[str]:
        """The last line of a plan, which no newline ended."""
        rest, self._open = self._open, ""
        if "join" in rest or rest.endswith(")"):
            yield f"{at:7.3f}  written   {rest}"
        else:
            self._open = rest


@dataclass(slots=True)
class AgentRow:
    """A line of a plan, and what its task does; or a line of ours between plans."""

    text: str
    phase: Phase | None = None
    note: str = ""
    since: float | None = None
    is_ours: bool = False


@dataclass(slots=True)
class AgentSheet:
    """The plans of a question as they are shown: `rows` with all lines so far."""

    rows: list[AgentRow] = field(default_factory=list)
    _first: int = 0

    def apply(self, event: agent_events.Progress) -> None:
        """Take note of what happened."""
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
        """The planner wrote on."""
        first, *others = text.split("\n")
        self.rows[-1].text += first
        self.rows += [AgentRow(each) for each in others]

    def _happened(self, at: float, event: events.Event, written: str) -> None:
        """A task of this plan is a step further."""
        if isinstance(event, events.OF_RUNS) or event.key[0] == JOIN or "/" in event.key[0]:
            return
        row = self._row(str(event.task), written)
        if row is None or event.key[1]:
            return
        match event:
            case events.Asked():
                row.phase, row.note = Phase.WAITING, "waits for a yes"
            case events.Started() | events.Expanded():
                row.phase, row.since = Phase.RUNNING, at
            case events.Finished(seconds=seconds):
                row.phase, row.note = Phase.DONE, shown_time(seconds) if seconds else "known already"
            case events.Failed(error=error) | events.Cancelled(error=error):
                row.phase, row.note = Phase.FAILED, reason(error, has_place=False)
            case events.Blocked(cause=cause, cause_ended=ended, by_order=by_order, fell_back=fell_back):
                # Beside the plan stand names of tasks, and no numbers of lines.
                words = blocked_by(cause, ended, is_by_order=by_order, has_fallen_back=fell_back)
                row.phase, row.note = Phase.BLOCKED, words
            case events.Skipped():
                row.phase = Phase.SKIPPED
            case events.Dropped():
                row.phase = Phase.DROPPED
            case _:
                pass

    def _row(self, task: str, written: str) -> AgentRow | None:
        """The line of a task: the one that begins with its number or name, else the one that it is written in."""
        rows = self.rows[self._first :]
        by_name = (row for row in rows if _name(row.text) == task)
        first = written.partition("\n")[0]
        return next(by_name, None) or next((row for row in rows if first and first in row.text), None)

    def _end(self, text: str) -> None:
        """The plan as it ran takes the place of what was repaired."""
        known = {_name(row.text): row for row in self.rows[self._first :]}
        if any(row.text.startswith("── repair") for row in self.rows[self._first :]):
            self.rows[self._first :] = [
                replace(known.get(_name(each), AgentRow("")), text=each) for each in text.splitlines()
            ]
        while self.rows and not self.rows[-1].text.strip():
            self.rows.pop()

    def lines(self, now: float, width: int) -> Iterator[str]:
        """The rows as lines of at most so many characters."""
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
    """Why a plan begins anew."""
    return "all of it so far was reasoning" if dialect is None else f"read as another form of a plan (`{dialect}`)"


def _name(text: str) -> str:
    """What the task on a line is called, or the line itself."""
    found = _BINDER.match(text)
    return found[1] if found else text.strip()


class LiveAgentSheet(LiveDisplay):
    """A sheet that is drawn again and again."""

    def __init__(self, console: "Console") -> None:
        """Nothing was told."""
        super().__init__(console)
        self.sheet = AgentSheet()
        self._now = 0.0
        self._start = console.get_time()

    def apply(self, event: agent_events.Progress) -> None:
        """Take note of what happened; raises what drawing has failed with."""
        self.check()
        self.sheet.apply(event)

    def __rich__(self) -> "Text":
        """The picture of this moment: the last lines, as many as there is room for; what a model wrote is indented."""
        width, height = self._console.size
        indents = ("" if row.is_ours else _INDENT for row in self.sheet.rows)
        lines = self.sheet.lines(self._console.get_time() - self._start, width - len(_INDENT))
        pieces = [((f"{indent}{line}", ""),) for indent, line in zip(indents, lines, strict=True)]
        return lines_as_rich(pieces[-max(height - 2, 1) :])


@contextmanager
def live_board(console: "Console") -> Iterator[LiveAgentSheet]:
    """Show plans and tasks as long as the block runs; the last picture stays."""
    board = LiveAgentSheet(console)
    board.start()
    try:
        yield board
    finally:
        board.stop()
