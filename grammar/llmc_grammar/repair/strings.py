"""The inside of a string, so that the strict reading takes all of it as text."""

import re
from collections.abc import Callable
from typing import Final

from llmc_grammar.diagnostic import Diagnostic, Edit
from llmc_grammar.errors.repairs import BackslashKept, BraceKept, CurlyQuotes, LineBreakInside, QuoteInside
from llmc_grammar.repair.changes import Change, Repair
from llmc_grammar.repair.marks import STRAIGHT, straight
from llmc_grammar.source import Span
from llmc_grammar.text import BRACED

_SPECIAL: Final = re.compile(
    r"\\(?:u[0-9a-fA-F]{4}|\r\n|[ntr\\\"'\n])|(?P<backslash>\\)|(?P<line>\r?\n)|\$\$|(?P<brace>\$\{)|(?P<quote>[\"'])"
)
_WINDOW: Final = 256
_LONG_SLOTS: Final = 16
_REPORTS: Final[dict[str, Callable[..., Diagnostic]]] = {
    "quote": QuoteInside,
    "line": LineBreakInside,
    "curly": CurlyQuotes,
    "backslash": BackslashKept,
    "brace": BraceKept,
}
"""What a string's repair is called, by the first of these that it has."""


def inside(text: str, start: int, end: int, quote: str) -> list[tuple[str, Change]]:
    """The changes of a string's content, so that it may stand between two straight quotes `quote`."""
    changes: list[tuple[str, Change]] = []
    slots = 0
    for match in _SPECIAL.finditer(text, start, end):
        kind, at = match.lastgroup, match.start()
        if kind == "line":
            changes.append((kind, Change(at, match.end(), "\\n")))
        elif kind == "brace":
            slots += not BRACED.match(text, at, min(end, at + _WINDOW))
            if slots > _LONG_SLOTS or not BRACED.match(text, at, end):
                changes.append((kind, Change(at, at, "$")))
        elif kind == "backslash" or (kind == "quote" and match[0] == quote):
            changes.append((kind, Change(at, at, "\\")))
    return changes


def mended(text: str, start: int, end: int, *, added: bool) -> Repair | None:
    """The repair of a string from its first quote to behind its last one (`added`: it has none), if it needs one."""
    quote = straight(text[start])
    if text.startswith('"""', start):
        return None
    last = end if added else end - 1
    changes = inside(text, start + 1, last, quote)
    if text[start] not in STRAIGHT:
        changes.insert(0, ("curly", Change(start, start + 1, quote)))
    if not added and text[last] not in STRAIGHT:
        changes.append(("curly", Change(last, end, quote)))
    kinds = {kind for kind, _ in changes}
    name = next((name for name in _REPORTS if name in kinds), None)
    if name is None:
        return None
    report = _REPORTS[name]

    def warn(span: Span, edit: Edit) -> Diagnostic:
        return report(span=span, edit=edit)

    return Repair(tuple(change for _, change in changes), warn, "line" in kinds, (start, end))


def quoted(text: str, start: int, end: int) -> Change:
    """What stands from `start` to `end`, in double quotes."""
    inner = [change for _, change in inside(text, start, end, '"')]
    parts: list[str] = []
    at = start
    for change in inner:
        parts += (text[at : change.start], change.text)
        at = change.end
    return Change(start, end, f'"{"".join(parts)}{text[at:end]}"')


def joined(text: str, first: tuple[int, int], others: list[tuple[int, int]]) -> tuple[Change, ...]:
    """The changes that make one string of several side by side, with the first one's quotes."""
    quote = straight(text[first[0]])
    changes: list[Change] = []
    behind = first[1] - 1
    for start, end in others:
        changes.append(Change(behind, start + 1, ""))
        changes += (change for kind, change in inside(text, start + 1, end - 1, quote) if kind == "quote")
        behind = end - 1
    return (*changes, Change(behind, behind + 1, quote))
