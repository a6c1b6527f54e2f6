"""Characters and words that several modules of this package look for."""

import re
from typing import Final

STRAIGHT: Final = "\"'"
DOUBLE: Final = '"\u201c\u201d\u201e\u201f\u00ab\u00bb'
SINGLE: Final = "'\u2018\u2019\u201a\u201b"
QUOTES: Final = DOUBLE + SINGLE
NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
CLOSERS: Final = ")]}"
BLANKS: Final = " \t\r\n"
FLOW_WORDS: Final = frozenset({"if", "else", "for", "in", "and", "or", "not"})
LITERAL_WORDS: Final = frozenset({"true", "false", "null", "True", "False", "None"})

LAST_WORD: Final = re.compile(r"[^\W\d]\w*\Z")
CALL_NAME: Final = re.compile(rf"(?:{NAME}\.)*{NAME}\Z")


def straight(quote: str) -> str:
    """Return the straight quote for a quote, double or single."""
    return '"' if quote in DOUBLE else "'"


def skip_blanks(text: str, at: int) -> int:
    """Return the offset of the next character from `at` on that is not blank."""
    while at < len(text) and text[at] in BLANKS:
        at += 1
    return at


def before_blanks(text: str, at: int, low: int) -> int:
    """Return the offset after the last character before `at` that is not blank, at least `low`."""
    while at > low and text[at - 1] in BLANKS:
        at -= 1
    return at
