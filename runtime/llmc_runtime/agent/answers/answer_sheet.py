"""Answers as sheets for notebooks and `rich.print`."""

from typing import Final

from llmc_compiler.expressions.terms import Json
from llmc_compiler.representation.sheet import LONGEST_TEXT, Sheet
from llmc_runtime.agent.answers.answer_data import AnswerData, Planned
from llmc_runtime.text_format import beginning_of, start_of_json

_PLANS: Final = ("plan", "tasks", "failed", "repairs", "then")


def answer_sheet(answer: AnswerData, shown: Json) -> Sheet:
    """Return the display of an answer, with `shown` as its redacted value: question, text, plans and usage."""
    value = beginning_of(shown, LONGEST_TEXT + 1)[0]
    text = value if isinstance(value, str) else start_of_json(value, LONGEST_TEXT)
    stopped = [] if answer.stopped is None else [answer.secrets.text(answer.stopped)]
    return Sheet(
        answer.secrets.text(answer.question),
        _PLANS,
        (_plan(number, planned) for number, planned in enumerate(answer.plans, 1)),
        text=text if answer.answered else "(no answer)",
        notes=[*stopped, answer.summary()],
        count=len(answer.plans),
    )


def _plan(number: int, planned: Planned) -> tuple[str, ...]:
    run = planned.run
    then = run.secrets.text(planned.thought) if planned.thought else ""
    return str(number), str(len(run.results) + len(run.errors)), str(len(run.errors)), str(planned.repairs), then
