"""Runs inside runs: a run that a tool starts is bound by the run around it, and can only narrow what that one may do.

    approval    whatever asks in the run around it is asked there first; what is refused there is refused
    secrets     both hide the same texts
    limits      calls, cost and bytes count for both, and the inner run ends no later
    end         it begins nothing once the run around it is ended, or the attempt that it began in has failed

A run is inside another one if it begins in the context of one of its calls: in an async tool, or in a thread that took
the context along. Widths and rates are those of each run, since a call keeps its place while the run inside it waits.
"""

from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextvars import Context, ContextVar
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from llmc_runtime.calls.run_budget import RunBudget
from llmc_runtime.errors import RunRefused
from llmc_runtime.limits import Limits
from llmc_runtime.redaction import Secrets

E = TypeVar("E")


class Caller(Protocol):
    """A call of a tool; its text names it."""

    @property
    def run(self) -> "OuterRun":
        """The run that it belongs to."""
        ...

    def refusal(self, attempt: int, inner: str) -> str | None:
        """Why a run that began in an attempt, named `inner`, may begin nothing more; None where it may."""
        ...


caller: Final[ContextVar[Caller | None]] = ContextVar("llmc_caller", default=None)
"""The call in whose context something happens."""

attempt: Final[ContextVar[int]] = ContextVar("llmc_attempt", default=0)
"""Which attempt of that call it is: the number of turns that the call had before."""


class Guard(Protocol):
    """Approval and secrets of a run, as far as runs inside it share them."""

    @property
    def secrets(self) -> Secrets:
        """The secrets of the run, and of those around it."""
        ...

    def inherit(self, around: "Guard", call: str) -> None:
        """Bind this run to the one around it, in whose `call` it begins."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class OuterRun:
    """A run, as seen by the runs that its tools start.

    It began at `place`. `depth` counts it and the runs around it, and `runs` is how many there may be. Tools are called
    in copies of `context`.
    """

    place: "CallSite | None"
    depth: int
    runs: int
    trust: Guard
    allowance: RunBudget
    loop: AbstractEventLoop
    context: Context

    @staticmethod
    def inside(
        place: "CallSite | None",
        trust: Guard,
        allowance: RunBudget,
        loop: AbstractEventLoop,
        context: Context,
    ) -> "OuterRun":
        """The run that has these, inside of another one if it began in a call."""
        runs = allowance.limits.runs
        if place is None:
            return OuterRun(None, 1, runs, trust, allowance, loop, context)
        context.run(attempt.set, 0)  # of the calls of this run, not of the call around it
        return OuterRun(place, place.run.depth + 1, min(place.run.runs, runs), trust, allowance, loop, context)

    @property
    def time_left(self) -> float:
        """Seconds that it may still take; may be asked from any thread."""
        return max(self.allowance.until - self.loop.time(), 0.0)


@dataclass(frozen=True, slots=True)
class CallSite:
    """The attempt of a call in which a run begins."""

    call: Caller
    attempt: int

    @property
    def run(self) -> OuterRun:
        """The run around."""
        return self.call.run

    def refusal(self, inner: str = "it") -> str | None:
        """Why a run that began here may begin nothing more; `inner` is its name. May be asked from any thread."""
        place: CallSite | None = self
        while place is not None:
            if (why := place.call.refusal(place.attempt, inner)) is not None:
                return why
            place = place.run.place
        return None

    def admit(self, limits: Limits) -> None:
        """Let a run with these limits begin here; raises RunRefused."""
        if self.run.depth >= min(self.run.runs, limits.runs):
            raise RunRefused(f"{self.run.depth} runs are around this one", "runs")
        if (why := self.refusal("this one")) is not None:
            raise RunRefused(why, "run_time")


def surrounding() -> OuterRun | None:
    """The run whose tool called this, if one did."""
    call = caller.get()
    return None if call is None else call.run


def enter(trust: Guard) -> CallSite | None:
    """Bind a run that begins here to the run around it, and return its place there; None where there is none."""
    call = caller.get()
    if call is None:
        return None
    trust.inherit(call.run.trust, str(call))
    return CallSite(call, attempt.get())


def known_secrets() -> Secrets:
    """The secrets of the run around, to which others can be added; a new set outside of any run."""
    host = surrounding()
    return Secrets() if host is None else host.trust.secrets


def outside(listener: Callable[[E], object]) -> Callable[[E], object]:
    """Call the listener as part of what runs here: events may be told in the context of a tool."""
    call, number = caller.get(), attempt.get()

    def tell(event: E) -> None:
        token = caller.set(call)
        try:
            listener(event)
        finally:
            caller.reset(token)

    def tell_inside(event: E) -> None:
        token = attempt.set(number)
        try:
            tell(event)
        finally:
            attempt.reset(token)

    return tell if call is None else tell_inside
