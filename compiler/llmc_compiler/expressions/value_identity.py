"""Digests of arguments, equal where the language takes the arguments for equal.

`100`, `100.0` and `1e2` are one number, `true` is not `1`, and keys of mappings have no order. A digest has the same
length for any arguments, and does not reveal a secret.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final, TypeVar

from llmc_compiler.expressions.terms import Json
from llmc_grammar.frozen_data import frozen

T = TypeVar("T")

Named = tuple[str | None, object]
"""An argument with its parameter; None if the parameter takes any number of arguments."""

_MOST_PARTS: Final = 256
"""Maximum number of parts of arguments that are compared."""


@frozen
class Likeness:
    """The known parts of arguments, some of which are left out and have no certain default.

    `parts` maps digests of places to digests of the values written there. Neither reveals a secret.
    """

    parts: Mapping[str, str]
    is_certain: bool

    def may_be(self, other: "Likeness") -> bool:
        """Whether both may be the same arguments: one is not certain, and the parts that both know are equal."""
        is_open = not (self.is_certain and other.is_certain)
        return is_open and all(other.parts.get(place, text) == text for place, text in self.parts.items())


def likeness(arguments: Iterable[tuple[str | None, Json]], *, is_certain: bool) -> Likeness:
    """Return the likeness of arguments, with a part for each value inside mappings and lists."""
    parts: dict[str, str] = {}
    waiting = deque((repr(name or index), value) for index, (name, value) in enumerate(in_order(arguments)))
    while waiting and len(parts) < _MOST_PARTS:
        place, value = waiting.popleft()
        if isinstance(value, dict):
            waiting.extend((f"{place}.{key!r}", each) for key, each in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{place}[{index}]", each) for index, each in enumerate(value))
        parts[digest("place", [(None, place)])] = digest("part", [(None, _outside(value))])
    return Likeness(parts, is_certain)


def _outside(value: Json) -> str:
    """Return the text of a value, of a list or mapping without its content."""
    if isinstance(value, dict):
        return "{}"
    return f"[{len(value)}]" if isinstance(value, list) else json_form(value)


def in_order(arguments: Iterable[tuple[str | None, T]]) -> list[tuple[str | None, T]]:
    """Return the arguments sorted by parameter; those of one parameter keep their order."""
    return sorted(arguments, key=lambda pair: pair[0] or "")


def digest(kind: str, texts: Iterable[tuple[str | None, str]]) -> str:
    """Return a digest of arguments, given as texts that equal arguments share; `kind` keeps digests apart."""
    hashed = sha256(kind.encode())
    for name, text in in_order(texts):
        hashed.update(f"{name!r} {len(text)} {text}".encode(errors="surrogatepass"))
    return hashed.hexdigest()


def json_form(value: Json) -> str:
    """Return a text that two values share if, and only if, the language takes them for equal."""
    if isinstance(value, dict):
        return f"{{{','.join(f'{key!r}:{json_form(value[key])}' for key in sorted(value))}}}"
    if isinstance(value, list):
        return f"[{','.join(map(json_form, value))}]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number_form(value)
    return repr(value)


def number_form(value: float) -> str:
    """Return a number as its exact ratio, which `-0.0` shares with `0`; a schema's default may be infinite."""
    try:
        above, below = value.as_integer_ratio()
    except (OverflowError, ValueError):
        return repr(value)
    return f"{above:x}/{below:x}"  # hexadecimal: Python refuses to write long integers in decimal
