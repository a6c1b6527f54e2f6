"""Tasks and threads that tools start by themselves: found at the end of a run, and named.

They are not stopped: a connection pool may live in them. A task carries the context of the call that started it, and so
does the work of `asyncio.to_thread`. Other threads do not, so `Thread.start` records the call that it is called in, or
the call that started the current thread. Threads of llmc itself, its displays, listeners and approvers are started
outside calls, and not named.
"""

import asyncio
import gc
import sys
import threading
from asyncio import AbstractEventLoop, Task
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from concurrent.futures import thread as pool
from contextvars import Context
from functools import cache, partial, wraps
from types import CodeType, FrameType
from typing import Any, Final, Protocol, cast

from llmc_runtime.calls.nested_runs import Caller, OuterRun, caller
from llmc_runtime.concurrency import abandoned, thread_pool


class Unfinished(Protocol):
    """Work that a call has left running."""

    def add_done_callback(self, told: Callable[[Any], object], /) -> None:
        """Call `told` when it ends, in any thread."""
        ...


_STARTER: Final = "_llmc_starter"
"""The attribute of a thread that holds the call that started it."""


def starter() -> Caller | None:
    """Return the call around this code, or the one that started this thread."""
    call: Caller | None = caller.get() or vars(threading.current_thread()).get(_STARTER)
    return call


@cache
def note_starts() -> None:
    """Record the call that starts a thread, from now on."""
    start = threading.Thread.start

    @wraps(start)
    def noted(thread: threading.Thread) -> None:
        call = starter()
        if call is not None and not isinstance(thread, thread_pool.OwnThread):
            vars(thread)[_STARTER] = call
        start(thread)

    # Python 3.11 lacks the audit event for starting threads.
    threading.Thread.start = noted  # type: ignore[method-assign,assignment]  # meant


def leaks(loop: AbstractEventLoop, run: OuterRun, ours: Collection[object]) -> Iterator[str]:
    """Name the tasks, without ours, and threads that calls of the run started and that still run."""
    for task in asyncio.all_tasks(loop):
        call = _call_of(run, context_of(task).get(caller)) if task not in ours else None
        if call is not None:
            yield f"task {task.get_name()}, started by {call}"
    for inner, _ in _jobs_left():
        call = _call_of(run, inner)
        if call is not None and call is not inner:
            yield f"{inner}, started by {call}"
    for thread in threading.enumerate():
        call = _call_of(run, _user_of(thread))
        if call is not None:
            yield f"thread {thread.name}, started by {call}"
        if run.place is None and _call_of(run, vars(thread).get(_STARTER)) is not None:
            del vars(thread)[_STARTER]  # a thread may outlive its run by far, and would keep all of it in memory


def context_of(task: "Task[Any]") -> Context:
    """Return the context of a task, which the garbage collector finds before Python 3.12."""
    # Separate branches for each version: mypy skips the other one, but calls a line below a `return` dead.
    if sys.version_info >= (3, 12):
        context = task.get_context()
    else:
        context = next((referent for referent in gc.get_referents(task) if isinstance(referent, Context)), Context())
    return context


def left_by(call: Caller, loop: AbstractEventLoop, but: "Task[Any] | None" = None) -> Unfinished | None:
    """Return a task, thread or work in a pool that still runs for a call, or for a run inside it.

    The task `but` does not count, since it is about to end.
    """
    tasks = (task for task in asyncio.all_tasks(loop) if task is not but and _is_in(call, context_of(task).get(caller)))
    jobs = (job for inner, job in _jobs_left() if _is_in(call, inner))
    return next(tasks, None) or next(jobs, None) or next(_in_pools(call), None)


def _is_in(call: Caller, inner: Caller | None) -> bool:
    """Whether a call is this one, or is made by a run inside it."""
    return inner is not None and (inner is call or _call_of(call.run, inner) is call)


def _call_of(run: OuterRun, inner: Caller | None) -> Caller | None:
    """Return this run's call that another call is or is made within; None if it belongs to another run."""
    while inner is not None and inner.run is not run:
        place = inner.run.place
        inner = None if place is None else place.call
    return inner


def _jobs_left() -> Iterator[tuple[Caller, thread_pool.Job]]:
    """The abandoned jobs of all runs that still run in their threads, with their calls."""
    return ((cast("Caller", job.label), job) for job in abandoned.all_left() if isinstance(job, thread_pool.Job))


def _in_pools(call: Caller) -> "Iterator[Future[Any]]":
    """Yield the work of a call in pool threads, as far as its context shows: `asyncio.to_thread` runs it in a copy."""
    for top in sys._current_frames().values():  # noqa: SLF001 — as below
        item = _work_of(top)
        context = _context_of_work(item)
        if context is not None and _is_in(call, context.get(caller)) and not item.future.done():
            yield item.future


def _user_of(thread: threading.Thread) -> Caller | None:
    """The call for which a thread works: in a pool that of its current work, otherwise the one that started it."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 — no public way to read a thread's frames
    item = _work_of(frame)
    if _is_waiting(frame, item):
        return None
    context = _context_of_work(item)
    starter: Caller | None = vars(thread).get(_STARTER)
    return starter if context is None else context.get(caller)


def _is_waiting(frame: FrameType | None, item: Any) -> bool:  # noqa: ANN401 — its class is private
    """Whether a thread belongs to a pool, and waits for work or is done with it."""
    if _frame_of(frame, pool._worker.__code__) is None:  # noqa: SLF001
        return False
    return item is None or bool(item.future.done())


def _context_of_work(item: Any) -> Context | None:  # noqa: ANN401 — as above
    """The context in which the work of a pool's thread runs, if there is one."""
    function = getattr(item, "fn", None)
    context = getattr(function.func if isinstance(function, partial) else function, "__self__", None)
    return context if isinstance(context, Context) else None


def _work_of(top: FrameType | None) -> Any:  # noqa: ANN401 — its class is private
    """The current work of a pool's thread, as its frames show; None without work."""
    frame = _frame_of(top, pool._WorkItem.run.__code__)  # noqa: SLF001
    return None if frame is None else frame.f_locals.get("self")


def _frame_of(top: FrameType | None, code: CodeType) -> FrameType | None:
    """The innermost frame of this code, from `top` outwards."""
    while top is not None and top.f_code is not code:
        top = top.f_back
    return top
