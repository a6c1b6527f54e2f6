"""How an instance ended.

    Done        with a value
    Failed      with an error
    Skipped     a condition did not hold, or what it needs was skipped
    BlockedBy   not done, because something it needs or comes after failed
    Cancelled   given up, because the run was stopped
    Dropped     nobody needs it any more

An outcome never changes, but that a dropped instance forgets the one it had.
"""

from dataclasses import dataclass, field

from llmc_compiler.expressions.terms import Json, NodeId
from llmc_compiler.ir.graph import TaskId
from llmc_compiler.representation.brief import Brief
from llmc_runtime.errors import PlanError

Key = tuple[NodeId, tuple[int, ...]]
"""An instance: its node, and the position in each loop around it."""


@dataclass(frozen=True, slots=True, repr=False)
class Done(Brief):
    """It has a value, which nobody may change, and for which the run counts so many bytes (`size`)."""

    value: Json
    size: int = field(default=0, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Failed(Brief):
    """It was tried, and has no value."""

    error: PlanError


@dataclass(frozen=True, slots=True, repr=False)
class Skipped(Brief):
    """It was not to be done: `by_condition` of its own, or because it reads what was skipped."""

    by_condition: bool


@dataclass(frozen=True, slots=True, repr=False)
class BlockedBy(Brief):
    """It could not be done: the task `cause` failed first, with `error`.

    `by_order`: it needs no value of it; `fell_back`: that task has the value of its fallback.
    """

    cause: TaskId
    error: PlanError
    by_order: bool = False
    fell_back: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Cancelled(Brief):
    """It was given up, or not begun, because the run was stopped."""

    error: PlanError


@dataclass(frozen=True, slots=True, repr=False)
class Dropped(Brief):
    """Its result, if there was one, is forgotten."""


Outcome = Done | Failed | Skipped | BlockedBy | Cancelled | Dropped
