"""Where a quote ends a string: only where what follows can go on.

After a delimiter come `,` and another argument, closing brackets and what may follow those, or the end; in a key's
place a colon. Everywhere else a quote is text. An operator with an operand behind it may follow too, but only a
string's first quote: behind another one it leaves two readings.

The same holds for a quote behind a backslash where no other quote can end its string: then that backslash is text,
unless it may end a quotation inside the string.
"""

import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final, NamedTuple

from llmc_grammar.repair.marks import BLANKS, CLOSERS, NAME, PAIRS, QUOTES, skip_blanks

_VALUE: Final = rf"[{QUOTES}\[{{($<]|-?[0-9]|(?:true|false|null|True|False|None|not)\b|{NAME}(?:\.{NAME})*\("
_NAMED: Final = re.compile(rf"{NAME}[ \t]*(?:=(?!=)|:[ \t]*(?:{_VALUE}))")
_NEXT_VALUE: Final = re.compile(_VALUE)
_WORDS: Final = re.compile(rf"[^\W\d][^,()\[\]{{}}\n{QUOTES}]{{0,200}}[,)\]}}]")
_OPERATOR: Final = re.compile(
    rf"(?:[+*%/-]|==|!=|<=?|>=?|(?:not[ \t]+)?in\b|and\b|or\b|if\b|else\b|for\b)[ \t\r\n]*(?:not\b[ \t]*)?(?:{_VALUE})"
)
_TAIL: Final = re.compile(
    rf"[ \t\r]*(?:$|\#|->|=>|\u2192|[`*]|@|[.;,][ \t\r]*$|(?:if|for|unless|when|and|or|else|in|not)\b|[-+*/%<>=!&|]"
    rf"|(?:[,;][ \t]*)?[0-9]+[.)][ \t]*{NAME})"
)


_BEFORE_QUOTATION: Final = frozenset(f"{BLANKS}{QUOTES}([{{=:,")


class Verdict(Enum):
    """What a quote is."""

    TEXT = auto()
    DELIMITER = auto()
    OPERATOR = auto()
    ADJACENT = auto()
    EITHER = auto()


class Around(NamedTuple):
    """The kinds of the brackets around a string (`call`, `group`, `list`, `mapping`), and what the string is there.

    `forced`: closing brackets may be missing.
    """

    kinds: Sequence[str]
    openers: Sequence[str]
    is_key: bool = False
    is_named: bool = False
    forced: bool = False


def verdict(text: str, at: int, around: Around) -> Verdict:
    """What the quote right before `at` is."""
    here = skip_blanks(text, at)
    if here == len(text):
        return Verdict.DELIMITER
    found = text[here]
    if around.is_key:
        return Verdict.DELIMITER if found == ":" else Verdict.TEXT
    if found == ",":
        follows = _goes_on(text, here + 1, around.kinds[-1], named=around.is_named)
        return Verdict.DELIMITER if follows else Verdict.TEXT
    if found in CLOSERS:
        return Verdict.DELIMITER if _closes(text, here, around) else Verdict.TEXT
    if found in QUOTES:
        return Verdict.ADJACENT if here > at else Verdict.TEXT
    if found == "#" and here > at:
        return _behind_comment(text, here, around)
    return Verdict.OPERATOR if _OPERATOR.match(text, here) else Verdict.TEXT


def escaped_end(text: str, escaped: Sequence[int], around: Around) -> Verdict:
    """What the last of some quotes behind backslashes is, if its backslash is text."""
    found = verdict(text, escaped[-1] + 1, around)
    if found is Verdict.OPERATOR or (found is Verdict.DELIMITER and _is_quoting(text, escaped[:-1])):
        return Verdict.EITHER
    return found


def _is_quoting(text: str, escaped: Sequence[int]) -> bool:
    """Whether one of some quotes behind backslashes begins a quotation that none of them ends."""
    depth = 0
    for at in escaped:
        depth = depth + 1 if text[at - 2] in _BEFORE_QUOTATION and text[at + 1] not in BLANKS else max(0, depth - 1)
    return depth > 0


def _behind_comment(text: str, at: int, around: Around) -> Verdict:
    """What a quote is with a comment behind it, which ends a line and not the text."""
    end = text.find("\n", at)
    if end < 0 or text.startswith("#", skip_blanks(text, end)):
        return Verdict.TEXT
    following = verdict(text, end, around)
    return following if following is Verdict.DELIMITER else Verdict.TEXT


def _goes_on(text: str, at: int, kind: str, *, named: bool) -> bool:
    """Whether what stands behind a comma is one more argument, element or entry."""
    at = _skip_comments(text, at)
    if at == len(text) or text[at] in CLOSERS:
        return True
    if kind == "mapping":
        return text[at] in QUOTES
    if kind == "call" and _NAMED.match(text, at):
        return True
    return not (kind == "call" and named) and bool(_NEXT_VALUE.match(text, at) or _WORDS.match(text, at))


def _skip_comments(text: str, at: int) -> int:
    """The next place that is neither blank nor comment."""
    at = skip_blanks(text, at)
    while text.startswith("#", at):
        end = text.find("\n", at)
        at = skip_blanks(text, len(text) if end < 0 else end)
    return at


def _closes(text: str, at: int, around: Around) -> bool:
    """Whether the closing brackets at `at` close what is open, and what follows them may."""
    depth = len(around.openers)
    while depth and at < len(text) and text[at] in CLOSERS:
        while depth and around.forced and PAIRS[around.openers[depth - 1]] != text[at]:
            depth -= 1
        if not depth or PAIRS[around.openers[depth - 1]] != text[at]:
            return False
        depth -= 1
        at += 1
        if depth:
            at = skip_blanks(text, at)
    if not depth:
        return "\n" not in text[at:] and _TAIL.match(text, at) is not None
    if at == len(text):
        return True
    if text[at] == ",":
        return _goes_on(text, at + 1, around.kinds[depth - 1], named=False)
    return text[at] == "#" or _OPERATOR.match(text, at) is not None
