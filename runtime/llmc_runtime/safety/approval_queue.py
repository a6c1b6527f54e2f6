"""Approvers and their answers, while the run goes on.

A function is asked about one call at a time, an approver about all that wait. A sync function is called in a separate
daemon thread, so that it may wait for a person. A callback that is still busy when the run ends is cancelled, and
abandoned after a grace.
"""

import asyncio
from asyncio import AbstractEventLoop, Future, Task
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent import futures
from concurrent.futures import InvalidStateError
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from contextvars import copy_context
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from threading import Lock
from typing import Any, Final, cast

from llmc_grammar.portable import Portable
from llmc_runtime.concurrency.thread_pool import OwnThread
from llmc_runtime.safety.approval import Callback
from llmc_runtime.safety.approval_request import ApprovalRequest
from llmc_runtime.safety.pending_approval import Approver, Rounds
from llmc_runtime.state.queued_approval import QueuedApproval

GRACE: Final = 0.5
"""Seconds that an abandoned request may take to end."""

Coming = futures.Future[tuple[object, BaseException | None]]
"""The answer to an inner run, or the exception instead of it: an asyncio future does not accept every exception."""


class RunEndedError(Portable, Exception):
    """The run whose callback was to be asked has ended."""

    def __init__(self) -> None:
        super().__init__("the run around it has ended")


class ApprovalQueue:
    """Asks the callback of a run, in the context in which the asker was created; the request under way holds `turn`.

    An approver needs no turn. An inner run may only have requests for the run around it, and then has no `callback`.
    """

    def __init__(self, callback: Callback | None) -> None:
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()
        self.turn = asyncio.Lock()
        self._tasks: set[Task[None]] = set()
        self._ending = Lock()
        self._is_over = False
        self._guests: set[Coming] = set()
        self._last: Future[object] | None = None
        self._rounds = Rounds(callback, self._start) if isinstance(callback, Approver) else None

    def turn_of(self, callbacks: Iterable[Callback | None]) -> AbstractAsyncContextManager[object]:
        """Return the lock for a request to these callbacks: the turn if one of them is a function."""
        return nullcontext() if all(isinstance(callback, Approver) for callback in callbacks) else self.turn

    def start(
        self, question: QueuedApproval, work: Callable[[QueuedApproval], Coroutine[Any, Any, None]]
    ) -> QueuedApproval:
        """Start work on a request, in a task."""
        question.task = self._start(work(question))
        return question

    def _start(self, work: Coroutine[Any, Any, None]) -> "Task[None]":
        """Start a task that ends with the run."""
        task = self._loop.create_task(work, context=self._context.copy())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def ask(self, request: ApprovalRequest) -> object:
        """Ask the callback, and raise its exceptions; for a function the caller holds the turn."""
        if self._rounds is not None:
            return await self._rounds.ask(request)
        callback = cast("Callable[[ApprovalRequest], object]", self._callback)
        if iscoroutinefunction(callback) or iscoroutinefunction(getattr(callback, "__call__", None)):  # noqa: B004
            return await cast("Awaitable[object]", callback(request))
        await self._last_ended()
        self._last = _in_thread(self._loop, partial(self._context.copy().run, callback, request))
        # The task that asked may be cancelled, while the thread goes on.
        answer = await asyncio.shield(self._last)
        return await answer if isawaitable(answer) else answer

    async def _last_ended(self) -> None:
        """Wait for the thread of an abandoned request: it may still be asking a person."""
        if self._last is not None:
            await asyncio.wait([self._last])

    async def ask_for_guest(self, request: ApprovalRequest) -> object:
        """Ask the callback for a run inside this one, from any loop and thread.

        Raises RunEndedError, and the exceptions of the callback.
        """
        came = Coming()
        with self._ending:
            if self._is_over:
                raise RunEndedError
            self._guests.add(came)
        try:
            self._call(self._receive, request, came)
            answer, failure = await asyncio.wrap_future(came)
        finally:
            self._guests.discard(came)
        if failure is not None:
            raise failure
        return answer

    def _receive(self, request: ApprovalRequest, came: "Coming") -> None:
        """Start the request of an inner run, on this run's loop."""
        task = self._start(self._answer(request, came))

        def end(came: Coming) -> None:
            if came.cancelled() or came.exception() is not None:
                with suppress(RunEndedError):
                    self._call(task.cancel)

        came.add_done_callback(end)

    async def _answer(self, request: ApprovalRequest, came: "Coming") -> None:
        """Wait for the turn, ask, and hand over the answer."""
        answer: object = None
        failure: BaseException | None = None
        try:
            async with self.turn_of([self._callback]):
                answer = await self.ask(request)
        except asyncio.CancelledError as error:
            if came.done():
                raise
            failure = error
        except KeyboardInterrupt:
            raise  # the user's, not the function's
        except BaseException as error:  # noqa: BLE001 — the run that asked gets it
            failure = error
        with suppress(InvalidStateError):  # the request was withdrawn
            came.set_result((answer, failure))

    def _call(self, function: Callable[..., object], *args: object) -> None:
        """Call a function on this run's loop; raises RunEndedError if the loop is closed."""
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            raise RunEndedError from None

    async def end(self) -> int:
        """Refuse the requests of inner runs, and wait for abandoned requests, no longer than the grace.

        Returns the number of requests that are left.
        """
        with self._ending:
            self._is_over = True
            guests = tuple(self._guests)
        for came in guests:
            with suppress(InvalidStateError):
                came.set_exception(RunEndedError())
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=GRACE)
        return len(self._tasks)


def _in_thread(loop: AbstractEventLoop, work: Callable[[], object]) -> "Future[object]":
    """Call a function in a thread, and return a future for its result that need not be awaited."""
    came: Future[object] = loop.create_future()
    came.add_done_callback(lambda came: came.cancelled() or came.exception())  # retrieved, so that nothing warns of it
    OwnThread(_work, "llmc-approval", loop, came, work).start()
    return came


def _work(loop: AbstractEventLoop, came: "Future[object]", work: Callable[[], object]) -> None:
    """Run in the thread: call the function and send its result to the loop."""
    result: object = None
    failure: BaseException | None = None
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 — it is the answer
        failure = error
    with suppress(RuntimeError):  # the loop is closed: its run has ended
        loop.call_soon_threadsafe(_tell, came, result, failure)


def _tell(came: "Future[object]", result: object, failure: BaseException | None) -> None:
    """Set the result of the future, unless it is cancelled."""
    if came.done():
        return
    if failure is None:
        came.set_result(result)
    elif isinstance(failure, Exception) and not isinstance(failure, StopIteration):
        came.set_exception(failure)
    else:
        came.set_exception(RuntimeError(repr(failure)))  # a future does not take it, or it would end the loop
