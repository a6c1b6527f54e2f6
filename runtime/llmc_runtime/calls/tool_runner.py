"""The seam where tools run: a ToolRunner runs the attempts of admitted calls.

LocalRunner is the runner of every run: async tools run on the event loop, in tasks of the run's TaskGroup, and sync
tools in threads. A runner elsewhere, in a process or a cluster, takes some calls and hands the others to the local one,
which it ends and closes, too.
"""

from asyncio import AbstractEventLoop, CancelledError, Task
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import Context
from functools import partial
from inspect import CORO_CREATED, getcoroutinestate, isawaitable, iscoroutine
from typing import Any, Protocol

from llmc_runtime.calls.leak_detector import Unfinished, leaks, left_by
from llmc_runtime.calls.nested_runs import Caller, OuterRun
from llmc_runtime.concurrency.task_group import TaskGroup
from llmc_runtime.concurrency.thread_pool import Job, ThreadPool


class AdmittedCall(Caller, Protocol):
    """A call that has its turn; its text names it. Each attempt reports one result or error, on the loop's thread."""

    @property
    def function(self) -> Callable[..., Any]:
        """The function of the tool."""
        ...

    @property
    def in_thread(self) -> bool:
        """Whether the function blocks, and takes a thread."""
        ...

    def context(self) -> Context:
        """A new context that belongs to the attempt; runs that begin in it are inside the call."""
        ...

    def returned(self, result: Any, /) -> None:  # noqa: ANN401 — whatever a tool returns
        """The attempt gave a result, which was not checked yet."""
        ...

    def raised(self, why: BaseException, /) -> None:
        """The attempt failed."""
        ...


class RunningAttempt(Protocol):
    """An attempt of a call, from its start until it is over."""

    @property
    def goes_on(self) -> bool:
        """Whether it is not over."""
        ...

    @property
    def has_begun(self) -> bool:
        """Whether it goes on, and may have called the function."""
        ...

    def call_off(self) -> bool:
        """Keep the function from being called; False if it was called."""
        ...

    def give_up(self) -> None:
        """Cancel it, or leave it to itself; the call gets no result or error of it any more."""
        ...

    def when_over(self, told: Callable[[], object], /) -> None:
        """Call `told` on the loop's thread when an attempt that was given up is over."""
        ...


class ToolRunner(Protocol):
    """Runs the attempts of admitted calls, for one run."""

    def start(
        self, call: AdmittedCall, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], /
    ) -> RunningAttempt:
        """Start an attempt: call the function with these arguments. Raises RuntimeError if it cannot be started."""
        ...

    def unfinished(self, call: AdmittedCall, but: RunningAttempt | None, /) -> Unfinished | None:
        """Work that goes on for attempts that are over; `but` is an attempt that is about to be over."""
        ...

    async def end(self) -> None:
        """Wait for the attempts, all of which were given up, but no longer than the grace."""
        ...

    def close(self) -> None:
        """Start no more attempts, and release the threads."""
        ...

    def left(self, run: OuterRun, /) -> Iterator[str]:
        """Name the attempts that still go on, and all other work that calls of the run have left."""
        ...

    def cut_off(self) -> None:
        """Disable this copy of the runner in the child of a fork."""
        ...


class LocalRunner:
    """Runs async tools in tasks of the run's `group`, and sync tools in threads."""

    def __init__(self, loop: AbstractEventLoop, grace: float) -> None:
        self._loop = loop
        self.group = TaskGroup(loop, grace)
        self.threads = ThreadPool(loop)

    def start(
        self, call: AdmittedCall, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], /
    ) -> "LocalAttempt":
        """Start an attempt. Raises RuntimeError if the system has no more threads."""
        attempt = LocalAttempt(self, call)
        if call.in_thread:
            attempt.work(partial(call.context().run, function, *args, **kwargs))
        else:
            attempt.task = self.group.start(attempt.run(function, args, kwargs), call, call.context())
        return attempt

    def unfinished(self, call: AdmittedCall, but: RunningAttempt | None, /) -> Unfinished | None:
        """A task or a thread that goes on for the call, or for a run inside it."""
        return left_by(call, self._loop, but.task if isinstance(but, LocalAttempt) else None)

    async def end(self) -> None:
        """Wait for the tasks, but no longer than the grace; threads are not waited for."""
        await self.group.end()

    def close(self) -> None:
        """Release the threads."""
        self.threads.close()

    def left(self, run: OuterRun, /) -> Iterator[str]:
        """Name the tasks and threads of attempts, and those that calls of the run have started."""
        running = self.group.running()
        yield from map(str, [*running.values(), *self.threads.left()])
        yield from leaks(self._loop, run, running)

    def cut_off(self) -> None:
        """End the threads of the child."""
        self.threads.is_cut_off = True


class LocalAttempt:
    """An attempt in a task, or in a thread; the awaitable that a thread returns is awaited in a task."""

    __slots__ = ("_call", "_is_given_up", "_job", "_runner", "_told", "task")

    def __init__(self, runner: LocalRunner, call: AdmittedCall) -> None:
        self._runner = runner
        self._call = call
        self._is_given_up = False
        self._job: Job | None = None
        self._told: Callable[[], object] | None = None
        self.task: Task[None] | None = None

    @property
    def goes_on(self) -> bool:
        """Whether its task or thread is not done."""
        return self.task is not None or self._job is not None

    @property
    def has_begun(self) -> bool:
        """Whether the function may have been called: by a task with its first step, by a thread at any time."""
        if self.task is None or self._call.in_thread:
            return self.goes_on
        coroutine = self.task.get_coro()
        return not iscoroutine(coroutine) or getcoroutinestate(coroutine) != CORO_CREATED

    def call_off(self) -> bool:
        """Keep the function from being called; False if it was called."""
        return not self.has_begun if self._job is None else self._job.call_off()

    def give_up(self) -> None:
        """Cancel the task, or leave the thread to itself."""
        self._is_given_up = True
        if self.task is not None:
            self._runner.group.give_up(self.task)
        if self._job is not None:
            self._runner.threads.leave(self._job)

    def when_over(self, told: Callable[[], object], /) -> None:
        """Call `told` when the task is done, or when the thread has come back."""
        if self.task is None:
            self._told = told
        else:
            self.task.add_done_callback(lambda _: told())

    async def run(self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Await the result of the function."""
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            if not self._is_given_up:
                # This task was not cancelled by the run: a CancelledError is the tool's failure.
                self._call.raised(error)
            elif isinstance(error, CancelledError):
                raise
        else:
            if not self._is_given_up:
                self._call.returned(result)
        finally:
            self._runner.group.ended(self.task)
            # A kept error keeps this frame, and would keep the task, which `asyncio.all_tasks` then goes through.
            self.task = None

    def work(self, function: Callable[[], object]) -> None:
        """Call the function in a thread."""
        call = self._call
        self._job = Job(function, ended=self._came_back, label=call, function=call.function)
        self._runner.threads.submit(self._job)

    def _came_back(self, result: object, error: BaseException | None) -> None:
        """The thread is done."""
        self._job = None
        if self._is_given_up:
            if iscoroutine(result):
                result.close()
            if self._told is not None:
                self._told()
        elif error is not None:
            self._call.raised(error)
        elif isawaitable(result):
            call = self._call
            self.task = self._runner.group.start(self.run(lambda: result, (), {}), call, call.context())
        else:
            self._call.returned(result)
