"""Draws the state of a run as lines, each a sequence of pieces of text with terminal styles."""

from collections.abc import Iterator, Sequence
from typing import Final

from llmc.cli.progress.run_state import Phase, RunState, TaskRow
from llmc.cli.terminal.sanitize import shown, shown_ends, shown_time

Piece = tuple[str, str]
"""Text and the name of its style in rich."""

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
"""The minimum number of characters to show both the beginning and the end of a note."""


def draw(state: RunState, now: float, *, width: int, height: int) -> Iterator[Line]:
    """Yield at most `height` lines of at most `width` characters; failed and running rows have priority."""
    rows = state.rows
    shown_rows = _kept(rows, height)
    labels = min(_LABEL, max((len(row.label) for row in shown_rows), default=0))
    for row in shown_rows:
        yield _line(row, now, labels, width)
    if len(shown_rows) < len(rows):
        yield ((shown(_rest(rows, len(shown_rows)), width), "dim"),)


def plain(line: Line) -> str:
    """Return a line without its styles."""
    return "".join(text for text, _ in line)


def _kept(rows: Sequence[TaskRow], height: int) -> Sequence[TaskRow]:
    """Return the rows to show, in plan order; one line is reserved for a count of the others."""
    if len(rows) <= height:
        return rows
    ranked = sorted(range(len(rows)), key=lambda index: _FIRST_SHOWN.index(rows[index].phase))
    return [rows[index] for index in sorted(ranked[: max(height - 1, 0)])]


def _rest(rows: Sequence[TaskRow], shown_count: int) -> str:
    """Return the number of rows that are not shown, and the number of rows in each phase."""
    counts = ((phase, sum(row.phase is phase for row in rows)) for phase in _FIRST_SHOWN)
    return f"… {len(rows) - shown_count} more; of all: " + ", ".join(
        f"{count} {phase.value}" for phase, count in counts if count
    )


def _line(row: TaskRow, now: float, labels: int, width: int) -> Line:
    """Return the line of a row: sign, label, the task's text with a note, and its time at the right."""
    sign, style = SIGNS[row.phase]
    head = f" {shown(row.label, _LABEL):<{labels}}  {'  ' * row.depth}" if labels else f" {'  ' * row.depth}"
    time = _time(row, now)
    room = max(width - len(sign) - len(head) - len(time) - 2, _NARROWEST)
    comment = _said(row)
    text = shown(row.text, room if not comment else max(room - len(comment) - 2, room // 2))
    left = max(room - len(text) - 2, 1)
    has_failed = row.phase in {Phase.FAILED, Phase.BLOCKED, Phase.CANCELLED}
    has_two_ends = has_failed and left >= _TWO_ENDS
    comment = shown_ends(comment, left, keeps_urls=False) if has_two_ends else shown(comment, left) if comment else ""
    gap = " " * max(room - len(text) - (len(comment) + 2 if comment else 0), 0)
    faint = "dim" if row.phase in {Phase.WAITING, Phase.SKIPPED, Phase.DROPPED} else ""
    note = style if has_failed else "dim"
    words = f"  {comment}" if comment else ""
    return ((sign, style), (head, "bold"), (text, faint), (words, note), (f"{gap}  {time}" if time else "", "dim"))


def _said(row: TaskRow) -> str:
    """Return the note of a row: its count of elements, its state and its value."""
    count = "" if row.total is None else f"{row.ended}/{row.total}"
    words = row.phase.value if row.phase in {Phase.SKIPPED, Phase.DROPPED} else row.note
    comment = ", ".join(filter(None, (count, words)))
    return comment if row.value is None else f"{comment} → {row.value}".lstrip()


def _time(row: TaskRow, now: float) -> str:
    """Return the duration of a row, so far if it is running."""
    if row.phase is Phase.RUNNING and row.since is not None:
        return shown_time(max(now - row.since, 0.0))
    return shown_time(row.seconds) if row.seconds else ""
