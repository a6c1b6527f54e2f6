"""Finds the repairs of the arguments of a scanned call."""

import re
from collections.abc import Container
from typing import Final

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.repairs import ColonRead, LoopBracketed, QuoteAtStart, StringsJoined, TextQuoted, TupleRead
from llmc_grammar.mistake import Edit
from llmc_grammar.repair.statements.bare_arguments import (
    Probe,
    begins_thousands,
    goes_on_thousands,
    is_expression,
    is_text,
)
from llmc_grammar.repair.statements.call_scan import Bracket, CallItem, Quoted
from llmc_grammar.repair.statements.changes import Change, Repair
from llmc_grammar.repair.statements.string_repair import joined, may_join, mended, quoted
from llmc_grammar.source import Span

_MOST: Final = 256
_PROBES: Final = 64
_GROUPS: Final = 6
_EMPTY: Final = {"call": "()", "group": "(0)", "list": "[]", "mapping": "{}", "step": "[0]", "text": "()"}
_LOOP: Final = re.compile(r"\bfor[ \t\r\n]+\w+[ \t\r\n]+in\b")


class Arguments:
    """The repairs of one call's arguments and their parts; `names` are those of the tasks above."""

    def __init__(self, text: str, names: Container[str], probe: Probe) -> None:

        self.repairs: list[Repair] = []
        self._text = text
        self._names = names
        self._probe = probe
        self._probes = 0

    @property
    def too_many(self) -> bool:
        """Whether there are too many repairs for the call to be worth repairing."""
        return len(self.repairs) > _MOST

    def settle(self, bracket: Bracket) -> None:
        """Find the repairs of a bracket's items."""
        if bracket.kind == "text":
            return
        if bracket.kind == "call" and self._is_one_text(bracket.items):
            return
        index = 0
        while index < len(bracket.items) and not self.too_many:
            count = self._thousands(bracket, index)
            if not count:
                self._item(bracket.items[index], bracket)
            index += count or 1
        if bracket.kind == "group" and len(bracket.items) > 1 and self._text[bracket.at : bracket.at + 1] == "(":
            self._tuple(bracket)

    def _keep(self, report: type[Diagnostic], *changes: Change, moves: bool = False) -> None:

        def warn(span: Span, edit: Edit) -> Diagnostic:
            return report(span=span, edit=edit)

        self.repairs.append(Repair(changes, warn, moves=moves))

    def _value(self, item: CallItem) -> str:
        """Return an item's value as written."""
        return self._text[item.value : item.end]

    # ── several items at once ──

    def _is_one_text(self, items: list[CallItem]) -> bool:
        """Quote all arguments as one string if none of them is an expression: `search(Paris, Texas)`."""
        if len(items) < 2 or not all(self._is_bare(item) for item in items):  # noqa: PLR2004 (a comma between two)
            return False
        start, end = items[0].start, items[-1].end
        if not is_text(self._text[start:end], self._names):
            return False
        self._keep(TextQuoted, quoted(self._text, start, end))
        return True

    def _is_bare(self, item: CallItem) -> bool:
        """Whether an argument has no name, no quotes and no brackets, and is not an expression."""
        has_parts = any(isinstance(part, Quoted) or part.kind != "text" for part in item.parts)
        if item.name_end >= 0 or item.cut or has_parts or item.start >= item.end:
            return False
        return not self._is_expression(item)

    def _thousands(self, bracket: Bracket, index: int) -> int:
        """Quote a number with commas that begins at item `index`; return the number of its items."""
        items = bracket.items
        if not begins_thousands(self._value(items[index])):
            return 0
        last = index + 1
        while last < min(len(items), index + _GROUPS) and self._continues(items[last - 1], items[last]):
            last += 1
        group = items[index + 1 : last]
        if not group or not (items[index].name_end >= 0 or any(self._value(item)[:1] == "0" for item in group)):
            return 0
        self._keep(TextQuoted, quoted(self._text, items[index].value, group[-1].end))
        return last - index

    def _continues(self, before: CallItem, item: CallItem) -> bool:
        """Whether an item continues the digits of the one before it."""
        return item.value == before.end + 1 and item.name_end < 0 and goes_on_thousands(self._value(item))

    def _tuple(self, bracket: Bracket) -> None:
        """Rewrite `(1, 2)` as a list."""
        self._keep(TupleRead, Change(bracket.at, bracket.at + 1, "["), Change(bracket.end - 1, bracket.end, "]"))

    # ── one item ──

    def _item(self, item: CallItem, bracket: Bracket) -> None:
        """Find the repairs of an item and its parts."""
        if item.end < 0 or item.cut:
            return
        strings = [part for part in item.parts if isinstance(part, Quoted)]
        keys = [item.key] if item.key else []
        self._strings(keys)
        if bracket.kind != "step" and not self._is_expression(item) and not self._loop(item, bracket):
            if self._quote(item, bracket, strings) or self._join(item, strings):
                return
        elif item.colon:
            self._colon(item)
        for part in item.parts:
            if isinstance(part, Bracket):
                self.settle(part)
        self._strings(strings)

    def _strings(self, strings: list[Quoted]) -> None:
        """Find the repairs inside strings."""
        repairs = (mended(self._text, one.start, one.end, added=one.added, raw=one.raw) for one in strings)
        self.repairs += (repair for repair in repairs if repair is not None)

    def _colon(self, item: CallItem) -> None:
        """Rewrite `name: value` as `name=value`."""
        name = self._text[item.start : item.name_end]
        change = Change(item.name_end, item.value, "=")
        self.repairs.append(Repair((change,), lambda span, edit: ColonRead(span=span, edit=edit, name=name)))

    def _loop(self, item: CallItem, bracket: Bracket) -> bool:
        """Put a loop that is an argument in square brackets; one that is alone in round brackets changes these."""
        skeleton = self._skeleton(item)
        if bracket.kind not in {"call", "group"} or not _LOOP.search(skeleton) or not self._ask(f"[{skeleton}]"):
            return False
        start, end = (item.value, item.value), (item.end, item.end)
        if bracket.kind == "group" and len(bracket.items) == 1:
            start, end = (bracket.at, bracket.at + 1), (bracket.end - 1, bracket.end)
        self._keep(LoopBracketed, Change(*start, "["), Change(*end, "]"))
        if item.colon:
            self._colon(item)
        return True

    def _quote(self, item: CallItem, bracket: Bracket, strings: list[Quoted]) -> bool:
        """Put an item in quotes if it is text; a name and a colon that look like part of the text are quoted too."""
        if strings:
            return False
        is_title = item.colon and not (
            self._text[item.start].islower() or sum(one.name_end >= 0 for one in bracket.items) > 1
        )
        start = item.start if is_title else item.value
        if not is_text(self._text[start : item.end].removeprefix("'" if item.apostrophe else ""), self._names):
            return False
        if item.colon and not is_title:
            self._colon(item)
        self._keep(
            QuoteAtStart if item.apostrophe else TextQuoted, quoted(self._text, start, item.end), moves=item.apostrophe
        )
        return True

    def _join(self, item: CallItem, strings: list[Quoted]) -> bool:
        """Join adjacent strings into one."""
        if len(strings) < 2 or len(strings) != len(item.parts) or self._skeleton(item).strip('" \t\r\n'):  # noqa: PLR2004
            return False
        if any(part.added or part.raw or not may_join(self._text, part.start, part.end) for part in strings):
            return False
        spans = [(part.start, part.end) for part in strings]
        self._keep(StringsJoined, *joined(self._text, spans[0], spans[1:]))
        if item.colon:
            self._colon(item)
        return True

    # ── expressions ──

    def _is_expression(self, item: CallItem) -> bool:
        """Whether an item's value is an expression, ignoring the content of its strings and brackets."""
        return is_expression(self._skeleton(item), self._ask)

    def _ask(self, skeleton: str) -> bool:
        """Ask the strict parser, a bounded number of times; after that, everything counts as an expression."""
        self._probes += 1
        return self._probes > _PROBES or self._probe(skeleton)

    def _skeleton(self, item: CallItem) -> str:
        """Return an item's value with its strings and brackets empty."""
        pieces: list[str] = []
        offset = item.value
        for part in item.parts:
            pieces.append(self._text[offset : part.start])
            if isinstance(part, Quoted):
                pieces.append('""')
            else:
                pieces.append(self._text[part.start : part.at] + _EMPTY[part.kind])
            offset = part.end
        pieces.append(self._text[offset : item.end])
        return "".join(pieces)
