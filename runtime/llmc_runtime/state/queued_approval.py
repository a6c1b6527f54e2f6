"""A call that waits for an approval."""

from asyncio import Task
from collections.abc import Sequence
from typing import Protocol

from llmc_compiler.tools.signature import Prepared
from llmc_runtime.errors import PlanError


class KnownCall(Protocol):
    """The record of a call before it is made."""

    @property
    def doubt(self) -> str | None:
        """Why the call needs approval: an earlier plan made the same call, and it may have been undone since."""
        ...

    @property
    def prepared(self) -> Prepared | None:
        """Its arguments, if they were checked and converted before."""
        ...


class QueuedApproval:
    """An approval request under way; `call` is the call's entry in the call cache, if the run has a cache.

    `asked` lists the runs that must approve, each with the reason if the call is held there. `prepared` are the
    arguments that the tool receives, if converting them ran the tool's code. `refusal` is the error of a call that was
    not approved. `is_ahead` means that it was asked before the call's turn, `is_due` that the turn has come.
    """

    __slots__ = ("asked", "call", "is_ahead", "is_approved", "is_due", "is_open", "prepared", "refusal", "task")

    def __init__(self, asked: Sequence[tuple[object, str | None]], prepared: Prepared | None) -> None:
        self.asked = asked
        self.prepared = prepared
        self.call: KnownCall | None = None
        self.refusal: PlanError | None = None
        self.is_open = True
        self.is_approved = False
        self.is_ahead = False
        self.is_due = True
        self.task: Task[None] | None = None

    def close(self, refusal: PlanError | None) -> None:
        """Record the answer."""
        self.is_open = False
        self.is_approved = refusal is None
        self.refusal = refusal

    # As for a call: it was not made, so no write is in doubt, and a run out of time gives it up with the rest.
    is_in_doubt = is_writing = False

    def time_out(self, seconds: float, limit: str) -> None:
        """Do nothing: the run's timeout gives it up with the other calls."""

    def hold_back(self) -> None:
        """Withdraw the request."""
        self.give_up()

    def give_up(self) -> None:
        """Close the request without an answer."""
        self.is_open = False
        if self.task is not None:
            self.task.cancel()
