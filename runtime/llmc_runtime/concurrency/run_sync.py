"""A coroutine run to its end from code that is not async.

`asyncio.run` waits, for ever, for tasks that swallow their cancellation and for the threads of the loop's executor;
here they get a grace, and then the loop ends without them. A run has named them by then.
"""

import asyncio
from asyncio import Task
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from llmc_runtime.concurrency import abandoned

T = TypeVar("T")

GRACE: Final = 0.5
"""Seconds that tasks of nobody have to end."""


class _Unawaited(ThreadPoolExecutor):
    """Threads that nobody waits for when the loop ends."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Take no more work, and leave what runs."""
        super().shutdown(wait=False, cancel_futures=True)


def run_sync(main: Coroutine[Any, Any, T], awaited: str = "await …", called: str = "…") -> T:
    """What `asyncio.run` does, but that nothing can hold it up; raises RuntimeError inside of a running loop.

    `awaited` is the code to write there instead, and `called` the function that was called.
    """
    try:
        if _is_in_a_loop():
            message = (
                "an event loop is running here already, as in a notebook or in an async function:\n"
                f"use `{awaited}`, or where that cannot be,\n"
                f"a thread without a loop: `await asyncio.to_thread({called}, …)`"
            )
            raise RuntimeError(message)
        return asyncio.run(_alone(main))
    finally:
        main.close()  # where it was never begun


def _is_in_a_loop() -> bool:
    """Whether this is called by a coroutine."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _alone(main: Coroutine[Any, Any, T]) -> T:
    """Await it, and end all others on this loop."""
    asyncio.get_running_loop().set_default_executor(_Unawaited(thread_name_prefix="asyncio"))
    try:
        return await main
    finally:
        await _end_others()


async def _end_others() -> None:
    """Cancel the other tasks; those that do not end are taken off the loop's list, on which it waits for them."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    # What a run has given up had its grace.
    waiting = others.difference(abandoned.all_left())
    if waiting:
        await asyncio.wait(waiting, timeout=GRACE)
    for task in others:
        if not task.done():
            _disown(task)


def _disown(task: "Task[Any]") -> None:
    """A task that will never go on, since its loop ends."""
    asyncio._unregister_task(task)  # noqa: SLF001 — documented, for whoever ends tasks in a way of their own
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001 — it was named
    abandoned.came_back(task)
