"""What can go wrong in a run.

    LlmcError
      PlanError                 at a task of the plan
        CallError               at a call of a tool
          BadArgument           a value did not fit its parameter when it arrived
          BadResult             the tool's result is not what it declares, or no JSON data
          ToolFailed            the tool raised
          ToolTimedOut          the tool, or the wait for it, took too long
        ExpressionFailed        an expression has no value
        LoopFailed              elements of a loop failed
        Blocked                 not done, because of another task's failure
        Held                    not done, because nobody has approved it: the plan was repaired or made anew, or it
                                repeats a call of an earlier plan after another write
        Repeated                not done again, because nobody knows whether the first time it happened
        NotApproved             not done, because it asks first and nobody said yes
        LimitReached            not done, because of a limit of the run
        Stopped                 given up, because the run was stopped
      ContextError              a tool takes a context, and the run has none that it can take
      RunRefused                a run that a limit does not let begin, grow, or wait for its plan
    NotSent                     raised by tools: what was to be written was certainly not sent
    Final                       raised by tools: another attempt would certainly fail too

The text of each is one fact that names the task.
"""

# ruff: noqa: N818 — they are caught by name, and `except ToolTimedOut` says it all

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
from llmc_runtime.exception_groups import SHOWN, leaves
from llmc_runtime.text_format import cut_middle

E = TypeVar("E", bound=BaseException)

Timed = Literal["attempt", "task", "run"]
"""What the time of a call may be over for."""

LONGEST: typing.Final = 300
"""Characters of text from outside that a message quotes."""

_OF_MANY: typing.Final = 80
"""Characters of each of several texts in its place."""

_READ: typing.Final = 10_000
"""Characters at the beginning and at the end of a text that are looked at for that."""


Refusal = Literal["no", "nobody", "none", "failed"]

REFUSALS: typing.Final[Mapping[Refusal, str]] = {
    "no": "the answer was no",
    "nobody": "there is nobody to ask",
    "none": "this run refuses whatever asks",
    "failed": "asking failed",
}
"""Why something was not approved."""


class NotSent(Portable, Exception):
    """Raised by a tool that writes: certainly nothing was sent, so that another attempt does nothing twice."""


class Final(Portable, Exception):
    """Raised by a tool: another attempt would certainly fail too, so that `@retry` makes none."""


class LlmcError(Portable, Exception):
    """Any error of a run, or of a question; if it ended a question, `answer` is what was done for that until then.

    `secrets` are those of its run, where it had any.
    """

    answer: AnswerSoFar | None = None
    secrets: Redactor | None = None

    def _state(self) -> tuple[dict[str, Any], Cause | None]:
        """The state of a pickle; if the run had secrets, that of a foreign cause is its text: objects may hold one."""
        attributes, cause = super()._state()
        return attributes, cause if cause is None else Cause(cause.error, words=self.secrets is not None)


class PlanError(LlmcError):
    """A task of the plan has no value; `span` is its place in the plan, `line` its line where the text is known.

    `in_doubt`: what it writes may be written, or not. `place` is the file, and its line, at which the tool failed.
    `ended` is how the task ended, as the last line of a run counts it.
    """

    line: int | None = None
    place: tuple[str, int] | None = None
    ended: str = "failed"
    in_doubt: bool = False

    def __init__(self, task: TaskId, what: str, span: Span = NOWHERE) -> None:
        super().__init__(f"task {task} {what}")
        self.task = task
        self.span = span

    def at(self, span: Span) -> Self:
        """The same error, of a text in which the task stands elsewhere."""
        same = copy(self)
        same.span, same.line = span, None
        return same


class CallError(PlanError):
    """A call of a tool gave no value, in so many attempts.

    `final` is why no other one was made although `@retry` allows it: the exception was final, or its HTTP status is.
    """

    final: str | None = None

    def __init__(self, task: TaskId, what: str, span: Span, *, tool: str, attempt: int) -> None:
        super().__init__(task, what, span)
        self.tool = tool
        self.attempt = attempt


class BadArgument(CallError):
    """A value did not fit its parameter when it arrived; the tool was not called."""

    def __init__(
        self, task: TaskId, span: Span, *, tool: str, attempt: int, parameter: str | None, why: object
    ) -> None:
        argument = f"the argument `{parameter}`" if parameter else "the arguments"
        what = f"cannot call `{tool}`: {argument} did not fit: {shortened(why)}"
        super().__init__(task, what, span, tool=tool, attempt=attempt)
        self.parameter = parameter


class BadResult(CallError):
    """A tool's result is not what the tool declares, or no JSON data."""

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
    """The `seconds` are over that an attempt, a task with its waits and retries, or the run may take (`limit`).

    `attempt` is 0 where the tool was not called yet.
    """

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
            what = f"timed out: `{tool}` did not get its turn in {seconds:g} s"
        super().__init__(task, what, span, tool=tool, attempt=attempt)
        self.seconds = seconds
        self.limit = limit
        self.in_doubt = in_doubt


class ExpressionFailed(PlanError):
    """An expression of a task has no value."""

    def __init__(self, task: TaskId, span: Span, why: object) -> None:
        super().__init__(task, f"has no value: {shortened(why)}", span)


def _at_element(index: int, error: PlanError) -> str:
    """Whether the first element without a value failed or was blocked, and which it is."""
    return f"{'blocked' if error.ended == Blocked.ended else 'failed'} at element {index}"


class LoopFailed(PlanError):
    """Elements of a loop failed: the one at `index` first, with `error`; `results` has the others' values."""

    def __init__(self, task: TaskId, span: Span, *, index: int, error: PlanError, results: Mapping[int, Json]) -> None:
        super().__init__(task, f"{_at_element(index, error)}: {shortened(error)}", span)
        self.index = index
        self.error = error
        self.results = results
        self.place = error.place

    @property
    def where(self) -> str:
        """`failed at element 3`."""
        return _at_element(self.index, self.error)

    def _state(self) -> tuple[dict[str, Any], Cause | None]:
        """The results too are shown without secrets."""
        attributes, cause = super()._state()
        if self.secrets is None:
            return attributes, cause
        shown = {index: self.secrets.value(each) for index, each in self.results.items()}
        return attributes | {"results": shown}, cause


class Blocked(PlanError):
    """A task was not done because the task `cause` failed.

    `by_order`: it needs no value of it, but comes after it; `fell_back`: the task `cause` has the value of its
    `@fallback`. `cause_line` is the line of that task, where the text is known, and `cause_ended` how it ended.
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
            why += " (its `@fallback` replaces its value, and not its effect)"
        super().__init__(task, f"was not done: task {cause}, {why}", span)
        self.cause = cause
        self.by_order = by_order
        self.fell_back = fell_back
        self.cause_line = cause_line
        self.cause_ended = cause_ended

    @property
    def reason(self) -> str:
        """Why it was not done, by the line of the task that failed."""
        where = place_of(self.task, self.cause, self.cause_line)
        return blocked_by(where, self.cause_ended, is_by_order=self.by_order, has_fallen_back=self.fell_back)


REPAIRED: typing.Final = "the plan had to be repaired; read it, and approve it"
"""Why a plan's writes are held where a repair decided where a statement begins or ends."""

UNENDED: typing.Final = "the plan's text ends right behind it, and the task may go on; end its line, or approve it"
"""Why a last task is held that neither a newline nor a join nor an end mark follows."""


class Held(PlanError):
    """A task that may write was not done, since nobody has approved it: `why` says what there is to approve."""

    ended = "held back"

    def __init__(self, task: TaskId, span: Span, why: str = REPAIRED) -> None:
        super().__init__(task, f"was held back: {why}", span)
        self.why = why


class Repeated(PlanError):
    """A task that may write was not done again: in an earlier plan the same call ended in doubt."""

    ended = "held back"

    def __init__(self, task: TaskId, span: Span, *, tool: str) -> None:
        what = f"was not done: the same call of `{tool}` ended in doubt before; find out whether it happened"
        super().__init__(task, what, span)
        self.tool = tool


class NotApproved(PlanError):
    """A task whose tool asks first was not done; `reason` is why nobody said yes, and `tool` the tool.

    If the answer was no, `why` is what was said with it, None if nothing was.
    """

    ended = "not approved"

    def __init__(self, task: TaskId, span: Span, *, tool: str, reason: Refusal, why: object = None) -> None:
        words = REFUSALS[reason] + (f": {shortened(why)}" if why is not None else "")
        super().__init__(task, f"was not approved: `{tool}` asks first, and {words}", span)
        self.tool = tool
        self.reason = reason
        self.why = shortened(why) if reason == "no" and why is not None else None


class ContextError(LlmcError):
    """A tool takes a context, and the run has none, or one that the tool does not take, or that cannot be opened."""


class LimitReached(PlanError):
    """A task was not done, or has no value although it was, because of the run's limit of this name."""

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
    """A task was given up because the run was stopped: the task `cause` failed, or who runs it ended it."""

    ended = "cancelled"

    def __init__(self, task: TaskId, span: Span, *, cause: TaskId | None = None, in_doubt: bool = False) -> None:
        why = "the run was ended" if cause is None else f"task {cause} failed"
        doubt = "; what it writes may be written, or not" if in_doubt else ""
        super().__init__(task, f"was stopped: {why}{doubt}", span)
        self.cause = cause
        self.in_doubt = in_doubt


class RunRefused(LlmcError):
    """A run may not begin, have so many tasks, or wait for more of its plan, because of the limit of this name."""

    def __init__(self, why: str, limit: str) -> None:
        super().__init__(f"{why} (limit `{limit}`)")
        self.limit = limit


def without_values(error: E) -> E:
    """The error without what led to it: frames and causes hold the values that it is about."""
    error.__traceback__ = error.__context__ = error.__cause__ = None
    return error


def described(error: BaseException) -> str:
    """The name of an exception, and what it says."""
    words = shortened(error)
    return type(error).__name__ + (f": {words}" if words else "")


def shortened(words: object) -> str:
    """Text from outside, as one line of bounded length, cut in its middle; a group of exceptions names the first."""
    if isinstance(words, BaseExceptionGroup):
        inner = leaves(words)
        named = [_line(f"{type(each).__name__}: {_text(each)}".removesuffix(": "), _OF_MANY) for each in inner[:SHOWN]]
        more = [f"… {len(inner) - SHOWN} more"] if len(inner) > SHOWN else []
        return _line(f"{_line(_text(words), _OF_MANY)}: {'; '.join([*named, *more])}".removesuffix(": "), LONGEST)
    return _line(_text(words), LONGEST)


def _text(words: object) -> str:
    """The text of anything."""
    try:
        return str(words)
    except Exception:  # noqa: BLE001 — an exception may fail at describing itself
        return f"({type(words).__name__} without a readable text)"


def _line(text: str, most: int) -> str:
    """The text as one line, cut in its middle but in no URL."""
    whole = text if len(text) <= 2 * _READ else f"{text[:_READ]}…{text[-_READ:]}"
    return cut_middle(" ".join(whole.split()), most)
