"""Reads the lines of a ReWOO plan: thoughts and calls, with their spans."""

import re
from bisect import bisect_right
from typing import Final

from llmc_grammar.bounds import Bounds
from llmc_grammar.frozen_data import frozen
from llmc_grammar.source import Span

_BULLET: Final = r"[ \t]*(?:(?:[-*+>\u2022]|[0-9]{1,3}[.)])[ \t]+)?[*_`]{0,3}"
_CALL: Final = r"[*_`]{0,3}[ \t]*[=:][ \t]*[*_`]{0,3}(?P<tool>[A-Za-z_][A-Za-z0-9_.\- ]{0,63})(?P<bracket>[\[(])"
_SIGN: Final = r"#[ \t]?(?P<name>[Ee][0-9]{1,4})"
_INLINE: Final = re.compile(_SIGN + _CALL)
_EVIDENCE: Final = re.compile(rf"{_BULLET}(?:{_SIGN}|(?P<bare>[Ee][0-9]{{1,4}})|Action(?:[ \t]?[0-9]{{1,4}})?){_CALL}")
_LABEL: Final = r"(?:Plan|Thought)(?:[ \t]?#?[0-9]{1,4})?|Step[ \t]?[0-9]{1,4}"
_OTHER_LABEL: Final = r"(?P<other>Task|Question|Goal|Solver?)"
_PLAN: Final = re.compile(rf"{_BULLET}(?:{_LABEL}|{_OTHER_LABEL})[*_`]{{0,3}}:\**")
_DEFINITION: Final = re.compile(_SIGN + r"[ \t]*=")
_START: Final = re.compile(
    rf"^(?:{_PLAN.pattern}|{_BULLET}(?:#[ \t]?[Ee][0-9]|[Ee][0-9]{{1,4}}[ \t]*[=:]|Action\b))", re.MULTILINE
)
_BLANK: Final = re.compile(r"[ \t\r]*(?:(?:```|~~~)[a-z]*[ \t\r]*)?(?:\n|\Z)")
_TAIL: Final = re.compile(r"[*_`]{0,3}[ \t\r]*(?:[.,;][ \t\r]*)?(?:#(?![ \t]?[Ee][0-9])[^\n]*)?(?P<end>\n|\Z)?")
_SQUARE: Final = re.compile(r"[\[\]]")
_ROUND: Final = re.compile(r"\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'|[\[\](){}]")
_CLOSERS: Final = {"[": "]", "(": ")", "{": "}"}

USE: Final = re.compile(r"(?P<sign>#?)(?<![A-Za-z0-9_])(?P<name>[Ee][0-9]{1,4})(?![A-Za-z0-9_])")
"""A call's name used in a text."""


@frozen
class Evidence:
    """A call: the spans of its name, if any, of its tool, and of the text in its brackets.

    `is_call`: the brackets are round. `is_bare`: the name has no `#`. `mistake`: the reason why it cannot be read.
    """

    start: int
    end: int
    name: Span | None
    tool: Span
    content: Span
    is_call: bool
    is_bare: bool
    mistake: str | None = None


@frozen
class Idea:
    """A thought: its start, and the spans of its lines."""

    start: int
    lines: list[Span]


def items(text: str) -> list[Evidence | Idea] | None:
    """Return the thoughts and calls of a text, None if it has other lines or ends inside a call."""
    taken: list[Evidence | Idea] = []
    starts = [*(start.start() for start in _START.finditer(text)), len(text)]
    offset: int | None = 0
    while offset is not None and offset < len(text):
        blank = _BLANK.match(text, offset)
        evidence = _EVIDENCE.match(text, offset)
        if blank:
            offset = blank.end()
        elif evidence:
            offset = _take_call(text, evidence, starts, taken)
        else:
            offset = _take_thought(text, offset, starts, taken)
    return None if offset is None else taken


def _take_thought(text: str, offset: int, starts: list[int], taken: list[Evidence | Idea]) -> int | None:
    """Take a line of a thought and the call after it; return the offset to continue at."""
    plan = _PLAN.match(text, offset)
    last = taken[-1] if taken else None
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    begin = offset if plan is None else plan.start("other") if plan["other"] else plan.end()
    inline = _INLINE.search(text, begin, end)
    line = Span(begin, inline.start() if inline else end)
    if plan:
        taken.append(Idea(plan.start(), [line]))
    elif isinstance(last, Idea) and not _START.match(text, offset):
        last.lines.append(line)
    else:
        return None
    if _DEFINITION.search(text, line.start, line.end):
        return None
    return _take_call(text, inline, starts, taken) if inline else end + 1


def _take_call(text: str, head: re.Match[str], starts: list[int], taken: list[Evidence | Idea]) -> int | None:
    """Take a call; return the offset to continue at, None if the text ends inside the call or prose continues it."""
    limit = starts[bisect_right(starts, head.end() - 1)]
    close = _closing(text, head.end(), limit, head["bracket"])
    if close is None:
        taken.append(_evidence(head, limit, limit, "its bracket is not closed"))
        return None if limit == len(text) else limit
    tail = _TAIL.match(text, close + 1)
    goes_on = tail.end() if tail else close + 1
    is_ended = tail is not None and tail["end"] is not None
    if is_ended or _INLINE.match(text, goes_on) or _PLAN.match(text, goes_on):
        taken.append(_evidence(head, close, close + 1))
        return goes_on
    end = text.find("\n", close)
    end = len(text) if end < 0 else end
    taken.append(_evidence(head, close, close + 1, "more text with brackets follows it"))
    return end + 1 if text.find("]", goes_on, end) >= 0 else None


def _evidence(head: re.Match[str], close: int, end: int, mistake: str | None = None) -> Evidence:
    """Return the call whose closing bracket is at an offset."""
    groups = head.groupdict()
    group = "name" if groups["name"] else "bare"
    name = Span(*head.span(group)) if groups.get(group) else None
    tool = Span(head.start("tool"), head.start("tool") + len(head["tool"].rstrip()))
    content = Span(head.end(), max(close, head.end()))
    return Evidence(head.start(), end, name, tool, content, head["bracket"] == "(", group == "bare", mistake)


def _closing(text: str, offset: int, limit: int, bracket: str) -> int | None:
    """Return the offset of the bracket that closes the one before `offset`, None without one before the limit."""
    waiting = [_CLOSERS[bracket]]
    for match in (_SQUARE if bracket == "[" else _ROUND).finditer(text, offset, limit):
        if match[0] in _CLOSERS:
            waiting.append(_CLOSERS[match[0]])
        elif match[0] == waiting[-1]:
            waiting.pop()
            if not waiting:
                return match.start()
        elif len(match[0]) == 1:
            return None
        if bracket == "(" and len(waiting) > Bounds.MODEL.nesting:
            return None
    return None
