"""The answer to a question, with its plans, usage and times."""

from dataclasses import dataclass
from typing import Any

from llmc_compiler.lowering.secret_labels import hidden
from llmc_compiler.representation.brief import REACH, brief
from llmc_compiler.representation.sheet import Displayed, Sheet
from llmc_runtime.agent.answers import answer_json
from llmc_runtime.agent.answers.answer_data import AnswerData
from llmc_runtime.agent.answers.answer_redaction import veiled_plans
from llmc_runtime.agent.answers.answer_sheet import answer_sheet
from llmc_runtime.agent.answers.answer_story import explained
from llmc_runtime.redaction import HIDDEN, SecretFree
from llmc_runtime.text_format import beginning_of


@dataclass(frozen=True, slots=True, repr=False)
class Answer(AnswerData, Displayed, SecretFree):
    """The answer to a question.

    An error that ends a question has an Answer too, as its `answer`, with the plans that were run before it. `repr`,
    `to_json` and pickles redact secrets.
    """

    def __repr__(self) -> str:
        """The value, cut and redacted, and counts; how the question ended, if that is unusual."""
        value = hidden(beginning_of(self.value, REACH)[0], self.label, HIDDEN) if self.label else self.value
        ends = {"answered": (self.answered, True), "is_unmarked": (self.is_unmarked, False)}
        shown: dict[str, object] = {
            "value": value,
            "plans": len(self.plans),
            "calls": self.calls,
            "tokens": self.total.tokens,
            **({} if self.stopped is None else {"stopped": self.stopped}),
            **{name: actual for name, (actual, usual) in ends.items() if actual is not usual},
        }
        return f"Answer({', '.join(f'{name}={brief(part, hide=self.secrets.text)}' for name, part in shown.items())})"

    def _concealed(self) -> dict[str, Any]:
        """Return the fields of a pickle that differ from those in memory."""
        hide = self.secrets.text
        return {
            "question": hide(self.question),
            "value": self.shown_value,
            "plans": veiled_plans(self.plans, self.secrets),
            "thoughts": tuple(map(hide, self.thoughts)),
            "stopped": None if self.stopped is None else hide(self.stopped),
        }

    def _sheet(self) -> Sheet:
        """Return the answer as a sheet for notebooks."""
        return answer_sheet(self, self.shown_value)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON data with its secrets redacted: see `llmc_runtime.agent.answers.answer_json`."""
        return answer_json.to_json(self)

    def explain(self) -> str:
        """Tell how the answer came about: plans and the reasons for them, reused tasks, the ending, usage of models."""
        return explained(self)
