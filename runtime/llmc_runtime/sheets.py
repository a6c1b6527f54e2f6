"""Displays of runs and answers in notebooks and by `rich.print`, bounded and without secrets."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from llmc_compiler.graph import JOIN
from llmc_compiler.sheet import LONGEST_CELL, LONGEST_TEXT, Sheet
from llmc_compiler.term import Json
from llmc_runtime.text import start, start_of_json
from llmc_runtime.veil import Veil

if TYPE_CHECKING:
    from llmc_runtime.agent.answer import Answer, Planned
    from llmc_runtime.run import Run

Row = tuple[str, str, str]

_HEADS: Final = ("task", "", "value")
_PLANS: Final = ("plan", "tasks", "failed", "repairs", "then")


def run_sheet(run: "Run") -> Sheet:
    """A run: its value, then what failed, gave a value, was skipped."""
    count = run.has_value + len(run.errors) + len(run.results) + len(run.skipped)
    notes = [run.secrets.text(note) for note in run.notes]
    return Sheet(run.secrets.text(run.summary()), _HEADS, _rows(run), notes=notes, count=count)


def _rows(run: "Run") -> Iterator[Row]:
    """The rows of a run."""
    veil = Veil(run.secrets, run.labels)
    if run.has_value:
        yield JOIN, "✓", _short(veil.beginning(JOIN, run.value, LONGEST_CELL)[0])
    for task, error in run.errors.items():
        yield task, "✗", run.secrets.text(str(error))
    for task in run.results:
        yield task, "✓", _short(run.beginning(task, LONGEST_CELL)[0])
    for task in run.skipped:
        yield task, "-", "skipped"


def _short(value: Json) -> str:
    """The beginning of a value without secrets, as JSON."""
    return start_of_json(value, LONGEST_CELL)


def answer_sheet(answer: "Answer", shown: Json) -> Sheet:
    """An answer, whose value is `shown` without secrets: the question, the text, the plans, and what they took."""
    value = start(shown, LONGEST_TEXT + 1)[0]
    text = value if isinstance(value, str) else start_of_json(value, LONGEST_TEXT)
    stopped = [] if answer.stopped is None else [answer.secrets.text(answer.stopped)]
    return Sheet(
        answer.secrets.text(answer.question),
        _PLANS,
        (_plan(number, each) for number, each in enumerate(answer.plans, 1)),
        text=text if answer.answered else "(no answer)",
        notes=[*stopped, answer.summary()],
        count=len(answer.plans),
    )


def _plan(number: int, planned: "Planned") -> tuple[str, ...]:
    """The row of a plan."""
    run = planned.run
    then = run.secrets.text(planned.thought) if planned.thought else ""
    return str(number), str(len(run.results) + len(run.errors)), str(len(run.errors)), str(planned.repairs), then
