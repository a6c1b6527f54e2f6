"""How the text of a plan came about: what is known of it besides what it says."""

from dataclasses import dataclass
from typing import Final

from llmc_grammar.source import Span
from llmc_runtime.agent.mending import Mended
from llmc_runtime.agent.plan_reply import Reading
from llmc_runtime.approval import Hold, holds_of

CUT_BEHIND: Final = "its planner was cut off behind the plan, and may have gone on to withdraw it"
"""Why a plan may not write whose reply was not read to its end."""


@dataclass(frozen=True, slots=True)
class PlanText:
    """A plan's text; `is_cut`: it breaks off, and has no join yet.

    `may_go_on`: its reply was not read to the end, and may withdraw it. `moved` and `unended` are places that a mended
    text has from its parts: statements whose boundary a repair decided, and a last task that may go on.
    """

    is_cut: bool
    may_go_on: bool = False
    moved: tuple[Span, ...] = ()
    unended: Span | None = None

    @staticmethod
    def of(reading: Reading, *, is_joined: bool, has_tail: bool) -> "PlanText":
        """The text of a first reply; what stands behind the plan in one that was cut may begin to withdraw it."""
        may_go_on = reading.is_cut_behind or (not reading.is_whole and has_tail)
        return PlanText(not (reading.is_complete or is_joined), may_go_on)

    def mended(self, found: Mended, reading: Reading, *, is_joined: bool) -> "PlanText":
        """The text after a repair; one that was cut is complete only when a join came."""
        is_cut = not is_joined and (not reading.is_complete if found.is_new else self.is_cut)
        may_go_on = reading.is_cut_behind or (self.may_go_on and not found.is_new)
        return PlanText(is_cut, may_go_on, found.moved, found.unended)

    @property
    def holds(self) -> tuple[Hold, ...]:
        """What asks first for that."""
        return (*((Hold(CUT_BEHIND),) if self.may_go_on else ()), *holds_of(self.moved, self.unended))
