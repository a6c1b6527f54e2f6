"""What a question gave: the answer, and everything that was done for it."""

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

    `value` is that of the last plan's join, or the joiner's text. `stopped` says why no other plan was made although
    the joiner, or the planner, wanted one; not `answered`: for that reason there is no answer. `is_unmarked`: a model
    wrote it as prose, where a decision or a plan was asked for. An error that ends a question has one too, as its
    `answer`, with the plans that were run until then. `calls` counts calls of tools, `reused` tasks whose call had been
    made before. What shows the answer, `repr` and `to_json`, takes out `secrets`, and the parts of the value that are
    secret by its `label`; so does a pickle.
    """

    def __repr__(self) -> str:
        """The value, cut and without its secrets, and numbers; how the question ended, if that is not plain."""
        value = hidden(beginning_of(self.value, REACH)[0], self.label, HIDDEN) if self.label else self.value
        ends = {"answered": (self.answered, True), "is_unmarked": (self.is_unmarked, False)}
        shown: dict[str, object] = {
            "value": value,
            "plans": len(self.plans),
            "calls": self.calls,
            "tokens": self.total.tokens,
            **({} if self.stopped is None else {"stopped": self.stopped}),
            **{name: found for name, (found, usual) in ends.items() if found is not usual},
        }
        return f"Answer({', '.join(f'{name}={brief(part, hide=self.secrets.text)}' for name, part in shown.items())})"

    def _concealed(self) -> dict[str, Any]:
        """The fields of a pickle that differ from those in memory."""
        hide = self.secrets.text
        return {
            "question": hide(self.question),
            "value": self.shown_value,
            "plans": veiled_plans(self.plans, self.secrets),
            "thoughts": tuple(map(hide, self.thoughts)),
            "stopped": None if self.stopped is None else hide(self.stopped),
        }

    def _sheet(self) -> Sheet:
        """The answer for notebooks."""
        return answer_sheet(self, self.shown_value)

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON data, without its secrets: see `llmc_runtime.agent.answers.answer_json`."""
        return answer_json.to_json(self)

    def explain(self) -> str:
        """The story of the answer in lines: plans and why they followed, reused tasks, the ending, usage of models."""
        return explained(self)
