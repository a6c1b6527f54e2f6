"""What is meant in a conversation: plans as data, the replies that say them, and who may write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Scalar: TypeAlias = str | int | float | bool
Key: TypeAlias = tuple[str, tuple[str | float, ...]]
"""A call: its tool and all its arguments, defaults filled in; numbers are floats, and truth values are texts."""


@dataclass(frozen=True, slots=True)
class Ref:
    """The value of a task."""

    task: int


@dataclass(frozen=True, slots=True)
class Text:
    """The text "has VALUE" with the value of a task."""

    task: int


Value: TypeAlias = Scalar | Ref | Text


@dataclass(frozen=True, slots=True)
class Guard:
    """The condition that the value of a task is greater than a number."""

    task: int
    least: int


@dataclass(frozen=True, slots=True)
class Task:
    """A call that is meant; `at` is its number in the conversation, `values` are all arguments in order."""

    at: int
    tool: str
    values: tuple[Value, ...]
    guard: Guard | None = None
    fallback: bool = False
    retries: int = 0

    @property
    def needs(self) -> frozenset[int]:
        """The tasks whose values it reads."""
        read = {value.task for value in self.values if isinstance(value, Ref | Text)}
        return frozenset(read | ({self.guard.task} if self.guard else set()))


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that is meant; `join` is the argument of its join, None for none."""

    tasks: tuple[Task, ...]
    join: str | Ref | None = None

    def without(self, *dropped: int) -> "Plan":
        """The plan without these tasks."""
        return Plan(tuple(task for task in self.tasks if task.at not in dropped), self.join)


@dataclass(frozen=True, slots=True)
class Meaning:
    """One meaning of what a planner said: a plan, or None where it has none; `asked` are tasks that need a yes."""

    plan: Plan | None
    asked: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of a planner."""

    text: str
    reason: Literal["stop", "length", "refusal"] = "stop"


Ids: TypeAlias = Mapping[int, str]
"""What tasks are called in a text."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One plan of a conversation: what the planner says, what that may mean, and what the joiner says afterwards.

    Asked more often than there are `replies`, the planner says `clear`. Meanings are alternatives, the best one first.
    `ids` are those that later plans can rely on; `decision` is what the joiner says.
    """

    replies: tuple[Reply, ...]
    clear: Reply
    meanings: tuple[Meaning, ...]
    ids: Ids
    decision: str
    kinds: frozenset[str]


Approver = Literal["nobody", "yes", "no", "all", "none"]
History = Literal["none", "asked", "answered"]


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: its scenes, who is asked, which tools replans may write with, and what was said before.

    `faults` is the share of writing calls that fail. With `history` the first plan follows messages of a model.
    """

    seed: int
    scenes: tuple[Scene, ...]
    approver: Approver
    grant: frozenset[str]
    history: History
    trusted: bool
    faults: float
    kinds: frozenset[str] = field(default_factory=frozenset)
