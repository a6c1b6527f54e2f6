"""Digests of arguments by the equality of the language.

`100`, `100.0` and `1e2` are one number, `true` is not `1`, and keys of mappings have no order. A digest is as short for
long arguments as for others, and does not show a secret.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import TypeVar

from llmc_compiler.term import Json

T = TypeVar("T")

Named = tuple[str | None, object]
"""An argument with its parameter; None where the parameter takes any number of arguments."""


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
    """The exact ratio that a finite number is, which `-0.0` has in common with `0`."""
    above, below = value.as_integer_ratio()
    return f"{above:x}/{below:x}"  # hexadecimal: long integers have no decimal text
