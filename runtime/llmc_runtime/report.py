"""A run as JSON data, for machines, without its secrets.

    {"version": 1, "language": 1, "id",
     "value", "has_value", "results": {task: value}, "skipped": [task],
     "errors": {task: {"type", "message", "line"?, "file"?, "line_in_file"?, "tool"?, "attempt"?, "in_doubt"?,
                       "cause"?, "cause_line"?, "reason"?, "why"?}},
     "seconds", "processor_seconds", "calls", "sum_of_calls", "longest_chain", "chain": [task],
     "in_doubt": [task], "abandoned": [what], "notes": [sentence]}

An error of a call has `tool`, `attempt` and `in_doubt`; where the tool raised, `file` and `line_in_file` are the
innermost place in the tool's own file, for a loop that of its first failure. One of a blocked task has the task that
failed as `cause`, and its line in the plan as `cause_line`; one of a task that was not approved has a `reason`, and
what was said with a no as `why`.
`sum_of_calls` is the time that the calls would take one after another; it is null where the process used processors
for more than a quarter of the time (`processor_seconds`), so that calls may have waited for each other.
Within a version, keys may be added, and none is taken away or changes its meaning.
"""

from typing import Any, Final

from llmc_compiler.json_form import LANGUAGE
from llmc_compiler.term import Json
from llmc_runtime.errors import Blocked, CallError, NotApproved, PlanError
from llmc_runtime.origins import line_of
from llmc_runtime.run import Run

VERSION: Final = 1


def to_json(run: Run) -> dict[str, Any]:
    """The run as JSON data."""
    return {
        "version": VERSION,
        "language": LANGUAGE,
        "id": run.id,
        "value": run.shown_value,
        "has_value": run.has_value,
        "results": run.shown_results,
        "errors": {task: _error(error, run) for task, error in run.errors.items()},
        "skipped": list(run.skipped),
        "seconds": run.seconds,
        "processor_seconds": run.processor_seconds,
        "calls": run.calls,
        "sum_of_calls": run.sum_of_calls,
        "longest_chain": run.longest_chain,
        "chain": list(run.chain),
        "in_doubt": list(run.in_doubt),
        "abandoned": list(run.abandoned),
        "notes": list(run.notes),
    }


def beginnings(run: Run, most: int) -> dict[str, Json]:
    """The results without secrets, each cut to about so many parts and characters."""
    return {task: run.beginning(task, most)[0] for task in run.results}


def _error(error: PlanError, run: Run) -> dict[str, Any]:
    """An error as JSON data."""
    found: dict[str, Any] = {"type": type(error).__name__, "message": run.secrets.text(str(error))}
    if (line := line_of(run.source, error.span)) is not None:
        found["line"] = line
    if error.place is not None:
        found["file"], found["line_in_file"] = run.secrets.text(error.place[0]), error.place[1]
    match error:
        case CallError(tool=tool, attempt=attempt, in_doubt=in_doubt):
            found.update(tool=tool, attempt=attempt, in_doubt=in_doubt)
        case NotApproved(tool=tool, reason=refusal, why=why):
            found.update(tool=tool, reason=refusal)
            if why is not None:
                found["why"] = run.secrets.text(why)
        case Blocked(cause=cause, cause_line=cause_line):
            found["cause"] = cause
            if cause_line is not None:
                found["cause_line"] = cause_line
        case _:
            pass
    return found
