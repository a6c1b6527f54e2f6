"""Digests of arguments by the equality of the language.

`100`, `100.0` and `1e2` are one number, `true` is not `1`, and keys of mappings have no order. A digest is as short for
long arguments as for others, and does not show a secret.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeVar

from llmc_compiler.expressions.terms import Json

T = TypeVar("T")

Named = tuple[str | None, object]
"""An argument with its parameter; None where the parameter takes any number of arguments."""

_MOST_PARTS: Final = 256
"""How many parts of arguments are compared."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What is known of arguments of which some are left out and have no certain default.

    `parts` are digests of what was written, by its place. Neither shows a secret.
    """

    parts: Mapping[str, str]
    is_certain: bool

    def may_be(self, other: "Likeness") -> bool:
        """Whether both may be the same arguments: one of them is not certain, and what both say is equal."""
        is_open = not (self.is_certain and other.is_certain)
        return is_open and all(other.parts.get(place, text) == text for place, text in self.parts.items())


def likeness(arguments: Iterable[tuple[str | None, Json]], *, is_certain: bool) -> Likeness:
    """The likeness of arguments: mappings and lists count by what is in them."""
    found: dict[str, str] = {}
    waiting = deque((repr(name or index), value) for index, (name, value) in enumerate(in_order(arguments)))
    while waiting and len(found) < _MOST_PARTS:
        place, value = waiting.popleft()
        if isinstance(value, dict):
            waiting.extend((f"{place}.{key!r}", each) for key, each in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{place}[{index}]", each) for index, each in enumerate(value))
        found[digest("place", [(None, place)])] = digest("part", [(None, _outside(value))])
    return Likeness(found, is_certain)


def _outside(value: Json) -> str:
    """A value without what is in it."""
    if isinstance(value, dict):
        return "{}"
    return f"[{len(value)}]" if isinstance(value, list) else json_form(value)


def in_order(arguments: Iterable[tuple[str | None, T]]) -> list[tuple[str | None, T]]:
    """Arguments by the names of their parameters; those of one parameter keep their order."""
    return sorted(arguments, key=lambda pair: pair[0] or "")


def digest(kind: str, texts: Iterable[tuple[str | None, str]]) -> str:
    """A digest of this kind of arguments, which are given as texts that equal ones share."""
    found = sha256(kind.encode())
    for name, text in in_order(texts):
        found.update(f"{name!r} {len(text)} {text}".encode(errors="surrogatepass"))
    return found.hexdigest()


def json_form(value: Json) -> str:
    """A text that two values share if, and only if, the language takes them for equal."""
    if isinstance(value, dict):
        return f"{{{','.join(f'{key!r}:{json_form(value[key])}' for key in sorted(value))}}}"
    if isinstance(value, list):
        return f"[{','.join(map(json_form, value))}]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number_form(value)
    return repr(value)


def number_form(value: float) -> str:
    """The exact ratio that a number is, which `-0.0` has in common with `0`; a schema's default may be infinite."""
    try:
        above, below = value.as_integer_ratio()
    except (OverflowError, ValueError):
        return repr(value)
    return f"{above:x}/{below:x}"  # hexadecimal: long integers have no decimal text
