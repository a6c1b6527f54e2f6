"""A graph as lines of text: levels from top to bottom, in each a line for every node, cut to a width.

1 ┬ ● 1  rows()
  └ ○ 2  guess()
2 ─ ● 3  store($1, $2)   ← 1 2
3 ─ ○ 4  rows()          ⇠ 3
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from llmc_compiler.analysis.critical_path import Estimate
from llmc_compiler.analysis.levels import RemovedTask, body_levels
from llmc_compiler.ir.graph import JOIN, Node, node_body
from llmc_compiler.rendering.graph_view import GraphView
from llmc_compiler.representation.sheet import Line, plain
from llmc_compiler.terminal_cells import cells, fit, padded

Row = tuple[str, str, str, str, str]
"""The way to a node, its sign, its id, what it does, and what it waits for."""


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
    """The lines of a picture, each at most so many cells wide (or NARROWEST)."""
    width = max(width, NARROWEST)
    rows = [*_rows(picture), *map(_gone_row, picture.gone)]
    long = [row[1] == _LONG for row in rows]
    for row, is_long in zip(_fitted(rows, width), long, strict=True):
        yield _styled(row, is_long=is_long)
    yield from (((fit(line, width), ""),) for line in _summary(picture))
    yield from (((fit(line, width), "dim"),) for line in _legend(rows, width))


def as_text(picture: GraphView, width: int) -> str:
    """All lines without their styles."""
    return "".join(f"{plain(line)}\n" for line in draw(picture, width))


def _rows(picture: GraphView) -> Iterator[Row]:
    """A row for every node, and below a loop of several nodes one for each of them."""
    digits = len(str(len(picture.levels)))
    for number, level in enumerate(picture.levels, 1):
        for place, node in enumerate(level):
            is_last = place == len(level) - 1
            rail = "─" if len(level) == 1 else "┬" if not place else "└" if is_last else "├"
            yield _row(picture, node, f"{'' if place else number:>{digits}} {rail}")
            below = f"{'':>{digits}} {' ' if is_last else '│'}  "
            yield from (_row(picture, inner, below) for inner in _inside(node))


def _inside(node: Node) -> Sequence[Node]:
    """What a loop's own row does not say: the nodes of its body, where there are several."""
    found = [inner for level in body_levels(node) for inner in level]
    return found if len(found) > 1 else ()


def _row(picture: GraphView, node: Node, way: str) -> Row:
    """The row of a node."""
    inside = {one.id for one in node_body(node)}
    is_long = node.id in picture.long or not inside.isdisjoint(picture.long)
    values = set(node.needs)
    order = [other for other in node.after if other not in values]
    waiting = "   ".join(filter(None, (_listed(_VALUE, node.needs), _listed(_ORDER, order))))
    return way, _LONG if is_long else _OTHER, str(node.id), picture.texts[node.id], waiting


def _listed(sign: str, ids: Sequence[str]) -> str:
    """Ids behind a sign, and how many more there are."""
    if not ids:
        return ""
    more = len(ids) - _MOST_SHOWN
    return " ".join((sign, *ids[:_MOST_SHOWN], *([f"and {more} more"] if more > 0 else [])))


def _gone_row(one: RemovedTask) -> Row:
    """The row of a task that has no node of its own."""
    if one.into is None:
        return "", _LEFT_OUT, str(one.task), one.text, ""
    return "", _MERGED, str(one.task), one.text, f"{_MERGED} {one.into}"


def _fitted(rows: Sequence[Row], width: int) -> Iterator[Row]:
    """Rows whose columns stand below each other, cut so that they fit."""
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
    """A row with its styles: what is gone is dim, the longest chain bold."""
    way, sign, key, text, waiting = row
    if sign in {_MERGED, _LEFT_OUT}:
        return ((way + sign + key + text + waiting, "dim"),)
    style = "bold" if is_long else ""
    return ((way, "dim"), (sign + key + text, style), (waiting, "dim"))


def _summary(picture: GraphView) -> Iterator[str]:
    """How much there is to do, and what the longest chain is."""
    found = picture.estimate
    number, levels = sum(found.widths), sum(map(bool, found.widths))
    if not number:
        yield "no calls"
        return
    yield f"{number} call{'s' * (number > 1)} on {levels} level{'s' * (levels > 1)}, at most {max(found.widths)} on one"
    yield f"{_times(found)}: {', '.join(_shortened([task for task in picture.tasks_of_chain if task != JOIN]))}"


def _times(found: Estimate) -> str:
    """The longest chain and the sum of all calls."""
    if found.unit == "s":
        return f"longest chain {found.span:.2f} of {found.work:.2f} s (estimated)"
    return f"longest chain {found.span:g} of {found.work:g} calls"


def _shortened(chain: Sequence[str]) -> Sequence[str]:
    """The beginning and the end of a long chain."""
    return chain if len(chain) <= _MOST_SHOWN else (*chain[:4], "…", *chain[-4:])


def _legend(rows: Iterable[Row], width: int) -> Iterator[str]:
    """What the signs mean that were used, in as few lines as hold it."""
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
