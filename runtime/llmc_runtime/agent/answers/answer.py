"""What a question gave: the answer, and everything that was done for it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmc_compiler.expressions.terms import Json
from llmc_compiler.lowering.secret_labels import PUBLIC, Label, hidden
from llmc_compiler.representation.brief import REACH, Brief, brief
from llmc_compiler.representation.sheet import Displayed, Sheet
from llmc_grammar import ast
from llmc_runtime.agent.answers.answer_story import counted, explained, tokens_in_words
from llmc_runtime.agent.budget import Role
from llmc_runtime.models.messages import Usage
from llmc_runtime.program.run_result import Run
from llmc_runtime.redaction import HIDDEN, SecretFree, Secrets
from llmc_runtime.text_format import beginning_of


@dataclass(frozen=True, slots=True, repr=False)
class ShownTask(Brief):
    """A task as models are told of it: its line, and what became of it; `wrote`: it changed something.

    `text` may be only the beginning of so many characters (`length`; 0 where nobody has counted them).
    """

    id: str
    written: str
    state: str
    text: str
    wrote: bool = False
    length: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Planned(Brief):
    """A plan that was run.

    `text` is what ran, after `repairs` by the planner, `statements` its lines, `thoughts` its notes; `tasks` is what
    became of its tasks, and `thought` why another plan followed. `ids` are the tasks' ids, and `reused` those whose
    calls earlier plans had made; it `began` and `ended` so many seconds after the question.
    """

    text: str
    statements: tuple[ast.Statement, ...]
    ids: tuple[str, ...]
    run: Run
    repairs: int
    tasks: tuple[ShownTask, ...] = ()
    thought: str = ""
    reused: tuple[str, ...] = ()
    began: float = 0.0
    ended: float = 0.0

    @property
    def thoughts(self) -> tuple[str, ...]:
        """The planner's notes."""
        return tuple(each.text for each in self.statements if isinstance(each, ast.Thought))

    @property
    def is_answer(self) -> bool:
        """Whether its join makes the answer, so that no joiner is needed."""
        return self.run.has_value and any(isinstance(each, ast.Join) and each.arguments for each in self.statements)


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from the question to the first task's start (None: there was none), the first plan's end, the answer."""

    first_task: float | None
    plan: float
    answer: float


@dataclass(frozen=True, slots=True, repr=False)
class Answer(Displayed, SecretFree):
    """The answer to a question.

    `value` is that of the last plan's join, or the joiner's text. `stopped` says why no other plan was made although
    the joiner, or the planner, wanted one; not `answered`: for that reason there is no answer. `is_unmarked`: a model
    wrote it as prose, where a decision or a plan was asked for. An error that ends a question has one too, as its
    `answer`, with the plans that were run until then. `calls` counts calls of tools, `reused` tasks whose call had been
    made before. What shows the answer, `repr` and `to_json`, takes out `secrets`, and the parts of the value that are
    secret by its `label`; so does a pickle.
    """

    question: str
    value: Json
    plans: tuple[Planned, ...]
    thoughts: tuple[str, ...]
    usage: Mapping[Role, Usage]
    times: Times
    calls: int
    reused: int
    stopped: str | None = None
    answered: bool = True
    is_unmarked: bool = False
    secrets: Secrets = field(default_factory=Secrets, repr=False, compare=False)
    label: Label = field(default=PUBLIC, repr=False)

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

    @property
    def shown_value(self) -> Json:
        """The value without secrets."""
        return self.secrets.value(hidden(self.value, self.label, HIDDEN))

    def _concealed(self) -> dict[str, Any]:
        """The fields of a pickle that differ from those in memory."""
        from llmc_runtime.agent.answers.answer_redaction import veiled_plans  # noqa: PLC0415 — it is about answers

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
        from llmc_runtime.agent.answers.answer_sheet import answer_sheet  # noqa: PLC0415 — it is about answers

        return answer_sheet(self, self.shown_value)

    @property
    def shown_text(self) -> str:
        """The value without secrets, as text."""
        return _text(self.shown_value)

    @property
    def text(self) -> str:
        """The value as text: a text as it is, anything else as JSON."""
        return _text(self.value)

    @property
    def total(self) -> Usage:
        """What all models took together."""
        return Usage.total(self.usage.values())

    @property
    def run(self) -> Run:
        """The last plan's run; raises IndexError where a question ended before one was run."""
        return self.plans[-1].run

    def summary(self) -> str:
        """One line: plans, calls, tokens and times; `about` where tokens are estimated."""
        reused = f" ({self.reused} reused)" if self.reused else ""
        done = f"{counted(len(self.plans), 'plan')}, {counted(self.calls, 'call')}{reused}"
        first = "" if self.times.first_task is None else f"first task after {self.times.first_task:.2f} s, "
        times = f"{first}plan after {self.times.plan:.2f} s, answer after {self.times.answer:.2f} s"
        return f"{done}; {tokens_in_words(self.total)}; {times}"

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON data, without its secrets: see `llmc_runtime.agent.answers.answer_json`."""
        from llmc_runtime.agent.answers.answer_json import to_json  # noqa: PLC0415 — it is about answers

        return to_json(self)

    def explain(self) -> str:
        """The story of the answer in lines: plans and why they followed, reused tasks, the ending, usage of models."""
        return explained(self)


def _text(value: Json) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
