"""What is known of values in random plans."""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["any", "num", "str", "bool", "list", "map", "mixed"]
"""What is known of a value: `any` is nothing, `mixed` that it may be used only where anything may be."""

KINDS: Final[tuple[Kind, ...]] = ("num", "num", "str", "str", "bool", "list", "map")


@dataclass(frozen=True, slots=True)
class Known:
    """A name that may be referred to: what is certain of its value, and what is likely."""

    id: str
    certain: Kind
    likely: Kind
    elements: bool = False
    guarded: bool = False
