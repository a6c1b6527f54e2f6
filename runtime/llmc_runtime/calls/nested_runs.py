"""Nested runs: a run that a tool starts is bound by the outer run, and can only narrow its permissions.

    approval    calls that need the outer run's approval ask there first; its refusals stand
    secrets     both hide the same texts
    limits      calls, cost and bytes count for both, and the inner run ends no later
    end         it starts no calls once the outer run has ended, or the attempt in which it began has failed

A run is nested if it begins in the context of another run's call: in an async tool, or in a thread that took the
context along. Widths and rates are separate for each run, since a call keeps its slot while the run inside it waits.
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
        """The run that made the call."""
        ...

    def refusal(self, attempt: int, inner: str) -> str | None:
        """Return why a run `inner` that began in an attempt may start no more calls; None if it may."""
        ...


caller: Final[ContextVar[Caller | None]] = ContextVar("llmc_caller", default=None)
"""The call in whose context the current code runs."""

attempt: Final[ContextVar[int]] = ContextVar("llmc_attempt", default=0)
"""The attempt of that call, by the number of the call's earlier turns."""


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
    """A run as seen by the runs that its tools start.

    It began at `place`. `depth` counts it and the runs around it, and `runs` is the most there may be. Tools are called
    in copies of `context`.
    """

    place: "CallSite | None"
    depth: int
    runs: int
    guard: Guard
    run_budget: RunBudget
    loop: AbstractEventLoop
    context: Context

    @staticmethod
    def inside(
        place: "CallSite | None",
        guard: Guard,
        run_budget: RunBudget,
        loop: AbstractEventLoop,
        context: Context,
    ) -> "OuterRun":
        """Return the host of a new run, nested if `place` is a call."""
        runs = run_budget.limits.runs
        if place is None:
            return OuterRun(None, 1, runs, guard, run_budget, loop, context)
        context.run(attempt.set, 0)  # for calls of this run, not the call around it
        return OuterRun(place, place.run.depth + 1, min(place.run.runs, runs), guard, run_budget, loop, context)

    @property
    def time_left(self) -> float:
        """Seconds that the run may still take; safe in any thread."""
        return max(self.run_budget.until - self.loop.time(), 0.0)


@dataclass(frozen=True, slots=True)
class CallSite:
    """The attempt of a call in which a run begins."""

    call: Caller
    attempt: int

    @property
    def run(self) -> OuterRun:
        """The outer run."""
        return self.call.run

    def refusal(self, inner: str = "it") -> str | None:
        """Return why a run that began here may start no more calls; `inner` is its name. Safe in any thread."""
        place: CallSite | None = self
        while place is not None:
            if (why := place.call.refusal(place.attempt, inner)) is not None:
                return why
            place = place.run.place
        return None

    def admit(self, limits: Limits) -> None:
        """Allow a run with these limits to begin here; raises RunRefused."""
        if self.run.depth >= min(self.run.runs, limits.runs):
            raise RunRefused(f"runs would be nested {self.run.depth + 1} deep", "runs")
        if (why := self.refusal("this one")) is not None:
            raise RunRefused(why, "run_time")


def surrounding() -> OuterRun | None:
    """Return the run whose tool called this code, None outside any run."""
    call = caller.get()
    return None if call is None else call.run


def enter(guard: Guard) -> CallSite | None:
    """Bind a run that begins here to the outer run, and return its place there; None outside any run."""
    call = caller.get()
    if call is None:
        return None
    guard.inherit(call.run.guard, str(call))
    return CallSite(call, attempt.get())


def known_secrets() -> Secrets:
    """Return the secrets of the outer run, to which more can be added; a new set outside any run."""
    host = surrounding()
    return Secrets() if host is None else host.guard.secrets


def outside(listener: Callable[[E], object]) -> Callable[[E], object]:
    """Wrap a listener to run in the current context, since events may be emitted in the context of a tool."""
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
