"""Edits of one statement's text, and where the places of the edited text were before."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, NamedTuple, Protocol, TypeVar

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import Edit
from llmc_grammar.source import Span

T = TypeVar("T")


class Change(NamedTuple):
    """`text` instead of what stands from `start` to `end`, offsets in a statement's text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Repair:
    """Changes that belong together, and the warning that reports them, at `shown` if that is not where they are.

    `moves`: it decides where the statement begins or ends.
    """

    changes: tuple[Change, ...]
    report: Callable[[Span, Edit], Diagnostic]
    moves: bool = False
    shown: tuple[int, int] | None = None

    @property
    def start(self) -> int:
        """Where the first change begins."""
        return self.changes[0].start

    @property
    def end(self) -> int:
        """Where the last change ends."""
        return self.changes[-1].end


def outermost(repairs: Iterable[Repair]) -> list[Repair]:
    """The repairs by place, each that lies inside another taken into it."""
    kept: list[Repair] = []
    for repair in sorted(repairs, key=lambda one: (one.start, -one.end)):
        if kept and repair.changes and repair.end <= kept[-1].end and repair.start < kept[-1].end:
            outer = kept[-1]
            changes = tuple(sorted({*outer.changes, *repair.changes}))
            kept[-1] = Repair(changes, outer.report, outer.moves or repair.moves, outer.shown)
        else:
            kept.append(repair)
    return kept


def applied(text: str, changes: Sequence[Change]) -> str:
    """The text with its changes made; they are sorted and do not overlap."""
    parts: list[str] = []
    at = 0
    for change in changes:
        parts += (text[at : change.start], change.text)
        at = change.end
    return "".join(parts) + text[at:]


def warning(repair: Repair, text: str, base: int) -> Diagnostic:
    """The warning of a repair with its one edit; the text begins at offset `base`."""
    inner = [Change(change.start - repair.start, change.end - repair.start, change.text) for change in repair.changes]
    start, end = repair.shown or (repair.start, repair.end)
    edit = Edit(Span(base + repair.start, base + repair.end), applied(text[repair.start : repair.end], inner))
    return repair.report(Span(base + start, base + end), edit)


class Relocation(Protocol):
    """Spans of one text to spans of another."""

    def span(self, span: Span) -> Span:
        """Return the span in the other text."""
        ...


class Places:
    """Offsets of an edited text to offsets of the text before."""

    def __init__(self, changes: Sequence[Change], base: int) -> None:
        """`base` is the offset of the text before."""
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
        """Where something that begins at `at` began."""
        return self._place(at, bisect_right(self._starts, at) - 1)

    def end(self, at: int) -> int:
        """Where something that ends at `at` ended."""
        return self._place(at, bisect_left(self._starts, at) - 1)

    def _place(self, at: int, row: int) -> int:
        """The offset before, where `row` is the last change to its left."""
        if row < 0:
            return self._base + at
        start, end, old, old_end = self._rows[row]
        return self._base + (min(old + at - start, old_end) if at < end else old_end + at - end)

    def span(self, span: Span) -> Span:
        """A span of the edited text, in the text before."""
        start = self.start(span.start)
        return Span(start, max(start, self.end(span.end)))


def relocated(value: T, places: Relocation) -> T:
    """A node or a mistake of one text with all its spans in the other."""
    return _relocated(value, places)  # type: ignore[no-any-return]


def _relocated(value: Any, places: Relocation) -> Any:  # noqa: ANN401 (nodes, mistakes and what they are made of)
    """The same, of anything that a node or a mistake holds."""
    if isinstance(value, Span):
        return places.span(value)
    if isinstance(value, tuple):
        return tuple(_relocated(item, places) for item in value)
    kind: type = type(value)
    names = _names(kind)
    return kind(**{name: _relocated(getattr(value, name), places) for name in names}) if names else value


@cache
def _names(kind: type) -> tuple[str, ...]:
    """The fields of a node or a mistake; none of anything else."""
    if issubclass(kind, Diagnostic):
        return tuple(kind.fields)
    return tuple(one.name for one in fields(kind)) if is_dataclass(kind) else ()
