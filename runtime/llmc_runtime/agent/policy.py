"""When another plan may follow: a policy is asked after each plan, before the joiner.

    JOINER          the joiner decides
    ON_FAILURE      it may ask for another plan only if something failed
    NEVER           there is one plan

Anything with a method `after(turn)` is one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from llmc_runtime.agent.answer import Planned


@dataclass(frozen=True, slots=True)
class Turn:
    """A question whose plans so far were run; the last of them is the one to judge."""

    question: str
    plans: Sequence[Planned]

    @property
    def last(self) -> Planned:
        """The plan that was run last."""
        return self.plans[-1]


@dataclass(frozen=True, slots=True)
class Again:
    """Another plan may follow, with these tools, of those that the last one had; None are the same."""

    tools: Collection[str] | None = None


class Replanning(Protocol):
    """Says whether another plan may follow."""

    def after(self, turn: Turn, /) -> Again | None:
        """What the next plan may use; None where there must be none."""
        ...


@dataclass(frozen=True, slots=True)
class JoinerDecides:
    """The joiner may always ask for another plan."""

    def after(self, _turn: Turn, /) -> Again | None:
        """Yes."""
        return Again()


@dataclass(frozen=True, slots=True)
class OnFailure:
    """The joiner may ask for another plan if a task of the last one failed."""

    def after(self, turn: Turn, /) -> Again | None:
        """Whether something failed."""
        return Again() if turn.last.run.failed else None


@dataclass(frozen=True, slots=True)
class Never:
    """There is one plan."""

    def after(self, _turn: Turn, /) -> Again | None:
        """No."""
        return None


JOINER: Final = JoinerDecides()
ON_FAILURE: Final = OnFailure()
NEVER: Final = Never()
