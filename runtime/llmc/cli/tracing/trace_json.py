"""A recorded run as JSON data.

    {"version": 1, "plan", "seconds", "calls", "sum_of_calls", "longest_chain", "chain": [task],
     "instances": [{"node", "indices", "task", "text", "ready", "asked", "answered",
                    "attempts": [{"began", "ended", "failed"}], "ended", "outcome", "error"}],
     "notes": [sentence]}

An instance is a node, in loops for one element; its `outcome` is the class of its last event, null if it has not ended.
Times are seconds since the start of the run, null for steps that the instance did not reach.
"""

from typing import Any, Final

from llmc_runtime.tracing.trace import Trace
from llmc_runtime.tracing.trace_replay import InstanceTimeline, RunTimeline

VERSION: Final = 1


def trace_json(found: Trace, past: RunTimeline) -> dict[str, Any]:
    """Return a recorded run as JSON data."""
    return {
        "version": VERSION,
        "plan": found.plan,
        "seconds": past.seconds,
        "calls": past.calls,
        "sum_of_calls": past.sum_of_calls,
        "longest_chain": past.longest_chain,
        "chain": list(past.tasks_of_chain),
        "instances": [_instance(each) for each in past.pasts.values()],
        "notes": list(found.notes),
    }


def _instance(past: InstanceTimeline) -> dict[str, Any]:
    """Return an instance as JSON data."""
    return {
        "node": past.node.id,
        "indices": list(past.key[1]),
        "task": past.node.task,
        "text": past.node.text,
        "ready": past.ready,
        "asked": past.asked,
        "answered": past.answered,
        "attempts": [{"began": each.began, "ended": each.ended, "failed": each.failed} for each in past.attempts],
        "ended": past.ended,
        "outcome": past.outcome or None,
        "error": past.words or None,
    }
