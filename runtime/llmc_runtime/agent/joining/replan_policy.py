"""Policies that allow replans, and joiners, which ask for them: after each plan the policy is asked, then the joiner.

    JOINER          the joiner decides
    ON_FAILURE      the joiner may ask for another plan only if a task failed
    NEVER           no plan follows the first

Any object with a method `after(turn)` is a policy, and one with an async method `decide(turn)` is a joiner.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from llmc_runtime.agent.answers.answer_data import Planned
from llmc_runtime.agent.joining.decisions import Decision
from llmc_runtime.models.messages import Message


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its plans so far."""

    question: str
    """The question as it was asked."""
    plans: Sequence[Planned]
    """The plans that were run so far; the last one is to be judged."""
    history: Sequence[Message] = ()
    """The messages before the question."""
    is_final: bool = False
    """True if the joiner has to answer."""
    stopped: str | None = None
    """The reason why no other plan follows although one was asked for, None without one."""

    @property
    def last(self) -> Planned:
        """The plan that was run last."""
        return self.plans[-1]


@dataclass(frozen=True, slots=True)
class Again:
    """Another plan may follow. `tools` are the names of its tools, from those of the last plan; None keeps them all."""

    tools: Collection[str] | None = None
    """The names of the next plan's tools, from those of the last plan; None keeps them all."""


class Replanning(Protocol):
    """A policy: decides whether another plan may follow."""

    def after(self, turn: Turn, /) -> Again | None:
        """Return the tools of the next plan, or None if no plan may follow."""
        ...


@runtime_checkable
class Joiner(Protocol):
    """Answers a question from the results of its plans, or asks for another plan."""

    async def decide(self, turn: Turn, /) -> Decision:
        """Return Finish with the answer, or Replan with the reason; in a final turn, Replan leaves no answer."""
        ...


@dataclass(frozen=True, slots=True)
class JoinerDecides:
    """The joiner may always ask for another plan."""

    def after(self, _turn: Turn, /) -> Again | None:
        """Allow another plan."""
        return Again()


@dataclass(frozen=True, slots=True)
class OnFailure:
    """The joiner may ask for another plan if a task of the last plan failed."""

    def after(self, turn: Turn, /) -> Again | None:
        """Allow another plan if a task failed."""
        return Again() if turn.last.run.failed else None


@dataclass(frozen=True, slots=True)
class Never:
    """No plan follows the first."""

    def after(self, _turn: Turn, /) -> Again | None:
        """Allow no other plan."""
        return None


JOINER: Final = JoinerDecides()
"""The joiner decides whether another plan follows."""
ON_FAILURE: Final = OnFailure()
"""The joiner may ask for another plan only if a task failed."""
NEVER: Final = Never()
"""No plan follows the first."""
