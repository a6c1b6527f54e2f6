"""A story as lines of text: changes made and not made, the order, the gains from declarations, and the time.

Done
  line 4  2  search("K2")
          dedup: merged into 1 (line 3)
          same tool, same arguments; `search` is `read(web)`, and nothing writes to that in between (lines 3 to 4)
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from llmc_compiler.analysis.critical_path import Unit
from llmc_compiler.analysis.what_if import DeclarationGain, PlanForecast
from llmc_compiler.effects.effects import UNKNOWN, Kind
from llmc_compiler.explain.story_data import OrderEdge, PassEntry, StoryData
from llmc_compiler.ir.graph import Call, Node
from llmc_compiler.passes.remarks import Missed, task_of
from llmc_compiler.representation.sheet import Line, plain
from llmc_compiler.representation.source_text import written
from llmc_compiler.terminal_cells import cells, fit, padded, wrapped
from llmc_grammar.source import Source, Span

NARROWEST: Final = 40

_WIDTH: Final = 80

_IN_LOOPS: Final = re.compile(r"(?:/each)+$")
"""The end of the id of a node that gives an element of a loop, or of loops in a row."""

_LONGEST_ID: Final = 14

_MOST_SHOWN: Final = 50

_MOST_ON_A_LEVEL: Final = 12

Entry = tuple[str, str, str, Sequence[str]]
"""The line in the plan, the id and text of the subject, and the sentences on it, advice in brackets."""


def as_text(story: StoryData, width: int = _WIDTH) -> str:
    """Return all lines without their styles."""
    return "".join(f"{plain(line)}\n" for line in tell(story, width))


def tell(story: StoryData, width: int = _WIDTH) -> Iterator[Line]:
    """Yield the lines of a story, each at most `width` cells wide (but at least NARROWEST)."""
    width = max(width, NARROWEST)
    for part in wrapped(_opening(story), width):
        yield ((part, ""),)
    for title, lines in _sections(story, width):
        entries = list(lines)
        if entries:
            yield ()
            yield ((title, "bold"),)
            yield from entries


def _sections(story: StoryData, width: int) -> Iterator[tuple[str, Iterator[Line]]]:
    """Yield the sections, each with its title."""
    source = story.source
    done = [told for told in story.remarks if not isinstance(told.remark, Missed)]
    left = [told for told in story.remarks if isinstance(told.remark, Missed)]
    yield "Done", _entries([_told(told, source) for told in done[:_MOST_SHOWN]], len(done), width)
    yield "Not done, and why", _entries([_told(told, source) for told in left[:_MOST_SHOWN]], len(left), width)
    yield "Order", _entries([_edge(edge, source) for edge in story.order[:_MOST_SHOWN]], len(story.order), width)
    yield "Gains from declarations", _gains(story, width)
    yield "Calls that run together", _levels(story, width)
    yield "Time", _time(story, width)


def _opening(story: StoryData) -> str:
    """Return the first sentence: the name of the plan, and the number of calls before and after the passes."""
    passes = f" after {', '.join(story.passes)}" if story.passes else "; no passes ran"
    return f"{story.source.name}: {_counted(story.written)} written, {story.left} left{passes}"


def _counted(number: int) -> str:
    """Return a number of calls: `1 call`, `3 calls`."""
    return f"{number} call{'' if number == 1 else 's'}"


def _told(told: PassEntry, source: Source) -> Entry:
    """Return the entry of a remark."""
    remark = told.remark
    now = f" to `{told.now}`" if told.now else ""
    says = [f"{told.pass_name}: {remark.words('what', source)}{now}", remark.words("why", source)]
    if remark.help:
        says.append(f"({remark.words('help', source)})")
    return _line_of(remark.span, source), task_of(remark.node), written(remark.span, str(remark.tasks[0]), source), says


def _edge(edge: OrderEdge, source: Source) -> Entry:
    """Return the entry of an order edge."""
    earlier = f"`{edge.earlier.task}` ({_line_of(edge.earlier.span, source)})"
    subject = f"{earlier} of the previous element" if edge.is_carried else earlier
    text = written(edge.later.span, str(edge.later.task), source)
    says = [f"waits for the end of {subject}: `{edge.later_effect}` after `{edge.earlier_effect}`"]
    return _line_of(edge.later.span, source), str(edge.later.task), text, says


def _line_of(span: Span, source: Source) -> str:
    """Return the line of a span."""
    return source.place(span)


def _entries(shown: Sequence[Entry], number: int, width: int) -> Iterator[Line]:
    """Yield the lines of entries, aligned in columns, and the number of entries that are not shown."""
    places = max((len(place) for place, *_ in shown), default=0)
    ids = min(max((cells(key) for _, key, *_ in shown), default=0), _LONGEST_ID)
    room = width - places - ids - 6
    for place, key, text, says in shown:
        yield ((f"  {place:<{places}}  ", "dim"), (padded(fit(key, ids), ids), "bold"), (f"  {fit(text, room)}", ""))
        for sentence in says:
            style = "dim" if sentence.startswith("(") else ""
            yield from _indented(sentence, places + 4, width, style)
    yield from _rest(number - len(shown), width)


def _indented(text: str, indent: int, width: int, style: str = "") -> Iterator[Line]:
    """Break a text into as many lines as it needs."""
    for line in wrapped(text, width - indent):
        yield ((" " * indent + line, style),)


def _rest(more: int, width: int) -> Iterator[Line]:
    """Yield the number of entries that are not shown."""
    if more > 0:
        yield from _indented(f"and {more} more, all of which are in the JSON form", 2, width, "dim")


def _gains(story: StoryData, width: int) -> Iterator[Line]:
    """Yield the gains from each declaration, and the assumption behind them."""
    for gain in story.gains[:_MOST_SHOWN]:
        for number, text in enumerate(_bought(gain, story.estimate.unit)):
            yield from _indented(text, 4 if number else 2, width)
    yield from _rest(len(story.gains) - _MOST_SHOWN, width)
    if story.gains:
        words = "The figures assume that the tool has only this effect. llmc cannot verify it: declare the true one."
        yield from _indented(words, 2, width, "dim")


def _bought(gain: DeclarationGain, unit: Unit) -> Iterator[str]:
    """Yield the figures of a gain: the present ones, and those with each declaration."""
    if gain.effect.kind in UNKNOWN:
        declared = "declares no effect" if gain.effect.kind is Kind.BARE else "is `opaque`: it may do anything"
    else:
        declared = f"is `{gain.effect}`: it names no resource"
    yield f"`{gain.tool}` {declared}; {_figures(gain.now, unit)}"
    if not gain.declared:
        yield "other declarations were not tried, since the plan is large"
    for effect, outlook in gain.declared:
        yield f"if it were `{effect}`: {_figures(outlook, unit)}"


def _figures(outlook: PlanForecast, unit: Unit) -> str:
    """Return the three figures in words."""
    waiting = f"{outlook.waiting} of {_counted(outlook.calls)} wait{'s' * (outlook.waiting == 1)} in line"
    return f"{waiting}, longest chain {_amount(outlook.span, unit)}"


def _amount(number: float, unit: Unit) -> str:
    """Return a time, or a number of calls if no tool declares a latency."""
    return f"{number:.2f} s" if unit == "s" else f"{number:g} call{'' if number == 1 else 's'}"


def _name(node: Node) -> str:
    """Return the task of a call, with the tool if the call is nested in the task."""
    if isinstance(node.op, Call) and _IN_LOOPS.sub("", node.id) != node.task:
        return f"{node.task}: {node.op.tool.name}"
    return str(node.task)


def _levels(story: StoryData, width: int) -> Iterator[Line]:
    """Yield the number and the names of the calls on each level."""
    busy = [level for level in story.levels if level]
    digits, widest = len(str(len(busy))), max(map(len, busy), default=0)
    for number, level in enumerate(busy[:_MOST_SHOWN], 1):
        names = [_name(node) for node in level[:_MOST_ON_A_LEVEL]]
        more = [f"and {len(level) - len(names)} more"] if len(level) > len(names) else []
        head = f"  {number:>{digits}}  {_counted(len(level)):<{len(_counted(widest))}}  "
        yield ((head, "dim"), (fit(", ".join([*names, *more]), width - len(head)), ""))
    yield from _rest(len(busy) - _MOST_SHOWN, width)


def _time(story: StoryData, width: int) -> Iterator[Line]:
    """Yield work, span and chain, and the bound and expectation for a given width."""
    estimate, unit = story.estimate, story.estimate.unit
    if not story.left:
        return
    faster = f", {estimate.work / estimate.span:.1f} times as long" if estimate.span else ""
    chain = _chain(story.chain)
    longest = "expected {}, the longest chain" if unit == "s" else "longest chain {}"
    head = longest.format(_amount(estimate.span, unit))
    yield from _indented(f"{head}{chain and ': '}{chain}", 2, width, "bold")
    yield from _indented(f"one after another {_amount(estimate.work, unit)} (estimated){faster}", 2, width)
    if story.schedule is not None:
        bound, expected = _amount(story.schedule.bound, unit), _amount(story.schedule.expected, unit)
        limit = f"at most {_counted(story.schedule.width)} at once"
        yield from _indented(f"{limit}: no less than {bound}, expected {expected}", 2, width)
    for words in _assumptions(story):
        yield from _indented(words, 2, width, "dim")


def _chain(chain: Sequence[Node]) -> str:
    """Return the tasks of the longest chain, without the middle of a long one."""
    tasks = list(dict.fromkeys(str(node.task) for node in chain))
    half = _MOST_ON_A_LEVEL // 2
    return ", ".join(tasks if len(tasks) <= 2 * half else [*tasks[:half], "…", *tasks[-half:]])


def _named(tools: Sequence[str]) -> str:
    """Return the first tools in words."""
    return ", ".join(f"`{name}`" for name in tools[:_MOST_ON_A_LEVEL])


def _assumptions(story: StoryData) -> Iterator[str]:
    """Yield the assumptions behind the times."""
    if story.estimate.unit == "calls":
        yield "No tool declares a latency, so each call counts as one."
    elif story.measured:
        recorded = f"recorded calls of {_named(story.measured)}"
        yield f"The times are estimated from {recorded}, and from the latencies that other tools declare."
    else:
        yield "The times are estimated from the latencies that tools declare."
    if story.assumed:
        several = len(story.assumed) > 1
        words = "declare no latency, and count as" if several else "declares no latency, and counts as"
        others = "the others" if story.measured else "those that do"
        yield f"{_named(story.assumed)} {words} the median of {others}."
    if story.has_loops:
        yield "A loop counts as one element."
