"""What a plan's tools are, and what became of its tasks."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from tests.reference.operators import Json


class ToolError(Exception):
    """An attempt of a tool failed."""


@dataclass(slots=True)
class State:
    """What tools see and change: a log for each resource, and how often a flaky tool was tried."""

    effects: defaultdict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    attempts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True, slots=True)
class Access:
    """A stateful effect: whether it may change something, and where; a segment in braces may be anything."""

    writes: bool
    resource: str


_ACCESS: Final = re.compile(r"(read|write)\(([^,()]+)(, idempotent)?\)")


@dataclass(frozen=True, slots=True)
class RefTool:
    """A tool: `function` takes the state and the arguments as written; it gives JSON or raises ToolError.

    `effect` is one of `pure`, `nondet`, `read(R)`, `write(R)`, `write(R, idempotent)`, `opaque`.
    """

    name: str
    effect: str
    function: Callable[..., Json]

    @property
    def access(self) -> Access | None:
        """What it sees or changes; none for `pure` and `nondet`."""
        if self.effect == "opaque":
            return Access(writes=True, resource="*")
        found = _ACCESS.fullmatch(self.effect)
        return Access(found[1] == "write", found[2]) if found else None

    def access_of(self, texts: Mapping[str, str]) -> Access | None:
        """What a call with these constant texts as arguments sees or changes."""
        found = self.access
        if found is None:
            return None
        named = [texts.get(part[1:-1], part) if part[0] == "{" else part for part in found.resource.split(":")]
        return Access(found.writes, ":".join(named))


def overlap(one: str, other: str) -> bool:
    """Whether two resources are, or contain, the same thing; a segment in braces may be anything."""
    if "*" in (one, other):
        return True
    pairs = zip(one.split(":"), other.split(":"), strict=False)
    return all(first == second or "{" in (first[:1], second[:1]) for first, second in pairs)


def conflict(one: Access | None, other: Access | None) -> bool:
    """Whether two effects have to keep their order: the same resource, and one of them writes."""
    if one is None or other is None:
        return False
    return (one.writes or other.writes) and overlap(one.resource, other.resource)


class Status(Enum):
    """How a task ends."""

    VALUE = "value"
    FAILED = "failed"
    SKIPPED = "skipped"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Result:
    """How a task ended, and its value if it has one."""

    status: Status
    value: Json = None

    @property
    def is_value(self) -> bool:
        """Whether there is a value."""
        return self.status is Status.VALUE

    @property
    def is_error(self) -> bool:
        """Whether it failed or was blocked."""
        return self.status in {Status.FAILED, Status.BLOCKED}


FAILED: Final = Result(Status.FAILED)
SKIPPED: Final = Result(Status.SKIPPED)
BLOCKED: Final = Result(Status.BLOCKED)


def value(data: Json) -> Result:
    """A task that ended with a value."""
    return Result(Status.VALUE, data)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan and of each written task.

    `value` is the join's, none if a task that it refers to has an error. `errors` are the failed and the blocked tasks;
    `effects` are the logs of the resources.
    """

    value: Json
    results: dict[str, Json]
    errors: set[str]
    skipped: set[str]
    effects: dict[str, list[Json]]
