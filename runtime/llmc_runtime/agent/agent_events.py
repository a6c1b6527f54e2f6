"""What happens while a question is answered, as it happens.

    PlanBegan
      Reasoned                  a piece of reasoning, of the planner or of the joiner
      Wrote                     a piece of the plan's text
      Happened                  an event of the run: see `llmc_runtime.state.events`
      Repairing                 the plan goes back to its planner
    PlanEnded
    Judged                      what the joiner decided

`plan` is the number of the plan, from 1, `at` the seconds since the question was asked. `to_json()` of each is JSON
data without secrets, in the form that `llmc_runtime.tracing.trace` has for events of runs.
"""

from dataclasses import asdict, dataclass
from typing import Any

from llmc_runtime.agent.joining.decisions import Decision
from llmc_runtime.program.run_result import Run
from llmc_runtime.state.events import Event, RunEvent


@dataclass(frozen=True, slots=True, repr=False)
class PlanBegan(RunEvent):
    """The planner is asked."""

    plan: int
    at: float


@dataclass(frozen=True, slots=True, repr=False)
class Wrote(RunEvent):
    """The planner wrote a piece of its plan."""

    plan: int
    at: float
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Reasoned(RunEvent):
    """A model reasoned: the planner, or after the end of the plan the joiner."""

    plan: int
    at: float
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Happened(RunEvent):
    """Something happened in the run of the plan; `written` is the task as it is written, where it is about one."""

    plan: int
    at: float
    event: Event
    written: str

    def to_json(self, *, values: bool = True) -> dict[str, Any]:
        """The event as JSON data; that of the run is `happened`."""
        happened = self.event.to_json(values=values)
        return {**self._head(), "plan": self.plan, "written": self.written, "happened": happened}


@dataclass(frozen=True, slots=True, repr=False)
class Repairing(RunEvent):
    """The plan has mistakes, and its planner is asked for other lines for the `attempt`-th time."""

    plan: int
    at: float
    attempt: int
    report: str


@dataclass(frozen=True, slots=True, repr=False)
class PlanEnded(RunEvent):
    """Every task of the plan has ended; `text` is what ran."""

    plan: int
    at: float
    text: str
    run: Run

    def to_json(self, *, values: bool = True) -> dict[str, Any]:
        """The event as JSON data, with the run as its own `to_json` has it; without `values` no results."""
        run = self.run.to_json()
        shown = run if values else {name: run[name] for name in run if name not in {"value", "results"}}
        return {**self._head(), "plan": self.plan, "text": self.text, "run": shown}


@dataclass(frozen=True, slots=True, repr=False)
class Judged(RunEvent):
    """The joiner decided."""

    plan: int
    at: float
    decision: Decision

    def to_json(self, *, values: bool = True) -> dict[str, Any]:  # noqa: ARG002 — the joiner was shown what it says
        """The event as JSON data; the class of the decision is its `action`."""
        decision = {"action": type(self.decision).__name__, **asdict(self.decision)}
        return {**self._head(), "plan": self.plan, "decision": decision}


Progress = PlanBegan | Reasoned | Wrote | Happened | Repairing | PlanEnded | Judged
