"""What happens while a question is answered, as it happens.

    PlanBegan
      Reasoned                  a piece of reasoning, of the planner or of the joiner
      Wrote                     a piece of the plan's text
      Happened                  an event of the run: see `llmc_runtime.events`
      Repairing                 the plan goes back to its planner
    PlanEnded
    Judged                      what the joiner decided

`plan` is the number of the plan, from 1, `at` the seconds since the question was asked.
"""

from dataclasses import dataclass

from llmc_compiler.brief import Brief
from llmc_runtime.agent.decision import Decision
from llmc_runtime.events import Event
from llmc_runtime.run import Run


@dataclass(frozen=True, slots=True, repr=False)
class PlanBegan(Brief):
    """The planner is asked."""

    plan: int
    at: float


@dataclass(frozen=True, slots=True, repr=False)
class Wrote(Brief):
    """The planner wrote a piece of its plan."""

    plan: int
    at: float
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Reasoned(Brief):
    """A model reasoned: the planner, or after the end of the plan the joiner."""

    plan: int
    at: float
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Happened(Brief):
    """Something happened in the run of the plan; `written` is the task as it is written, where it is about one."""

    plan: int
    at: float
    event: Event
    written: str


@dataclass(frozen=True, slots=True, repr=False)
class Repairing(Brief):
    """The plan has mistakes, and its planner is asked for other lines for the `attempt`-th time."""

    plan: int
    at: float
    attempt: int
    report: str


@dataclass(frozen=True, slots=True, repr=False)
class PlanEnded(Brief):
    """Every task of the plan has ended; `text` is what ran."""

    plan: int
    at: float
    text: str
    run: Run


@dataclass(frozen=True, slots=True, repr=False)
class Judged(Brief):
    """The joiner decided."""

    plan: int
    at: float
    decision: Decision


Progress = PlanBegan | Reasoned | Wrote | Happened | Repairing | PlanEnded | Judged
