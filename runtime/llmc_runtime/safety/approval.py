"""Approval: who says whether a call may be made, of what, and how they are asked.

    Approval(None, callback)      tools that are declared with `approve=True` ask
    Approval("ask", callback)     they do, and so does every call that may change something
    Approval("all")               nothing asks
    Approval("none")              nothing asks, and what would is refused

Calls that may change something are held if a repair decided a boundary in a model's text, if only the end of the text
ends their task, if the planner may have seen results, or if its reply was cut off after the plan. An agent's write is
also held if it repeats a write of an earlier plan and an overlapping write came later. Held calls ask despite the word,
and fail without a callback.
"""

from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from llmc_compiler.ir.graph import Call, Node
from llmc_grammar.source import Span
from llmc_runtime.errors import REPAIRED, UNENDED, Held, NotApproved, PlanError
from llmc_runtime.safety.approval_request import ApprovalRequest
from llmc_runtime.safety.pending_approval import Approver

Word = Literal["ask", "all", "none"]
WORDS: Final[tuple[Word, ...]] = get_args(Word)


@dataclass(frozen=True, slots=True)
class Hold:
    """A reason to ask before calls that may change something, whatever the word.

    Tools in `granted` are not held; `span` limits the hold to the task at that place.
    """

    why: str = REPAIRED
    granted: Container[str] = ()
    span: Span | None = None

    def covers(self, node: Node, call: Call) -> bool:
        """Whether this hold applies to a call."""
        if call.tool.name in self.granted:
            return False
        return self.span is None or self.span.start <= node.span.start < self.span.end


def holds_of(moved: Sequence[Span], unended: Span | None) -> tuple[Hold, ...]:
    """Return the holds of a model's text: for boundaries that a repair decided, and for an unended last task."""
    repaired = (Hold(),) if moved else ()
    return repaired if unended is None else (*repaired, Hold(UNENDED, span=unended))


def held_for(holds: Iterable[Hold], node: Node, call: Call) -> str | None:
    """Return why a call is held, None if it is not."""
    return next((hold.why for hold in holds if hold.covers(node, call)), None)


Callback = Callable[[ApprovalRequest], bool | str | Awaitable[bool | str]] | Approver
"""Says whether a call may be made; one that is not async is called in a thread. A text is a no, and why."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What asks, and who is asked."""

    word: Word | None = None
    callback: Callback | None = None

    def __post_init__(self) -> None:
        """Refuse what is no word; raises ValueError."""
        if self.word is not None and self.word not in WORDS:
            message = f"`approve` is one of {', '.join(map(repr, WORDS))}, or a function, not {self.word!r}"
            raise ValueError(message)

    @staticmethod
    def of(given: "Approval | Word | Callback | None") -> "Approval":
        """The approval that a word or a callback means; raises ValueError."""
        if isinstance(given, Approval):
            return given
        return Approval(None, given) if callable(given) or isinstance(given, Approver) else Approval(given)

    def asks(self, node: Node, call: Call, *, held: bool = False) -> bool:
        """Whether the call would have to be asked for, or be refused."""
        if held and may_change(node):
            return True
        if self.word == "all":
            return False
        return call.tool.approve or (self.word == "ask" and may_change(node))

    def refusal(self, node: Node, call: Call, *, held: str | None) -> PlanError | None:
        """Why a call that would have to be asked for is refused at once, if it is."""
        if held is not None and may_change(node) and self.callback is None:
            return Held(node.task, node.span, held)
        if self.word == "none":
            return NotApproved(node.task, node.span, tool=call.tool.name, reason="none")
        if self.callback is None:
            return NotApproved(node.task, node.span, tool=call.tool.name, reason="nobody")
        return None


def may_change(node: Node) -> bool:
    """Whether the node may change something."""
    return any(effect.may_write for effect in node.effects)
