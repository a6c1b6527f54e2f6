"""Decorations that models write before a call: bullets, ordinals in every script, words such as `Action:`, labels.

    (2) send(…)   ② send(…)   Task 2 — send(…)   - [ ] send(…)   Action: send(…)
    1. Look up K2: height(…)

Each alternative below is a way to write a number. Letters and Roman numerals do not count: `$1` cannot refer to them.
"""

import re
import unicodedata
from typing import Final

from llmc_grammar.repair.marks import NAME

_GAP: Final = r"[^\S\n]{0,8}"
_BLANK: Final = r"[^\S\n]{1,8}"
_MARK: Final = r"(?:\*{1,3}|_{1,2}|`{1,3})?"
_COLON: Final = r"[:\uff1a]"
_FULL: Final = "\u2022\u2023\u2043\u2219\u00b7\u25aa\u25ab\u25cf\u25cb\u25e6\u25a0\u25a1\u25ba\u25b6"
_BULLET: Final = rf"(?:>{_GAP}){{0,4}}(?:[-*+\u2013\u2014\u2015\u203a\u00bb\u2192]{_BLANK}|[{_FULL}]{_GAP})?"
_BOX: Final = rf"(?:(?:\[(?P<tick>[xX\u2713\u2714])?[ ]?\]|\u2610){_BLANK})?"
_SPOKEN: Final = (
    "plan|actions?|(?:(?:tool|function|api)[ \\t])?calls?|tool|function|task|step|command|invoke|execute|run|next"
    "|first|finally"
)
_STEP: Final = (
    "step|action|task|(?:tool[ \\t])?call|nr\\.?|no\\.?|\u2116|schritt|aufgabe|\u00e9tape|t\u00e2che|paso|tarea|etapa"
    "|passo|stap|krok|\u0448\u0430\u0433|\u7b2c|\u6b65\u9aa4|\u6b65\u9a5f|\u30b9\u30c6\u30c3\u30d7"
)
_BEHIND: Final = (
    rf"(?:{_GAP}(?:\u6b65\u9aa4?|\u6b65\u9a5f|\u756a|\ub2e8\uacc4))?(?:{_GAP}(?:of|/){_GAP}[0-9]{{1,4}})?{_MARK}"
)
_TENS: Final = "\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341"
_DIGITS: Final = rf"(?:\d{{1,4}}|[{_TENS}])"
_POINT: Final = r"[.):\uff1a\u3001\uff0e\uff61\uff09\u3002](?!\d)"
_LEFT: Final = r"(\[\uff08\uff3b\u3010\u3014"
_RIGHT: Final = r")\]\uff09\uff3d\u3011\u3015"
_NUMBERED: Final = "|".join(
    (
        rf"(?i:{_STEP}){_GAP}\#?(?P<counted>{_DIGITS}){_BEHIND}(?:{_GAP}(?:{_POINT}|[\u2013\u2014])|{_BLANK}-{_BLANK})",
        rf"(?P<plain>{_DIGITS}){_BEHIND}{_GAP}(?:{_POINT}|[\u2013\u2014])",
        rf"[{_LEFT}](?:(?i:{_STEP}){_GAP})?(?P<bracketed>{_DIGITS}){_BEHIND}[{_RIGHT}]{_GAP}[.:\uff1a]?",
        rf"(?P<circled>[\u2460-\u249b\u2776-\u2793]){_GAP}[.:\uff1a\u3001]?",
        r"(?P<key>[0-9])\ufe0f?\u20e3",
    )
)
_IN_WORDS: Final = r"[^()\[\]{}<>=|`\"\#\n\uff08\uff09\uff1d\u201c\u201d\u300c\u300d]"
_LABEL: Final = rf"(?:{_GAP}{_MARK}(?P<label>[^\W\d]{_IN_WORDS}{{0,99}}?{_COLON}{_MARK}))?"
DRESSED: Final = re.compile(
    rf"[ \t]*(?![ \t])(?P<dress>[^\S\n]*(?=\S){_BULLET}{_BOX}{_MARK}"
    rf"(?:(?i:{_SPOKEN}){_GAP}{_MARK}{_COLON}{_MARK}{_GAP})?{_MARK}"
    rf"(?:(?:{_NUMBERED}){_MARK}{_LABEL}"
    rf"|\$(?P<target>[0-9]{{1,4}}|{NAME}){_GAP}[=\uff1d](?!=)|(?P<name>{NAME}){_GAP}[=\uff1d](?!=))?{_GAP}{_MARK})"
    rf"(?<![A-Za-z0-9_])(?P<tool>{NAME}(?:\.{NAME})*)(?P<call>[(\uff08])"
)
ORDINAL: Final = re.compile(rf"[^\S\n]*(?=\S){_BULLET}{_MARK}(?:{_NUMBERED})")
"""The number at the start of a line; any text may follow."""

_DOUBT: Final = re.compile(
    r"\b(?:if|unless|when(?:ever)?|while|until|each|every|or|not?|never|don.?t|cannot|avoid|skip|without|except|provided"
    r"|in case|instead|otherwise|else|alternative(?:ly)?|option(?:al|ally)?|maybe|perhaps|possibly|would|could|should"
    r"|examples?|e\.g|eg|thoughts?|observations?|questions?|results?|outputs?|returns?|expected|notes?|wrong|bad|incorrect)\b",
    re.IGNORECASE,
)


def is_doubtful(label: str) -> bool:
    """Whether a label may negate the call or make it conditional."""
    return _DOUBT.search(label) is not None


def number_of(match: re.Match[str]) -> int | None:
    """Return the number of an ordinal in digits of any script or as one character, None without an ordinal."""
    words = (match[name] for name in ("counted", "plain", "bracketed", "circled", "key"))
    ordinal = next((word for word in words if word), None)
    if ordinal is None:
        return None
    return int(ordinal) if ordinal.isdecimal() else int(unicodedata.numeric(ordinal))
