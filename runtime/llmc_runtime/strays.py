"""Tasks and threads that tools start on their own: seen at the end of a run, and named.

They are not stopped: a pool of connections may live in them. A task carries the context of the call that started it,
and so does the work of `asyncio.to_thread`. Other threads do not, so that those are named that began while the run went
on, whoever started them.
"""

import asyncio
import gc
import sys
import threading
from asyncio import AbstractEventLoop, Task
from collections.abc import Collection, Iterator
from concurrent.futures import Future
from concurrent.futures import thread as pool
from contextvars import Context, ContextVar
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, Protocol

from llmc_runtime import threads, watch

if TYPE_CHECKING:
    from llmc_runtime.nesting import Host


class Caller(Protocol):
    """A call of a tool; its text names it."""

    @property
    def run(self) -> "Host":
        """The run that it belongs to."""
        ...


caller: Final[ContextVar[Caller | None]] = ContextVar("llmc_caller", default=None)
"""The call in whose context something happens."""

_OURS: Final = (threads.NAME, watch.NAME)


class Strays:
    """What was there when a run began."""

    __slots__ = ("_loop", "_threads")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._threads = frozenset(threading.enumerate())

    def names(self, run: "Host", ours: Collection[object]) -> Iterator[str]:
        """The tasks that calls of the run started, less ours, and the threads that are new."""
        for task in asyncio.all_tasks(self._loop):
            call = context_of(task).get(caller) if task not in ours else None
            if call is not None and call.run is run:
                yield f"task {task.get_name()}, started by {call}"
        for thread in threading.enumerate():
            if thread not in self._threads and thread.name not in _OURS and not _is_idle(thread):
                yield f"thread {thread.name}, started meanwhile"


def context_of(task: "Task[Any]") -> Context:
    """The context of a task; Python tells it from 3.12 on, before that the garbage collector does."""
    # Each version has a branch of its own: mypy skips the other one, but calls a line below a `return` dead.
    if sys.version_info >= (3, 12):
        context = task.get_context()
    else:
        context = next((found for found in gc.get_referents(task) if isinstance(found, Context)), Context())
    return context


def left_by(call: Caller, loop: AbstractEventLoop) -> "Task[Any] | Future[Any] | None":
    """A task that a call started, or its work in a thread of a pool, that still goes on; both tell their end."""
    tasks = (task for task in asyncio.all_tasks(loop) if context_of(task).get(caller) is call)
    return next(tasks, None) or next(_in_pools(call), None)


def _in_pools(call: Caller) -> "Iterator[Future[Any]]":
    """The work of a call in threads of pools, as far as its context shows: `asyncio.to_thread` runs it in a copy."""
    for top in sys._current_frames().values():  # noqa: SLF001 — as below
        frame: FrameType | None = top
        while frame is not None and frame.f_code is not pool._WorkItem.run.__code__:  # noqa: SLF001
            frame = frame.f_back
        item: Any = None if frame is None else frame.f_locals.get("self")
        context = getattr(getattr(getattr(item, "fn", None), "func", None), "__self__", None)
        if isinstance(context, Context) and context.get(caller) is call and not item.future.done():
            yield item.future


def _is_idle(thread: threading.Thread) -> bool:
    """Whether it belongs to a pool, and waits for work."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 — the one way to see what a thread is at
    return frame is not None and frame.f_code is pool._worker.__code__  # noqa: SLF001
