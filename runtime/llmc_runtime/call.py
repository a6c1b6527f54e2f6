"""The one door to tools: whatever a tool does ends in a value or a typed error.

A call has attempts. Each has its turn, and what arrives out of turn (late results of attempts that timed out, errors
of tasks that were given up) is nobody's.
"""

import asyncio
from asyncio import AbstractEventLoop, Task, TimerHandle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable, iscoroutine
from typing import Any, Final, Generic, Protocol, TypeVar

from llmc_compiler.effects import When
from llmc_compiler.graph import Call, Node
from llmc_compiler.term import Json
from llmc_compiler.tools import ArgumentError
from llmc_runtime.errors import BadArgument, BadResult, CallError, NotSent, ToolFailed, ToolTimedOut
from llmc_runtime.group import Group
from llmc_runtime.outcomes import Done, Failed
from llmc_runtime.threads import Job, Threads
from llmc_runtime.values import freeze

FIRST_DELAY: Final = 0.05
"""Upper bound of the wait before the second attempt, in seconds; each further one doubles it."""

DOUBLINGS: Final = 7

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

Bound = Sequence[tuple[str | None, Json]]


class Report(Protocol[T_contra]):
    """Who wants to know about calls; `owner` is whatever a call was made for."""

    def started(self, owner: T_contra, tool: str, /) -> None:
        """The tool is called for the first time."""
        ...

    def retried(self, owner: T_contra, attempt: int, delay: float, error: CallError, /) -> None:
        """An attempt failed, and the one with this number follows after so many seconds."""
        ...

    def ended(self, owner: T_contra, outcome: Done | Failed, /) -> None:
        """It is over; told once."""
        ...


class Ongoing(Protocol):
    """A call that was begun, or will be."""

    def begin(self) -> None:
        """Begin; the report is told how it goes."""
        ...

    def give_up(self) -> None:
        """Stop: nobody wants the outcome."""
        ...


@dataclass(frozen=True, slots=True)
class Door(Generic[T]):
    """What the calls of a run share."""

    loop: AbstractEventLoop
    group: Group
    threads: Threads
    random: Callable[[], float]
    report: Report[T]


class Calling(Generic[T]):
    """One call, from its first attempt to its outcome."""

    __slots__ = ("_attempt", "_bound", "_door", "_job", "_node", "_op", "_owner", "_task", "_timer", "_turn")

    def __init__(self, door: Door[T], owner: T, node: Node, op: Call, bound: Bound) -> None:
        self._door = door
        self._owner = owner
        self._node = node
        self._op = op
        self._bound = bound
        self._attempt = 0
        self._turn = 0
        self._task: Task[None] | None = None
        self._job: Job | None = None
        self._timer: TimerHandle | None = None

    def __str__(self) -> str:
        """The tool and the task, as a run names what it left behind."""
        return f"{self._op.tool.name} (task {self._node.task})"

    def begin(self) -> None:
        """Make an attempt."""
        self._attempt += 1
        tool = self._op.tool
        try:
            args, kwargs = tool.signature.prepare(self._bound)
        except BaseException as error:  # noqa: BLE001 — validators of arguments are the tool's code too
            self._end(Failed(self._bad_argument(error)))
            return
        if tool.is_async:
            self._begun()
            self._await(tool.call, args, kwargs)
        else:
            self._thread(partial(self._door.group.context().run, tool.call, *args, **kwargs))

    def give_up(self) -> None:
        """Stop: nobody wants the outcome."""
        self._close()
        if self._task is not None:
            self._task.cancel()
        if self._job is not None:
            self._door.threads.leave(self._job)
        self._task = self._job = None

    def _await(self, call: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        """Await what the function returns, in a task."""
        self._task = self._door.group.start(self._run(self._turn, call, args, kwargs), self)

    async def _run(self, turn: int, call: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        """Await what the function returns."""
        try:
            result = await call(*args, **kwargs)
        except BaseException as error:
            if turn == self._turn:
                # Nobody cancelled this task: a CancelledError is the tool's own failure.
                self._raised(error)
            elif isinstance(error, asyncio.CancelledError):
                raise
        else:
            if turn == self._turn:
                self._returned(result)
        finally:
            self._door.group.ended(asyncio.current_task())

    def _thread(self, work: Callable[[], object]) -> None:
        """Call the function in a thread."""
        self._job = Job(work, begun=self._begun, ended=partial(self._came_back, self._turn), label=self)
        try:
            self._door.threads.submit(self._job)
        except RuntimeError as error:  # no thread can be started
            self._job = None
            self._raised(error)

    def _came_back(self, turn: int, result: object, error: BaseException | None) -> None:
        """A thread is done with an attempt."""
        if turn != self._turn:
            if iscoroutine(result):
                result.close()
            return
        self._job = None
        if error is not None:
            self._raised(error)
        elif isawaitable(result):
            self._await(lambda: result, (), {})
        else:
            self._returned(result)

    def _begun(self) -> None:
        """The attempt begins now, in a thread only once there is one for it."""
        if self._attempt == 1:
            self._door.report.started(self._owner, self._op.tool.name)
        if self._op.timeout is not None:
            self._timer = self._door.loop.call_later(self._op.timeout, self._timed_out, self._op.timeout)

    def _timed_out(self, seconds: float) -> None:
        """The attempt took too long: it is left to itself."""
        self.give_up()
        error = ToolTimedOut(
            self._node.task,
            self._node.span,
            tool=self._op.tool.name,
            attempt=self._attempt,
            seconds=seconds,
            in_doubt=self._op.tool.effect.is_write,
        )
        self._failed(error)

    def _raised(self, why: BaseException) -> None:
        """The tool raised."""
        error = ToolFailed(
            self._node.task,
            self._node.span,
            tool=self._op.tool.name,
            attempt=self._attempt,
            why=why,
            in_doubt=self._op.tool.effect.is_write and not isinstance(why, NotSent),
        )
        error.__cause__ = why
        self._failed(error, was_sent=not isinstance(why, NotSent))

    def _returned(self, result: object) -> None:
        """The tool returned."""
        try:
            value = freeze(self._op.tool.signature.accept(result))
        except BaseException as why:  # noqa: BLE001 — a result may do anything while it is looked at
            error = BadResult(
                self._node.task,
                self._node.span,
                tool=self._op.tool.name,
                attempt=self._attempt,
                why=why,
                in_doubt=self._op.tool.effect.is_write,
            )
            error.__cause__ = why
            self._failed(error)
        else:
            self._end(Done(value))

    def _bad_argument(self, why: BaseException) -> BadArgument:
        """A value did not fit its parameter."""
        error = BadArgument(
            self._node.task,
            self._node.span,
            tool=self._op.tool.name,
            attempt=self._attempt,
            parameter=why.parameter if isinstance(why, ArgumentError) else None,
            why=why,
        )
        error.__cause__ = why
        return error

    def _failed(self, error: CallError, *, was_sent: bool = True) -> None:
        """The attempt failed: make another one, or end."""
        may_repeat = not was_sent or self._op.tool.effect.rule.retry is When.YES
        if self._attempt > self._op.retries or not may_repeat:
            self._end(Failed(error))
            return
        self._close()
        # Full jitter, as in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
        delay = self._door.random() * FIRST_DELAY * 2 ** min(self._attempt - 1, DOUBLINGS)
        self._door.report.retried(self._owner, self._attempt + 1, delay, error)
        self._timer = self._door.loop.call_later(delay, self.begin)

    def _end(self, outcome: Done | Failed) -> None:
        """The call is over."""
        self._close()
        self._door.report.ended(self._owner, outcome)

    def _close(self) -> None:
        """The turn of the attempt is over."""
        self._turn += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
