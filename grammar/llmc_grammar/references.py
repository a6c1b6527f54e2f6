"""References: `$name` with steps, in expressions and in strings."""

import re
from collections.abc import Sequence
from typing import Final

from llmc_grammar.ast import Ref, Slot
from llmc_grammar.bounds import Bounds
from llmc_grammar.errors.expressions import BadReference, LeadingZero
from llmc_grammar.errors.lines import TooManySteps
from llmc_grammar.escapes import read_plain
from llmc_grammar.lazy_pattern import lazy_pattern
from llmc_grammar.mistake import Edit
from llmc_grammar.parse_state import ParseState
from llmc_grammar.source import Span

TARGET: Final = r"(?:[A-Za-z_][A-Za-z0-9_]*|[1-9][0-9]{0,3})"
"""The names and numbers to which a `$` in a string can refer."""

_NAME_OR_INDEX: Final = r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(-?[0-9]+)\]"
_SLOT_STEP: Final = lazy_pattern(
    rf"{_NAME_OR_INDEX}|\[\"([^\"]*(?:\"(?!\])[^\"]*)*)\"\]|\['([^']*(?:'(?!\])[^']*)*)'\]"
)
SLOT_STEPS: Final = (
    r"(?:\.[A-Za-z_][A-Za-z0-9_]*|\[-?[0-9]+\]|"
    r"\[\"[^\"]*(?:\"(?!\])[^\"]*)*\"\]|\['[^']*(?:'(?!\])[^']*)*'\])+"
)
"""Steps inside a decoded string: a key extends to the next quote that is followed by a bracket."""

_LONGEST_STEP: Final = 128

_STEP: Final = lazy_pattern(
    rf"{_NAME_OR_INDEX}|"
    r"\[(\"[^\"\\\n]*(?:\\(?:\r\n|[\s\S])[^\"\\\n]*)*\"|'[^'\\\n]*(?:\\(?:\r\n|[\s\S])[^'\\\n]*)*')\]"
)
_HEAD: Final = lazy_pattern(r"\$([0-9]+|[A-Za-z_][A-Za-z0-9_]*)")
_TASK: Final = lazy_pattern(r"[1-9][0-9]{0,3}\Z")


def is_task_number(digits: str) -> bool:
    """Whether a task may have this number: 1 to 9999, no leading zero."""
    return _TASK.match(digits) is not None


def read_reference(token: str, start: int, reading: ParseState) -> Ref:
    """Return the reference of a token that begins at offset `start`."""
    span = Span(start, start + len(token))
    head = _HEAD.match(token)
    assert head is not None  # noqa: S101 (the terminal guarantees it)
    name = head[1]
    if name[0].isdigit():
        _check_number(name, Span(start, start + head.end()), reading)
    else:
        reading.check_name(name, Span(start + 1, start + head.end()))
    reading.count_reference(span)
    if head.end() == len(token):
        return Ref(name, (), span)
    path = read_steps(token, start, reading, head.end())
    _check_count(path, Span(start + head.end(), start + len(token)), reading)
    return Ref(name, path, span)


def _check_number(digits: str, span: Span, reading: ParseState) -> None:
    """Report a number outside the range of task numbers."""
    if is_task_number(digits):
        return
    short = digits.lstrip("0")
    suggestion = f"${short}" if is_task_number(short) else None
    edit = Edit(span, suggestion) if suggestion else None
    reading.report(BadReference(span=span, found=f"${digits}", suggestion=suggestion, edit=edit))


def read_steps(token: str, start: int, reading: ParseState, first: int = 0) -> tuple[str | int, ...]:
    """Return the steps of a token from position `first` on."""
    path: list[str | int] = []
    for match in _STEP.finditer(token, first):
        if match[1]:
            path.append(match[1])
        elif match[2]:
            path.append(_index(match[2], start + match.start(2), reading))
        else:
            path.append(read_plain(match[3], start + match.start(3), reading))
    return tuple(path)


def read_slot(match: re.Match[str], span: Span, reading: ParseState) -> Slot:
    """Return the slot of a match in a string; group 1 is the name, and the optional group 2 has the steps."""
    reading.count_reference(span)
    path: list[str | int] = []
    for step in _SLOT_STEP.finditer(match[2] if match.re.groups > 1 else ""):
        if step[2]:
            path.append(_index(step[2], span.start, reading))
        else:
            path.append(next(group for group in (step[1], step[3], step[4]) if group is not None))
    _check_count(path, span, reading)
    return Slot(Ref(match[1], tuple(path), span), match[0])


def steps_behind(text: str, bounds: Bounds) -> list[tuple[str | int, int]]:
    """Return the steps at the beginning of a text in a string, each with its end; a very long key is not a step."""
    steps: list[tuple[str | int, int]] = []
    end = 0
    while len(steps) < bounds.steps and (step := _SLOT_STEP.match(text, end, end + _LONGEST_STEP)):
        end, digits = step.end(), step[2] and step[2].removeprefix("-")
        glued = text[end : end + 1]
        if (digits and (len(digits) > bounds.digits or digits[0] == "0" < digits[1:])) or (step[1] and glued.isalnum()):
            break
        key = next((group for group in (step[1], step[3], step[4]) if group is not None), "")
        steps.append((int(step[2]) if digits else key, end))
    return steps


def _index(digits: str, start: int, reading: ParseState) -> int:
    """Return the number of a `[number]` step."""
    span = Span(start, start + len(digits))
    number = digits.lstrip("-")
    if not reading.digits_fit(number, span):
        return 0
    value = int(digits)
    if number[0] == "0" and len(number) > 1:
        reading.report(LeadingZero(span=span, suggestion=str(value), edit=Edit(span, str(value))))
    return value


def _check_count(path: Sequence[str | int], span: Span, reading: ParseState) -> None:
    """Report too many steps."""
    if len(path) > reading.bounds.steps:
        reading.report(TooManySteps(span=span, count=len(path), limit=reading.bounds.steps))
