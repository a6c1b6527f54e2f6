"""Why a run was stopped, as the error of each task that it did not come to."""

from collections.abc import Callable

from llmc_runtime.errors import LimitReached, PlanError, Stopped
from llmc_runtime.state.instance import Instance

Reason = Callable[[Instance, bool], PlanError]
"""The error of an instance; whether it may have written something, though nobody knows."""


def by_failure(cause: Instance) -> Reason:
    """Another task failed."""

    def reason(instance: Instance, in_doubt: bool) -> PlanError:  # noqa: FBT001 — the one thing that is known
        return Stopped(instance.node.task, instance.node.span, cause=cause.node.task, in_doubt=in_doubt)

    return reason


def by_time(why: str) -> Reason:
    """The run took too long; `why` says so."""

    def reason(instance: Instance, in_doubt: bool) -> PlanError:  # noqa: ARG001, FBT001 — what was under way timed out
        error = LimitReached(instance.node.task, instance.node.span, limit="run_time", why=why)
        error.ended = Stopped.ended
        return error

    return reason


def by_caller(instance: Instance, in_doubt: bool) -> PlanError:  # noqa: FBT001 — the one thing that is known
    """Whoever runs it ended it."""
    return Stopped(instance.node.task, instance.node.span, in_doubt=in_doubt)
