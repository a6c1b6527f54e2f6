"""The task group of a run.

`asyncio.TaskGroup` waits for a task that swallows its cancellation, for ever, and belongs to the task that entered it;
this one ends after a grace, names what is left running, and can be given tasks from anywhere.
"""

import asyncio
from asyncio import AbstractEventLoop, Task
from collections.abc import Coroutine
from contextvars import Context, copy_context
from typing import Any, Final

left_running: Final[set[Task[None]]] = set()
"""The loop holds tasks weakly: what is left running must not vanish half-way."""


class Group:
    """Tasks that end with the run; each starts in a copy of the context in which the group was made."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._context = copy_context()
        self._tasks: dict[Task[None], object] = {}

    def context(self) -> Context:
        """A copy of the context in which the group was made."""
        return self._context.copy()

    def start(self, coroutine: Coroutine[Any, Any, None], label: object) -> Task[None]:
        """Run a coroutine; at its end it calls `ended`."""
        task = self._loop.create_task(coroutine, context=self._context.copy())
        self._tasks[task] = label
        return task

    def ended(self, task: Task[None] | None) -> None:
        """A task is over, or about to be; called by its own last line, which is cheaper than a callback."""
        self._tasks.pop(task, None)  # type: ignore[arg-type]  # None is no key, and that is fine

    def running(self) -> list[object]:
        """Labels of the tasks that still run."""
        return [label for task, label in self._tasks.items() if not task.done()]

    async def end(self, grace: float) -> None:
        """Wait for the tasks, all of which were cancelled, but no longer than the grace, in seconds."""
        until = self._loop.time() + grace
        interrupted: asyncio.CancelledError | None = None
        while (running := [task for task in self._tasks if not task.done()]) and self._loop.time() < until:
            try:
                await asyncio.wait(running, timeout=until - self._loop.time())
            except asyncio.CancelledError as error:
                interrupted = error
        for task in running:
            left_running.add(task)
            task.add_done_callback(left_running.discard)
        if interrupted is not None:
            raise interrupted
