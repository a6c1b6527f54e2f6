"""Calls that wait for an answer, and approvers that see all of them at once."""

import asyncio
from asyncio import Future, Task
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, runtime_checkable

from llmc_runtime.safety.approval_request import ApprovalRequest


class PendingApproval:
    """A call that waits for an answer; use it on the event loop of its run."""

    __slots__ = ("_answered", "request")

    def __init__(self, request: ApprovalRequest, answered: "Future[object]") -> None:
        self.request = request
        self._answered = answered

    @property
    def is_open(self) -> bool:
        """Whether it still waits: it may have been answered, or need no answer any more."""
        return not self._answered.done()

    def answer(self, answer: bool | str) -> None:  # noqa: FBT001 — it is the answer
        """Approve the call with True; False is a no, and a text is a no with its reason."""
        if self.is_open:
            self._answered.set_result(answer)

    def fail(self, error: BaseException) -> None:
        """Refuse the call, since asking failed."""
        if self.is_open:
            self._answered.set_result(error)


@runtime_checkable
class Approver(Protocol):
    """Answers for calls that wait, together; pass one where a function is asked call by call.

    `ask_all` gets the calls that wait, in the order in which they came, and answers any of them. It is called again
    for those that it leaves open and for those that came meanwhile, and it is cancelled and called again if one that it
    was given needs no answer any more. Calls that it leaves open without having answered any are refused.
    """

    async def ask_all(self, waiting: Sequence[PendingApproval]) -> None:
        """Answer calls."""
        ...


class Rounds:
    """Asks an approver for all calls that wait, again and again until none does; `start` makes a task."""

    def __init__(self, approver: Approver, start: Callable[[Coroutine[Any, Any, None]], "Task[None]"]) -> None:
        self._approver = approver
        self._start = start
        self._waiting: dict[PendingApproval, None] = {}
        self._shown: Sequence[PendingApproval] = ()
        self._task: Task[None] | None = None
        self._is_stale = False

    async def ask(self, request: ApprovalRequest) -> object:
        """The answer to a request; raises what the approver raises."""
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
        """Ask for all that wait, as long as some do."""
        try:
            while shown := tuple(pending for pending in self._waiting if pending.is_open):
                self._shown = shown
                await self._ask_all(shown)
        finally:
            self._shown, self._task = (), None

    async def _ask_all(self, shown: Sequence[PendingApproval]) -> None:
        """Ask once for all that wait now."""
        try:
            await self._approver.ask_all(shown)
        except KeyboardInterrupt:
            raise  # the user's, not the approver's
        except BaseException as error:  # noqa: BLE001 — as with a function, the calls are refused
            if not self._is_stale:
                for pending in shown:
                    pending.fail(error)
        else:
            if not self._is_stale and all(pending.is_open for pending in shown):
                for pending in shown:
                    pending.answer(False)  # noqa: FBT003 — as it is asked
        if self._is_stale:
            # One of them needs no answer any more: the others are asked for again.
            self._is_stale = False
            if self._task is not None:
                self._task.uncancel()
        await asyncio.sleep(0)  # what was answered goes on, and may bring new calls
