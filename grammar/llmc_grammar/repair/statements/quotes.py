"""Decides whether a quote ends its string, from the text after it.

A quote ends a string before `,` and another argument, before closing brackets with a valid continuation, and at the
end of the text; after a key it ends the string before a colon. Any other quote is text. Before an operator and an
operand, a quote ends the string only if it is the first candidate; a later one is ambiguous.

A quote after a backslash follows the same rules if no other quote can end its string. Its backslash is then text,
unless the quote may end a quotation inside the string.
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
    rf"(?:[+*%/-]|==|!=|<=?|>=?|(?:not[ \t]+)?in\b|and\b|or\b|if\b|else\b)[ \t\r\n]*(?:not\b[ \t]*)?(?:{_VALUE})"
    rf"|for[ \t]+{NAME}[ \t]+in\b"
)
_STEP: Final = re.compile(rf"\.{NAME}|\[[^\[\]\n]{{1,80}}\]")
_TAIL: Final = re.compile(
    rf"\[|\.{NAME}|[ \t\r]*(?:$|\#|->|=>|\u2192|[`*]|@|[.;,][ \t\r]*$"
    rf"|(?:if|for|unless|when|and|or|else|in|not)\b|[-+*/%<>=!&|]|(?:[,;][ \t]*)?[0-9]+[.)][ \t]*{NAME})"
)


_BEFORE_QUOTATION: Final = frozenset(f"{BLANKS}{QUOTES}([{{=:,")


class Verdict(Enum):
    """The role of a quote."""

    TEXT = auto()
    DELIMITER = auto()
    OPERATOR = auto()
    ADJACENT = auto()
    EITHER = auto()


class Around(NamedTuple):
    """The context of a string: the kinds of the brackets around it (`call`, `group`, `list`, `mapping`) and its role.

    `forced`: closing brackets may be missing.
    """

    kinds: Sequence[str]
    openers: Sequence[str]
    is_key: bool = False
    is_named: bool = False
    forced: bool = False


def verdict(text: str, at: int, around: Around) -> Verdict:
    """Return the role of the quote right before `at`."""
    here = skip_blanks(text, at)
    if here == len(text):
        return Verdict.DELIMITER
    following = text[here]
    if around.is_key:
        return Verdict.DELIMITER if following == ":" else Verdict.TEXT
    if following == ",":
        follows = _goes_on(text, here + 1, around.kinds[-1], named=around.is_named)
        return Verdict.DELIMITER if follows else Verdict.TEXT
    if following in CLOSERS:
        return Verdict.DELIMITER if _closes(text, here, around) else Verdict.TEXT
    if following in QUOTES:
        return Verdict.ADJACENT if here > at else Verdict.TEXT
    if following == "#" and here > at:
        return _behind_comment(text, here, around)
    is_step = here == at and following == "[" and _STEP.match(text, here)
    return Verdict.OPERATOR if is_step or _OPERATOR.match(text, here) else Verdict.TEXT


def escaped_end(text: str, escaped: Sequence[int], around: Around) -> Verdict:
    """Return the role of the last of several quotes after backslashes, assuming that its backslash is text."""
    role = verdict(text, escaped[-1] + 1, around)
    if role is Verdict.OPERATOR or (role is Verdict.DELIMITER and _is_quoting(text, escaped[:-1])):
        return Verdict.EITHER
    return role


def _is_quoting(text: str, escaped: Sequence[int]) -> bool:
    """Whether quotes after backslashes leave a quotation open."""
    depth = 0
    for at in escaped:
        depth = depth + 1 if text[at - 2] in _BEFORE_QUOTATION and text[at + 1] not in BLANKS else max(0, depth - 1)
    return depth > 0


def _behind_comment(text: str, offset: int, around: Around) -> Verdict:
    """Return the role of a quote before a comment, which must not be on the last line."""
    end = text.find("\n", offset)
    if end < 0 or text.startswith("#", skip_blanks(text, end)):
        return Verdict.TEXT
    following = verdict(text, end, around)
    return following if following is Verdict.DELIMITER else Verdict.TEXT


def _goes_on(text: str, offset: int, kind: str, *, named: bool) -> bool:
    """Whether another argument, element or entry follows a comma."""
    offset = _skip_comments(text, offset)
    if offset == len(text) or text[offset] in CLOSERS:
        return True
    if kind == "mapping":
        return text[offset] in QUOTES
    if kind == "call" and _NAMED.match(text, offset):
        return True
    return not (kind == "call" and named) and bool(_NEXT_VALUE.match(text, offset) or _WORDS.match(text, offset))


def _skip_comments(text: str, offset: int) -> int:
    """Return the next offset outside blanks and comments."""
    offset = skip_blanks(text, offset)
    while text.startswith("#", offset):
        end = text.find("\n", offset)
        offset = skip_blanks(text, len(text) if end < 0 else end)
    return offset


def _closes(text: str, offset: int, around: Around) -> bool:
    """Whether the closing brackets at `offset` match the open ones, and the text after them may follow."""
    depth = len(around.openers)
    while depth and offset < len(text) and text[offset] in CLOSERS:
        while depth and around.forced and PAIRS[around.openers[depth - 1]] != text[offset]:
            depth -= 1
        if not depth or PAIRS[around.openers[depth - 1]] != text[offset]:
            return False
        depth -= 1
        offset += 1
        if depth:
            offset = skip_blanks(text, offset)
    if not depth:
        return "\n" not in text[offset:] and _TAIL.match(text, offset) is not None
    if offset == len(text):
        return True
    if text[offset] == ",":
        return _goes_on(text, offset + 1, around.kinds[depth - 1], named=False)
    is_step = text[offset - 1] in CLOSERS and _STEP.match(text, offset) is not None
    return is_step or text[offset] == "#" or _OPERATOR.match(text, offset) is not None
