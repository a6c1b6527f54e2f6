"""Escapes the inside of a string so that the strict parser reads all of it as text."""

import re
from collections.abc import Callable
from typing import Final

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.repairs import BackslashKept, BraceKept, CurlyQuotes, LineBreakInside, QuoteInside
from llmc_grammar.escapes import BACKSLASH, unknown_escape
from llmc_grammar.mistake import Edit
from llmc_grammar.repair.marks import STRAIGHT, straight
from llmc_grammar.repair.statements.changes import Change, Repair
from llmc_grammar.source import Span
from llmc_grammar.text import BRACED

_OTHERS: Final = r"(?P<line>\r?\n)|\$\$|(?P<brace>\$\{)|(?P<quote>[\"'])"
_SPECIAL: Final = re.compile(rf"\\(?:u[0-9a-fA-F]{{4}}|\r\n|[ntr\\\"'\n])|{_OTHERS}")
_AS_TEXT: Final = {
    '"': re.compile(rf'\\[\\"]|(?P<backslash>\\)|{_OTHERS}'),
    "'": re.compile(rf"\\[\\\"']|(?P<backslash>\\)|{_OTHERS}"),
}
"""The same for a string whose other backslashes are text, by its quote."""

_WINDOW: Final = 256
_LONG_SLOTS: Final = 16
_REPORTS: Final[dict[str, Callable[..., Diagnostic]]] = {
    "quote": QuoteInside,
    "line": LineBreakInside,
    "curly": CurlyQuotes,
    "backslash": BackslashKept,
    "brace": BraceKept,
}
"""The warning of a string's repair, by kind of change. If a repair has several kinds, the first one here counts."""


def inside(text: str, start: int, end: int, quote: str, *, raw: bool = False) -> list[tuple[str, Change]]:
    """Return the changes that let a string's content stand between two straight quotes `quote`.

    `raw`: backslashes are text even though all the escapes exist.
    """
    changes: list[tuple[str, Change]] = []
    slots = 0
    special = _AS_TEXT[quote] if raw or unknown_escape(text, start, end) else _SPECIAL
    for match in special.finditer(text, start, end):
        kind, offset = match.lastgroup, match.start()
        if kind == "line":
            changes.append((kind, Change(offset, match.end(), "\\n")))
        elif kind == "brace":
            slots += not BRACED.match(text, offset, min(end, offset + _WINDOW))
            if slots > _LONG_SLOTS or not BRACED.match(text, offset, end):
                changes.append((kind, Change(offset, offset, "$")))
        elif kind == "backslash" or (kind == "quote" and match[0] == quote):
            changes.append((kind, Change(offset, offset, "\\")))
    return changes


def mended(text: str, start: int, end: int, *, added: bool, raw: bool = False) -> Repair | None:
    """Return the repair of a string, None if it needs none; `start` and `end` include its quotes.

    `added`: the last quote is missing. `raw`: the backslash before the last quote is text, and so are all others.
    """
    if text.startswith('"""', start):
        return _mended_long(text, start, end) if raw else None
    quote = straight(text[start])
    last = end if added else end - 1
    changes = inside(text, start + 1, last, quote, raw=raw)
    if text[start] not in STRAIGHT:
        changes.insert(0, ("curly", Change(start, start + 1, quote)))
    if not added and text[last] not in STRAIGHT:
        changes.append(("curly", Change(last, end, quote)))
    return _repair(text, (start, end), changes, raw=raw)


def _mended_long(text: str, start: int, end: int) -> Repair | None:
    """Return the repair of a triple-quoted string whose last backslash is text."""
    places = (match.start() for match in BACKSLASH['"'].finditer(text, start + 3, end - 3) if match["text"])
    return _repair(text, (start, end), [("backslash", Change(at, at, "\\")) for at in places], raw=True)


def _repair(text: str, place: tuple[int, int], changes: list[tuple[str, Change]], *, raw: bool) -> Repair | None:
    """Return the repair that makes these changes to a string, None without changes."""
    kinds = {kind for kind, _ in changes}
    name = next((name for name in _REPORTS if name in kinds), None)
    if name is None:
        return None
    words = {}
    if name == "backslash":
        unknown = None if raw else unknown_escape(text, *place)
        words = {
            "reason": f"`{unknown}` is not an escape" if unknown else "the quote after the last one ends the string"
        }
    report = _REPORTS[name]

    def warn(span: Span, edit: Edit) -> Diagnostic:
        return report(span=span, edit=edit, **words)

    return Repair(tuple(change for _, change in changes), warn, raw or "line" in kinds, place)


def quoted(text: str, start: int, end: int) -> Change:
    """Return the change that puts the text from `start` to `end` in double quotes."""
    inner = [change for _, change in inside(text, start, end, '"')]
    parts: list[str] = []
    offset = start
    for change in inner:
        parts += (text[offset : change.start], change.text)
        offset = change.end
    return Change(start, end, f'"{"".join(parts)}{text[offset:end]}"')


def may_join(text: str, start: int, end: int) -> bool:
    """Whether a string needs no repair apart from backslashes that are text."""
    if text.startswith('"""', start) or text[start] not in STRAIGHT or text[end - 1] != text[start]:
        return False
    return all(kind == "backslash" for kind, _ in inside(text, start + 1, end - 1, text[start]))


def joined(text: str, first: tuple[int, int], others: list[tuple[int, int]]) -> tuple[Change, ...]:
    """Return the changes that join adjacent strings into one, with the quotes of the first."""
    quote = straight(text[first[0]])
    changes = [change for _, change in inside(text, first[0] + 1, first[1] - 1, quote)]
    last = first[1] - 1
    for start, end in others:
        changes.append(Change(last, start + 1, ""))
        needed = [change for _, change in inside(text, start + 1, end - 1, text[start])]
        foreign = [change for kind, change in inside(text, start + 1, end - 1, quote) if kind == "quote"]
        changes += sorted({*needed, *foreign})
        last = end - 1
    return (*changes, Change(last, last + 1, quote))
