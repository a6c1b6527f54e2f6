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
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from concurrent.futures import thread as pool
from contextvars import Context, ContextVar
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from llmc_runtime import left, threads, watch

if TYPE_CHECKING:
    from llmc_runtime.nesting import Host


class Caller(Protocol):
    """A call of a tool; its text names it."""

    @property
    def run(self) -> "Host":
        """The run that it belongs to."""
        ...

    def refusal(self, attempt: int, inner: str) -> str | None:
        """Why a run that began in an attempt, named `inner`, may begin nothing more; None where it may."""
        ...


class Rest(Protocol):
    """Work that a call has left running."""

    def add_done_callback(self, told: Callable[[Any], object], /) -> None:
        """Tell when it ends, in any thread."""
        ...


caller: Final[ContextVar[Caller | None]] = ContextVar("llmc_caller", default=None)
"""The call in whose context something happens."""

attempt: Final[ContextVar[int]] = ContextVar("llmc_attempt", default=0)
"""Which attempt of that call it is: the number of turns that the call had before."""

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
            call = _call_of(run, context_of(task).get(caller)) if task not in ours else None
            if call is not None:
                yield f"task {task.get_name()}, started by {call}"
        for inner, _ in _jobs_left():
            call = _call_of(run, inner)
            if call is not None and call is not inner:
                yield f"{inner}, started by {call}"
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


def left_by(call: Caller, loop: AbstractEventLoop, but: "Task[Any] | None" = None) -> Rest | None:
    """A task, a thread or work in a thread of a pool that still goes on for a call, or for a run inside of it.

    `but` is a task that does not count, since it is about to end.
    """
    tasks = (task for task in asyncio.all_tasks(loop) if task is not but and _is_in(call, context_of(task).get(caller)))
    jobs = (job for inner, job in _jobs_left() if _is_in(call, inner))
    return next(tasks, None) or next(jobs, None) or next(_in_pools(call), None)


def _is_in(call: Caller, inner: Caller | None) -> bool:
    """Whether a call is this one, or is made by a run inside of it."""
    return inner is not None and (inner is call or _call_of(call.run, inner) is call)


def _call_of(run: "Host", inner: Caller | None) -> Caller | None:
    """The call of this run that another call is, or that it is inside of; None where it belongs to neither."""
    while inner is not None and inner.run is not run:
        place = inner.run.place
        inner = None if place is None else place.call
    return inner


def _jobs_left() -> Iterator[tuple[Caller, threads.Job]]:
    """The jobs of all runs that were given up and still go on in their threads, with their calls."""
    return ((cast("Caller", job.label), job) for job in left.all_left() if isinstance(job, threads.Job))


def _in_pools(call: Caller) -> "Iterator[Future[Any]]":
    """The work of a call in threads of pools, as far as its context shows: `asyncio.to_thread` runs it in a copy."""
    for top in sys._current_frames().values():  # noqa: SLF001 — as below
        item = _work_of(top)
        context = getattr(getattr(getattr(item, "fn", None), "func", None), "__self__", None)
        if isinstance(context, Context) and _is_in(call, context.get(caller)) and not item.future.done():
            yield item.future


def _is_idle(thread: threading.Thread) -> bool:
    """Whether it belongs to a pool, and waits for work or is done with it."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 — the one way to see what a thread is at
    if _frame_of(frame, pool._worker.__code__) is None:  # noqa: SLF001
        return False
    item = _work_of(frame)
    return item is None or bool(item.future.done())


def _work_of(top: FrameType | None) -> Any:  # noqa: ANN401 — its class is private
    """The work that a thread of a pool is at, as its frames show; None if there is none."""
    frame = _frame_of(top, pool._WorkItem.run.__code__)  # noqa: SLF001
    return None if frame is None else frame.f_locals.get("self")


def _frame_of(top: FrameType | None, code: CodeType) -> FrameType | None:
    """The innermost frame of this code, from `top` outwards."""
    while top is not None and top.f_code is not code:
        top = top.f_back
    return top
