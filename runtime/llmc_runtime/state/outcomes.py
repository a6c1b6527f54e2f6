"""Outcomes of instances.

    Done        it has a value
    Failed      it has an error
    Skipped     a condition did not hold, or one of its needs was skipped
    BlockedBy   not done, because one of its needs, or a write before it, failed
    Cancelled   given up, because the run was stopped
    Dropped     no longer needed

An outcome never changes, except that a dropped instance forgets its outcome. `Done` is not frozen, since a run makes
one for each task, and a frozen dataclass takes three times as long to make.
"""

from dataclasses import dataclass, field

from llmc_compiler.expressions.terms import Json, NodeId
from llmc_compiler.ir.graph import TaskId
from llmc_compiler.representation.brief import Brief
from llmc_runtime.errors import PlanError

Key = tuple[NodeId, tuple[int, ...]]
"""An instance: its node, and the position in each loop around it."""


@dataclass(slots=True, unsafe_hash=True, repr=False)
class Done(Brief):
    """It has a value, which must not be changed; the run budget counts `size` bytes for it."""

    value: Json
    size: int = field(default=0, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Failed(Brief):
    """It was tried, and has no value."""

    error: PlanError


@dataclass(frozen=True, slots=True, repr=False)
class Skipped(Brief):
    """It was skipped by its own condition (`by_condition`), or because it reads a skipped node."""

    by_condition: bool


@dataclass(frozen=True, slots=True, repr=False)
class BlockedBy(Brief):
    """It was not done: the task `cause` failed first, with `error`.

    `by_order` means that it does not use the cause's value. `fell_back` means that the cause has its fallback's value.
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
    """It is no longer needed, and its result is forgotten."""


Outcome = Done | Failed | Skipped | BlockedBy | Cancelled | Dropped
