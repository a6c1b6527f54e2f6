"""Edits of one statement's text, and the map from offsets in the edited text to the original ones."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, NamedTuple, Protocol, TypeVar

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.frozen_data import frozen
from llmc_grammar.mistake import Edit
from llmc_grammar.source import Span

T = TypeVar("T")


class Change(NamedTuple):
    """The replacement `text` for the part from `start` to `end` of a statement's text."""

    start: int
    end: int
    text: str


@frozen
class Repair:
    """Changes that belong together, and the warning that reports them.

    `moves`: the repair decides where the statement begins or ends. `shown`: the offsets of the warning, if not those of
    the changes.
    """

    changes: tuple[Change, ...]
    report: Callable[[Span, Edit], Diagnostic]
    moves: bool = False
    shown: tuple[int, int] | None = None

    @property
    def start(self) -> int:
        """The start of the first change."""
        return self.changes[0].start

    @property
    def end(self) -> int:
        """The end of the last change."""
        return self.changes[-1].end


def outermost(repairs: Iterable[Repair]) -> list[Repair]:
    """Sort repairs by offset, and merge each repair that lies inside another into it."""
    merged: list[Repair] = []
    for repair in sorted(repairs, key=lambda one: (one.start, -one.end)):
        if merged and repair.changes and repair.end <= merged[-1].end and repair.start < merged[-1].end:
            outer = merged[-1]
            changes = tuple(sorted({*outer.changes, *repair.changes}))
            merged[-1] = Repair(changes, outer.report, outer.moves or repair.moves, outer.shown)
        else:
            merged.append(repair)
    return merged


def applied(text: str, changes: Sequence[Change]) -> str:
    """Return the text with its changes made; they are sorted and do not overlap."""
    parts: list[str] = []
    end = 0
    for change in changes:
        parts += (text[end : change.start], change.text)
        end = change.end
    return "".join(parts) + text[end:]


def warning(repair: Repair, text: str, base: int) -> Diagnostic:
    """Return the warning of a repair, with a single edit; the text begins at offset `base`."""
    inner = [Change(change.start - repair.start, change.end - repair.start, change.text) for change in repair.changes]
    start, end = repair.shown or (repair.start, repair.end)
    edit = Edit(Span(base + repair.start, base + repair.end), applied(text[repair.start : repair.end], inner))
    return repair.report(Span(base + start, base + end), edit)


class Relocation(Protocol):
    """A map from spans of one text to spans of another."""

    def span(self, span: Span) -> Span:
        """Return the span in the other text."""
        ...


class Places:
    """A map from offsets in an edited text to offsets in the original, which begins at `base`."""

    def __init__(self, changes: Sequence[Change], base: int) -> None:
        self._base = base
        self._rows: list[tuple[int, int, int, int]] = []
        self._starts: list[int] = []
        shift = 0
        for change in changes:
            start = change.start + shift
            self._rows.append((start, start + len(change.text), change.start, change.end))
            self._starts.append(start)
            shift += len(change.text) - (change.end - change.start)

    def start(self, at: int) -> int:
        """Return the original start of a part that starts at `at`."""
        return self._place(at, bisect_right(self._starts, at) - 1)

    def end(self, at: int) -> int:
        """Return the original end of a part that ends at `at`."""
        return self._place(at, bisect_left(self._starts, at) - 1)

    def _place(self, offset: int, row: int) -> int:
        """Return the original offset, given the last change to its left."""
        if row < 0:
            return self._base + offset
        start, end, old, old_end = self._rows[row]
        return self._base + (min(old + offset - start, old_end) if offset < end else old_end + offset - end)

    def span(self, span: Span) -> Span:
        """Return the span in the original text."""
        start = self.start(span.start)
        return Span(start, max(start, self.end(span.end)))


def relocated(value: T, places: Relocation) -> T:
    """Return a node or a mistake with all its spans mapped to the other text."""
    return _relocated(value, places)  # type: ignore[no-any-return]


def _relocated(value: Any, places: Relocation) -> Any:  # noqa: ANN401 (nodes, mistakes and their parts)
    """Map the spans in any part of a node or a mistake."""
    if isinstance(value, Span):
        return places.span(value)
    if isinstance(value, tuple):
        return tuple(_relocated(item, places) for item in value)
    kind: type = type(value)
    names = _names(kind)
    return kind(**{name: _relocated(getattr(value, name), places) for name in names}) if names else value


@cache
def _names(kind: type) -> tuple[str, ...]:
    """Return the fields of a node or a mistake, none for any other class."""
    if issubclass(kind, Diagnostic):
        return tuple(kind.fields)
    return tuple(one.name for one in fields(kind)) if is_dataclass(kind) else ()
