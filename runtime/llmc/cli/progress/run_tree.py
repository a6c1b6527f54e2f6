"""Lines of text for the state of a run, each a sequence of pieces with the style they have on a terminal."""

from collections.abc import Iterator, Sequence
from typing import Final

from llmc.cli.progress.run_state import Phase, RunState, TaskRow
from llmc.cli.terminal.sanitize import shown, shown_ends, shown_time

Piece = tuple[str, str]
"""Text, and its style as rich names it."""

Line = tuple[Piece, ...]

SIGNS: Final[dict[Phase, Piece]] = {
    Phase.WAITING: ("·", "dim"),
    Phase.RUNNING: ("▸", "cyan"),
    Phase.DONE: ("✓", "green"),
    Phase.FAILED: ("✗", "bold red"),
    Phase.BLOCKED: ("⊘", "red"),
    Phase.SKIPPED: ("-", "dim"),
    Phase.CANCELLED: ("■", "red"),
    Phase.DROPPED: ("~", "dim"),
}
_FIRST_SHOWN: Final = (
    Phase.FAILED,
    Phase.RUNNING,
    Phase.BLOCKED,
    Phase.CANCELLED,
    Phase.DONE,
    Phase.WAITING,
    Phase.SKIPPED,
    Phase.DROPPED,
)
_LABEL: Final = 16
_NARROWEST: Final = 20
_TWO_ENDS: Final = 30
"""Characters in which there is room for the beginning and the end of what is said."""


def draw(state: RunState, now: float, *, width: int, height: int) -> Iterator[Line]:
    """At most `height` lines of at most `width` characters: what failed and what runs before what is done or waits."""
    rows = state.rows
    kept = _kept(rows, height)
    labels = min(_LABEL, max((len(row.label) for row in kept), default=0))
    for row in kept:
        yield _line(row, now, labels, width)
    if len(kept) < len(rows):
        yield ((shown(_rest(rows, len(kept)), width), "dim"),)


def plain(line: Line) -> str:
    """A line without its styles."""
    return "".join(text for text, _ in line)


def _kept(rows: Sequence[TaskRow], height: int) -> Sequence[TaskRow]:
    """The rows to show, in their order; the last line is for what is left out."""
    if len(rows) <= height:
        return rows
    ranked = sorted(range(len(rows)), key=lambda index: _FIRST_SHOWN.index(rows[index].phase))
    return [rows[index] for index in sorted(ranked[: max(height - 1, 0)])]


def _rest(rows: Sequence[TaskRow], kept: int) -> str:
    """How many rows are not shown, and how far all of them are."""
    counts = ((phase, sum(row.phase is phase for row in rows)) for phase in _FIRST_SHOWN)
    return f"… {len(rows) - kept} more; of all: " + ", ".join(
        f"{count} {phase.value}" for phase, count in counts if count
    )


def _line(row: TaskRow, now: float, labels: int, width: int) -> Line:
    """One row: sign, label, the task as written with what there is to say about it, and its time at the right."""
    sign, style = SIGNS[row.phase]
    head = f" {shown(row.label, _LABEL):<{labels}}  {'  ' * row.depth}" if labels else f" {'  ' * row.depth}"
    time = _time(row, now)
    room = max(width - len(sign) - len(head) - len(time) - 2, _NARROWEST)
    said = _said(row)
    text = shown(row.text, room if not said else max(room - len(said) - 2, room // 2))
    left = max(room - len(text) - 2, 1)
    has_failed = row.phase in {Phase.FAILED, Phase.BLOCKED, Phase.CANCELLED}
    has_two_ends = has_failed and left >= _TWO_ENDS
    said = shown_ends(said, left, keeps_urls=False) if has_two_ends else shown(said, left) if said else ""
    gap = " " * max(room - len(text) - (len(said) + 2 if said else 0), 0)
    faint = "dim" if row.phase in {Phase.WAITING, Phase.SKIPPED, Phase.DROPPED} else ""
    note = style if has_failed else "dim"
    words = f"  {said}" if said else ""
    return ((sign, style), (head, "bold"), (text, faint), (words, note), (f"{gap}  {time}" if time else "", "dim"))


def _said(row: TaskRow) -> str:
    """What there is to say besides the time."""
    count = "" if row.total is None else f"{row.ended}/{row.total}"
    words = row.phase.value if row.phase in {Phase.SKIPPED, Phase.DROPPED} else row.note
    said = ", ".join(filter(None, (count, words)))
    return said if row.value is None else f"{said} → {row.value}".lstrip()


def _time(row: TaskRow, now: float) -> str:
    """How long it took, or takes so far."""
    if row.phase is Phase.RUNNING and row.since is not None:
        return shown_time(max(now - row.since, 0.0))
    return shown_time(row.seconds) if row.seconds else ""
