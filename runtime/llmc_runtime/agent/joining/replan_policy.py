"""When another plan may follow, and who says whether it should: a policy is asked after each plan, then the joiner.

    JOINER          the joiner decides
    ON_FAILURE      it may ask for another plan only if something failed
    NEVER           there is one plan

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
    """A question whose plans so far were run; the last of them is the one to judge.

    `history` are the messages before the question. A joiner is told whether only an answer counts (`is_final`), and why
    no other plan follows although one was wanted (`stopped`).
    """

    question: str
    plans: Sequence[Planned]
    history: Sequence[Message] = ()
    is_final: bool = False
    stopped: str | None = None

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


@runtime_checkable
class Joiner(Protocol):
    """Answers a question from the results of its plans, or asks for another plan."""

    async def decide(self, turn: Turn, /) -> Decision:
        """Return Finish with the answer, or Replan with the reason; where the turn is final, a Replan is no answer."""
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
