"""What a question gave: the answer, and everything that was done for it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from llmc_compiler.brief import REACH, Brief, brief_fields
from llmc_compiler.secret_labels import PUBLIC, Label, hidden
from llmc_compiler.term import Json
from llmc_grammar import ast
from llmc_runtime.agent.dialogue import Usage
from llmc_runtime.agent.ledger import Role
from llmc_runtime.run import Run
from llmc_runtime.secrets import HIDDEN, Secrets
from llmc_runtime.text import start


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
    became of its tasks, and `thought` what the joiner thought of it. `ids` are the tasks' ids.
    """

    text: str
    statements: tuple[ast.Statement, ...]
    ids: tuple[str, ...]
    run: Run
    repairs: int
    tasks: tuple[ShownTask, ...] = ()
    thought: str = ""

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
class Answer(Brief):
    """The answer to a question.

    `value` is that of the last plan's join, or the joiner's text. `stopped` says why no other plan was made although
    the joiner, or the planner, wanted one; not `answered`: for that reason there is no answer. `is_unmarked`: a model
    wrote it as prose, and marked nothing in it as the answer. An error that ends a
    question has one too, as its `answer`, with the plans that were run until then. `calls` counts calls of tools,
    `reused` tasks whose call had been made before. What shows the answer, `repr` and `to_json`, takes out `secrets`,
    and the parts of the value that are secret by its `label`.
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
        """Its fields, each of them cut, without its secrets."""
        value = hidden(start(self.value, REACH)[0], self.label, HIDDEN) if self.label else self.value
        return brief_fields(self, self.secrets.text, value=value)

    def _shown(self) -> Json:
        """The value without secrets."""
        return self.secrets.value(hidden(self.value, self.label, HIDDEN))

    @property
    def text(self) -> str:
        """The value as text: a text as it is, anything else as JSON."""
        return self.value if isinstance(self.value, str) else json.dumps(self.value, ensure_ascii=False)

    @property
    def total(self) -> Usage:
        """What all models took together."""
        return Usage.total(self.usage.values())

    @property
    def run(self) -> Run:
        """The last plan's run; raises IndexError where a question ended before one was run."""
        return self.plans[-1].run

    def summary(self) -> str:
        """One line: plans, calls, tokens and times."""
        plans = f"{len(self.plans)} plan{'' if len(self.plans) == 1 else 's'}"
        calls = f"{self.calls} call{'' if self.calls == 1 else 's'}"
        reused = f" ({self.reused} reused)" if self.reused else ""
        spent = self.total
        cached = f" ({spent.cached:,} cached)" if spent.cached else ""
        cost = f", cost {spent.cost:.4g}" if spent.cost else ""
        first = "" if self.times.first_task is None else f"first task after {self.times.first_task:.2f} s, "
        return (
            f"{plans}, {calls}{reused}; {spent.read:,} tokens read{cached}, {spent.written:,} written{cost}; "
            f"{first}plan after {self.times.plan:.2f} s, answer after {self.times.answer:.2f} s"
        )

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON data, without its secrets."""
        return {
            "question": self.question,
            "answer": self._shown(),
            "answered": self.answered,
            "is_unmarked": self.is_unmarked,
            "stopped": None if self.stopped is None else self.secrets.text(self.stopped),
            "thoughts": list(self.thoughts),
            "plans": [_plan(each) for each in self.plans],
            "calls": self.calls,
            "reused": self.reused,
            "usage": {**{role: asdict(usage) for role, usage in self.usage.items()}, "total": asdict(self.total)},
            "times": asdict(self.times),
        }


def _plan(planned: Planned) -> dict[str, Any]:
    """A plan and its run as JSON data."""
    run = planned.run.to_json()
    return {
        "text": planned.text,
        "repairs": planned.repairs,
        "thought": planned.thought,
        **{key: run[key] for key in ("results", "errors", "skipped", "in_doubt", "seconds")},
    }
