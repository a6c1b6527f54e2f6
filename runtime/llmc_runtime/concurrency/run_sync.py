"""Runs a coroutine to its end from sync code.

`asyncio.run` waits forever for tasks that swallow their cancellation, and for the threads of the loop's executor. Here
they get a grace, and then the loop ends without them. By then the run has named them.
"""

import asyncio
from asyncio import Task
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from llmc_runtime.concurrency import abandoned

T = TypeVar("T")

GRACE: Final = 0.5
"""Seconds that cancelled tasks have to end."""


class _Unawaited(ThreadPoolExecutor):
    """An executor whose threads are not waited for when the loop ends."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Take no more work, and abandon running work."""
        super().shutdown(wait=False, cancel_futures=True)


def run_sync(main: Coroutine[Any, Any, T], awaited: str = "await …", called: str = "…") -> T:
    """Run like `asyncio.run`, but let no task or thread delay the return; raises RuntimeError inside a running loop.

    `awaited` is the code to write there instead, and `called` the function that was called.
    """
    try:
        if _is_in_a_loop():
            message = (
                "an event loop is already running, as in a notebook or an async function:\n"
                f"use `{awaited}`, or if that is not possible,\n"
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
    """Await the coroutine, then end all other tasks of this loop."""
    asyncio.get_running_loop().set_default_executor(_Unawaited(thread_name_prefix="asyncio"))
    try:
        return await main
    finally:
        await _end_others()


async def _end_others() -> None:
    """Cancel the other tasks; remove those that do not end from the loop's list, or it would wait for them."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    # Tasks that a run gave up have had their grace.
    waiting = others.difference(abandoned.all_left())
    if waiting:
        await asyncio.wait(waiting, timeout=GRACE)
    for task in others:
        if not task.done():
            _disown(task)


def _disown(task: "Task[Any]") -> None:
    """Detach a task that will never go on, since its loop ends."""
    asyncio._unregister_task(task)  # noqa: SLF001 — documented, for loops that end tasks themselves
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001 — it was named
    abandoned.came_back(task)
