"""Effects of tools on the world, and their consequences: the effect table, as data.

Two effects conflict unless their resources are provably different; conflicting calls keep their order. Resources are
hierarchical names (`mail`, `db:orders`), and `*` is everything. A segment in braces (`file:{path}`) stands for the
argument of that name: its text, if it is constant in a call, and otherwise anything.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from functools import lru_cache
from typing import Final
from unicodedata import normalize

from llmc_grammar.frozen_data import frozen
from llmc_grammar.lazy_pattern import lazy_pattern

EVERYTHING: Final = "*"


class Kind(Enum):
    """The kinds of effect, from the freest to the most restricted.

    `BARE` is a function without a declaration. Calls of `BARE` tools are not ordered among each other.
    """

    PURE = "pure"
    NONDET = "nondet"
    READ = "read"
    BARE = "bare"
    IDEMPOTENT = "idempotent"
    WRITE = "write"
    OPAQUE = "opaque"


class When(Enum):
    """Answers in the effect table; some depend on the plan."""

    NO = "no"
    YES = "yes"
    UNWRITTEN = "if no conflicting write lies between"
    INVARIANT = "if nothing in the loop writes it"
    SURE = "with a key, or when certainly not sent"
    KEYED = "with a key"


@frozen
class Rule:
    """A column of the effect table."""

    after: frozenset[Kind]
    merge: When
    prune: When
    early: When
    hoist: When
    retry: When
    rerun: When


_WRITES: Final = frozenset({Kind.IDEMPOTENT, Kind.WRITE, Kind.OPAQUE})
_STATEFUL: Final = _WRITES | {Kind.READ, Kind.BARE}
_NOTHING: Final[frozenset[Kind]] = frozenset()

UNKNOWN: Final = frozenset({Kind.BARE, Kind.OPAQUE})
"""Kinds whose real effect is unknown."""

RULES: Final[dict[Kind, Rule]] = {
    # `after` is the order; then merge, prune, start early, hoist out of a loop, retry, rerun after a crash.
    Kind.PURE: Rule(_NOTHING, When.YES, When.YES, When.YES, When.YES, When.YES, When.YES),
    Kind.NONDET: Rule(_NOTHING, When.NO, When.YES, When.YES, When.NO, When.YES, When.YES),
    Kind.READ: Rule(_WRITES, When.UNWRITTEN, When.YES, When.UNWRITTEN, When.INVARIANT, When.YES, When.YES),
    Kind.BARE: Rule(_WRITES, When.NO, When.NO, When.NO, When.NO, When.NO, When.NO),
    Kind.IDEMPOTENT: Rule(_STATEFUL, When.NO, When.NO, When.NO, When.NO, When.YES, When.YES),
    Kind.WRITE: Rule(_STATEFUL, When.NO, When.NO, When.NO, When.NO, When.SURE, When.KEYED),
    Kind.OPAQUE: Rule(_STATEFUL, When.NO, When.NO, When.NO, When.NO, When.NO, When.NO),
}


@frozen
class Effect:
    """A kind of effect on a resource; `resource` is empty for `pure` and `nondet`."""

    kind: Kind
    resource: str = ""

    def __str__(self) -> str:
        """Return the effect as written in a declaration."""
        if self.kind is Kind.IDEMPOTENT:
            return f"write({self.resource}, idempotent)"
        return f"{self.kind.value}({self.resource})" if self.kind in {Kind.READ, Kind.WRITE} else self.kind.value

    @property
    def rule(self) -> Rule:
        """This kind's column of the effect table."""
        return RULES[self.kind]

    @property
    def is_write(self) -> bool:
        """Whether a call may change something."""
        return self.kind in _WRITES

    @property
    def may_write(self) -> bool:
        """Whether a call may change something, as far as declared: an undeclared one may."""
        return self.rule.prune is not When.YES

    @property
    def is_stateful(self) -> bool:
        """Whether a call may observe or change something."""
        return self.kind in _STATEFUL

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in braces in the resource."""
        return tuple(_PARAMETER.findall(self.resource)) if "{" in self.resource else ()

    def of(self, constants: Mapping[str, str]) -> "Effect":
        """Return the effect of a call with these constants; names without a usable constant stay in braces."""
        if "{" not in self.resource:
            return self

        def segment(match: re.Match[str]) -> str:
            text = constants.get(match[1], "")
            return match[0] if not text or _SPECIAL.search(text) else text

        return replace(self, resource=_PARAMETER.sub(segment, self.resource))


_PARAMETER: Final = lazy_pattern(r"\{(\w+)\}")
_SPECIAL: Final = lazy_pattern(r"[:{}*]")
_PLAIN: Final = lazy_pattern(r"[a-z0-9_-]+")
_SEPARATOR: Final = lazy_pattern(r"[/\\]")
_WRITTEN: Final = lazy_pattern(r"(pure|nondet|opaque|bare)|(read|write)\(\s*([^\s(),]+)\s*(?:(,)\s*idempotent\s*)?\)")


def parse_effect(text: str) -> Effect:
    """Parse a declared effect: `pure`, `nondet`, `read(R)`, `write(R)`, `write(R, idempotent)` or `opaque`.

    Raises ValueError for any other text.
    """
    match = _WRITTEN.fullmatch(text.strip())
    if match is None or (match[4] and match[2] == "read"):
        message = (
            f"`{text}` is not an effect:"
            " write `pure`, `nondet`, `read(R)`, `write(R)`, `write(R, idempotent)` or `opaque`"
        )
        raise ValueError(message)
    word, access, resource, idempotent = match.groups()
    if word:
        kind = Kind(word)
        return Effect(kind, EVERYTHING if kind in _STATEFUL else "")
    return Effect(Kind.IDEMPOTENT if idempotent else Kind(access), resource)


def segments(resource: str) -> tuple[str, ...]:
    """Split a resource into normalised segments; everything (`*`) has none, as it stands above all of them."""
    return () if resource == EVERYTHING else tuple(map(_name, resource.split(":")))


def _name(segment: str) -> str:
    """Normalise a segment, so that different spellings of one name, as in a path, are equal.

    Case, composition of letters, surrounding blanks, repeated separators and `.` do not matter. A segment with `..` may
    lead anywhere, so it is open.
    """
    if _PLAIN.fullmatch(segment) or is_open(segment):
        return segment
    parts = _SEPARATOR.split(normalize("NFKC", normalize("NFKC", segment).casefold()))
    names = [part.strip() for part in parts if part.strip() not in {"", "."}]
    return "/".join(names) if names and ".." not in names else "{}"


def is_open(segment: str) -> bool:
    """Whether a segment may stand for anything."""
    return "{" in segment


@lru_cache(maxsize=4_096)
def overlap(one: str, other: str) -> bool:
    """Whether two resources may be the same, or one may contain the other."""
    pairs = zip(segments(one), segments(other), strict=False)
    return all(a == b or is_open(a) or is_open(b) for a, b in pairs)


def covers(outer: str, inner: str) -> bool:
    """Whether everything that overlaps the inner resource also overlaps the outer one."""
    above, below = segments(outer), segments(inner)
    return len(above) <= len(below) and all(a == b or is_open(a) for a, b in zip(above, below, strict=False))


def conflict(later: Effect, earlier: Effect) -> bool:
    """Whether the later of two effects must wait for the earlier one."""
    return earlier.kind in later.rule.after and overlap(later.resource, earlier.resource)
