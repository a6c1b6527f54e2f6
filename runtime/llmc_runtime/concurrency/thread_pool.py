"""Threads in which sync tools run.

Everything but the tools themselves happens on the loop's thread, so nothing here is locked. How many run at once is the
gate's business. A thread whose tool does not come back is left to itself: another may be started in its place, and the
process does not wait for it at its end.
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
    """A thread of llmc itself, whatever call it is started in; it does not keep the process from ending."""

    def __init__(self, work: Callable[..., object], name: str, *args: object) -> None:
        super().__init__(target=work, args=args, name=name, daemon=True)


class Job:
    """A function to be called in a thread, for a call of `function`; `ended` is told on the loop's thread."""

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
        """The function, for the first that asks: the thread, or whoever calls the job off."""
        try:
            return self._work.pop()  # which is atomic
        except IndexError:
            return None

    def call_off(self) -> bool:
        """Keep the function from being called; False where a thread has begun with it."""
        if self.claim() is None:
            return False
        self.is_over = True
        return True

    def add_done_callback(self, told: Callable[["Job"], object]) -> None:
        """Tell when a job that was left is over, in its thread."""
        abandoned.when_back(self, partial(told, self))


class ThreadPool:
    """Threads that are started when they are needed, and used again; none goes on in the child of a fork."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._alive = 0
        self._busy = 0
        self._left: dict[Job, None] = {}
        self.is_cut_off = False

    def submit(self, job: Job) -> None:
        """Call the job's function in a thread; raises RuntimeError if the system has no more of them."""
        if self._busy == self._alive:
            OwnThread(self._work, NAME).start()
            self._alive += 1
        self._busy += 1
        self._jobs.put(job)

    def leave(self, job: Job) -> None:
        """Nobody waits for this job any more: its thread is left to itself."""
        job.was_left = True
        self._left[job] = None
        self._alive -= 1
        self._busy -= 1
        abandoned.leave(job, job.function)
        # Its thread may have ended meanwhile, and then it has looked before the job was there.
        if job.is_over:
            abandoned.came_back(job)

    def left(self) -> list[object]:
        """Labels of the jobs that were left and still run."""
        return [job.label for job in self._left if not job.is_over]

    def close(self) -> None:
        """Let the threads end that are free, and those that were left when they come back; none is waited for."""
        # By then the loop may have stopped, and would not tell them.
        for _ in range(self._alive + len(self._left)):
            self._jobs.put(None)
        self._alive = 0

    def _work(self) -> None:
        """What a thread does."""
        while (job := self._jobs.get()) is not None:
            if (work := job.claim()) is None:
                return  # the job was called off, and this thread left with it
            result, error = _attempt(work)
            if self.is_cut_off:
                active_runs.leave()
            job.is_over = True
            abandoned.came_back(job)
            try:
                self._loop.call_soon_threadsafe(self._over, job, result, error)
            except RuntimeError:  # the loop was closed: this thread was left
                if iscoroutine(result):
                    result.close()
                return
            # A thread that waits for its next job must not keep the last one alive.
            del job, work, result, error

    def _over(self, job: Job, result: object, error: BaseException | None) -> None:
        """A thread came back."""
        if job.was_left:
            self._left.pop(job, None)
            self._jobs.put(None)
        else:
            self._busy -= 1
        job.ended(result, error)


def _attempt(work: Callable[[], object]) -> tuple[object, BaseException | None]:
    """Result or exception, whatever it is: nothing a tool raises may end its thread."""
    try:
        return work(), None
    except BaseException as error:  # noqa: BLE001 — SystemExit is a tool's failure like any other
        return None, error
