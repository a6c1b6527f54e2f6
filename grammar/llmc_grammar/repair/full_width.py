"""Replaces full-width and typographic characters where the language has ASCII.

    f(\uff02ann\uff02\uff0c 2)        f("ann", 2)

Each character is replaced by one other, so offsets do not change. Strings keep their characters. If it is uncertain
whether a quote begins a string, nothing is replaced.
"""

import re
from typing import Final, NamedTuple

from llmc_grammar.repair.marks import before_blanks, skip_blanks

FOLD: Final = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys((0xA0, *range(0x2000, 0x200B), 0x202F, 0x3000), 0x20),
    0x3001: ord(","),
    **dict.fromkeys((0x3002, 0xFF61), ord(".")),
}
"""The ASCII equivalents of full-width characters, other blanks and ideographic punctuation."""

_PAIRED: Final = (
    "\u201c\u201d",
    "\u2018\u2019",
    "\u201e\u201c",
    "\u201e\u201d",
    "\u00ab\u00bb",
    "\u300c\u300d",
    "\u300e\u300f",
)
_STRING: Final = re.compile(
    "|".join(
        (
            *(rf"{quote}(?:[^{quote}\\\n]|\\[^\n])*{quote}" for quote in "\"'"),
            *(rf"{left}[^{left}{right}\n]*{right}" for left, right in _PAIRED),
        )
    )
)
QUOTE: Final = "\"'" + "".join(sorted({pair[0] for pair in _PAIRED}))
_TYPOGRAPHIC: Final = "\u201c\u2018\u201e\u00ab"
_ESCAPED: Final = re.compile(r"[\"\\]")
_BEFORE: Final = frozenset("([{,:=+-*/%<>&|!?;")
_BEHIND: Final = frozenset(")]},:;#%+")
_FOREIGN: Final = re.compile(rf"[{QUOTE}#\uff01-\uff5e\u3000-\u3002\uff61\u00a0\u2000-\u200a\u202f]")


class Swap(NamedTuple):
    """The replacement `text` for the characters from `start` to `end`; in a string only the quotes differ."""

    start: int
    end: int
    text: str
    is_string: bool


def fold(text: str) -> str:
    """Replace characters by their ASCII equivalents, inside strings too; the length stays the same."""
    return text if text.isascii() else text.translate(FOLD)


def string_end(folded: str, at: int) -> int:
    """Return the end of the string that begins at `at`, -1 unless it is between delimiters or operators."""
    before = before_blanks(folded, at, 0)
    match = _STRING.match(folded, at) if before == 0 or folded[before - 1] in _BEFORE else None
    if match is None:
        return -1
    behind = skip_blanks(folded, match.end())
    return match.end() if behind == len(folded) or folded[behind] in _BEHIND else -1


def swaps(text: str, at: int) -> list[Swap]:
    """Return the swaps from `at` on; empty if a quote is uncertain or if all swaps are of typographic quotes."""
    if text.isascii():
        return []
    folded = fold(text)
    replacements: list[Swap] = []
    match = _FOREIGN.search(text, at)
    while match and folded[match.start()] != "#":
        start, end = match.span()
        if folded[start] in QUOTE:
            end = string_end(folded, start)
            if end < 0:
                return []
            if text[start] not in "\"'":
                replacements.append(Swap(start, end, f'"{text[start + 1 : end - 1]}"', is_string=True))
        else:
            replacements.append(Swap(start, end, folded[start], is_string=False))
        match = _FOREIGN.search(text, end)
    if any(one.is_string and _ESCAPED.search(one.text, 1, len(one.text) - 1) for one in replacements):
        return []
    return [] if all(text[one.start] in _TYPOGRAPHIC for one in replacements) else replacements


def swapped(text: str, found: list[Swap]) -> str:
    """Return the text with its swaps made; the length stays the same."""
    parts: list[str] = []
    offset = 0
    for start, end, plain, _ in found:
        parts += (text[offset:start], plain)
        offset = end
    return "".join(parts) + text[offset:]


def narrowed(text: str, at: int) -> str:
    """Return the text with all swaps from `at` on made."""
    return swapped(text, swaps(text, at))
