"""How the text of a plan came about: what is known of it besides what it says."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from llmc_grammar.source import Span
from llmc_runtime.agent.dialogue import Message
from llmc_runtime.agent.mending import Mended
from llmc_runtime.agent.plan_reply import Reading
from llmc_runtime.approval import Hold, holds_of

AFTER_ANSWERS: Final = (
    "its question has a history with earlier answers, and one of them may have asked for it; grant the tool "
    "beforehand, or trust the history"
)
"""Why a first plan may not write where the history has earlier answers of a model."""

_OWN: Final = frozenset({"system", "user"})
"""Whose words are the user's own."""

CUT_BEHIND: Final = "its planner was cut off behind the plan, and may have gone on to withdraw it"
"""Why a plan may not write whose reply was not read to its end."""


@dataclass(frozen=True, slots=True)
class PlanText:
    """A plan's text; `is_cut`: it breaks off, and has no join yet.

    `may_go_on`: its reply was not read to the end, and may withdraw it. `moved`, `unended` and `cuts` are what a mended
    text has from its parts: places of statements whose boundary a repair decided, that of a last task that may go on,
    and beginnings of statements at which replies broke off.
    """

    is_cut: bool
    may_go_on: bool = False
    moved: tuple[Span, ...] = ()
    unended: Span | None = None
    cuts: tuple[str, ...] = ()

    @staticmethod
    def of(reading: Reading, *, is_joined: bool) -> "PlanText":
        """The text of a first reply."""
        return PlanText(not (reading.is_complete or is_joined), reading.may_go_on)

    def mended(self, found: Mended, reading: Reading, *, is_joined: bool) -> "PlanText":
        """The text after a repair; one that was cut is complete only when a join came."""
        is_cut = not is_joined and (not reading.is_complete if found.is_new else self.is_cut)
        may_go_on = reading.may_go_on or (self.may_go_on and not found.is_new)
        return PlanText(is_cut, may_go_on, found.moved, found.unended, found.cuts)

    @property
    def cautions(self) -> tuple[Hold, ...]:
        """What asks first for the way in which its reply ended."""
        return (Hold(CUT_BEHIND),) if self.may_go_on else ()

    @property
    def holds(self) -> tuple[Hold, ...]:
        """What asks first for all of that."""
        return (*self.cautions, *holds_of(self.moved, self.unended))


def has_answers(history: Iterable[Message]) -> bool:
    """Whether others than the user have spoken before, who may have seen results."""
    return any(message.role not in _OWN for message in history)
