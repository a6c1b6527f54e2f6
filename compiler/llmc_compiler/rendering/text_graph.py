"""A graph as lines of text: levels from top to bottom, one line for each node, cut to a width.

1 ┬ ● 1  rows()
  └ ○ 2  guess()
2 ─ ● 3  store($1, $2)   ← 1 2
3 ─ ○ 4  rows()          ⇠ 3
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from llmc_compiler.analysis.critical_path import Estimate
from llmc_compiler.analysis.levels import RemovedTask, body_levels
from llmc_compiler.ir.graph import JOIN, Node, nodes_within
from llmc_compiler.rendering.graph_view import GraphView
from llmc_compiler.representation.sheet import Line, plain
from llmc_compiler.terminal_cells import cells, fit, padded

Row = tuple[str, str, str, str, str]
"""The rail to a node, its sign, its id, its text, and the nodes it waits for."""

NARROWEST: Final = 24

_LONG, _OTHER, _MERGED, _LEFT_OUT = "●", "○", "=", "-"

_VALUE, _ORDER = "←", "⇠"

_LONGEST_ID: Final = 20

_MOST_SHOWN: Final = 9

_LEGEND: Final = {
    _LONG: "longest chain",
    _VALUE: "needs the value of",
    _ORDER: "waits for the end of",
    _MERGED: "merged",
    _LEFT_OUT: "left out",
}


def draw(picture: GraphView, width: int) -> Iterator[Line]:
    """Yield the lines of a picture, each at most `width` cells wide (but at least NARROWEST)."""
    width = max(width, NARROWEST)
    rows = [*_rows(picture), *map(_gone_row, picture.gone)]
    long = [row[1] == _LONG for row in rows]
    for row, is_long in zip(_fitted(rows, width), long, strict=True):
        yield _styled(row, is_long=is_long)
    yield from (((fit(line, width), ""),) for line in _summary(picture))
    yield from (((fit(line, width), "dim"),) for line in _legend(rows, width))


def as_text(picture: GraphView, width: int) -> str:
    """Return all lines without their styles."""
    return "".join(f"{plain(line)}\n" for line in draw(picture, width))


def _rows(picture: GraphView) -> Iterator[Row]:
    """Yield a row for each node; a loop of several nodes is followed by a row for each of them."""
    digits = len(str(len(picture.levels)))
    for number, level in enumerate(picture.levels, 1):
        for place, node in enumerate(level):
            is_last = place == len(level) - 1
            rail = "─" if len(level) == 1 else "┬" if not place else "└" if is_last else "├"
            yield _row(picture, node, f"{'' if place else number:>{digits}} {rail}")
            below = f"{'':>{digits}} {' ' if is_last else '│'}  "
            yield from (_row(picture, inner, below + "  " * depth) for inner, depth in _nested(node))


def _nested(node: Node, depth: int = 0) -> Iterator[tuple[Node, int]]:
    """Yield the nodes with rows below a loop's, each with its depth."""
    for inner in _inside(node):
        yield inner, depth
        yield from _nested(inner, depth + 1)


def _inside(node: Node) -> Sequence[Node]:
    """Return the nodes of a loop's body, if there is more than one: a single one adds nothing to the loop's row."""
    inner_nodes = [inner for level in body_levels(node) for inner in level]
    if len(inner_nodes) == 1:
        return _inside(inner_nodes[0])
    return inner_nodes


def _row(picture: GraphView, node: Node, way: str) -> Row:
    inside = {one.id for one in nodes_within(node)}
    is_long = node.id in picture.long or not inside.isdisjoint(picture.long)
    values = set(node.needs)
    order = [other for other in node.after if other not in values]
    waiting = "   ".join(filter(None, (_listed(_VALUE, node.needs), _listed(_ORDER, order))))
    return way, _LONG if is_long else _OTHER, str(node.id), picture.texts[node.id], waiting


def _listed(sign: str, ids: Sequence[str]) -> str:
    """List ids after a sign, and the number of those left out."""
    if not ids:
        return ""
    more = len(ids) - _MOST_SHOWN
    return " ".join((sign, *ids[:_MOST_SHOWN], *([f"and {more} more"] if more > 0 else [])))


def _gone_row(gone: RemovedTask) -> Row:
    """Return the row of a task without a separate node."""
    if gone.into is None:
        return "", _LEFT_OUT, str(gone.task), gone.text, ""
    return "", _MERGED, str(gone.task), gone.text, f"{_MERGED} {gone.into}"


def _fitted(rows: Sequence[Row], width: int) -> Iterator[Row]:
    """Align the columns of the rows, and cut them to the width."""
    ways = max((len(way) for way, *_ in rows), default=0)
    ids = min(max((cells(fit(key, _LONGEST_ID)) for _, _, key, *_ in rows), default=0), _LONGEST_ID, width // 4)
    room = max(width - ways - ids - 5, 1)
    longest = max((cells(fit(waiting, room)) for *_, waiting in rows), default=0)
    waits = min(longest, max(room // 4, room - 3 - max((cells(fit(row[3], room)) for row in rows), default=0)))
    texts = room - (waits + 3 if waits else 0)
    widest = max((cells(fit(row[3], texts)) for row in rows), default=0)
    for way, sign, key, text, waiting in rows:
        label = padded(fit(key, ids), ids)
        shown = padded(fit(text, texts), widest) if waiting else fit(text, texts)
        yield f"{way:<{ways}} ", sign, f" {label} ", f" {shown}", f"   {fit(waiting, waits)}" if waiting else ""


def _styled(row: Row, *, is_long: bool) -> Line:
    """Style a row: tasks without a node are dim, the longest chain is bold."""
    way, sign, key, text, waiting = row
    if sign in {_MERGED, _LEFT_OUT}:
        return ((way + sign + key + text + waiting, "dim"),)
    style = "bold" if is_long else ""
    return ((way, "dim"), (sign + key + text, style), (waiting, "dim"))


def _summary(picture: GraphView) -> Iterator[str]:
    """Yield the number of calls, and the longest chain."""
    estimate = picture.estimate
    widths = estimate.widths
    number, levels = sum(widths), sum(map(bool, widths))
    if not number:
        yield "no calls"
        return
    yield f"{number} call{'s' * (number > 1)} on {levels} level{'s' * (levels > 1)}, at most {max(widths)} on one"
    yield f"{_times(estimate)}: {', '.join(_shortened([task for task in picture.tasks_of_chain if task != JOIN]))}"


def _times(estimate: Estimate) -> str:
    """Return the length of the longest chain, and the sum of all calls."""
    if estimate.unit == "s":
        return f"longest chain {estimate.span:.2f} of {estimate.work:.2f} s (estimated)"
    return f"longest chain {estimate.span:g} of {estimate.work:g} calls"


def _shortened(chain: Sequence[str]) -> Sequence[str]:
    """Return the beginning and the end of a long chain."""
    return chain if len(chain) <= _MOST_SHOWN else (*chain[:4], "…", *chain[-4:])


def _legend(rows: Iterable[Row], width: int) -> Iterator[str]:
    """Explain the signs that were used, in as few lines as possible."""
    used = {sign for row in rows for sign in (row[1], *row[4].split())}
    line = ""
    for sign, words in _LEGEND.items():
        if sign not in used:
            continue
        longer = f"{line}   {sign} {words}" if line else f"{sign} {words}"
        if line and len(longer) > width:
            yield line
            longer = f"{sign} {words}"
        line = longer
    if line:
        yield line
