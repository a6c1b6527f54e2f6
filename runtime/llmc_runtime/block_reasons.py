"""The reason for a blocked task, in words that name the line of its cause."""

from collections.abc import Mapping
from typing import Final

from llmc_compiler.ir.graph import TaskId


def place_of(task: TaskId, cause: TaskId, line: int | None) -> str:
    """Where in the plan the cause of a blocked task is: `line 4`, or the task where the text is not known."""
    where = str(cause) if line is None else f"line {line}"
    return f"another call of {where}" if task == cause else where


_ENDED: Final[Mapping[str, str]] = {
    "held back": "was held back",
    "not approved": "was not approved",
    "blocked": "was blocked",
    "cancelled": "was cancelled",
}
"""How a task ended, as a verb; any other has failed."""


def blocked_by(where: str, ended: str = "failed", *, is_by_order: bool, has_fallen_back: bool) -> str:
    """Why a task was not done: `needs line 4, which failed`, `waits for line 13: a write before it failed`."""
    did = _ENDED.get(ended, "failed")
    why = f"waits for {where}: a write before it {did}" if is_by_order else f"needs {where}, which {did}"
    return f"{why} (its `@fallback` replaces its value, and not its effect)" if has_fallen_back else why
