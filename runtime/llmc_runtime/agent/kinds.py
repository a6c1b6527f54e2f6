"""Values of a wrong kind are refused where they are given, and not where they are first used."""

from collections.abc import Mapping
from difflib import get_close_matches

from llmc_runtime.errors import shortened


def check_kind(name: str, value: object, kinds: type | tuple[type, ...], what: str) -> None:
    """Raises TypeError for a value that is not of these kinds; True and False are no numbers."""
    if not isinstance(value, kinds) or isinstance(value, bool):
        raise wrong_kind(name, value, what)


def wrong_kind(name: str, value: object, what: str) -> TypeError:
    """The error for a value that is not what it has to be; of an object that is none of Python's own only its type."""
    is_plain = type(value).__module__ == "builtins"
    return TypeError(f"`{name}` is {what}, not {shortened(repr(value)) if is_plain else type(value).__name__}")


def check_names(owner: str, noun: str, given: Mapping[str, object], known: Mapping[str, object]) -> None:
    """Raises TypeError for a name that is not known, with the one that is like it."""
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(known)}"
            message = f"`{owner}` has no {noun} `{name}`: {hint}"
            raise TypeError(message)
