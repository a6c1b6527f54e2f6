"""Execution of one call: every attempt ends in a value or a typed error.

Each attempt has a turn. Events out of turn are ignored: late results of attempts that timed out, and errors of tasks
that were given up. An attempt waits for admission and holds its slot until it ends. Between attempts a call holds
nothing.

An attempt that was given up may go on in its thread, or in a task that swallows its cancellation. One that raised may
have left work behind, and so may a run inside either. If the tool may write, the call waits for all of that work to end
before anything follows. Work that outlives the grace leaves the call in doubt.
"""

from asyncio import TimerHandle
from collections.abc import Callable
from contextvars import Context
from functools import partial
from inspect import iscoroutine
from typing import Any, Generic, TypeVar

from llmc_compiler.expressions.memory_limit import NoRoomError, copied_bytes
from llmc_compiler.ir.graph import Call, Node
from llmc_compiler.tools.parameter_markers import UNMARKED
from llmc_grammar.portable import Portable
from llmc_runtime.calls.backoff import RetryAdvice, backoff
from llmc_runtime.calls.call_context import CallContext, Recording
from llmc_runtime.calls.call_errors import IntentError, bad_result, tool_failed, unfit
from llmc_runtime.calls.leak_detector import Unfinished
from llmc_runtime.calls.nested_runs import OuterRun, attempt, caller
from llmc_runtime.calls.tool_runner import RunningAttempt
from llmc_runtime.errors import CallError, LimitReached, PlanError, Timed, ToolTimedOut
from llmc_runtime.state.instance import Bound
from llmc_runtime.state.outcomes import Done, Failed
from llmc_runtime.values import receive

T = TypeVar("T")


class ToolCall(Generic[T]):
    """One call, from its first attempt to its outcome."""

    __slots__ = (
        "_attempt",
        "_bound",
        "_deadlines",
        "_held",
        "_is_in",
        "_last",
        "_node",
        "_op",
        "_pending",
        "_record",
        "_shared",
        "_timer",
        "_turn",
        "_under_way",
        "_until",
        "_valid_from",
        "_waits",
        "in_thread",
        "lane",
        "owner",
        "size",
    )

    def __init__(
        self, shared: CallContext[T], owner: T, node: Node, op: Call, bound: Bound, *, record: Recording | None = None
    ) -> None:
        self._shared = shared
        self.owner = owner
        self._node = node
        self._op = op
        self._bound = bound
        self._record = record
        self._attempt = 0
        self._turn = 0
        self._valid_from = 0  # attempts of earlier turns have failed or were given up
        self._last: CallError | None = None
        self._pending: tuple[int, CallError, float] | None = None  # turn, error and pause of the awaited attempt
        self._under_way: RunningAttempt | None = None
        self._timer: TimerHandle | None = None
        self._is_in = False
        self._waits = False
        self._held = 0
        self.in_thread = not op.tool.is_async
        self.lane, self._deadlines = shared.lane_and_deadlines(op.tool.name, op.timeout)
        self.size = 0  # bytes of the lists and mappings that are copied for the tool
        for _, value in bound:
            if isinstance(value, (list, dict)):
                self.size += copied_bytes(value)

    def __str__(self) -> str:
        return f"{self._op.tool.name} (task {self._node.task})"

    @property
    def tool(self) -> str:
        """The name of the tool."""
        return self._op.tool.name

    @property
    def function(self) -> Callable[..., Any]:
        """The function of the tool."""
        return self._op.tool.call

    @property
    def run(self) -> OuterRun:
        """The run that made the call."""
        return self._shared.host

    @property
    def waits(self) -> bool:
        """Whether the call still waits for admission."""
        return self._waits and not self._shared.is_closing

    @property
    def fits(self) -> bool:
        """Whether the run budget has room for the copied arguments."""
        return not self.size or self.size <= self._shared.run_budget.left

    @property
    def rank(self) -> float:
        """Priority among waiting calls: the highest goes first."""
        return self._shared.rank(self.owner)

    @property
    def is_writing(self) -> bool:
        """Whether an attempt that may write is running, or was given up and is awaited."""
        return (self._is_in or self._pending is not None) and self._op.tool.effect.may_write

    @property
    def is_left(self) -> bool:
        """Whether work of an attempt that failed or was given up still goes on."""
        return self._rest() is not None

    @property
    def is_in_doubt(self) -> bool:
        """Whether the call may or may not have written."""
        is_open = self.is_writing and (self._pending is not None or self._is_called)
        return is_open or (self._last is not None and self._last.in_doubt)

    @property
    def _is_called(self) -> bool:
        """Whether the tool may have been called in this attempt."""
        return self._under_way is not None and self._under_way.has_begun

    def refusal(self, attempt: int, inner: str) -> str | None:
        """Return why a run inside an attempt may not start calls; an attempt with a value may leave runs behind."""
        if self._shared.is_halted:
            return f"the run around {inner} has ended"
        return f"the attempt of `{self.tool}` around {inner} is over" if attempt < self._valid_from else None

    def begin(self) -> None:
        """Queue the first attempt, after the intent is committed if a store keeps the call."""
        shared = self._shared
        self._until = shared.tasks.set(self)
        if self._record is None or not self._record.intend(self):
            self._waits = True
            shared.admission.ask(self)

    def intended(self) -> None:
        """Ask for the turn of the first attempt."""
        self._waits = True
        self._shared.admission.ask(self)

    def not_intended(self, why: BaseException) -> None:
        """Fail: the store has not committed the intent."""
        error = IntentError(self._node.task, self._node.span, tool=self.tool, why=why)
        error.__cause__ = why
        self._refuse(error)

    def admit(self) -> None:
        """Admit waiting calls; used after a call was begun while its run was idle."""
        self._shared.admission.admit()

    def enter(self) -> None:
        """Start an attempt, now that it is admitted."""
        self._waits = False
        self._is_in = True
        self._attempt += 1
        shared, tool, is_first = self._shared, self._op.tool, self._attempt == 1
        run_budget, size = shared.run_budget, self.size
        if (refusal := run_budget.refusal(tool)) is not None:
            self._refuse(self._limited(*refusal))
            return
        if size and not run_budget.keep(size):
            self._refuse(self._limited(*run_budget.no_room(size)))
            return
        self._held = size
        try:
            args, kwargs = tool.signature.prepare(self._bound)
        except BaseException as error:  # noqa: BLE001 — validators of arguments are the tool's code too
            self._refuse(unfit(self._node, tool.name, self._attempt, error))
            return
        if not run_budget.is_shared:
            run_budget.calls += is_first
            run_budget.cost += tool.cost
        elif (refusal := run_budget.take(tool, is_first)) is not None:
            self._refuse(self._limited(*refusal))
            return
        if is_first:
            shared.calls += 1
            shared.report.started(self.owner, tool.name)
            if not self._is_in:
                return  # the listener that was told of it has ended the run
        self._deadlines.set(self)
        call = self._call_inside if shared.is_inside else tool.call
        try:
            self._under_way = shared.runner.start(self, call, args, kwargs)
        except RuntimeError as error:  # no thread can be started
            self.raised(error)

    def _call_inside(self, *args: object, **kwargs: object) -> object:
        """Call the tool, unless the outer run has ended since the attempt was admitted."""
        if (over := self._shared.run_budget.too_late_around()) is not None:
            raise _TooLateError(*over)
        return self._op.tool.call(*args, **kwargs)

    def hold_back(self) -> None:
        """Prevent the tool from being called, unless it was called already."""
        if self._pending is None and (self._under_way is None or self._under_way.call_off()):
            self._abandon()

    def give_up(self) -> None:
        """Stop the call without an outcome."""
        if self._record is not None:
            self._record.give_up(in_doubt=self.is_in_doubt)
        self._stop()

    def _stop(self) -> None:
        """End the attempt, and wait for nothing."""
        self._waits = False
        self._abandon()
        self._shared.tasks.clear(self)
        if self._pending is not None:
            self._pending = None
            self._shared.graces.clear(self)

    def _abandon(self) -> None:
        """End the attempt, and abandon its task or thread."""
        self._discard()
        if self._record is not None:
            self._record.stop()
        if self._under_way is not None:
            self._under_way.give_up()
            self._under_way = None

    def time_out(self, seconds: float, limit: Timed) -> None:
        """Time out an attempt, the call or the run, and give up running work; a run's timeout waits for no grace."""
        if self._pending is not None and limit != "run":
            return  # no attempt starts after the call's time, so the end of the grace decides
        node, tool, in_doubt = self._node, self._op.tool, self.is_in_doubt
        error = ToolTimedOut(
            node.task, node.span, tool=tool.name, attempt=self._attempt, seconds=seconds, limit=limit, in_doubt=in_doubt
        )
        error.__cause__ = self._last
        turn, under_way = self._turn, self._under_way
        goes_on = under_way is not None and under_way.goes_on
        if limit == "attempt":
            self._abandon()
        else:
            self._stop()
        if under_way is None or not goes_on or limit == "run" or not tool.effect.may_write:
            self._timed_out(error)
        else:
            self._wait_for(under_way, turn, error)

    def _wait_for(self, under_way: RunningAttempt, turn: int, error: ToolTimedOut) -> None:
        """Wait for the end of an attempt that was given up, no longer than the grace."""
        self._pending = turn, error, 0.0
        self._shared.graces.set(self)
        under_way.when_over(partial(self._ended_late, turn))

    def outlive(self) -> None:
        """End the call in doubt after the grace: another attempt would run beside the abandoned one."""
        if self._pending is not None:
            _, error, _ = self._pending
            self._pending = None
            self._refuse(error)

    def _ended_late(self, turn: int) -> None:
        """Continue the call once all work of the awaited attempt has ended."""
        if self._pending is None or self._pending[0] != turn:
            return
        if (rest := self._rest()) is not None:
            rest.add_done_callback(lambda _: self._shared.soon(self._ended_late, turn))
            return
        _, error, pause = self._pending
        self._pending = None
        self._shared.graces.clear(self)
        if isinstance(error, ToolTimedOut):
            self._timed_out(error)
        else:
            self._failed(error, pause=pause)

    def _rest(self) -> Unfinished | None:
        """The remaining work of earlier attempts, without the attempt that has just raised and is about to end."""
        return self._shared.runner.unfinished(self, self._under_way)

    def _timed_out(self, error: ToolTimedOut) -> None:
        """Retry after an attempt's timeout; end the call after any other."""
        if error.limit == "attempt":
            self._failed(error)
        else:
            self._end(Failed(error))

    def context(self) -> Context:
        """Return a context for an attempt, which marks everything started in it as the attempt's work."""
        context = self._shared.context.copy()
        context.run(caller.set, self)
        if self._turn:
            context.run(attempt.set, self._turn)
        return context

    def raised(self, why: BaseException) -> None:
        """Handle an exception of the tool."""
        if isinstance(why, _TooLateError):
            self._refuse(self._limited(*why.args))
            return
        word = RetryAdvice.of(why, self._shared.wall, self._shared.limits.retry_after)
        final = word.final if self._may_repeat(was_sent=word.was_sent) else None
        error = tool_failed(self._node, self._op.tool, self._attempt, why, was_sent=word.was_sent, final=final)
        if pause := word.pause or 0.0:
            self._shared.admission.pause(self.lane, pause)
        if error.in_doubt and self.is_left:
            turn = self._turn
            self._discard()
            self._pending = turn, error, pause
            self._shared.graces.set(self)
            self._ended_late(turn)
        else:
            self._failed(error, was_sent=word.was_sent, pause=pause)

    def returned(self, result: object) -> None:
        """Check, measure and copy the tool's result."""
        shared, tool = self._shared, self._op.tool
        bounds = shared.bounds if tool.marks is UNMARKED else shared.bounds._replace(shows=tool.marks.shows_results)
        run_budget = shared.run_budget
        try:
            left = run_budget.left if run_budget.is_shared else run_budget.room
            done = Done(*receive(result, tool.signature.accept, bounds, left))
        except NoRoomError as full:
            limit, why_not = run_budget.no_room(full.size)
            error = LimitReached.of_result(self._node.task, self._node.span, limit=limit, why=why_not)
            error.in_doubt = tool.effect.may_write
            self._refuse(error)
        except BaseException as why:  # noqa: BLE001 — a result may run any code while it is checked
            if iscoroutine(result):
                result.close()
            self._failed(bad_result(self._node, tool, self._attempt, why))
        else:
            self._end(done)

    def _limited(self, limit: str, why: str) -> LimitReached:
        """The error of a call that a limit forbids."""
        return LimitReached(self._node.task, self._node.span, limit=limit, why=why)

    def _failed(self, error: CallError, *, was_sent: bool = True, pause: float = 0.0) -> None:
        """Retry after a failed attempt, or end the call; `pause` is the shortest wait that the tool asked for."""
        self._discard()
        self._inherit_doubt(error)
        self._last = error
        repeats = error.final is None and self._may_repeat(was_sent=was_sent)
        delay = max(backoff(self._attempt, self._shared.random), pause) if repeats else None
        # A retry that would start after the deadline fails at once.
        if delay is None or self._shared.loop.time() + delay >= min(self._until, self._shared.until):
            self._end(Failed(error))
            return
        self._shared.report.retried(self.owner, self._attempt + 1, delay, error)
        self._timer = self._shared.loop.call_later(delay, self._again)
        self._shared.admission.admit()

    def _refuse(self, error: PlanError) -> None:
        """End the call without an attempt; it stays in doubt if an earlier attempt may have written."""
        self._inherit_doubt(error)
        self._end(Failed(error))

    def _inherit_doubt(self, error: PlanError) -> None:
        """Mark the error as in doubt if an earlier attempt may have written."""
        if self._last is not None and self._last.in_doubt:
            error.in_doubt = True

    def _may_repeat(self, *, was_sent: bool) -> bool:
        """Whether another attempt is allowed and safe to repeat."""
        attempts = min(self._op.retries + 1, self._shared.limits.attempts)
        may_repeat = not was_sent or self._op.tool.may_repeat
        return may_repeat and self._attempt < attempts and not self._shared.is_closing

    def _again(self) -> None:
        """Queue another attempt."""
        self._timer = None
        self._waits = True
        self._shared.admission.ask(self)
        self._shared.admission.admit()

    def _end(self, outcome: Done | Failed) -> None:
        """End the call with its outcome."""
        self._close()
        self._bound = ()
        shared = self._shared
        shared.tasks.due.pop(self, None)
        if self._record is not None:
            self._record.end(outcome)
        shared.report.ended(self.owner, outcome)
        self._under_way = None  # which refers to this call

    def _discard(self) -> None:
        """End the attempt's turn without a value: runs started inside it may not start more calls."""
        self._close()
        self._valid_from = self._turn

    def _close(self) -> None:
        """End the attempt's turn, and free its slot."""
        self._turn += 1
        if self._is_in:
            self._is_in = False
            shared = self._shared
            if self._held:
                shared.run_budget.count(-self._held)
                self._held = 0
            self._deadlines.due.pop(self, None)
            shared.admission.leave(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _TooLateError(Portable, Exception):
    """The outer run, or the attempt around this run, ended before a tool was called. Holds the limit and its reason."""
