"""Errors of runs.

    LlmcError
      PlanError                 at a task of the plan
        CallError               at a call of a tool
          BadArgument           a value does not fit its parameter at run time
          BadResult             the result is not JSON data, or not of the declared type
          ToolFailed            the tool raised
          ToolTimedOut          the tool, or the wait for it, took too long
          IntentError           (in calls.call_errors) a store did not keep the intent of a write
        ExpressionFailed        an expression has no value
        LoopFailed              elements of a loop failed
        Blocked                 not done, because of another task's failure
        Held                    not done without approval: the plan was repaired or made anew, or it repeats a call of
                                an earlier plan after another write
        Repeated                not done again, because it is not known whether the first call took effect
        NotApproved             not done, because its tool needs approval and got none
        LimitReached            not done, because of a limit of the run
        Stopped                 given up, because the run was stopped
      ContextError              a tool takes a context, and the run has none that fits
      RunRefused                a limit forbids the run to begin, to grow, or to wait for its plan
    NotSent                     raised by tools: the write was certainly not sent
    Final                       raised by tools: another attempt would certainly fail too

The text of each is one fact that names the task.
"""

# ruff: noqa: N818 — users catch these by name, and `except ToolTimedOut` reads better

import typing
from collections.abc import Mapping
from copy import copy
from typing import Any, Literal, Self, TypeVar

from llmc_compiler.expressions.terms import Json
from llmc_compiler.ir.graph import TaskId
from llmc_grammar.ast import NOWHERE
from llmc_grammar.portable import Cause, Portable
from llmc_grammar.source import Span
from llmc_runtime.block_reasons import blocked_by, place_of
from llmc_runtime.error_context import AnswerSoFar, Redactor
from llmc_runtime.foreign_errors import described, shortened

E = TypeVar("E", bound=BaseException)

Timed = Literal["attempt", "task", "run"]
"""The time limit that a call exceeded."""


Refusal = Literal["no", "nobody", "none", "failed"]
"""A reason for a missing approval."""

REFUSALS: typing.Final[Mapping[Refusal, str]] = {
    "no": "the answer was no",
    "nobody": "the run has no approver",
    "none": "this run refuses all such calls",
    "failed": "asking failed",
}
"""Reasons for a missing approval, in words."""


class NotSent(Portable, Exception):
    """Raised by a tool that writes: nothing was sent, so another attempt does nothing twice."""


class Final(Portable, Exception):
    """Raised by a tool: another attempt would certainly fail too, so `@retry` makes none."""


class LlmcError(Portable, Exception):
    """Any error of a run or an agent."""

    answer: AnswerSoFar | None = None
    """The answer so far, if the error ended a question."""
    secrets: Redactor | None = None
    """The secrets of the run, None if it had none."""

    def _state(self) -> tuple[dict[str, Any], Cause | None]:
        """The state of a pickle; with secrets in the run a foreign cause is text only, since objects may hold them."""
        attributes, cause = super()._state()
        return attributes, cause if cause is None else Cause(cause.error, words=self.secrets is not None)


class PlanError(LlmcError):
    """A task of the plan has no value."""

    line: int | None = None
    """The line of the task, None if the text is unknown."""
    file: str | None = None
    """The plan that has the line, if it was called as a tool."""
    place: tuple[str, int] | None = None
    """The file and the line at which the tool failed, None if they are unknown."""
    ended: str = "failed"
    """The outcome of the task, as the summary of a run counts it."""
    in_doubt: bool = False
    """True if a write may or may not have happened."""
    task: TaskId
    """The task."""
    span: Span
    """The place of the task in the plan."""

    def __init__(self, task: TaskId, what: str, span: Span = NOWHERE) -> None:
        super().__init__(f"task {task} {what}")
        self.task = task
        self.span = span

    def __str__(self) -> str:
        return super().__str__() + ("" if self.file is None else f" ({self.file}:{self.line})")

    def at(self, span: Span) -> Self:
        """The same error for a text in which the task has another span."""
        same = copy(self)
        same.span, same.line, same.file = span, None, None
        return same


class CallError(PlanError):
    """A call of a tool gave no value."""

    final: str | None = None
    """Why no attempt followed although `@retry` allows one: a final exception or HTTP status; else None."""

    tool: str
    """The name of the tool."""
    attempt: int
    """The number of attempts, 0 if the tool was not called."""

    def __init__(self, task: TaskId, what: str, span: Span, *, tool: str, attempt: int) -> None:
        super().__init__(task, what, span)
        self.tool = tool
        self.attempt = attempt


class BadArgument(CallError):
    """A value does not fit its parameter at run time; the tool was not called."""

    def __init__(
        self, task: TaskId, span: Span, *, tool: str, attempt: int, parameter: str | None, why: object
    ) -> None:
        argument = f"the argument `{parameter}`" if parameter else "the arguments"
        what = f"cannot call `{tool}`: {argument} did not fit: {shortened(why)}"
        super().__init__(task, what, span, tool=tool, attempt=attempt)
        self.parameter = parameter


class BadResult(CallError):
    """A tool's result is not JSON data, or not of the declared type."""

    def __init__(
        self, task: TaskId, span: Span, *, tool: str, attempt: int, why: object, in_doubt: bool = False
    ) -> None:
        super().__init__(task, f"got a bad result from `{tool}`: {shortened(why)}", span, tool=tool, attempt=attempt)
        self.in_doubt = in_doubt


class ToolFailed(CallError):
    """A tool raised; the exception is the cause."""

    def __init__(
        self,
        task: TaskId,
        span: Span,
        *,
        tool: str,
        attempt: int,
        why: BaseException,
        in_doubt: bool = False,
        final: str | None = None,
    ) -> None:
        end = "" if final is None else f"; not retried: {final}"
        super().__init__(task, f"failed: `{tool}` raised {described(why)}{end}", span, tool=tool, attempt=attempt)
        self.in_doubt = in_doubt
        self.final = final


class ToolTimedOut(CallError):
    """An attempt, a task with its waits and retries, or the run took too long."""

    seconds: float
    """The limit that was exceeded, in seconds."""
    limit: Timed
    """The kind of the limit: "attempt", "task" or "run"."""

    def __init__(
        self,
        task: TaskId,
        span: Span,
        *,
        tool: str,
        attempt: int,
        seconds: float,
        limit: Timed = "attempt",
        in_doubt: bool = False,
    ) -> None:
        if limit == "run":
            what = f"timed out: the run took longer than {seconds:g} s"
        elif attempt:
            what = f"timed out: `{tool}` took longer than {seconds:g} s"
        else:
            what = f"timed out: `{tool}` did not start within {seconds:g} s"
        super().__init__(task, what, span, tool=tool, attempt=attempt)
        self.seconds = seconds
        self.limit = limit
        self.in_doubt = in_doubt


class ExpressionFailed(PlanError):
    """An expression of a task has no value."""

    def __init__(self, task: TaskId, span: Span, why: object) -> None:
        super().__init__(task, f"has no value: {shortened(why)}", span)


def _at_element(index: int, error: PlanError) -> str:
    """Say whether the first element without a value failed or was blocked, and name it."""
    return f"{'blocked' if error.ended == Blocked.ended else 'failed'} at element {index}"


class LoopFailed(PlanError):
    """Elements of a loop failed: the one at `index` first, with `error`. `results` has the values of the others."""

    def __init__(self, task: TaskId, span: Span, *, index: int, error: PlanError, results: Mapping[int, Json]) -> None:
        super().__init__(task, f"{_at_element(index, error)}: {shortened(error)}", span)
        self.index = index
        self.error = error
        self.results = results
        self.place = error.place

    @property
    def where(self) -> str:
        """The first failure in words: `failed at element 3`."""
        return _at_element(self.index, self.error)

    def _state(self) -> tuple[dict[str, Any], Cause | None]:
        """The state of a pickle, with the results redacted."""
        attributes, cause = super()._state()
        if self.secrets is None:
            return attributes, cause
        shown = {index: self.secrets.value(value) for index, value in self.results.items()}
        return attributes | {"results": shown}, cause


class Blocked(PlanError):
    """A task was not done because the task `cause` failed.

    `by_order` means that the task does not use the cause's value, but comes after it. `fell_back` means that the cause
    has the value of its `@fallback`. `cause_line` is the cause's line if the text is known, and `cause_ended` its
    outcome.
    """

    ended = "blocked"

    def __init__(
        self,
        task: TaskId,
        span: Span,
        *,
        cause: TaskId,
        by_order: bool = False,
        fell_back: bool = False,
        cause_line: int | None = None,
        cause_ended: str = "failed",
    ) -> None:
        why = "whose effect comes first, failed" if by_order else "which it needs, failed"
        if fell_back:
            why += " (its `@fallback` replaces its value, not its effect)"
        super().__init__(task, f"was not done: task {cause}, {why}", span)
        self.cause = cause
        self.by_order = by_order
        self.fell_back = fell_back
        self.cause_line = cause_line
        self.cause_ended = cause_ended

    @property
    def reason(self) -> str:
        """Why the task was not done, with the line of the cause."""
        where = place_of(self.task, self.cause, self.cause_line)
        return blocked_by(where, self.cause_ended, is_by_order=self.by_order, has_fallen_back=self.fell_back)


REPAIRED: typing.Final = "the plan had to be repaired; read it and approve it"
"""The reason to hold a plan's writes if a repair decided a boundary of a statement."""

UNENDED: typing.Final = (
    "the plan's text ends right after it, so the task may be incomplete; end its line, or approve it"
)
"""The reason to hold a last task without a newline, a join or an end mark after it."""


class Held(PlanError):
    """A task that may write was not done without approval."""

    ended = "held back"

    why: str
    """The reason."""

    def __init__(self, task: TaskId, span: Span, why: str = REPAIRED) -> None:
        super().__init__(task, f"was held back: {why}", span)
        self.why = why


class Repeated(PlanError):
    """A task that may write was not done again: the same call of an earlier plan ended in doubt."""

    ended = "held back"

    def __init__(self, task: TaskId, span: Span, *, tool: str) -> None:
        what = f"was not done: the same call of `{tool}` ended in doubt before; check whether it took effect"
        super().__init__(task, what, span)
        self.tool = tool


class NotApproved(PlanError):
    """A task whose tool needs approval was not done without it."""

    ended = "not approved"

    tool: str
    """The name of the tool."""
    reason: Refusal
    """The reason: an answer of no, a run without an approver, a rule that refuses all calls, or a failed callback."""
    why: str | None
    """The text that came with an answer of no, None without one."""

    def __init__(self, task: TaskId, span: Span, *, tool: str, reason: Refusal, why: object = None) -> None:
        words = REFUSALS[reason] + (f": {shortened(why)}" if why is not None else "")
        super().__init__(task, f"was not approved: `{tool}` asks first, and {words}", span)
        self.tool = tool
        self.reason = reason
        self.why = shortened(why) if reason == "no" and why is not None else None


class ContextError(LlmcError):
    """A tool takes a context that the run lacks, that is of another class, or that cannot be opened."""


class LimitReached(PlanError):
    """A task was not done, or its result was not kept, because of a limit of the run."""

    limit: str
    """The name of the limit."""

    def __init__(self, task: TaskId, span: Span, *, limit: str, why: str) -> None:
        super().__init__(task, f"was not done: {why} (limit `{limit}`)", span)
        self.limit = limit

    @staticmethod
    def of_result(task: TaskId, span: Span, *, limit: str, why: str) -> "LimitReached":
        """The error of a task that was done, and whose result cannot be kept."""
        error = LimitReached(task, span, limit=limit, why=why)
        error.args = (f"task {task} has no value: {why} (limit `{limit}`)",)
        return error


class Stopped(PlanError):
    """A task was given up because the run was stopped: the task `cause` failed, or the caller ended the run."""

    ended = "cancelled"

    def __init__(self, task: TaskId, span: Span, *, cause: TaskId | None = None, in_doubt: bool = False) -> None:
        why = "the run was ended" if cause is None else f"task {cause} failed"
        doubt = "; its write may or may not have happened" if in_doubt else ""
        super().__init__(task, f"was stopped: {why}{doubt}", span)
        self.cause = cause
        self.in_doubt = in_doubt


class RunRefused(LlmcError):
    """A limit forbids a run to begin, to have so many tasks, or to wait longer for its plan."""

    limit: str
    """The name of the limit."""

    def __init__(self, why: str, limit: str) -> None:
        super().__init__(f"{why} (limit `{limit}`)")
        self.limit = limit


def without_values(error: E) -> E:
    """Return the error without its causes and frames, which hold the values that it is about."""
    error.__traceback__ = error.__context__ = error.__cause__ = None
    return error
