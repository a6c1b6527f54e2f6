"""Approval of calls: which calls need it, and the callback that grants it.

    Approval(None, callback)      tools that are declared with `approve=True` ask
    Approval("ask", callback)     they do, and so does every call that may write
    Approval("all")               no call asks
    Approval("none")              no call asks, and a call that would is refused

A call that may write is held if a repair decided a boundary in a model's text, if only the end of the text ends its
task, if the planner may have seen results, or if its reply was cut off after the plan. An agent's write is also held if
it repeats a write of an earlier plan and an overlapping write came later. Held calls ask despite the word, and fail
without a callback.
"""

from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from llmc_compiler.ir.graph import Call, Node, may_write
from llmc_grammar.source import Span
from llmc_runtime.errors import REPAIRED, UNENDED, Held, NotApproved, PlanError
from llmc_runtime.safety.approval_request import ApprovalRequest
from llmc_runtime.safety.pending_approval import Approver

Word = Literal["ask", "all", "none"]
"""A rule for approval: ask before calls that need it, allow all of them, or refuse all of them."""
WORDS: Final[tuple[Word, ...]] = get_args(Word)


@dataclass(frozen=True, slots=True)
class Hold:
    """A reason to ask before calls that may write, regardless of the word.

    Tools in `granted` are not held. `span` limits the hold to the task at that span.
    """

    why: str = REPAIRED
    granted: Container[str] = ()
    span: Span | None = None

    def covers(self, node: Node, call: Call) -> bool:
        """Whether this hold applies to a call."""
        if call.tool.name in self.granted:
            return False
        return self.span is None or self.span.start <= node.own_span.start < self.span.end


def holds_of(moved: Sequence[Span], unended: Span | None) -> tuple[Hold, ...]:
    """Return the holds of a model's text: for boundaries that a repair decided, and for an unended last task."""
    repaired = (Hold(),) if moved else ()
    return repaired if unended is None else (*repaired, Hold(UNENDED, span=unended))


def held_for(holds: Iterable[Hold], node: Node, call: Call) -> str | None:
    """Return why a call is held, None if it is not."""
    return next((hold.why for hold in holds if hold.covers(node, call)), None)


Callback = Callable[[ApprovalRequest], bool | str | Awaitable[bool | str]] | Approver
"""The function or approver that decides on a call. Sync functions run in a thread. A text means no, with its reason."""


@dataclass(frozen=True, slots=True)
class Approval:
    """The rule that selects the calls that need approval, and the callback that grants it."""

    word: Word | None = None
    """The rule: "ask", "all" or "none"; None for the default."""
    callback: Callback | None = None
    """The function or approver that decides, None without one."""

    def __post_init__(self) -> None:
        """Refuse an unknown word; raises ValueError."""
        if self.word is not None and self.word not in WORDS:
            message = f"`approve` must be one of {', '.join(map(repr, WORDS))}, or a function, not {self.word!r}"
            raise ValueError(message)

    @staticmethod
    def of(given: "Approval | Word | Callback | None") -> "Approval":
        """Return the approval that a word or a callback stands for; raises ValueError."""
        if isinstance(given, Approval):
            return given
        return Approval(None, given) if callable(given) or isinstance(given, Approver) else Approval(given)

    def asks(self, node: Node, call: Call, *, held: bool = False) -> bool:
        """Whether the call needs approval, or is refused for lack of it."""
        if held and may_write(node):
            return True
        if self.word == "all":
            return False
        return call.tool.approve or (self.word == "ask" and may_write(node))

    def refusal(self, node: Node, call: Call, *, held: str | None) -> PlanError | None:
        """Return the error of a call that is refused without asking, None if it may be asked about."""
        if held is not None and may_write(node) and self.callback is None:
            return Held(node.task, node.span, held)
        if self.word == "none":
            return NotApproved(node.task, node.span, tool=call.tool.name, reason="none")
        if self.callback is None:
            return NotApproved(node.task, node.span, tool=call.tool.name, reason="nobody")
        return None
