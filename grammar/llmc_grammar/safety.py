"""Decides which edits are safe: those that keep all of the author's words.

An edit is unsafe unless the class of its diagnostic sets `is_safe`. Even then it is unsafe if it is a guess, or if it
removes, adds or changes a word. A class with `renames` may repair one slip in a name: a letter that is missing, doubled
or swapped with its neighbour.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from llmc_grammar.lazy_pattern import lazy_pattern
from llmc_grammar.mistake import Edit, Mistake

_WORD: Final = lazy_pattern(r"[^\W_]+")
_PARTS: Final = lazy_pattern(r"[@$_.(]+")
_LONG: Final = 5
"""The length from which a word with one wrong letter is unlikely to be another word."""

_NAME: Final = lazy_pattern(r"[@$]?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\(?")


def is_safe(mistake: Mistake, text: str) -> bool:
    """Whether the edit of a diagnostic in this text may be applied without review."""
    edit = mistake.edit
    if edit is None or not mistake.is_safe or mistake.is_guess:
        return False
    return keeps_words(edit, text) or (mistake.renames and _renames(edit, text))


def keeps_words(edit: Edit, text: str) -> bool:
    """Whether an edit keeps every run of letters and digits, apart from its case, and adds none."""
    start, end = edit.span
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    return _words(f"{before}{text[start:end]}{after}") == _words(f"{before}{edit.text}{after}")


def _words(text: str) -> Counter[str]:
    """Count the words of a text."""
    return Counter(_WORD.findall(text.casefold()))


def has_rival(name: str, known: Sequence[str]) -> bool:
    """Whether a name is one slip away from several known names."""
    return sum(is_slip(name, other) for other in known) > 1


def is_slip(wrong: str, right: str) -> bool:
    """Whether a name is another one with a single slip; `get_user` and `set_user` are two names."""
    parts = [_PARTS.split(name.casefold()) for name in (wrong, right)]
    if len(parts[0]) != len(parts[1]):
        return _is_slip("".join(parts[0]), "".join(parts[1]))
    different = [pair for pair in zip(*parts, strict=True) if pair[0] != pair[1]]
    return not different or (len(different) == 1 and _is_slip(*different[0]))


def _renames(edit: Edit, text: str) -> bool:
    """Whether an edit replaces a name by one that differs by a single slip."""
    before, after = text[slice(*edit.span)], edit.text
    return all(_NAME.fullmatch(name) for name in (before, after)) and is_slip(before, after)


def _is_slip(wrong: str, right: str) -> bool:
    """Whether a word is another one with one letter missing, doubled, swapped or, from the third on, changed."""
    pairs = enumerate(zip(wrong, right, strict=False))
    start = next((index for index, (a, b) in pairs if a != b), min(len(wrong), len(right)))
    tail, other = wrong[start:], right[start:]
    if not start or tail == other:
        return tail == other
    if tail[1:] == other or tail == other[1:] or (tail[:2] == other[1::-1] and tail[2:] == other[2:]):
        return True
    return start > 1 and len(right) >= _LONG and tail[1:] == other[1:]
