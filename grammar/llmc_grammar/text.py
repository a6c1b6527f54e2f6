"""Strings: escapes are decoded first, then each `$` is examined once."""

import re
from typing import Final

from llmc_grammar.ast import Slot, Text
from llmc_grammar.errors.expressions import BadFormat, BadSlot, GluedDollar
from llmc_grammar.errors.repairs import FormatKept
from llmc_grammar.escapes import Decoded, decode
from llmc_grammar.format_specs import format_mistake, from_python
from llmc_grammar.lazy_pattern import lazy_pattern
from llmc_grammar.mistake import Edit
from llmc_grammar.parse_state import ParseState
from llmc_grammar.references import SLOT_STEPS, TARGET, is_task_number, read_slot
from llmc_grammar.source import Span

_WHOLE: Final = lazy_pattern(rf"\$({TARGET})({SLOT_STEPS})\Z")
BRACED: Final = lazy_pattern(rf"\$\{{({TARGET})({SLOT_STEPS}|)(?:[:!]([^{{}}\n]*))?\}}")
"""A reference in braces: its name, its steps and, unless it has none, its format, good or not."""

_SHOWN: Final = 40
_NUMBER: Final = lazy_pattern(r"\$([0-9]+)")
_MONEY: Final = lazy_pattern(r"[.,][0-9]")
_NAME: Final = lazy_pattern(r"\$([A-Za-z_][A-Za-z0-9_]*)")


def is_path(text: str) -> bool:
    """Whether a whole string is a reference with steps."""
    return _WHOLE.match(text) is not None


def is_slot(text: str, start: int = 0, end: int | None = None) -> bool:
    """Whether a reference in braces begins at `start`, with a format or without one."""
    match = BRACED.match(text, start, len(text) if end is None else end)
    return match is not None and (match[3] is None or _format(match) is not None)


def _format(match: re.Match[str]) -> str | None:
    """Return the format of a match that has one, without the parts that change nothing; None for a bad one."""
    spec = from_python(match[3])
    return None if match.string[match.start(3) - 1] == "!" or format_mistake(spec) else spec


def read_string(token: str, start: int, reading: ParseState) -> Text:
    """Return the text and slots of a string token that begins at offset `start`."""
    span = Span(start, start + len(token))
    decoded = decode(token, start, reading)
    if "$" not in decoded.text or reading.plain:
        return Text((decoded.text,) if decoded.text else (), span)
    return Text(_slots(decoded, reading), span)


def _slots(decoded: Decoded, reading: ParseState) -> tuple[str | Slot, ...]:
    """Split the content into text and slots."""
    text = decoded.text
    whole = _WHOLE.match(text)
    if whole and 0 not in decoded.dollars:
        return (read_slot(whole, decoded.span(0, len(text)), reading),)
    parts: list[str | Slot] = []
    pending: list[str] = []
    done = 0
    index = text.find("$")
    while index >= 0:
        pending.append(text[done:index])
        item, done = ("$", index + 1) if index in decoded.dollars else _dollar(decoded, index, reading)
        if isinstance(item, str):
            pending.append(item)
        else:
            parts += _flush(pending)
            parts.append(item)
        index = text.find("$", done)
    pending.append(text[done:])
    return tuple(parts + _flush(pending))


def _flush(pending: list[str]) -> list[str | Slot]:
    """Return the collected text as one piece, if there is any."""
    text = "".join(pending)
    pending.clear()
    return [text] if text else []


def _dollar(decoded: Decoded, index: int, reading: ParseState) -> tuple[str | Slot, int]:
    """Return the meaning of the `$` at `index`, and the index after it."""
    text = decoded.text
    follower = text[index + 1 : index + 2]
    if follower == "$" and index + 1 not in decoded.dollars:
        return "$", index + 2
    if follower == "{":
        return _braced(decoded, index, reading)
    number = _NUMBER.match(text, index)
    if number and (_MONEY.match(text, number.end()) or not is_task_number(number[1])):
        return number[0], number.end()
    target = number or _NAME.match(text, index)
    if target is None:
        return "$", index + 1
    letter = text[target.end() : target.end() + 1]
    if letter and (letter.isalpha() or letter == "_"):
        return _glued(decoded, target, reading)
    return read_slot(target, decoded.span(index, target.end()), reading), target.end()


def _glued(decoded: Decoded, target: re.Match[str], reading: ParseState) -> tuple[str, int]:
    """`$5M`: text, with a warning."""
    end = target.end()
    while end < len(decoded.text) and (decoded.text[end].isalnum() or decoded.text[end] == "_"):
        end += 1
    written, name, rest = decoded.text[target.start() : end], target[1], decoded.text[target.end() : end]
    span = decoded.span(target.start(), end)
    edit = None if decoded.edited else Edit(Span(span.start, span.start), "$")
    text, reference = f"$${name}{rest}", f"${{{name}}}{rest}"
    reading.report(GluedDollar(span=span, found=written, reference=reference, text=text, edit=edit))
    return written, end


def _braced(decoded: Decoded, index: int, reading: ParseState) -> tuple[str | Slot, int]:
    """`${name.step}`."""
    match = BRACED.match(decoded.text, index)
    if match and match[3] is not None:
        return _formatted(decoded, match, reading), match.end()
    if match:
        return read_slot(match, decoded.span(index, match.end()), reading), match.end()
    end = decoded.text.find("}", index, index + 80) + 1 or index + 2
    span = decoded.span(index, end)
    reading.report(BadSlot(span=span, edit=Edit(Span(span.start, span.start), "$")))
    return decoded.text[index:], len(decoded.text)  # the rest is skipped: each match may run to the string's end


def _formatted(decoded: Decoded, match: re.Match[str], reading: ParseState) -> str | Slot:
    """`${name:,.2f}`; a model may write Python's formats, and any other text in braces stays text."""
    spec, written = match[3], _format(match)
    span, prefix = decoded.span(match.start(), match.end()), match[0][: match.start(3) - match.start()]
    if written is not None and (reading.lenient or written == spec):
        return Slot(read_slot(match, span, reading).ref, f"{prefix}{written}}}", written)
    edit = None if decoded.edited else Edit(Span(span.start, span.start), "$")
    short = match[0] if len(match[0]) <= _SHOWN else f"{match[0][:_SHOWN]}…"
    if reading.lenient:
        reading.report(FormatKept(span=span, found=short, edit=edit))
        return match[0]
    reason, _, advice = (format_mistake(spec) or "").rpartition(": ")
    suggestion = f"{advice}, or `$${{` for these characters"
    if written is not None:
        suggestion, edit = f"write `{prefix}{written}}}`", edit and Edit(span, f"{prefix}{written}}}")
    reading.report(BadFormat(span=span, found=short, reason=reason, suggestion=suggestion, edit=edit))
    return match[0]
