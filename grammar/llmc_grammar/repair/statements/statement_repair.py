"""Reads the text of one statement: strictly first, then with repairs. A line may hold several statements."""

import re
from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Final

from llmc_grammar.ast import Statement
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic, without_edit
from llmc_grammar.errors.lines import NestedTooDeep
from llmc_grammar.errors.repairs import (
    CallUnread,
    CloserAdded,
    CurlyQuotes,
    FullWidth,
    TailLeftOut,
    TwoReadings,
    TwoTasks,
)
from llmc_grammar.frozen_data import frozen
from llmc_grammar.repair.full_width import Swap, swapped, swaps
from llmc_grammar.repair.marks import NAME, PAIRS
from llmc_grammar.repair.statements import string_repair
from llmc_grammar.repair.statements.argument_repair import Arguments
from llmc_grammar.repair.statements.call_scan import CANDIDATE, Bracket, CallScan
from llmc_grammar.repair.statements.changes import Change, Places, Repair, applied, outermost, relocated, warning
from llmc_grammar.repair.statements.quotes import Around, Verdict, escaped_end
from llmc_grammar.repair.statements.task_heads import Head
from llmc_grammar.source import Span
from llmc_grammar.split import Piece, Splitter
from llmc_grammar.statement import kind_of, parses, read_if_it_parses, read_statement

_TAIL: Final = re.compile(
    r"[ \t\r]*(?P<left>->|=>|\u2192|[`*]{1,3}[ \t\r]*(?:->|=>|\u2192|(?:[.;,][ \t\r]*)?\Z)|[.;,][ \t\r]*\Z)"
)
_ARROW: Final = re.compile(r"->|=>|\u2192")
_NEXT_TASK: Final = re.compile(rf"[ \t\r]*(?:[,;][ \t]*)?(?=[0-9]{{1,4}}[.)](?![0-9])[ \t]*(?:{NAME}\.)*{NAME}\()")
_STRING_ALONE: Final = re.compile(
    rf"[ \t]*(?:[0-9]{{1,4}}\.|{NAME}[ \t]*=)[ \t]*"
    r"(?P<string>\"(?:[^\"\\\n]|\\.)*\\\"|'(?:[^'\\\n]|\\.)*\\')[ \t\r]*\Z"
)
"""A task that is a string with a backslash before each quote, including the last."""

_ESCAPED_QUOTE: Final = re.compile(r"\\[\"']")
_MENDABLE: Final = frozenset({"E187", "E162"})
"""Codes of semantic mistakes that a repair may remove: a malformed brace, a leading zero."""

_MOST_MISTAKES: Final = 64
_BESIDE_SWAPS: Final = frozenset({"W112", "W113", "W114", "W115"})
"""Repairs allowed with full-width characters: those that do not decide where an argument begins or ends."""

_NO_NAME: Final = "E172"
_GROUP: Final = re.compile(r"[0-9],[0-9]{3}(?![0-9])")


@frozen
class Setting:
    """The context of repairs: the bounds, the names of the tools, the names of the tasks above."""

    bounds: Bounds
    tools: Container[str]
    names: Container[str]


@frozen
class RepairedStatement:
    """The reading of a part of a text: its statement or its mistakes, the text after edits, its span.

    `moved`: a repair decided where the statement begins or ends. `rest`: the offset of the next task on the same line.
    """

    text: str
    span: Span
    statement: Statement | None
    found: tuple[Diagnostic, ...]
    moved: bool = False
    rest: int | None = None


def read_with_head(text: str, base: int, head: Head | None, setting: Setting) -> RepairedStatement | None:
    """Read a text with at most its head repaired; return None if the grammar refuses it."""
    if head is not None and head.repairs:
        return _attempt(text, base, head.repairs, setting)
    read = _read(text, base, setting)
    return None if read is None else RepairedStatement(text, Span(base, base + len(text)), read[0], tuple(read[1]))


def _read(text: str, base: int, setting: Setting) -> tuple[Statement | None, Sequence[Diagnostic]] | None:
    """Return the statement of a text and its mistakes, None if the grammar refuses the text."""
    if sum(map(text.count, PAIRS)) > setting.bounds.nesting:
        # The splitter has not checked the nesting of this text yet, and readers of the tree may recurse.
        mistakes = _first_mistakes(text, setting.bounds, None)
        if deep := [relocated(one, Places((), base)) for one in mistakes if isinstance(one, NestedTooDeep)]:
            return None, deep
    return read_if_it_parses(text, base, kind_of(text), setting.bounds, lenient=True)


def refuse(
    text: str, base: int, setting: Setting, head: Head | None = None, *, lines: int | None = None
) -> RepairedStatement:
    """Return a text unrepaired, with the mistakes that the strict parser finds first in its first `lines`."""
    changes = [change for repair in (head.repairs if head else ()) for change in repair.changes]
    edited = applied(text, changes)
    errors = [relocated(one, Places(changes, base)) for one in _first_mistakes(edited, setting.bounds, lines)]
    if not errors:
        errors = [
            TwoReadings(
                span=Span(base, base + len(text.split("\n", 1)[0])), what="the end of this statement is unclear"
            )
        ]
    return RepairedStatement(edited, Span(base, base + len(text)), None, tuple(errors))


def _first_mistakes(text: str, bounds: Bounds, lines: int | None) -> list[Diagnostic]:
    """Return the errors of the first statement of a text."""
    splitter = Splitter(bounds)
    pieces: list[Piece] = []
    for start, line in _lines(text)[:lines]:
        pieces = splitter.line(line, start)
        if pieces:
            break
    pieces = pieces or splitter.end()
    mistakes = [one for one in splitter.found if pieces and one.span.start <= pieces[0].end]
    if pieces and pieces[0].sound and pieces[0].mark is None:
        mistakes += read_statement(pieces[0].text, pieces[0].start, kind_of(pieces[0].text), bounds)[1]
    return [one for one in mistakes if one.severity == "error"]


def _lines(text: str) -> list[tuple[int, str]]:
    """Return the lines of a text with their offsets."""
    lines: list[tuple[int, str]] = []
    offset = 0
    for line in text.split("\n"):
        lines.append((offset, line))
        offset += len(line) + 1
    return lines


def mend(
    text: str, base: int, head: Head, setting: Setting, *, forced: bool = False, tried: bool = True
) -> RepairedStatement | None:
    """Repair the first call of a text and read its statement; return None if the text does not close the call.

    `forced`: missing closers at the end are added. `tried`: the unedited text is known not to parse.
    """
    if head.call is None:
        return _finish(text, base, head, [], len(text), setting)
    wide = swaps(text, head.tool)
    if wide and (mended := _mend_wide(text, base, head, wide, setting)):
        return mended
    if text[head.call] != "(":
        span = Span(base + head.tool, base + head.call)
        mistake = CallUnread(span=span, tool=text[head.tool : head.call])
        edited = applied(text, [change for repair in head.repairs for change in repair.changes])
        return RepairedStatement(edited, Span(base, base + len(text)), None, (mistake,))
    nesting = setting.bounds.nesting
    mended = _scanned(text, base, head, CallScan(text, nesting, forced=forced), setting, tried=tried)
    if (mended is None or mended.statement is None) and _ESCAPED_QUOTE.search(text):
        scan = CallScan(text, nesting, forced=forced, early=True)
        other = _scanned(text, base, head, scan, setting, tried=tried)
        if other is not None and other.statement is not None:
            return other
    return mended


def _scanned(
    text: str, base: int, head: Head, scan: CallScan, setting: Setting, *, tried: bool
) -> RepairedStatement | None:
    """Read the statement of a text with one scan of its call; return None if the text does not close the call."""
    root = None if head.call is None else scan.scan(head.tool, head.call)
    if root is None:
        return _refused(scan, text, base) if scan.refusal and scan.forced else None
    following = _NEXT_TASK.match(text, root.end) if head.numbered else None
    part = text[: root.end] if following else text
    mended = None if tried and not following else read_with_head(part, base, head, setting)
    if mended is None or is_mendable(mended, base, part):
        mended = _mend_call(part, base, head, (scan, root), setting)
    if following is None:
        return mended
    gap = Repair(
        (Change(root.end, following.end(), "\n"),), lambda span, edit: TwoTasks(span=span, edit=edit), moves=True
    )
    found = (*mended.found, warning(gap, text, base))
    return RepairedStatement(mended.text, mended.span, mended.statement, found, moved=True, rest=following.end())


def _mend_wide(text: str, base: int, head: Head, wide: list[Swap], setting: Setting) -> RepairedStatement | None:
    """Read a text with full-width characters swapped, if the swaps do not change its arguments."""
    mended = mend(swapped(text, wide), base, head, setting, tried=False)
    if mended is None or mended.statement is None:
        return None
    if any(one.code.startswith(("W11", "W12")) and one.code not in _BESIDE_SWAPS for one in mended.found):
        return None
    edits = [one.edit.span for one in mended.found if one.edit is not None and one.code in _BESIDE_SWAPS]
    repairs = [
        _swap(one)
        for one in wide
        if one.end <= (mended.rest or len(text)) and not any(start <= base + one.start < end for start, end in edits)
    ]
    others = [one if one.code in _BESIDE_SWAPS else _outside(one, repairs, base) for one in mended.found]
    return replace(mended, found=(*(warning(one, text, base) for one in repairs), *others))


def _swap(swap: Swap) -> Repair:
    """Return the repair for one swap."""
    change = (Change(swap.start, swap.end, swap.text),)
    if swap.is_string:
        return Repair(change, lambda span, edit: CurlyQuotes(span=span, edit=edit))
    return Repair(change, lambda span, edit: FullWidth(span=span, edit=edit, plain=swap.text))


def _mend_call(
    text: str, base: int, head: Head, scanned: tuple[CallScan, Bracket], setting: Setting
) -> RepairedStatement:
    """Repair and read a text whose first call has been scanned."""
    scan, root = scanned
    if scan.refusal:
        return _refused(scan, text, base)
    repairs = _arguments(root, scan, text, setting)
    return (
        refuse(text, base, setting, head) if repairs is None else _finish(text, base, head, repairs, root.end, setting)
    )


def mend_value(text: str, base: int, setting: Setting) -> RepairedStatement | None:
    """Read a task that is a string whose last quote follows a backslash, if that backslash is text."""
    match = _STRING_ALONE.match(text)
    if match is None:
        return None
    start, end = match.span("string")
    escaped = [quote.start(1) for quote in CANDIDATE[text[start]].finditer(text, start + 1) if quote["escaped"]]
    repair = string_repair.mended(text, start, end, added=False, raw=True)
    if repair is None or escaped_end(text, escaped, Around(("group",), ("(",))) is not Verdict.DELIMITER:
        return None
    return _attempt(text, base, [repair], setting)


def _refused(scan: CallScan, text: str, base: int) -> RepairedStatement:
    """Return a text with the reason why its scan gave up."""
    mistakes = () if scan.refusal is None else (relocated(scan.refusal, Places((), base)),)
    return RepairedStatement(text, Span(base, base + len(text)), None, mistakes)


def _arguments(root: Bracket, scan: CallScan, text: str, setting: Setting) -> list[Repair] | None:
    """Return the repairs of a scanned call, None if there are too many."""
    arguments = Arguments(text, setting.names, lambda skeleton: parses(f"({skeleton})"))
    arguments.settle(root)
    if arguments.too_many:
        return None
    return arguments.repairs + [_added(at, closers) for at, closers in _runs(scan.added)]


def _runs(added: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Group added closers by offset."""
    places: dict[int, str] = {}
    for offset, closer in added:
        places[offset] = places.get(offset, "") + closer
    return sorted(places.items())


def _added(offset: int, closers: str) -> Repair:
    """Return the repair that adds closers at an offset."""
    return Repair(
        (Change(offset, offset, closers),),
        lambda span, edit: CloserAdded(span=span, edit=edit, closer=closers),
        moves=True,
    )


def _finish(  # noqa: PLR0917 (the parts of an attempt)
    text: str, base: int, head: Head, repairs: list[Repair], end: int, setting: Setting
) -> RepairedStatement:
    """Read the text with its repairs; if that fails, read it without the tail after the call, which ends at `end`."""
    mended = _attempt(text, base, [*head.repairs, *repairs], setting) if repairs or head.call is None else None
    tail = _TAIL.match(text, end)
    if mended is None and tail:
        moves = _ARROW.search(tail["left"]) is not None
        cut = Repair(
            (Change(end, len(text.rstrip()), ""),), lambda span, edit: TailLeftOut(span=span, edit=edit), moves=moves
        )
        mended = _attempt(text, base, [*head.repairs, *repairs, cut], setting)
    if mended is not None:
        return mended
    return refuse(text, base, setting, head)


def _attempt(text: str, base: int, repairs: Sequence[Repair], setting: Setting) -> RepairedStatement | None:
    """Read the text with these repairs; return None if the grammar refuses it."""
    repairs = outermost(repairs)
    changes = [change for repair in repairs for change in repair.changes]
    edited = applied(text, changes)
    read = _read(edited, 0, setting)
    if read is None:
        return None
    statement, read_mistakes = read
    places = Places(changes, base)
    mistakes = [_outside(relocated(mistake, places), repairs, base) for mistake in read_mistakes]
    warnings = [warning(repair, text, base) for repair in repairs]
    span = Span(base, base + len(text))
    moved = any(repair.moves for repair in repairs)
    node = None if statement is None else relocated(statement, places)
    return RepairedStatement(edited, span, node, (*warnings, *mistakes), moved)


def _outside(mistake: Diagnostic, repairs: list[Repair], base: int) -> Diagnostic:
    """Return a mistake, without its edit if a repair edits the same text."""
    if mistake.edit is None:
        return mistake
    start, end = (at - base for at in mistake.edit.span)
    is_apart = all(end < repair.start or start > repair.end for repair in repairs)
    return mistake if is_apart else without_edit(mistake)


def is_mendable(read: RepairedStatement, base: int, text: str) -> bool:
    """Whether repairs may remove all mistakes of a text that the grammar accepts."""
    errors = [one for one in read.found if one.severity == "error"]
    return 0 < len(errors) <= _MOST_MISTAKES and all(
        one.code in _MENDABLE or _is_group(one, base, text) for one in errors
    )


def _is_group(mistake: Diagnostic, base: int, text: str) -> bool:
    """Whether an unnamed value continues the digits of the named one before it, as in `amount=1,234`."""
    at = mistake.span.start - base - len("1,")
    return mistake.code == _NO_NAME and at >= 0 and _GROUP.match(text, at) is not None
