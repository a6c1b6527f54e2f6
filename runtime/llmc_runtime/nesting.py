"""Runs inside runs: a run that a tool starts is bound by the run around it, and can only narrow what that one may do.

    approval    whatever asks in the run around it is asked there first; what is refused there is refused
    secrets     both hide the same texts
    limits      calls, cost and bytes count for both, and the inner run ends no later

A run is inside another one if it begins in the context of one of its calls: in an async tool, or in a thread that took
the context along. Widths and rates are those of each run, since a call keeps its place while the run inside it waits.
"""

from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from llmc_runtime.errors import RunRefused
from llmc_runtime.limits import Limits
from llmc_runtime.secrets import Secrets
from llmc_runtime.strays import caller

if TYPE_CHECKING:
    from llmc_runtime.door import Allowance
    from llmc_runtime.trust import Trust

E = TypeVar("E")


@dataclass(frozen=True, slots=True, eq=False)
class Host:
    """A run, as seen by the runs that its tools start.

    `depth` counts it and the runs around it, and `runs` is how many there may be. Tools are called in copies of
    `context`.
    """

    depth: int
    runs: int
    trust: "Trust"
    allowance: "Allowance[Any]"
    loop: AbstractEventLoop
    context: Context

    @staticmethod
    def inside(
        around: "Host | None", trust: "Trust", allowance: "Allowance[Any]", loop: AbstractEventLoop, context: Context
    ) -> "Host":
        """The run that has these, inside of another one if there is one around it."""
        runs = allowance.limits.runs
        depth, runs = (1, runs) if around is None else (around.depth + 1, min(around.runs, runs))
        return Host(depth, runs, trust, allowance, loop, context)

    @property
    def time_left(self) -> float:
        """Seconds that it may still take; may be asked from any thread."""
        return max(self.allowance.until - self.loop.time(), 0.0)

    def admit(self, limits: Limits) -> None:
        """Let a run with these limits begin inside; raises RunRefused."""
        if self.depth >= min(self.runs, limits.runs):
            raise RunRefused(f"{self.depth} runs are around this one", "runs")
        if self.allowance.is_over:
            raise RunRefused("the run around this one has ended", "run_time")


def surrounding() -> Host | None:
    """The run whose tool called this, if one did."""
    call = caller.get()
    return None if call is None else call.run


def enter(trust: "Trust") -> Host | None:
    """Bind a run that begins here to the run around it, and return that; None where there is none."""
    call = caller.get()
    if call is None:
        return None
    trust.inherit(call.run.trust, str(call))
    return call.run


def known_secrets() -> Secrets:
    """The secrets of the run around, to which others can be added; a new set outside of any run."""
    host = surrounding()
    return Secrets() if host is None else host.trust.secrets


def outside(listener: Callable[[E], object]) -> Callable[[E], object]:
    """Call the listener as part of what runs here: events may be told in the context of a tool."""
    call = caller.get()

    def tell(event: E) -> None:
        token = caller.set(call)
        try:
            listener(event)
        finally:
            caller.reset(token)

    return tell
