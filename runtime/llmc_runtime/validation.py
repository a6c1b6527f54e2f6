"""Type checks where values are passed in, rather than where they are first used."""

from collections.abc import Iterable, Mapping
from math import inf

from llmc_compiler.representation.short_repr import short_repr
from llmc_grammar.suggestion import suggest

Kinds = Mapping[str, tuple[type | tuple[type, ...], str]]
"""By name: the types that a value may have, and the same in words."""


def check_kinds(values: Mapping[str, object], kinds: Kinds) -> None:
    """Raise TypeError for the first value of a wrong type."""
    for name, (kind, what) in kinds.items():
        if name in values:
            check_kind(name, values[name], kind, what)


def check_kind(name: str, value: object, kinds: type | tuple[type, ...], what: str) -> None:
    """Raise TypeError for a value that is not of these types; True and False are not numbers."""
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
        raise wrong_kind(name, value, what)


def check_each(name: str, values: Iterable[object], kind: type, what: str) -> None:
    """Raise TypeError for an element that is not of this type."""
    for index, value in enumerate(values):
        check_kind(f"{name}[{index}]", value, kind, what)


def check_method(name: str, value: object, method: str, what: str) -> None:
    """Raise TypeError for a value without this method, or for a class instead of its instance."""
    if isinstance(value, type) or not callable(getattr(value, method, None)):
        raise wrong_kind(name, value, what)


def wrong_kind(name: str, value: object, what: str) -> TypeError:
    """Return the error for a value of a wrong type; it shows builtin values, and only the type of other objects."""
    is_plain = type(value).__module__ == "builtins"
    return TypeError(f"`{name}` is {what}, not {short_repr(value) if is_plain else type(value).__name__}")


def check_amount(what: str, value: float | None) -> None:
    """Raise TypeError for a non-number, and ValueError for a negative number or NaN; None is accepted."""
    message = f"{what} is a number from 0, not {short_repr(value)}"
    try:
        is_amount = value is None or 0 <= value < inf
    except TypeError:
        raise TypeError(message) from None
    if not is_amount:
        raise ValueError(message)


def check_names(owner: str, noun: str, given: Mapping[str, object], known: Mapping[str, object]) -> None:
    """Raise TypeError for an unknown name, with the most similar one."""
    for name in given:
        if name not in known:
            hint = suggest(name, known, f"there are: {', '.join(known)}")
            message = f"`{owner}` has no {noun} `{name}`: {hint}"
            raise TypeError(message)
