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

from collections.abc import Awaitable, Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from llmc_compiler.cells import fit
from llmc_compiler.graph import Call, Node, TaskId
from llmc_compiler.term import Json
from llmc_grammar.source import Span
from llmc_runtime.errors import REPAIRED, UNENDED, Held, NotApproved, PlanError
from llmc_runtime.text import value_text, wrapped

Word = Literal["ask", "all", "none"]
WORDS: Final[tuple[Word, ...]] = get_args(Word)

_WIDTH: Final = 100
_NAME: Final = 32
_VALUE: Final = 900
"""Cells that a value takes at most; of a longer text it is said how long it is."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value is from, or a part of it.

    The task `task`, and its call of `tool` if it is the result of one; else the input `input`; else the plan itself.
    `line` is that of the plan, from 1, and `element` the position of the element of a loop.
    """

    task: TaskId | None = None
    tool: str | None = None
    input: str | None = None
    line: int | None = None
    element: int | None = None

    def __str__(self) -> str:
        """The origin in words."""
        where = "" if self.line is None else f"line {self.line}"
        if self.element is not None:
            return f"element {self.element} of the loop" + (f" in {where}" if where else "")
        if self.input is not None:
            return f"input {self.input}"
        if self.task is None:
            return f"written in {where or 'the plan'}"
        return f"task {self.task}" + "".join(f", {word}" for word in (self.tool, where) if word)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call: its parameter (None: one of any number), its value, and where that is from.

    Secrets are taken out of the value.
    """

    name: str | None
    value: Json
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A call that may be made only if somebody says so.

    `indices` are the positions in the loops around it, and `held` says why the call is held, if it is. `inside` are the
    calls of other runs around this run, the outermost first: `publish (task 3)`.
    """

    task: TaskId
    indices: tuple[int, ...]
    line: int | None
    tool: str
    effect: str
    arguments: tuple[Argument, ...]
    held: str | None = None
    inside: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The call and where its arguments are from, in lines that are fit for a terminal."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        place = f"task {self.task}" + "".join(f"[{index}]" for index in self.indices)
        where = "" if self.line is None else f", line {self.line}"
        yield fit(f"{self.tool}: {self.effect} ({place}{where})", _WIDTH)
        if self.inside:
            yield fit(f"  inside of {', '.join(self.inside)}", _WIDTH)
        if self.held is not None:
            # The last part is advice for runs without a callback.
            reason = self.held.rpartition("; ")[0] or self.held
            yield from (f"  {line}" for line in wrapped(f"held back: {reason}", _WIDTH - 2))
        for argument in self.arguments:
            text = f"{fit(argument.name or '*', _NAME)} = {value_text(argument.value, _VALUE)}"
            yield from (f"  {line}" for line in wrapped(text, _WIDTH - 2))
            yield fit(f"      from {'; '.join(map(str, argument.origins))}", _WIDTH)


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


Callback = Callable[[ApprovalRequest], bool | Awaitable[bool]]
"""Says whether a call may be made; one that is not async is called in a thread."""


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
        return Approval(None, given) if callable(given) else Approval(given)

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
