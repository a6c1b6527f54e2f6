"""Threads in which sync tools run.

Everything but the tools themselves happens on the loop's thread, so nothing here is locked. A thread whose tool does
not come back is left to itself: another may be started in its place, and the process does not wait for it at its end.
"""

from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable
from inspect import iscoroutine
from queue import SimpleQueue
from threading import Thread
from typing import Final

LIMIT: Final = 32


class Job:
    """A function to be called in a thread: `begun` and `ended` are told on the loop's thread."""

    __slots__ = ("begun", "ended", "error", "is_running", "label", "was_left", "work")

    def __init__(
        self,
        work: Callable[[], object],
        *,
        begun: Callable[[], None],
        ended: Callable[[object, BaseException | None], None],
        label: object,
    ) -> None:
        self.work = work
        self.begun = begun
        self.ended = ended
        self.label = label
        self.is_running = False
        self.was_left = False


class Threads:
    """At most `limit` threads, started when they are needed; further jobs wait in line."""

    def __init__(self, loop: AbstractEventLoop, limit: int = LIMIT) -> None:
        self._loop = loop
        self._limit = limit
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._line: deque[Job] = deque()
        self._alive = 0
        self._busy = 0
        self._left: dict[Job, None] = {}

    def submit(self, job: Job) -> None:
        """Call the job's function as soon as a thread is free."""
        if self._busy < self._limit:
            self._hand_over(job)
        else:
            self._line.append(job)

    def leave(self, job: Job) -> None:
        """Nobody waits for this job any more: its thread, if it has one, is left to itself."""
        job.was_left = True
        if not job.is_running:
            self._line.remove(job)
            return
        self._left[job] = None
        self._alive -= 1
        self._release()

    def left(self) -> list[object]:
        """Labels of the jobs that were left and still run."""
        return [job.label for job in self._left]

    def close(self) -> None:
        """Let the threads end that are free; none is waited for."""
        for _ in range(self._alive):
            self._jobs.put(None)
        self._alive = 0

    def _hand_over(self, job: Job) -> None:
        """Give the job to a thread."""
        if self._busy == self._alive:
            Thread(target=self._work, name="llmc-tool", daemon=True).start()
            self._alive += 1
        self._busy += 1
        job.is_running = True
        self._jobs.put(job)
        job.begun()

    def _release(self) -> None:
        """A thread is free, or there is room for a new one."""
        self._busy -= 1
        if self._line:
            self._hand_over(self._line.popleft())

    def _work(self) -> None:
        """What a thread does."""
        while (job := self._jobs.get()) is not None:
            result, error = _attempt(job.work)
            try:
                self._loop.call_soon_threadsafe(self._over, job, result, error)
            except RuntimeError:  # the loop was closed: this thread was left
                if iscoroutine(result):
                    result.close()
                return
            # A thread that waits for its next job must not keep the last one alive.
            del job, result, error

    def _over(self, job: Job, result: object, error: BaseException | None) -> None:
        """A thread came back."""
        if job.was_left:
            self._left.pop(job, None)
            self._jobs.put(None)
        else:
            self._release()
        job.ended(result, error)


def _attempt(work: Callable[[], object]) -> tuple[object, BaseException | None]:
    """Result or exception, whatever it is: nothing a tool raises may end its thread."""
    try:
        return work(), None
    except BaseException as error:  # noqa: BLE001 — SystemExit is a tool's failure like any other
        return None, error
