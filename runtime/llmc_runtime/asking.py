"""Asking whoever says whether calls may be made: one question at a time, while the run goes on.

A function that is not async is called in a daemon thread of its own, so that it may wait for a person. Whoever is asked
when the run ends is told to stop, and after a grace left alone.
"""

import asyncio
from asyncio import AbstractEventLoop, Future, Task
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, cast

from llmc_runtime.approval import ApprovalRequest, Callback

if TYPE_CHECKING:
    from llmc_runtime.memo import Recalled

GRACE: Final = 0.5
"""How long a question that was given up may take to end, in seconds."""


class Question:
    """A call that waits for its answer; through a memo, the `call` that the memo knows."""

    __slots__ = ("call", "is_open", "task")

    def __init__(self) -> None:
        self.call: Recalled | None = None
        self.is_open = True
        self.task: Task[None] | None = None

    # What a call has too: it was not made, so nothing is in doubt, and a run out of time gives it up like all the rest.
    is_in_doubt = is_writing = False

    def time_out(self, seconds: float, limit: str) -> None:
        """The time of the run is over."""

    def give_up(self) -> None:
        """Nobody wants the answer."""
        self.is_open = False
        if self.task is not None:
            self.task.cancel()


class Asker:
    """Asks a function, in the context in which this was made."""

    def __init__(self, callback: Callback) -> None:
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()
        self._turn = asyncio.Lock()
        self._tasks: set[Task[None]] = set()

    def start(self, work: Callable[[Question], Coroutine[Any, Any, None]]) -> Question:
        """Work at a question, in a task."""
        question = Question()
        question.task = self._loop.create_task(work(question), context=self._context.copy())
        self._tasks.add(question.task)
        question.task.add_done_callback(self._tasks.discard)
        return question

    async def ask(self, request: ApprovalRequest, begun: Callable[[], None]) -> object:
        """What the function says, when it is this one's turn; raises what it raises."""
        async with self._turn:
            begun()
            callback = self._callback
            if iscoroutinefunction(callback) or iscoroutinefunction(getattr(callback, "__call__", None)):  # noqa: B004
                return await cast("Awaitable[bool]", callback(request))
            answer = await _in_thread(self._loop, partial(self._context.copy().run, callback, request))
            return await answer if isawaitable(answer) else answer

    async def end(self) -> int:
        """Wait for questions that were given up, no longer than the grace; how many are left."""
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=GRACE)
        return len(self._tasks)


async def _in_thread(loop: AbstractEventLoop, work: Callable[[], object]) -> object:
    """The result of a function that is called in a thread, which nobody waits for any more once this is cancelled."""
    came: Future[object] = loop.create_future()
    Thread(target=_work, args=(loop, came, work), name="llmc-approval", daemon=True).start()
    return await came


def _work(loop: AbstractEventLoop, came: "Future[object]", work: Callable[[], object]) -> None:
    """What the thread does."""
    result: object = None
    failure: BaseException | None = None
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 — it is the answer
        failure = error
    with suppress(RuntimeError):  # the loop was closed: nobody waits
        loop.call_soon_threadsafe(_tell, came, result, failure)


def _tell(came: "Future[object]", result: object, failure: BaseException | None) -> None:
    """Hand over the answer, if somebody waits for it."""
    if came.done():
        return
    if failure is None:
        came.set_result(result)
    elif isinstance(failure, Exception) and not isinstance(failure, StopIteration):
        came.set_exception(failure)
    else:
        came.set_exception(RuntimeError(repr(failure)))  # a future does not take it, or it would end the loop
