r"""Text from outside as a terminal shows it: every character is seen, and none of them controls anything.

    visible("a<U+202E>b")          `a\u202eb`
    marked("p<Cyrillic a>ypal")    `⟨mixed scripts: CYRILLIC, LATIN⟩p<Cyrillic a>ypal`

Escaped are controls and line ends, format characters (direction, zero width, tags), surrogates, private and unassigned
code points, every blank but U+0020, code points that a font draws as nothing, marks that strike through or enclose,
marks without a letter or digit of their kind before them, marks after the fourth in a row, and what makes one emoji of
several.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import Final

_LONGEST: Final = 300


def _escape(character: str) -> str:
    """A character as a plan writes it in a string."""
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 (the basic plane)


def safe_words(text: str) -> str:
    """Words that may quote the text, not too many, without anything a terminal would obey."""
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return "".join(" " if glyph in "\n\t" else glyph for glyph in glyphs(short, keep="\n\t", write=_escape))


_IGNORABLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc"
    "\U00013441\U00013442\U00016fe4\U0001d159\U000e0000-\U000e0fff]"
)
"""Marks, letters and symbols that are drawn as nothing: Default_Ignorable_Code_Point (Unicode 15.1), and blanks."""


_JOINING: Final = re.compile("[\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")
"""Parts of emoji that take a cell, two or none, by what a terminal knows of the character before."""


_JOINED_JAMO: Final = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff]")
"""Vowels and final consonants, which a terminal draws into the cell of the consonant before."""


_WIDE_BY_NOW: Final = re.compile("[\u2630-\u2637\u268a-\u268f\u4dc0-\u4dff\U0001d300-\U0001d356\U0001d360-\U0001d376]")
"""Signs that are wide since Unicode 16, whatever Python knows."""


_MOST_MARKS: Final = 4
"""Marks on a letter that are drawn (UTS 39, section 5.4)."""


# What most texts are made of; besides what is not printable it has nothing that is escaped.
_USUAL: Final = re.compile(
    "[ -~\xa1-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u20c0\u2100-\u27ff\u3001-\u3029\u3041-\u3096\u309b-\u30ff"
    "\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff9f]*"
)


_UNSAFE, _OTHER, _LETTER, _PLAIN_LETTER, _MARK, _OWN_MARK = range(6)


_WITHOUT_OWN_MARKS: Final = frozenset({"CJK", "CYRILLIC", "DIGIT", "GREEK", "HIRAGANA", "KATAKANA", "LATIN"})
"""Scripts whose letters carry marks of every script, and none of another."""


_OVERLAY: Final = 1
"""The combining class of marks that strike through."""


@lru_cache(4096)
def _kind(character: str) -> int:
    """Whether a character is escaped, carries marks, or is a mark: one for every script, or for its own alone."""
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
    """A character as Python writes it in a string."""
    return character.encode("unicode_escape").decode("ascii")


def glyphs(text: str, *, keep: str = "", write: Callable[[str], str] = escape) -> Iterator[str]:
    """Each character as it is drawn: as it is, or written as an escape; those of `keep` stay."""
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
    """The text with escapes for what controls a terminal or cannot be seen; characters of `keep` stay.

    In quoted text, JSON or a plan, a backslash is written twice already. Of any other text (`quoted=False`) a backslash
    is doubled where it would look like an escape.
    """
    if text.isprintable() and _USUAL.fullmatch(text) and (quoted or "\\" not in text):
        return text
    return "".join(glyphs(text if quoted else _doubled(text), keep=keep, write=write))


def json_text(value: object) -> str:
    """A value as JSON text, whose strings have JSON's own escapes for what cannot be seen: its meaning is the same."""
    return json_escaped(json.dumps(value, ensure_ascii=False, indent=2))


def json_escaped(text: str) -> str:
    """JSON text, or a piece of it, with JSON's own escapes for what cannot be seen."""
    return "\n".join(visible(line, write=_json_escape) for line in text.split("\n"))


def _json_escape(character: str) -> str:
    """A character as JSON writes it in ASCII."""
    return json.dumps(character)[1:-1]


_QUOTED_ESCAPE: Final = re.compile(r"""\\(?:u[0-9a-fA-F]{4}|[bfnrt"'\\/])""")


_BACKSLASHES: Final = re.compile(r"\\+")


_LIKE_ESCAPE: Final = re.compile(r"[nrt]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}")


def _doubled(text: str) -> str:
    """The text with two backslashes for one before what is or looks like the rest of an escape."""

    def replaced(match: re.Match[str]) -> str:
        after = text[match.end() : match.end() + 1]
        is_escaped = bool(after) and _kind(after) in (_UNSAFE, _MARK, _OWN_MARK)
        return match[0] * (2 if is_escaped or _LIKE_ESCAPE.match(text, match.end()) else 1)

    return _BACKSLASHES.sub(replaced, text)


def cells(text: str) -> int:
    """How many cells of a terminal the text takes: wide characters two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_cells, text))


@lru_cache(4096)
def _cells(character: str) -> int:
    """How many cells a character takes."""
    if unicodedata.category(character) in {"Mn", "Me"} or _JOINED_JAMO.match(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" or _WIDE_BY_NOW.match(character) else 1


def marked(text: str, *, quoted: bool = True) -> str:
    """The visible text, with a mark before each word whose letters are of several scripts, or imitate Latin ones.

    Scripts that are written together (Chinese, Japanese and Korean ones, with Latin) are not marked. A word of one
    script that looks like a word of another is not found.
    """
    if text.isascii():
        return visible(text, quoted=quoted)
    text = text if quoted else _doubled(text)
    # The letters of an escape belong to no word: `\n` and what follows it would be one of two scripts.
    escapes = {at for match in _QUOTED_ESCAPE.finditer(text) for at in range(*match.span())} if quoted else ()
    parts: list[str] = []
    drawn = enumerate(zip(text, glyphs(text), strict=True))
    for is_word, pairs in groupby(drawn, key=lambda pair: pair[0] not in escapes and _is_of_word(pair[1][0])):
        characters, shown = zip(*(each for _, each in pairs), strict=True)
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
    """Whether a character is part of a word: letters, digits, marks, `_`, and what cannot be seen between them."""
    return character == "_" or (unicodedata.category(character)[0] in "LMNC" and not character.isspace())


def _remark(word: Iterable[str]) -> str:
    """The mark of a word, or nothing."""
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
    """The script of a letter or digit by its name; empty for those of every script."""
    if unicodedata.category(character) == "No":
        return ""
    first = _first_word(character)
    return "" if first in _OF_NO_SCRIPT else _NAMED_OTHERWISE.get(first, first)


def _first_word(character: str) -> str:
    """The first word of a character's name that says what script it is of."""
    first, _, rest = unicodedata.name(character, "").partition(" ")
    return rest.partition(" ")[0] if first == "HALFWIDTH" else first


def _imitates(character: str) -> bool:
    """Whether a letter or digit is another one in a style: bold, script, fullwidth."""
    script = _script(character)
    is_latin = script in {"", "LATIN"} or character.isascii()
    return not is_latin and (script == "MATHEMATICAL" or unicodedata.normalize("NFKC", character).isascii())
