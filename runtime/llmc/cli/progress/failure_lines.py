"""The causes of a failed run, in a few lines."""

from collections.abc import Iterator, Mapping
from typing import Final

from llmc.cli.progress.run_state import reason
from llmc_runtime.errors import Blocked, LoopFailed, PlanError, Stopped
from llmc_runtime.program.run_result import Run

_MOST: Final = 10


def failures(run: Run) -> Iterator[str]:
    """Yield the first failures of a run, without those that follow from others, then the number of further failures."""
    causes = [error for error in run.errors.values() if not _follows(error, run.errors)]
    yield from (run.secrets.text(f"task {error.task}: {reason(error)}") for error in causes[:_MOST])
    if len(causes) > _MOST:
        yield f"{len(causes) - _MOST} more tasks failed"


def _follows(error: PlanError, errors: Mapping[str, PlanError]) -> bool:
    """Whether a task was blocked or stopped by another task among the errors."""
    error = error.error if isinstance(error, LoopFailed) and error.ended == Blocked.ended else error
    return isinstance(error, (Blocked, Stopped)) and error.cause != error.task and error.cause in errors
