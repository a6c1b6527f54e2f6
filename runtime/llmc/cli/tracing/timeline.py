"""Draws a recorded run as a timeline: a row for each call, with the time it waited and ran."""

from collections.abc import Iterator
from typing import Final

from llmc.cli.progress.run_state import Phase
from llmc.cli.progress.run_tree import SIGNS, Line, Piece
from llmc.cli.terminal.output import counted
from llmc.cli.terminal.sanitize import shown_time
from llmc_compiler.terminal_cells import cells, fit, padded
from llmc_runtime.tracing.trace_replay import InstanceTimeline, RunTimeline

ROWS: Final = 200
"""The maximum number of rows to draw; a trace may have thousands."""

_LABEL: Final = 12
_TIME: Final = 9
_LONGEST_TIME: Final = 13
"""The width of `1440 min 00 s`; longer times are possible in a trace and are cut."""
_NARROWEST: Final = 4
_CHAIN: Final = 9

_PHASES: Final = {
    "Finished": Phase.DONE,
    "Failed": Phase.FAILED,
    "Blocked": Phase.BLOCKED,
    "Skipped": Phase.SKIPPED,
    "Cancelled": Phase.CANCELLED,
    "Dropped": Phase.DROPPED,
}
_LEGEND: Final[tuple[tuple[Piece, str], ...]] = (
    (("●", "bold"), "longest chain"),
    (("█", "cyan"), "runs"),
    (("✗", "bold red"), "fails"),
    (("┄", "yellow"), "until the next attempt"),
    (("▒", "magenta"), "waits for approval"),
    (("·", "dim"), "waits for its turn"),
)
_STYLES: Final = {sign: style for (sign, style), _ in _LEGEND}


def draw(plan: str, past: RunTimeline, *, width: int) -> Iterator[Line]:
    """Yield the lines of a timeline that is `width` cells wide."""
    for line in _summary(plan, past):
        yield ((fit(line, width), "bold"),)
    rows = [row for row in past.pasts.values() if row.attempts or row.asked is not None or _is_told(row)]
    shown_rows = rows[:ROWS]
    labels = max((cells(fit(row.label, _LABEL)) for row in shown_rows), default=0)
    times = max([_TIME, *(len(_time(row)) for row in shown_rows)])
    room = width - 4 - labels - 2 - times
    texts = min(max((cells(_text(row)) for row in shown_rows), default=0), max(room // 2 - 1, _NARROWEST))
    bar = max(room - texts - 2, _NARROWEST)
    if shown_rows:
        yield _scale(past.seconds, bar, indent=4 + labels + 2 + texts + 2)
    used: set[str] = set()
    chain = set(past.chain)
    for row in shown_rows:
        has_bar = bool(row.attempts) or row.asked is not None
        words = row.words.removeprefix(f"task {row.node.task} ")
        picture = _bar(row, past.seconds, bar) if has_bar else padded(fit(words, bar), bar)
        used.update(picture if has_bar else "")
        used.update("●" if row.key in chain else "")
        yield _row(row, picture, is_long=row.key in chain, labels=labels, texts=texts, times=times)
    if len(rows) > len(shown_rows):
        yield ((f"… {len(rows) - len(shown_rows):,} more", "dim"),)
    for line in _legend(used, width):
        yield ((line, "dim"),)


def _legend(used: set[str], width: int) -> Iterator[str]:
    """Yield lines that explain the signs."""
    line = ""
    for words in (f"{sign} {meaning}" for (sign, _), meaning in _LEGEND if sign in used):
        if line and cells(line) + 3 + cells(words) > width:
            yield line
            line = ""
        line += f"   {words}" if line else words
    if line:
        yield fit(line, width)


def _summary(plan: str, past: RunTimeline) -> Iterator[str]:
    """Yield lines with the number of calls, the times and the longest chain."""
    words = f"{plan}: {counted(past.calls, 'call')} in {past.seconds:.2f} s"
    if not past.calls:
        yield words
        return
    yield words if past.sum_of_calls is None else f"{words}; one after another {past.sum_of_calls:.2f} s"
    tasks = past.tasks_of_chain
    chain = tasks if len(tasks) <= _CHAIN else (*tasks[:4], "…", *tasks[-4:])
    yield f"longest chain {past.longest_chain:.2f} s: {', '.join(chain)}"


def _is_told(row: InstanceTimeline) -> bool:
    """Whether a row without a call is worth a remark."""
    return row.outcome in {"Failed", "Blocked", "Skipped"} or bool(row.value)


def _text(row: InstanceTimeline) -> str:
    """Return the text of an instance, with its value if the trace has it."""
    return f"{row.node.text} → {row.value}" if row.value else row.node.text


def _fitted(row: InstanceTimeline, width: int) -> str:
    """Return the text and value in `width` cells; if both are long, each gets half."""
    if not row.value or cells(_text(row)) <= width:
        return fit(_text(row), width)
    value = f" → {row.value}"
    text = fit(row.node.text, max(width - cells(value), width // 2))
    return text + fit(value, width - cells(text))


def _scale(seconds: float, width: int, indent: int) -> Line:
    """Return the line above the bars."""
    end = fit(shown_time(seconds), width - 1)
    return ((" " * indent + "0" + end.rjust(width - 1), "dim"),)


def _row(row: InstanceTimeline, picture: str, *, is_long: bool, labels: int, texts: int, times: int) -> Line:
    """Return the row of a call."""
    phase = _PHASES.get(row.outcome, Phase.RUNNING)
    sign, style = SIGNS[phase]
    return (
        ("●" if is_long else " ", "bold"),
        (sign, style),
        (f"  {padded(fit(row.label, _LABEL), labels)}  ", "bold"),
        (f"{padded(_fitted(row, texts), texts)}  ", ""),
        *_styled(picture),
        (_time(row).rjust(times), "dim"),
    )


def _time(row: InstanceTimeline) -> str:
    """Return the duration of all attempts of a call, if the last one ended."""
    if not row.attempts or row.attempts[-1].ended is None:
        return ""
    return fit(shown_time(row.attempts[-1].ended - row.attempts[0].began), _LONGEST_TIME)


def _styled(picture: str) -> Iterator[Piece]:
    """Yield the bar in pieces of one style."""
    start = 0
    for at in range(1, len(picture) + 1):
        if at == len(picture) or picture[at] != picture[start]:
            yield picture[start:at], _STYLES.get(picture[start], "")
            start = at


def _bar(row: InstanceTimeline, seconds: float, width: int) -> str:
    """Return the bar of a call; even the shortest phase fills one cell."""
    signs = [" "] * width
    began = row.attempts[0].began if row.attempts else seconds if row.ended is None else row.ended
    turn = row.ready if row.asked is None else row.asked
    _fill(signs, "·", row.ready, turn, seconds)
    if row.asked is not None:
        answered = began if row.answered is None else row.answered
        _fill(signs, "▒", row.asked, answered, seconds, least=1)
        turn = max(answered, row.ready)  # approval may be asked for before the call's turn
    if row.attempts:
        _fill(signs, "·", turn, began, seconds)
        _fill(signs, "┄", began, row.attempts[-1].began, seconds)
    for attempt in row.attempts:
        ended = seconds if attempt.ended is None else attempt.ended
        last = _fill(signs, "█", attempt.began, ended, seconds, least=1)
        if attempt.failed:
            signs[last] = "✗"
    return "".join(signs)


def _fill(signs: list[str], sign: str, start: float, end: float, seconds: float, *, least: int = 0) -> int:
    """Fill the cells of a stretch of time with a sign; return the last cell."""
    scale = len(signs) / seconds if seconds else 0.0
    first = min(int(start * scale), len(signs) - 1)
    last = max(min(round(end * scale), len(signs)), first + least)
    signs[first:last] = sign * (last - first)
    return last - 1
