"""Progress events of an agent run.

    PlanBegan
      Reasoned                  a piece of reasoning, of the planner or of the joiner
      Wrote                     a piece of the plan's text
      Happened                  an event of the run: see `llmc_runtime.state.events`
      Repairing                 the plan goes back to its planner
    PlanEnded
    Judged                      the joiner's decision

`plan` is the number of the plan, from 1, `at` the seconds since the question was asked. `to_json()` of each is JSON
data without secrets, in the form that `llmc_runtime.tracing.trace` has for events of runs.
"""

from dataclasses import asdict, dataclass
from typing import Any

from llmc_runtime.agent.joining.decisions import Decision
from llmc_runtime.program.run_result import Run
from llmc_runtime.state.events import Event, RunEvent


@dataclass(frozen=True, slots=True, repr=False)
class QuestionEvent(RunEvent):
    """An event of a question."""

    plan: int
    """The number of the plan, from 1."""
    at: float
    """Seconds since the question was asked."""


@dataclass(frozen=True, slots=True, repr=False)
class PlanBegan(QuestionEvent):
    """The planner is asked."""


@dataclass(frozen=True, slots=True, repr=False)
class Wrote(QuestionEvent):
    """The planner wrote a piece of its plan."""

    text: str
    """The piece of the plan."""


@dataclass(frozen=True, slots=True, repr=False)
class Reasoned(QuestionEvent):
    """A model reasoned: the planner, or, after the end of the plan, the joiner."""

    text: str
    """The piece of reasoning."""


@dataclass(frozen=True, slots=True, repr=False)
class Happened(QuestionEvent):
    """An event of the plan's run; `written` is the text of the task, or empty if the event is not about a task."""

    event: Event
    """The event of the plan's run."""
    written: str
    """The text of the task, empty if the event is about no task."""

    def to_json(self, *, values: bool = True) -> dict[str, Any]:
        """Return the event as JSON data; the run's event is under `happened`."""
        happened = self.event.to_json(values=values)
        return {**self._head(), "plan": self.plan, "written": self.written, "happened": happened}


@dataclass(frozen=True, slots=True, repr=False)
class Repairing(QuestionEvent):
    """The plan has mistakes, and its planner is asked to repair it for the `attempt`-th time."""

    attempt: int
    """The number of the repair, from 1."""
    report: str
    """The mistakes, as the planner reads them."""


@dataclass(frozen=True, slots=True, repr=False)
class PlanEnded(QuestionEvent):
    """Every task of the plan has ended; `text` is the plan that ran."""

    text: str
    """The plan that ran."""
    run: Run
    """The result of its run."""

    def to_json(self, *, values: bool = True) -> dict[str, Any]:
        """Return the event as JSON data, with the `to_json` of the run; `values=False` leaves the results out."""
        run = self.run.to_json()
        shown = run if values else {name: run[name] for name in run if name not in {"value", "results"}}
        return {**self._head(), "plan": self.plan, "text": self.text, "run": shown}


@dataclass(frozen=True, slots=True, repr=False)
class Judged(QuestionEvent):
    """The joiner decided."""

    decision: Decision
    """The decision: Finish or Replan."""

    def to_json(self, *, values: bool = True) -> dict[str, Any]:  # noqa: ARG002 — a decision holds no results
        """Return the event as JSON data; `action` is the class of the decision."""
        decision = {"action": type(self.decision).__name__, **asdict(self.decision)}
        return {**self._head(), "plan": self.plan, "decision": decision}


Progress = PlanBegan | Reasoned | Wrote | Happened | Repairing | PlanEnded | Judged
"""An event of a question."""
