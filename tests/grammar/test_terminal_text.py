"""Text from outside as a terminal shows it."""

import json
import sys
import unicodedata

import pytest
from wcwidth import wcwidth

from llmc_grammar.terminal_text import cells, glyphs, marked, visible

READABLE = {
    "arabic": "مَرْحَبًا بالعالم",
    "armenian": "Բարեւ աշխարհ",
    "burmese": "မြန်မာဘာသာ",
    "chinese": "你好世界。",
    "greek": unicodedata.normalize("NFD", "Καλημέρα κόσμε"),
    "hebrew": "שָׁלוֹם עוֹלָם",
    "hindi": "नमस्ते दुनिया, क्षेत्र",
    "japanese": unicodedata.normalize("NFD", "こんにちは、Tシャツ、が"),
    "khmer": "ភាសាខ្មែរ",
    "korean": "PDF를 한국어",
    "korean, as macOS names files": unicodedata.normalize("NFD", "한국어 파일"),
    "russian": unicodedata.normalize("NFD", "Привет, мой мир: 2 кг, отчёт.pdf, IT-отдел"),
    "tamil": "தமிழ் இல்",
    "thai": "สวัสดีครับ น้ำ",
    "tibetan": "རྒྱལ་པོ",
    "vietnamese": unicodedata.normalize("NFD", "Tiếng Việt: phở, người"),
    "signs": "→ ✓ ½ ² µm € „x“ … 5 ≤ 16 😀",
}
UNSEEN = {
    "BRAILLE PATTERN BLANK",
    "HANGUL FILLER",
    "KHITAN SMALL SCRIPT FILLER",
    "COMBINING GRAPHEME JOINER",
    "MONGOLIAN FREE VARIATION SELECTOR ONE",
    "MONGOLIAN VOWEL SEPARATOR",
    "MUSICAL SYMBOL NULL NOTEHEAD",
    "KHMER VOWEL INHERENT AQ",
    "HALFWIDTH HANGUL FILLER",
    "HANGUL CHOSEONG FILLER",
    "HANGUL JUNGSEONG FILLER",
    "VARIATION SELECTOR-1",
    "VARIATION SELECTOR-256",
    "TAG LATIN SMALL LETTER A",
    "SOFT HYPHEN",
    "ZERO WIDTH SPACE",
    "ZERO WIDTH JOINER",
    "WORD JOINER",
    "ZERO WIDTH NO-BREAK SPACE",
    "RIGHT-TO-LEFT OVERRIDE",
    "FIRST STRONG ISOLATE",
    "ARABIC LETTER MARK",
    "LINE SEPARATOR",
    "NO-BREAK SPACE",
    "IDEOGRAPHIC SPACE",
    "EM QUAD",
    "OGHAM SPACE MARK",
    "COMBINING ENCLOSING CIRCLE",
    "COMBINING LONG STROKE OVERLAY",
    "INVISIBLE SEPARATOR",
    "EMOJI MODIFIER FITZPATRICK TYPE-6",
    "REGIONAL INDICATOR SYMBOL LETTER A",
    "INTERLINEAR ANNOTATION ANCHOR",
}


@pytest.mark.parametrize("text", READABLE.values(), ids=READABLE)
def test_languages_are_read_as_they_are(text: str) -> None:
    """Nothing of an ordinary text is escaped or marked."""
    assert visible(text) == marked(text) == text


@pytest.mark.parametrize("name", sorted(UNSEEN))
def test_what_cannot_be_seen_is_escaped(name: str) -> None:
    """Whatever stands before it, a letter of its own script too."""
    character = unicodedata.lookup(name)
    for before in ("", "a", " ", "\u1112", "\u1780"):
        assert visible(before + character + "b") == before + character.encode("unicode_escape").decode() + "b"


def test_every_control_blank_and_unassigned_character_is_escaped() -> None:
    """Of all code points of category C or Z, the space is the only one that is drawn as it is."""
    raw = {
        character
        for character in map(chr, (*range(0x20000), *range(0xE0000, 0xE1000), sys.maxunicode))
        if unicodedata.category(character)[0] in "CZ" and "".join(glyphs(character)) == character
    }
    assert raw == {" "}


def test_the_short_way_knows_what_the_long_one_does() -> None:
    """No character is drawn as it is alone, and escaped where another one beside it has to be looked at."""
    alone = "".join(character for character in map(chr, range(0xD800)) if visible(character) == character)
    assert [character for character in alone if "".join(glyphs(character)) != character] == []
    assert len(alone) > 40_000


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("\u0301a", r"\u0301a"),
        ("a \u0301", r"a \u0301"),
        ('"\u0338"', r'"\u0338"'),
        ("a\u200b\u0301", r"a\u200b\u0301"),
        ("a\n\u0301", r"a\n\u0301"),
        ("a" + "\u0301" * 6 + "b\u0301", "a" + "\u0301" * 4 + r"\u0301\u0301" + "b\u0301"),
        ("a\u094d\u2d7f", r"a\u094d\u2d7f"),
        ("\u65e5\u2d7f", "\u65e5" + r"\u2d7f"),
        ("\u1161x", r"\u1161x"),
        ("\u25cc\u0308", "\u25cc" + r"\u0308"),
    ],
)
def test_marks_need_a_letter(text: str, drawn: str) -> None:
    """One that would combine with a blank, a sign, a letter of a script without it, or too many others is escaped."""
    assert visible(text) == drawn


def test_a_half_of_a_pair_and_a_byte_of_no_text_are_escaped() -> None:
    """They cannot be written to a terminal at all."""
    assert visible("a\udc80\ud83d") == r"a\udc80\ud83d"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u202e", r"\u202e"),
        ("\n", r"\n"),
        ("\x1b", r"\x1b"),
        ("\\\n", r"\\n"),
        ("\\\u200b", r"\u200b"),
        ("\\\n", r"\n"),
    ],
)
def test_no_text_looks_like_the_escape_of_another(one: str, other: str) -> None:
    """JSON and plans write two backslashes for one; in any other text those are doubled that look like an escape."""
    assert visible(one, quoted=False) != visible(other, quoted=False)
    assert marked("ä" + one, quoted=False) != marked("ä" + other, quoted=False)
    assert visible(json.dumps(one, ensure_ascii=False)) != visible(json.dumps(other, ensure_ascii=False))
    assert visible(r"C:\work\x", quoted=False) == r"C:\work\x"


def test_two_texts_would_look_alike_without_it() -> None:
    """The control."""
    assert visible("\n") == visible(r"\n")


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("\u0440\u0430ypal", "mixed scripts: CYRILLIC, LATIN"),
        ("p\u03bfst", "mixed scripts: GREEK, LATIN"),
        ("\u13d2et", "mixed scripts: CHEROKEE, LATIN"),
        ("p\u200b\u0430y", "mixed scripts: CYRILLIC, LATIN"),
        ("get_\u0441\u043e\u0440\u0443", "mixed scripts: CYRILLIC, LATIN"),
        ("\u0440\u03bf\u0440", "mixed scripts: CYRILLIC, GREEK"),
        ("\u65e5\u0430", "mixed scripts: CJK, CYRILLIC"),
        ("1\u09ea00", "mixed scripts: BENGALI, DIGIT"),
        ("\uff50ay", "mixed scripts: FULLWIDTH, LATIN"),
        ("\u2160nternet", "mixed scripts: LATIN, ROMAN"),
        ("\U0001d429\U0001d41a\U0001d432", "imitated letters: MATHEMATICAL"),
        ("\uff50\uff41\uff59", "imitated letters: FULLWIDTH"),
        ("\U0001d7cf\U0001d7ce", "imitated letters: MATHEMATICAL"),
    ],
)
def test_words_of_several_scripts_are_marked(text: str, remark: str) -> None:
    """The mark stands before the word, where no cut of a long one takes it away, and before that one alone."""
    assert marked(f"to {text}, b") == f"to ⟨{remark}⟩{visible(text)}, b"
    assert marked(f"{text}@x") == f"⟨{remark}⟩{visible(text)}@x"


def test_an_escape_is_part_of_no_word() -> None:
    """Neither one of a quoted text, nor one that is written here; behind a backslash that is one, a letter is."""
    for text in ("\n\u043f\u0440\u0438", "\u043f\x1b\u0440\u200b\u0438\t\u043f", "\u043f\\\u0440"):
        assert "mixed" not in marked(json.dumps(text, ensure_ascii=False))
        assert "mixed" not in marked(text, quoted=False)
    assert "mixed" in marked(json.dumps("\\n\u043f", ensure_ascii=False))


def test_a_word_of_one_script_is_not_found() -> None:
    """The limit: all of it Cyrillic, it looks like `cope`."""
    assert marked("\u0441\u043e\u0440\u0435") == "\u0441\u043e\u0440\u0435"


@pytest.mark.parametrize(
    ("text", "width"),
    [("abc", 3), ("\u2630", 2), ("\u65e5\u672c", 4), ("e\u0301", 1), (unicodedata.normalize("NFD", "\ud55c"), 2)],
)
def test_cells_are_those_of_a_terminal(text: str, width: int) -> None:
    """Wide characters two, combining ones none, the vowels and ends of a syllable neither."""
    assert cells(text) == width


def test_no_character_takes_more_cells_than_it_is_said_to() -> None:
    """Of those that are drawn as they are: else a line would go on in the next one, where a picture has its own."""
    known = (chr(code) for code in (*range(0x20, 0x20000), *range(0x20000, 0x40000, 97)))
    drawn = [character for character in known if "".join(glyphs(f"\u0c95{character}")) == f"\u0c95{character}"]
    assert len(drawn) > 70_000
    assert [character for character in drawn if cells(character) < wcwidth(character)] == []
