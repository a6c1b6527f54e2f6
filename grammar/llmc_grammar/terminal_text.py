r"""Makes foreign text safe to print: every character is visible, and none of them controls the terminal.

    visible("a<U+202E>b")          `a\u202eb`
    marked("p<Cyrillic a>ypal")    `⟨mixed scripts: CYRILLIC, LATIN⟩p<Cyrillic a>ypal`

These characters are escaped: controls and line ends, format characters (direction, zero width, tags), surrogates,
private and unassigned code points, spaces other than U+0020, code points that a font draws as nothing, marks that
strike through or enclose, marks without a letter or digit of their kind before them, marks after the fourth in a row,
and characters that combine several emoji into one.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import Final

from llmc_grammar.lazy_pattern import lazy_pattern

_LONGEST: Final = 300

_IGNORABLE: Final = lazy_pattern(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc"
    "\U00013441\U00013442\U00016fe4\U0001d159\U000e0000-\U000e0fff]"
)
"""Marks, letters and symbols that are drawn as nothing: Default_Ignorable_Code_Point (Unicode 15.1), and spaces."""

_JOINING: Final = lazy_pattern("[\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")
"""Parts of emoji that take one cell, two or none, depending on the terminal and the character before them."""

_JOINED_JAMO: Final = lazy_pattern("[\u1160-\u11ff\ud7b0-\ud7ff]")
"""Vowels and final consonants, which a terminal draws into the cell of the preceding consonant."""

_WIDE_BY_NOW: Final = lazy_pattern(
    "[\u2630-\u2637\u268a-\u268f\u4dc0-\u4dff\U0001d300-\U0001d356\U0001d360-\U0001d376]"
)
"""Symbols that are wide since Unicode 16, even if Python's tables are older."""

_MOST_MARKS: Final = 4
"""The most marks on one letter that are drawn (UTS 39, section 5.4)."""


# The characters of most texts; of these, only unprintable ones are escaped.
_USUAL: Final = lazy_pattern(
    "[ -~\xa1-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u20c0\u2100-\u27ff\u3001-\u3029\u3041-\u3096\u309b-\u30ff"
    "\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff9f]*"
)

_UNSAFE, _OTHER, _LETTER, _PLAIN_LETTER, _MARK, _OWN_MARK = range(6)

_WITHOUT_OWN_MARKS: Final = frozenset({"CJK", "CYRILLIC", "DIGIT", "GREEK", "HIRAGANA", "KATAKANA", "LATIN"})
"""Scripts whose letters take only the marks that are common to all scripts."""

_OVERLAY: Final = 1
"""The combining class of marks that strike through."""


@lru_cache(4096)
def _kind(character: str) -> int:
    """Return the kind of a character: unsafe, a letter that takes marks, a common mark, or a mark of one script."""
    category = unicodedata.category(character)
    if character == " ":
        return _OTHER
    if category[0] in "CZ" or category == "Me" or _IGNORABLE.match(character) or _JOINING.match(character):
        return _UNSAFE
    if category[0] == "M" or _JOINED_JAMO.match(character):
        if unicodedata.combining(character) == _OVERLAY:
            return _UNSAFE
        return _MARK if unicodedata.name(character).startswith("COMBINING ") else _OWN_MARK
    if category[0] in "LN":
        return _PLAIN_LETTER if _first_word(character) in _WITHOUT_OWN_MARKS else _LETTER
    return _OTHER


def escape(character: str) -> str:
    """Return a character as an escape in a Python string."""
    return character.encode("unicode_escape").decode("ascii")


def escape_unicode(character: str) -> str:
    """Return a character as an escape by its code point, as a string of a plan has it."""
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 (the basic plane)


def glyphs(text: str, *, keep: str = "", write: Callable[[str], str] = escape) -> Iterator[str]:
    """Yield each character as it is drawn: unchanged or as an escape; those of `keep` stay."""
    letter, marks = _OTHER, 0
    for character in text:
        kind = _kind(character)
        if kind in (_MARK, _OWN_MARK):
            marks += 1
            fits = letter == _LETTER or (letter == _PLAIN_LETTER and kind == _MARK)
            yield character if fits and marks <= _MOST_MARKS else write(character)
        else:
            letter, marks = kind, 0
            yield write(character) if kind == _UNSAFE and character not in keep else character


def visible(text: str, *, keep: str = "", quoted: bool = True, write: Callable[[str], str] = escape) -> str:
    """Return the text with escapes for control and invisible characters; characters of `keep` stay.

    In quoted text, such as JSON or a plan, backslashes are already doubled. In other text (`quoted=False`) a backslash
    is doubled if it would look like an escape.
    """
    if text.isprintable() and _USUAL.fullmatch(text) and (quoted or "\\" not in text):
        return text
    return "".join(glyphs(text if quoted else _doubled(text), keep=keep, write=write))


def safe_words(text: str) -> str:
    """Return a message that may quote the text, shortened and without terminal control characters."""
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return "".join(" " if glyph in "\n\t" else glyph for glyph in glyphs(short, keep="\n\t", write=escape_unicode))


def json_text(value: object) -> str:
    """Return a value as JSON text in which JSON escapes replace invisible characters, so its meaning is the same."""
    return json_escaped(json.dumps(value, ensure_ascii=False, indent=2))


def json_escaped(text: str) -> str:
    """Return JSON text, or a part of it, with JSON escapes for invisible characters."""
    return "\n".join(visible(line, write=_json_escape) for line in text.split("\n"))


def _json_escape(character: str) -> str:
    """Return a character as an escape in ASCII JSON."""
    return json.dumps(character)[1:-1]


_QUOTED_ESCAPE: Final = lazy_pattern(r"""\\(?:u[0-9a-fA-F]{4}|[bfnrt"'\\/])""")

_BACKSLASHES: Final = lazy_pattern(r"\\+")

_LIKE_ESCAPE: Final = lazy_pattern(r"[nrt]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}")


def _doubled(text: str) -> str:
    """Double each backslash before characters that are, or look like, the rest of an escape."""

    def replaced(match: re.Match[str]) -> str:
        after = text[match.end() : match.end() + 1]
        is_escaped = bool(after) and _kind(after) in (_UNSAFE, _MARK, _OWN_MARK)
        return match[0] * (2 if is_escaped or _LIKE_ESCAPE.match(text, match.end()) else 1)

    return _BACKSLASHES.sub(replaced, text)


def cells(text: str) -> int:
    """Return the number of terminal cells of a text: two for a wide character, none for a combining one."""
    return len(text) if text.isascii() else sum(map(_cells, text))


@lru_cache(4096)
def _cells(character: str) -> int:
    """Return the number of terminal cells of a character."""
    if unicodedata.category(character) in {"Mn", "Me"} or _JOINED_JAMO.match(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" or _WIDE_BY_NOW.match(character) else 1


def marked(text: str, *, quoted: bool = True) -> str:
    """Return the visible text, with a mark before each word of several scripts or of imitated Latin letters.

    Scripts that are written together (Chinese, Japanese and Korean ones, with Latin) are not marked. A word of one
    script that looks like a word of another is not detected.
    """
    if text.isascii():
        return visible(text, quoted=quoted)
    text = text if quoted else _doubled(text)
    # The letters of an escape belong to no word; otherwise `\n` and a Greek word would be one word of two scripts.
    escapes = {at for match in _QUOTED_ESCAPE.finditer(text) for at in range(*match.span())} if quoted else ()
    parts: list[str] = []
    drawn = enumerate(zip(text, glyphs(text), strict=True))
    for is_word, pairs in groupby(drawn, key=lambda pair: pair[0] not in escapes and _is_of_word(pair[1][0])):
        characters, shown = zip(*(pair for _, pair in pairs), strict=True)
        parts += (_remark(characters) if is_word else "", *shown)
    return "".join(parts)


_TOGETHER: Final = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})

_NAMED_OTHERWISE: Final = {
    "ARABIC-INDIC": "ARABIC",
    "EXTENDED": "ARABIC",  # the digits
    "HENTAIGANA": "HIRAGANA",
    "IDEOGRAPHIC": "CJK",
    "KATAKANA-HIRAGANA": "KATAKANA",
    "VERTICAL": "KATAKANA",
}

_OF_NO_SCRIPT: Final = frozenset(
    {"ANGSTROM", "FEMININE", "MASCULINE", "MICRO", "MODIFIER", "OHM", "SUBSCRIPT", "SUPERSCRIPT"}
)


@lru_cache(4096)
def _is_of_word(character: str) -> bool:
    """Whether a character is part of a word: letters, digits, marks, `_`, and invisible characters between them."""
    return character == "_" or (unicodedata.category(character)[0] in "LMNC" and not character.isspace())


def _remark(word: Iterable[str]) -> str:
    """Return the mark of a word, if it needs one."""
    letters = {character for character in word if _kind(character) in (_LETTER, _PLAIN_LETTER)}
    scripts = set(map(_script, letters)) - {"", "DIGIT"}
    is_mixed = len(scripts - _TOGETHER) > 1 or (scripts & _TOGETHER and scripts - _TOGETHER - {"LATIN"})
    decimals = {_script(character) for character in letters if character.isdecimal()}
    if is_mixed or len(decimals) > 1:
        return f"⟨mixed scripts: {', '.join(sorted(scripts | decimals if len(decimals) > 1 else scripts))}⟩"
    imitating = sorted({_script(character) for character in letters if _imitates(character)})
    return f"⟨imitated letters: {', '.join(imitating)}⟩" if imitating else ""


@lru_cache(4096)
def _script(character: str) -> str:
    """Return the script of a letter or digit; empty for a character that is common to all scripts."""
    if unicodedata.category(character) == "No":
        return ""
    first = _first_word(character)
    return "" if first in _OF_NO_SCRIPT else _NAMED_OTHERWISE.get(first, first)


def _first_word(character: str) -> str:
    """Return the word of a character's name that tells its script."""
    first, _, rest = unicodedata.name(character, "").partition(" ")
    return rest.partition(" ")[0] if first == "HALFWIDTH" else first


def _imitates(character: str) -> bool:
    """Whether a letter or digit is a styled variant of another one: bold, script, fullwidth."""
    script = _script(character)
    is_latin = script in {"", "LATIN"} or character.isascii()
    return not is_latin and (script == "MATHEMATICAL" or unicodedata.normalize("NFKC", character).isascii())
