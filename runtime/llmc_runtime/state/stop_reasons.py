"""Reasons for stopping a run, as the error of each task that it had not come to."""

from collections.abc import Callable

from llmc_runtime.errors import LimitReached, PlanError, Stopped
from llmc_runtime.state.instance import Instance

Reason = Callable[[Instance, bool], PlanError]
"""Makes the error of an instance; the flag says whether a write is in doubt."""


def by_failure(cause: Instance) -> Reason:
    """Return the reason that another task failed."""

    def reason(instance: Instance, in_doubt: bool) -> PlanError:  # noqa: FBT001 — the only other fact
        return Stopped(instance.node.task, instance.node.span, cause=cause.node.task, in_doubt=in_doubt)

    return reason


def by_time(why: str) -> Reason:
    """Return the reason that the run took too long; `why` is its text."""

    def reason(instance: Instance, in_doubt: bool) -> PlanError:  # noqa: ARG001, FBT001 — running calls timed out
        error = LimitReached(instance.node.task, instance.node.span, limit="run_time", why=why)
        error.ended = Stopped.ended
        return error

    return reason


def by_caller(instance: Instance, in_doubt: bool) -> PlanError:  # noqa: FBT001 — the only other fact
    """Return the error of an instance whose run was ended by its caller."""
    return Stopped(instance.node.task, instance.node.span, in_doubt=in_doubt)
