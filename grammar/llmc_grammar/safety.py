"""Which edits are safe: those that keep all of the author's words.

Every edit is unsafe unless the class of its mistake says `is_safe`. Even then it is unsafe where it is a guess, and
where it loses, adds or changes a word. A class that `renames` may mend one slip in a name: a letter left out,
doubled or swapped with its neighbour.
"""

import re
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from llmc_grammar.mistake import Edit, Mistake

_WORD: Final = re.compile(r"[^\W_]+")
_PARTS: Final = re.compile(r"[@$_.(]+")
_ALIKE: Final = 0.65
"""Above the usual 0.6, at which `match` is `fetch` and `sorted` is `send`."""

_LONG: Final = 5
"""Letters of a word in which one other letter makes no other word."""

_NAME: Final = re.compile(r"[@$]?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\(?")


def is_safe(mistake: Mistake, text: str) -> bool:
    """Whether the edit of a mistake in this text may be made without a look at it."""
    edit = mistake.edit
    if edit is None or not mistake.is_safe or mistake.is_guess:
        return False
    return keeps_words(edit, text) or (mistake.renames and _renames(edit, text))


def keeps_words(edit: Edit, text: str) -> bool:
    """Whether an edit leaves every run of letters and digits as it is, whatever its case, and adds none."""
    start, end = edit.span
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    return _words(f"{before}{text[start:end]}{after}") == _words(f"{before}{edit.text}{after}")


def _words(text: str) -> Counter[str]:
    """The words of a text, in no order."""
    return Counter(_WORD.findall(text.casefold()))


def alike(name: str, known: Sequence[str], most: int = 3) -> list[str]:
    """The known names that are like the given one, the most alike first."""
    folded = {other.lower(): other for other in reversed(known)}
    return [folded[found] for found in get_close_matches(name.lower(), folded, most, _ALIKE)]


def has_rival(name: str, known: Sequence[str]) -> bool:
    """Whether a name is one slip away from several of those known."""
    return sum(is_slip(name, other) for other in known) > 1


def is_slip(wrong: str, right: str) -> bool:
    """Whether a name is another with one slip of the hand; `get_user` and `set_user` are two names."""
    parts = [_PARTS.split(name.casefold()) for name in (wrong, right)]
    if len(parts[0]) != len(parts[1]):
        return _is_slip("".join(parts[0]), "".join(parts[1]))
    different = [pair for pair in zip(*parts, strict=True) if pair[0] != pair[1]]
    return not different or (len(different) == 1 and _is_slip(*different[0]))


def _renames(edit: Edit, text: str) -> bool:
    """Whether an edit replaces one name by another from which it differs by one slip."""
    before, after = text[slice(*edit.span)], edit.text
    return all(_NAME.fullmatch(name) for name in (before, after)) and is_slip(before, after)


def _is_slip(wrong: str, right: str) -> bool:
    """Whether a word is another with one letter left out, doubled, swapped or, further back, changed."""
    pairs = enumerate(zip(wrong, right, strict=False))
    at = next((at for at, (one, other) in pairs if one != other), min(len(wrong), len(right)))
    one, other = wrong[at:], right[at:]
    if not at or one == other:
        return one == other
    if one[1:] == other or one == other[1:] or (one[:2] == other[1::-1] and one[2:] == other[2:]):
        return True
    return at > 1 and len(right) >= _LONG and one[1:] == other[1:]
