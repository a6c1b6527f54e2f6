"""A call that waits for an approval."""

from asyncio import Task
from collections.abc import Sequence
from typing import Protocol

from llmc_compiler.tools.signature import Prepared
from llmc_runtime.errors import PlanError


class KnownCall(Protocol):
    """What is remembered of a call before it is made."""

    @property
    def doubt(self) -> str | None:
        """Why it has to be asked for: an earlier plan made the same call, and it may have been undone since."""
        ...

    @property
    def prepared(self) -> Prepared | None:
        """Its arguments, where they were checked and converted before."""
        ...


class QueuedApproval:
    """A call that waits for its answer; through a memo, the `call` that the memo knows.

    `asked` are the runs in which somebody is asked, with the reasons for which the call is held there; `prepared` are
    the arguments that the tool receives, if its code has converted them. `refusal` is the error of a call that was not
    approved. `is_ahead`: it was asked before the turn of the call came, and `is_due`: that has come.
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
        """The answer is there."""
        self.is_open = False
        self.is_approved = refusal is None
        self.refusal = refusal

    # What a call has too: it was not made, so nothing is in doubt, and a run out of time gives it up like all the rest.
    is_in_doubt = is_writing = False

    def time_out(self, seconds: float, limit: str) -> None:
        """The time of the run is over."""

    def hold_back(self) -> None:
        """Nobody is to be asked any more."""
        self.give_up()

    def give_up(self) -> None:
        """Nobody wants the answer."""
        self.is_open = False
        if self.task is not None:
            self.task.cancel()
