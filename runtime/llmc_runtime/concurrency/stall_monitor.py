"""A thread that names the tool that blocks an event loop, as nothing else can while the loop is blocked.

It checks the loops of all runs, twice in the time that a tool may block, and sees their current tasks. To find out
whether a task is still at the same step, it asks the loop for a sign of life, but only once it suspects a stall.
Without runs, it ends after a while. The child of a fork has a separate thread, and nothing to watch at first.
"""

import asyncio
import logging
import os
from asyncio import AbstractEventLoop
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Thread, current_thread
from time import monotonic
from typing import Final

from llmc_runtime.concurrency.task_group import TaskGroup
from llmc_runtime.concurrency.thread_pool import OwnThread

NAME: Final = "llmc-watch"
_LINGER: Final = 5.0
"""Seconds without a run after which the thread ends: a thread for each run would cost more than short runs take."""

_NAP: Final = 0.25
"""Seconds between checks for new runs: waking the thread for each run would cost more."""

_log: Final = logging.getLogger("llmc")


@dataclass(slots=True, eq=False)
class WatchedLoop:
    """A run whose loop is watched; `told` is called on the loop's thread with the label and seconds of a stall."""

    loop: AbstractEventLoop
    group: TaskGroup
    stall: float
    told: Callable[[object, float], None]
    suspect: object = None
    since: float = 0.0
    is_named: bool = False
    next_look: float = 0.0


class _Watch:
    """The thread, and the runs that it watches."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Start over in the child of a fork, where the thread does not go on and may have held the lock."""
        self.changed = Condition()
        self.runs: set[WatchedLoop] = set()
        self.thread: Thread | None = None
        self.wakes = 0.0

    def work(self) -> None:
        """Check the runs until none is left."""
        idle_since = monotonic()
        with self.changed:
            while self.thread is current_thread():
                now = monotonic()
                for run in self.runs:
                    if run.next_look <= now:
                        _look(run, now)
                        run.next_look = now + run.stall / 2
                if self.runs:
                    idle_since = now
                elif now - idle_since > _LINGER:
                    self.thread = None
                    return
                self.wakes = min([now + _NAP, *(run.next_look for run in self.runs)])
                self.changed.wait(max(self.wakes - monotonic(), 0))


_watch: Final = _Watch()
os.register_at_fork(after_in_child=_watch.begin_anew)


def begin(watched: WatchedLoop) -> None:
    """Watch a run."""
    with _watch.changed:
        watched.next_look = monotonic() + watched.stall / 2
        _watch.runs.add(watched)
        if _watch.thread is None:
            _watch.thread = OwnThread(_watch.work, NAME)
            try:
                _watch.thread.start()
            except RuntimeError:  # the system has no more threads: runs work without
                _watch.thread = None
        elif watched.next_look < _watch.wakes:
            _watch.changed.notify()


def end(watched: WatchedLoop) -> None:
    """Stop watching a run."""
    with _watch.changed:
        _watch.runs.discard(watched)


def rest() -> None:
    """End the thread now, if there is nothing to watch."""
    with _watch.changed:
        thread = _watch.thread
        if thread is None or _watch.runs:
            return
        _watch.thread = None
        _watch.changed.notify()
    thread.join()


def _look(run: WatchedLoop, now: float) -> None:
    """Check the current task of a loop."""
    task = asyncio.current_task(run.loop)
    label = None if task is None else run.group.find(task)
    if label is None:
        run.suspect = None
    elif run.suspect is not task:
        run.suspect, run.since, run.is_named = task, now, False
        _ask(run, task, label)
    elif now - run.since >= run.stall and not run.is_named:
        run.is_named = True
        _log.warning("%s has blocked the event loop for %.1f s: nothing else can run", label, now - run.since)


def _ask(run: WatchedLoop, task: object, label: object) -> None:
    """Ask a loop for a sign of life; its delay is the time that the loop was blocked."""

    def answer() -> None:
        seconds = monotonic() - run.since
        if run.suspect is task:
            run.suspect = None
        if seconds >= run.stall and run in _watch.runs:
            run.told(label, seconds)

    try:
        run.loop.call_soon_threadsafe(answer)
    except RuntimeError:  # the loop is closed
        run.suspect = None
