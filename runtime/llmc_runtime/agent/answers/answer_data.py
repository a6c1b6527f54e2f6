"""The data of an answer: its plans, their tasks, usage and times."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from llmc_compiler.expressions.terms import Json
from llmc_compiler.lowering.secret_labels import PUBLIC, Label, hidden
from llmc_compiler.representation.brief import Brief
from llmc_grammar import ast
from llmc_runtime.agent.budget import Role
from llmc_runtime.models.messages import Usage
from llmc_runtime.program.run_result import Run
from llmc_runtime.redaction import HIDDEN, Secrets


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
class AnswerData:
    """The fields of an answer, and what follows from them."""

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

    @property
    def shown_value(self) -> Json:
        """The value without secrets."""
        return self.secrets.value(hidden(self.value, self.label, HIDDEN))

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


def _text(value: Json) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def tokens_in_words(usage: Usage) -> str:
    """Tokens and cost; estimates begin with `about`."""
    about = "about " if usage.estimated else ""
    cached = f" ({usage.cached:,} cached)" if usage.cached else ""
    reasoning = f" ({usage.reasoning:,} reasoning)" if usage.reasoning else ""
    cost = f", cost {usage.cost:.4g}" if usage.cost else ""
    return f"{about}{usage.read:,} tokens read{cached}, {usage.written:,} written{reasoning}{cost}"


def counted(count: int, noun: str) -> str:
    """A number with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
