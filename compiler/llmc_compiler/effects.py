"""What a tool does to the world, and what follows from it: the effect table, as data.

Two effects conflict unless their resources are provably different; what conflicts keeps its order. Resources are
hierarchical names (`mail`, `db:orders`); a segment in braces (`file:{path}`) may be anything, and `*` is everything.
"""

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final

EVERYTHING: Final = "*"


class Kind(Enum):
    """The kinds of effect, from the freest to the most restricted.

    `BARE` is a function nobody declared, unordered among its like.
    """

    PURE = "pure"
    NONDET = "nondet"
    READ = "read"
    BARE = "bare"
    IDEMPOTENT = "idempotent"
    WRITE = "write"
    OPAQUE = "opaque"


class When(Enum):
    """Answers in the table that depend on the plan."""

    NO = "no"
    YES = "yes"
    UNWRITTEN = "if no conflicting write lies between"
    SURE = "with a key, or when certainly not sent"


@dataclass(frozen=True, slots=True)
class Rule:
    """A column of the effect table."""

    after: frozenset[Kind]
    merge: When
    prune: When
    early: When
    retry: When


_WRITES: Final = frozenset({Kind.IDEMPOTENT, Kind.WRITE, Kind.OPAQUE})
_STATEFUL: Final = _WRITES | {Kind.READ, Kind.BARE}
_NOTHING: Final[frozenset[Kind]] = frozenset()

RULES: Final[dict[Kind, Rule]] = {
    #                     in order after          merge           prune     early           retry by itself
    Kind.PURE: Rule(_NOTHING, When.YES, When.YES, When.YES, When.YES),
    Kind.NONDET: Rule(_NOTHING, When.NO, When.YES, When.YES, When.YES),
    Kind.READ: Rule(_WRITES, When.UNWRITTEN, When.YES, When.UNWRITTEN, When.YES),
    Kind.BARE: Rule(_WRITES, When.NO, When.NO, When.NO, When.NO),
    Kind.IDEMPOTENT: Rule(_STATEFUL, When.NO, When.NO, When.NO, When.YES),
    Kind.WRITE: Rule(_STATEFUL, When.NO, When.NO, When.NO, When.SURE),
    Kind.OPAQUE: Rule(_STATEFUL, When.NO, When.NO, When.NO, When.NO),
}


@dataclass(frozen=True, slots=True)
class Effect:
    """A kind of effect on a resource; `resource` is empty for `pure` and `nondet`."""

    kind: Kind
    resource: str = ""

    def __str__(self) -> str:
        """The effect as it is written in a declaration."""
        if self.kind is Kind.IDEMPOTENT:
            return f"write({self.resource}, idempotent)"
        return f"{self.kind.value}({self.resource})" if self.kind in {Kind.READ, Kind.WRITE} else self.kind.value

    @property
    def rule(self) -> Rule:
        """This kind's column of the effect table."""
        return RULES[self.kind]

    @property
    def is_write(self) -> bool:
        """Whether it may change something."""
        return self.kind in _WRITES

    @property
    def is_stateful(self) -> bool:
        """Whether it may see or change something."""
        return self.kind in _STATEFUL


_WRITTEN: Final = re.compile(r"(pure|nondet|opaque|bare)|(read|write)\(\s*([^\s(),]+)\s*(?:(,)\s*idempotent\s*)?\)")


def parse_effect(text: str) -> Effect:
    """The effect that a text declares: `pure`, `nondet`, `read(R)`, `write(R)`, `write(R, idempotent)`, `opaque`.

    Raises ValueError for any other text.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or (found[4] and found[2] == "read"):
        message = (
            f"`{text}` is no effect: write `pure`, `nondet`, `read(R)`, `write(R)`, `write(R, idempotent)` or `opaque`"
        )
        raise ValueError(message)
    word, access, resource, idempotent = found.groups()
    if word:
        kind = Kind(word)
        return Effect(kind, EVERYTHING if kind in _STATEFUL else "")
    return Effect(Kind.IDEMPOTENT if idempotent else Kind(access), resource)


@cache
def overlap(one: str, other: str) -> bool:
    """Whether two resources may be, or contain, the same thing."""
    if EVERYTHING in (one, other):
        return True
    pairs = zip(one.split(":"), other.split(":"), strict=False)
    return all(a == b or "{" in a or "{" in b for a, b in pairs)


def covers(outer: str, inner: str) -> bool:
    """Whether whatever overlaps the inner resource overlaps the outer one too."""
    return outer in (EVERYTHING, inner) or inner.startswith(f"{outer}:")


def conflict(later: Effect, earlier: Effect) -> bool:
    """Whether the later of two effects must wait for the earlier one."""
    return earlier.kind in later.rule.after and overlap(later.resource, earlier.resource)
