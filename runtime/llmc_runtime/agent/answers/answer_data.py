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
    """A task as prompts show it: its line and its outcome.

    `wrote` is True if the task changed something. If `text` is cut, `length` is the number of characters before the
    cut, or 0 if they were not counted.
    """

    id: str
    written: str
    state: str
    text: str
    wrote: bool = False
    length: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Planned(Brief):
    """A plan that was run."""

    text: str
    """The plan that ran, after its repairs."""
    statements: tuple[ast.Statement, ...]
    """The statements of the plan."""
    ids: tuple[str, ...]
    """The ids of its tasks."""
    run: Run
    """The result of its run."""
    repairs: int
    """How often the planner repaired it."""
    tasks: tuple[ShownTask, ...] = ()
    """The outcomes of its tasks."""
    thought: str = ""
    """The reason for the plan that followed."""
    reused: tuple[str, ...] = ()
    """The tasks whose calls earlier plans had made."""
    began: float = 0.0
    """Seconds from the question to the begin of the plan."""
    ended: float = 0.0
    """Seconds from the question to the end of its run."""

    @property
    def thoughts(self) -> tuple[str, ...]:
        """The planner's notes."""
        return tuple(each.text for each in self.statements if isinstance(each, ast.Thought))

    @property
    def is_answer(self) -> bool:
        """Whether the plan's join makes the answer, so that no joiner is needed."""
        return self.run.has_value and any(isinstance(each, ast.Join) and each.arguments for each in self.statements)


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from the question to three moments of its run."""

    first_task: float | None
    """Seconds from the question to the start of the first task, None if no task started."""
    plan: float
    """Seconds from the question to the end of the first plan's text."""
    answer: float
    """Seconds from the question to the answer."""


@dataclass(frozen=True, slots=True, repr=False)
class AnswerData:
    """The fields of an answer, and what follows from them."""

    question: str
    """The question as it was asked."""
    value: Json
    """The value of the last plan's join, or the joiner's text."""
    plans: tuple[Planned, ...]
    """The plans that were run, each with its Run."""
    thoughts: tuple[str, ...]
    """The joiner's thoughts about the plans."""
    usage: Mapping[Role, Usage]
    """The usage of the models by role: planner, joiner and tools."""
    times: Times
    """Seconds from the question to the first task, the first plan's end and the answer."""
    calls: int
    """The number of calls of tools."""
    reused: int
    """The number of tasks whose call an earlier plan had made."""
    stopped: str | None = None
    """The reason why no further plan was made although one was asked for, None without one."""
    answered: bool = True
    """False if the question has no answer, for the reason in `stopped`."""
    is_unmarked: bool = False
    """True if a model answered in prose instead of a decision or a plan."""
    secrets: Secrets = field(default_factory=Secrets, repr=False, compare=False)
    """The secrets of the question, which `repr`, `to_json` and pickles redact."""
    label: Label = field(default=PUBLIC, repr=False)
    """The parts of the value that are secret."""

    @property
    def shown_value(self) -> Json:
        """The value with its secrets redacted."""
        return self.secrets.value(hidden(self.value, self.label, HIDDEN))

    @property
    def shown_text(self) -> str:
        """The redacted value as text."""
        return _text(self.shown_value)

    @property
    def text(self) -> str:
        """The value as text: a text unchanged, any other value as JSON."""
        return _text(self.value)

    @property
    def total(self) -> Usage:
        """The usage of all models together."""
        return Usage.total(self.usage.values())

    @property
    def run(self) -> Run:
        """The run of the last plan; raises IndexError if the question ended before a plan was run."""
        return self.plans[-1].run

    def summary(self) -> str:
        """Return one line with plans, calls, tokens and times; `about` marks estimated tokens."""
        reused = f" ({self.reused} reused)" if self.reused else ""
        done = f"{counted(len(self.plans), 'plan')}, {counted(self.calls, 'call')}{reused}"
        first = "" if self.times.first_task is None else f"first task after {self.times.first_task:.2f} s, "
        times = f"{first}plan after {self.times.plan:.2f} s, answer after {self.times.answer:.2f} s"
        return f"{done}; {tokens_in_words(self.total)}; {times}"


def _text(value: Json) -> str:
    """Return a text unchanged, and any other value as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def tokens_in_words(usage: Usage) -> str:
    """Write tokens and cost in words; estimates begin with `about`."""
    about = "about " if usage.estimated else ""
    cached = f" ({usage.cached:,} cached)" if usage.cached else ""
    reasoning = f" ({usage.reasoning:,} reasoning)" if usage.reasoning else ""
    cost = f", cost {usage.cost:.4g}" if usage.cost else ""
    return f"{about}{usage.read:,} tokens read{cached}, {usage.written:,} written{reasoning}{cost}"


def counted(count: int, noun: str) -> str:
    """Write a number with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
