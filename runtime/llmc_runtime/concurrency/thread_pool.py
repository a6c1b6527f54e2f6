"""Threads for sync tools.

Everything except the tools themselves happens on the loop's thread, so nothing here is locked. Admission limits the
number of running threads. A thread whose tool does not return is abandoned: another may be started in its place, and
the process does not wait for it when it exits.
"""

from asyncio import AbstractEventLoop
from collections.abc import Callable
from functools import partial
from inspect import iscoroutine
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final

from llmc_runtime.concurrency import abandoned, active_runs

NAME: Final = "llmc-tool"


class OwnThread(Thread):
    """A thread of llmc itself, regardless of the call it is started in; it does not keep the process alive."""

    def __init__(self, work: Callable[..., object], name: str, *args: object) -> None:
        super().__init__(target=work, args=args, name=name, daemon=True)


class Job:
    """A function to run in a thread, for a call of `function`; `ended` is called on the loop's thread."""

    __slots__ = ("_work", "ended", "function", "is_over", "label", "was_left")

    def __init__(
        self,
        work: Callable[[], object],
        *,
        ended: Callable[[object, BaseException | None], None],
        label: object,
        function: Callable[..., Any],
    ) -> None:
        self._work = [work]
        self.ended = ended
        self.label = label
        self.function = function
        self.is_over = False
        self.was_left = False

    def claim(self) -> Callable[[], object] | None:
        """Return the function to its first caller: the thread, or `call_off`."""
        try:
            return self._work.pop()  # which is atomic
        except IndexError:
            return None

    def call_off(self) -> bool:
        """Prevent the function from being called; returns False if a thread has begun with it."""
        if self.claim() is None:
            return False
        self.is_over = True
        return True

    def add_done_callback(self, told: Callable[["Job"], object]) -> None:
        """Call `told` with the job in its thread, once the abandoned job is over."""
        abandoned.when_back(self, partial(told, self))


class ThreadPool:
    """Threads that are started on demand and reused; none goes on in the child of a fork."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._alive = 0
        self._busy = 0
        self._left: dict[Job, None] = {}
        self.is_cut_off = False

    def submit(self, job: Job) -> None:
        """Call the job's function in a thread; raises RuntimeError if the system cannot start one."""
        if self._busy == self._alive:
            OwnThread(self._work, NAME).start()
            self._alive += 1
        self._busy += 1
        self._jobs.put(job)

    def leave(self, job: Job) -> None:
        """Abandon a job, and its thread with it."""
        job.was_left = True
        self._left[job] = None
        self._alive -= 1
        self._busy -= 1
        abandoned.leave(job, job.function)
        # A thread that ended before this point did not see the job among those left.
        if job.is_over:
            abandoned.came_back(job)

    def left(self) -> list[object]:
        """Labels of the abandoned jobs that still run."""
        return [job.label for job in self._left if not job.is_over]

    def close(self) -> None:
        """Let idle threads end, and abandoned ones once they return; waits for none."""
        # Abandoned threads are told now, as the loop may have stopped by the time they return.
        for _ in range(self._alive + len(self._left)):
            self._jobs.put(None)
        self._alive = 0

    def _work(self) -> None:
        """Run jobs in a thread."""
        while (job := self._jobs.get()) is not None:
            if (work := job.claim()) is None:
                return  # the job was called off, and this thread abandoned with it
            result, error = _attempt(work)
            if self.is_cut_off:
                active_runs.leave()
            job.is_over = True
            abandoned.came_back(job)
            try:
                self._loop.call_soon_threadsafe(self._over, job, result, error)
            except RuntimeError:  # the loop is closed: this thread was abandoned
                if iscoroutine(result):
                    result.close()
                return
            # A thread that waits for its next job must not keep the last one alive.
            del job, work, result, error

    def _over(self, job: Job, result: object, error: BaseException | None) -> None:
        """Take the result of a thread on the loop."""
        if job.was_left:
            self._left.pop(job, None)
            self._jobs.put(None)
        else:
            self._busy -= 1
        job.ended(result, error)


def _attempt(work: Callable[[], object]) -> tuple[object, BaseException | None]:
    """Return result or exception; nothing that a tool raises may end its thread."""
    try:
        return work(), None
    except BaseException as error:  # noqa: BLE001 — SystemExit is a tool's failure like any other
        return None, error
