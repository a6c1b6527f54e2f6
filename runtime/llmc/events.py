"""Events of runs and of questions: `llmc.events.Finished`, `llmc.events.PlanBegan`.

Each has `to_json()`. `Event` is any event of a run, `Progress` any event of a question.
"""

from llmc_runtime.agent.agent_events import Happened, Judged, PlanBegan, PlanEnded, Progress, Reasoned, Repairing, Wrote
from llmc_runtime.state.events import (
    Answered,
    Asked,
    Blocked,
    Cancelled,
    Dropped,
    Event,
    Expanded,
    Failed,
    FellBack,
    Finished,
    Restarted,
    Retried,
    RunFinished,
    RunStarted,
    Skipped,
    Stalled,
    Started,
)

__all__ = [
    "Answered",
    "Asked",
    "Blocked",
    "Cancelled",
    "Dropped",
    "Event",
    "Expanded",
    "Failed",
    "FellBack",
    "Finished",
    "Happened",
    "Judged",
    "PlanBegan",
    "PlanEnded",
    "Progress",
    "Reasoned",
    "Repairing",
    "Restarted",
    "Retried",
    "RunFinished",
    "RunStarted",
    "Skipped",
    "Stalled",
    "Started",
    "Wrote",
]
