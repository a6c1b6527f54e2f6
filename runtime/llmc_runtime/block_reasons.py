"""The reason for a blocked task, in words that name the line of its cause."""

from collections.abc import Mapping
from typing import Final

from llmc_compiler.ir.graph import TaskId


def place_of(task: TaskId, cause: TaskId, line: int | None) -> str:
    """Return the place of the cause of a blocked task: `line 4`, or the task if the text is not known."""
    where = str(cause) if line is None else f"line {line}"
    return f"another call of {where}" if task == cause else where


_ENDED: Final[Mapping[str, str]] = {
    "held back": "was held back",
    "not approved": "was not approved",
    "blocked": "was blocked",
    "cancelled": "was cancelled",
}
"""Verbs for the ends of tasks; any other task has failed."""


def blocked_by(where: str, ended: str = "failed", *, is_by_order: bool, has_fallen_back: bool) -> str:
    """Return why a task was blocked: `needs line 4, which failed`, `waits for line 13: a write before it failed`."""
    did = _ENDED.get(ended, "failed")
    why = f"waits for {where}: a write before it {did}" if is_by_order else f"needs {where}, which {did}"
    return f"{why} (its `@fallback` replaces its value, not its effect)" if has_fallen_back else why
