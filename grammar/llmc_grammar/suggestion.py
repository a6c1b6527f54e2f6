"""Suggestions for misspelt names: known names that are similar."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

_ALIKE: Final = 0.65
"""Higher than the default of 0.6, at which `match` is like `fetch` and `sorted` is like `send`."""


def alike(name: str, known: Sequence[str], most: int = 3) -> list[str]:
    """Return the known names that are similar to the given one regardless of case, the most similar first."""
    folded = {other.lower(): other for other in reversed(known)}
    return [folded[found] for found in get_close_matches(name.lower(), folded, most, _ALIKE)]


def closest(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that is most similar to the given one, or None."""
    return next(iter(alike(name, known, 1)), None)


def suggest(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return the question for the most similar known name of an option or a key, or `otherwise` if none is similar."""
    near = get_close_matches(name, list(known), n=1)
    return f"did you mean `{near[0]}`?" if near else otherwise
