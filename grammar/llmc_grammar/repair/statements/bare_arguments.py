"""Decides whether an argument without quotes is an expression, text or neither."""

import re
from collections.abc import Callable, Container
from typing import Final

from llmc_grammar.repair.marks import FLOW_WORDS, LITERAL_WORDS, NAME, SINGLE

_PLAIN: Final = re.compile(
    rf"(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|\$(?:[1-9][0-9]{{0,3}}|{NAME})(?:\.{NAME})*|true|false|null|True|False|None"
    rf"|(?:{NAME}\.)*{NAME}\(\)|\[\]|\{{\}}|\"\")\Z"
)
_WORDS: Final = re.compile(r"[^\W\d]\w*(?:[ \t]+[^\W\d]\w*)*\Z")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\Z")
_THOUSANDS: Final = re.compile(r"\$?[0-9]{1,3}\Z")
_THREE: Final = re.compile(r"[0-9]{3}(?:\.[0-9]+)?\Z")
_NO_TEXT: Final = re.compile(
    r"[=<>`\\\[\]{}\n\r]|&&|\|\||\A[!~^*]|\bfor \w+ in\b|\bif\b.*\belse\b|\$\w+(?:\.\w+|\[[^\[\]]*\])*\("
)
_WORD: Final = re.compile(r"(?<![\w$])[^\W_]\w*")
_FIGURES: Final = re.compile(r"\+?[0-9]+(?:[ .,:/-][0-9]+)*\Z")
_LEADING_ZERO: Final = re.compile(r"(?<![\w.$])0[0-9]")
_DOTTED: Final = re.compile(rf"({NAME})(?:\.{NAME})*\Z")
_INNER_QUOTE: Final = re.compile(rf"[{SINGLE}](?=\w)|(?<=\w)[{SINGLE}](?=\s+\S)")
_LONGEST_PROBE: Final = 2000

Probe = Callable[[str], bool]
"""Asks the strict parser whether a text is an expression."""


def is_value(found: str) -> bool:
    """Whether a text is a number, a reference or a literal word."""
    return _PLAIN.match(found) is not None


def is_expression(skeleton: str, probe: Probe) -> bool:
    """Whether a value is an expression; in `skeleton`, its strings and brackets are empty."""
    if _PLAIN.match(skeleton):
        return True
    if _WORDS.match(skeleton):
        words = skeleton.split()
        if not any(word in FLOW_WORDS or word in LITERAL_WORDS for word in words):
            return False
    figures = _DATE.match(skeleton) or _LEADING_ZERO.search(skeleton)
    return len(skeleton) <= _LONGEST_PROBE and not figures and probe(skeleton)


def is_text(found: str, names: Container[str]) -> bool:
    """Whether an unquoted argument that is not an expression is text; `names` are those of the tasks above."""
    if not found or _NO_TEXT.search(found) or not _quotes_fit(found):
        return False
    name = _DOTTED.match(found)
    if name and name[1] in names:
        return False
    words = [word for word in _WORD.findall(found) if word not in FLOW_WORDS]
    return any(not word[0].isdigit() for word in words) or _FIGURES.match(found) is not None


def _quotes_fit(text: str) -> bool:
    """Whether all quotes in a text are inner pairs or apostrophes in words."""
    if text.count('"') % 2 or text[0] == '"' or text[-1] == '"':
        return False
    apostrophes = sum(text.count(quote) for quote in SINGLE)
    return apostrophes == len(_INNER_QUOTE.findall(text))


def begins_thousands(found: str) -> bool:
    """Whether a text may begin a number with commas: the `1` of `1,000`."""
    return _THOUSANDS.match(found) is not None


def goes_on_thousands(found: str) -> bool:
    """Whether a text may continue a number with commas: the `000` of `1,000`."""
    return _THREE.match(found) is not None
