"""The origin of a plan's text: truncation, repaired boundaries, and the holds that follow."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from llmc_grammar.source import Span
from llmc_runtime.agent.planning.plan_reply import ReplyReading
from llmc_runtime.agent.planning.reply_merge import MergedReply
from llmc_runtime.models.messages import Message
from llmc_runtime.safety.approval import Hold, holds_of

AFTER_ANSWERS: Final = (
    "its question has a history with earlier answers, and one of them may have asked for it; grant the tool "
    "beforehand, or trust the history"
)
"""The reason to hold a first plan after a history with a model's answers."""

_OWN: Final = frozenset({"system", "user"})
"""The roles of messages that the user wrote."""

CUT_BEHIND: Final = "its planner's reply was cut off after the plan, and may have withdrawn it; read it, and approve it"
"""The reason to hold a plan whose reply was cut off after it."""


@dataclass(frozen=True, slots=True)
class TextOrigin:
    """A plan's text; `is_cut`: it is truncated and has no join.

    `may_go_on`: its reply was cut off after the plan, and may have withdrawn it. A repaired text inherits `moved` (the
    spans of statements whose boundary a repair decided), `unended` (the span of a last task that may be incomplete) and
    `cuts` (truncated statements at the ends of replies).
    """

    is_cut: bool
    may_go_on: bool = False
    moved: tuple[Span, ...] = ()
    unended: Span | None = None
    cuts: tuple[str, ...] = ()

    @staticmethod
    def of(reading: ReplyReading, *, is_joined: bool) -> "TextOrigin":
        """Describe the text of a first reply."""
        return TextOrigin(not (reading.is_complete or is_joined), reading.may_go_on)

    def repaired(self, found: MergedReply, reading: ReplyReading, *, is_joined: bool) -> "TextOrigin":
        """Describe the text after a repair; a truncated text needs a join to be complete."""
        is_cut = not is_joined and (not reading.is_complete if found.is_new else self.is_cut)
        may_go_on = reading.may_go_on or (self.may_go_on and not found.is_new)
        return TextOrigin(is_cut, may_go_on, found.moved, found.unended, found.cuts)

    @property
    def cautions(self) -> tuple[Hold, ...]:
        """The hold on a plan whose reply was cut off after it."""
        return (Hold(CUT_BEHIND),) if self.may_go_on else ()

    @property
    def holds(self) -> tuple[Hold, ...]:
        """All holds that the origin of the text requires."""
        return (*self.cautions, *holds_of(self.moved, self.unended))


def has_answers(history: Iterable[Message]) -> bool:
    """Whether the history has messages of a model, which may have seen results."""
    return any(message.role not in _OWN for message in history)
