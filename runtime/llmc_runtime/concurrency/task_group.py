"""The task group of a run.

`asyncio.TaskGroup` waits forever for a task that swallows its cancellation, and belongs to the task that entered it.
This group ends after a grace, names the tasks that still run, and accepts tasks from anywhere.
"""

import asyncio
from asyncio import AbstractEventLoop, BaseEventLoop, Task
from collections.abc import Callable, Coroutine, Iterator
from contextvars import Context, copy_context
from typing import Any, Final, Protocol

from llmc_runtime.concurrency import abandoned
from llmc_runtime.concurrency.deadlines import Deadlines

_NAME: Final = "llmc-tool"
"""The name of every task: a number for each takes time to write."""


class TaskLabel(Protocol):
    """The owner of a task; its text is the name in messages."""

    @property
    def function(self) -> Callable[..., Any]:
        """The function that is called."""
        ...


class TaskGroup:
    """Tasks that end with the run, each started in a copy of `context`.

    A cancelled task has `grace` seconds to end, once: the end of the run gives no second grace.
    """

    def __init__(self, loop: AbstractEventLoop, grace: float) -> None:
        self._loop = loop
        self._grace = grace
        self.context = copy_context()
        self._tasks: dict[Task[None], TaskLabel] = {}
        self._told: Deadlines[Task[None]] = Deadlines(loop, grace, self._leave)
        self._has_told = False
        # A loop that makes tasks in its own way is left to do so.
        self._is_own = loop.get_task_factory() is not None or type(loop).create_task is not BaseEventLoop.create_task

    def start(self, coroutine: Coroutine[Any, Any, None], label: TaskLabel, context: Context) -> Task[None]:
        """Start a coroutine, which calls `ended` as its last act."""
        if self._is_own:
            task = self._loop.create_task(coroutine, context=context)
        else:
            task = Task(coroutine, loop=self._loop, name=_NAME, context=context)
        self._tasks[task] = label
        return task

    def ended(self, task: Task[None] | None) -> None:
        """Remove a task that is about to end; called by its last line, which is cheaper than a callback."""
        if task is not None:
            self._tasks.pop(task, None)
            if self._has_told:
                self._told.clear(task)
                abandoned.came_back(task)

    def give_up(self, task: Task[None]) -> None:
        """Cancel a task; if it does not end in time, it is counted as left."""
        task.cancel()
        self._has_told = True
        self._told.set(task)

    def find(self, task: object) -> TaskLabel | None:
        """Return the owner of a task; safe in any thread."""
        return self._tasks.get(task)  # type: ignore[call-overload,no-any-return]  # any object may be looked up

    def running(self) -> dict[Task[None], TaskLabel]:
        """The tasks that still run."""
        return {task: self._tasks[task] for task in self._running()}

    async def end(self) -> None:
        """Wait for the tasks, all of them cancelled, no longer than the grace."""
        until = self._loop.time() + self._grace
        interrupted: asyncio.CancelledError | None = None
        while (
            running := [task for task in self._running() if not abandoned.is_left(task)]
        ) and self._loop.time() < until:
            try:
                await asyncio.wait(running, timeout=until - self._loop.time())
            except asyncio.CancelledError as error:
                interrupted = error
        self._told.close()
        self._has_told = True
        for task in running:
            self._leave(task)
        if interrupted is not None:
            raise interrupted

    def _running(self) -> Iterator[Task[None]]:
        """The tasks that are not done."""
        return (task for task in self._tasks if not task.done())

    def _leave(self, task: Task[None]) -> None:
        """Count a task that did not end in time as left."""
        if not task.done():
            abandoned.leave(task, self._tasks[task].function)
