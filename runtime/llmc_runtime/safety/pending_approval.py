"""Pending approvals, and approvers that see all of them at once."""

import asyncio
from asyncio import Future, Task
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, runtime_checkable

from llmc_runtime.safety.approval_request import ApprovalRequest


class PendingApproval:
    """A call that waits for approval; use it on the event loop of its run."""

    __slots__ = ("_answered", "request")

    def __init__(self, request: ApprovalRequest, answered: "Future[object]") -> None:
        self.request = request
        """The call that waits."""
        self._answered = answered

    @property
    def is_open(self) -> bool:
        """Whether the call still waits: it may have been answered, or no longer need an answer."""
        return not self._answered.done()

    def answer(self, answer: bool | str) -> None:  # noqa: FBT001 — it is the answer
        """Approve the call with True, refuse it with False, or refuse it with a reason as text."""
        if self.is_open:
            self._answered.set_result(answer)

    def fail(self, error: BaseException) -> None:
        """Refuse the call, since asking failed."""
        if self.is_open:
            self._answered.set_result(error)


@runtime_checkable
class Approver(Protocol):
    """Answers for all waiting calls together; accepted in place of a function that is asked call by call.

    `ask_all` receives the waiting calls in order of arrival, and answers any of them. It is called again for calls that
    it leaves open and for new ones. If a call no longer needs an answer, `ask_all` is cancelled and called again. If it
    returns without answering any call, all of them are refused.
    """

    async def ask_all(self, waiting: Sequence[PendingApproval]) -> None:
        """Answer any of these calls."""
        ...


class Rounds:
    """Asks an approver about all waiting calls, until none is left; `start` creates a task."""

    def __init__(self, approver: Approver, start: Callable[[Coroutine[Any, Any, None]], "Task[None]"]) -> None:
        self._approver = approver
        self._start = start
        self._waiting: dict[PendingApproval, None] = {}
        self._shown: Sequence[PendingApproval] = ()
        self._task: Task[None] | None = None
        self._is_stale = False

    async def ask(self, request: ApprovalRequest) -> object:
        """Wait for the answer to a request; raises the approver's exceptions."""
        answered: Future[object] = asyncio.get_running_loop().create_future()
        pending = PendingApproval(request, answered)
        self._waiting[pending] = None
        if self._task is None:
            self._task = self._start(self._go_round())
        try:
            answer = await answered
        finally:
            del self._waiting[pending]
            if answered.cancelled() and not self._is_stale and pending in self._shown:
                self._is_stale = True
                self._task.cancel()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def _go_round(self) -> None:
        """Ask about all waiting calls, until none is left."""
        try:
            while shown := tuple(pending for pending in self._waiting if pending.is_open):
                self._shown = shown
                await self._ask_all(shown)
        finally:
            self._shown, self._task = (), None

    async def _ask_all(self, shown: Sequence[PendingApproval]) -> None:
        """Ask once about all waiting calls."""
        try:
            await self._approver.ask_all(shown)
        except KeyboardInterrupt:
            raise  # the user's, not the approver's
        except BaseException as error:  # noqa: BLE001 — the calls are refused, as with a function
            if not self._is_stale:
                for pending in shown:
                    pending.fail(error)
        else:
            if not self._is_stale and all(pending.is_open for pending in shown):
                for pending in shown:
                    pending.answer(False)  # noqa: FBT003 — see answer
        if self._is_stale:
            # One of them needs no answer any more: ask again about the others.
            self._is_stale = False
            if self._task is not None:
                self._task.uncancel()
        await asyncio.sleep(0)  # answered calls go on, and may lead to new requests
