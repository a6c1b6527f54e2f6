"""A story as lines of text: what was done and what was not, the order, what declarations would buy, and the time.

Done
  line 4  2  search("K2")
          dedup: merged into 1 (line 3)
          same tool, same arguments; `search` is `read(web)`, and nothing writes that in between (lines 3 to 4)
"""

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


_LONGEST_ID: Final = 14


_MOST_SHOWN: Final = 50


_MOST_ON_A_LEVEL: Final = 12


Entry = tuple[str, str, str, Sequence[str]]
"""A line of the plan, the id and the text of what it is about, and what there is to say, advice in brackets."""


def as_text(story: StoryData, width: int = _WIDTH) -> str:
    """All lines without their styles."""
    return "".join(f"{plain(line)}\n" for line in tell(story, width))


def tell(story: StoryData, width: int = _WIDTH) -> Iterator[Line]:
    """The lines of a story, each at most so many cells wide (or NARROWEST)."""
    width = max(width, NARROWEST)
    for part in wrapped(_opening(story), width):
        yield ((part, ""),)
    for title, lines in _sections(story, width):
        found = list(lines)
        if found:
            yield ()
            yield ((title, "bold"),)
            yield from found


def _sections(story: StoryData, width: int) -> Iterator[tuple[str, Iterator[Line]]]:
    """The sections, each with its title."""
    source = story.source
    done = [one for one in story.remarks if not isinstance(one.remark, Missed)]
    left = [one for one in story.remarks if isinstance(one.remark, Missed)]
    yield "Done", _entries([_told(one, source) for one in done[:_MOST_SHOWN]], len(done), width)
    yield "Not done, and why", _entries([_told(one, source) for one in left[:_MOST_SHOWN]], len(left), width)
    yield "Order", _entries([_edge(edge, source) for edge in story.order[:_MOST_SHOWN]], len(story.order), width)
    yield "What declarations would buy", _gains(story, width)
    yield "Calls that run together", _levels(story, width)
    yield "Time", _time(story, width)


def _opening(story: StoryData) -> str:
    """What it is about, and how many calls there are."""
    by = f" by {', '.join(story.passes)}" if story.passes else "; no pass was run"
    return f"{story.source.name}: {_counted(story.written)} written, {story.left} left{by}"


def _counted(number: int) -> str:
    """`1 call`, `3 calls`."""
    return f"{number} call{'' if number == 1 else 's'}"


def _told(one: PassEntry, source: Source) -> Entry:
    """The entry of a remark."""
    remark = one.remark
    now = f" to `{one.now}`" if one.now else ""
    says = [f"{one.pass_name}: {remark.words('what', source)}{now}", remark.words("why", source)]
    if remark.help:
        says.append(f"({remark.words('help', source)})")
    return _line_of(remark.span, source), task_of(remark.node), written(remark.span, str(remark.tasks[0]), source), says


def _edge(edge: OrderEdge, source: Source) -> Entry:
    """The entry of an order edge."""
    earlier = f"`{edge.earlier.task}` ({_line_of(edge.earlier.span, source)})"
    whom = f"{earlier} of the element before" if edge.is_carried else earlier
    text = written(edge.later.span, str(edge.later.task), source)
    says = [f"waits for the end of {whom}: `{edge.later_effect}` after `{edge.earlier_effect}`"]
    return _line_of(edge.later.span, source), str(edge.later.task), text, says


def _line_of(span: Span, source: Source) -> str:
    """The line of a place."""
    return f"line {source.position(span.start)[0]}"


def _entries(shown: Sequence[Entry], number: int, width: int) -> Iterator[Line]:
    """The lines of entries, their columns below each other, and how many there are besides."""
    places = max((len(place) for place, *_ in shown), default=0)
    ids = min(max((cells(key) for _, key, *_ in shown), default=0), _LONGEST_ID)
    room = width - places - ids - 6
    for place, key, text, says in shown:
        yield ((f"  {place:<{places}}  ", "dim"), (padded(fit(key, ids), ids), "bold"), (f"  {fit(text, room)}", ""))
        for one in says:
            style = "dim" if one.startswith("(") else ""
            yield from _indented(one, places + 4, width, style)
    yield from _rest(number - len(shown), width)


def _indented(text: str, indent: int, width: int, style: str = "") -> Iterator[Line]:
    """A text in as many lines as it needs."""
    for line in wrapped(text, width - indent):
        yield ((" " * indent + line, style),)


def _rest(more: int, width: int) -> Iterator[Line]:
    """How many are not shown."""
    if more > 0:
        yield from _indented(f"and {more} more, which are all there as JSON", 2, width, "dim")


def _gains(story: StoryData, width: int) -> Iterator[Line]:
    """What each declaration would buy, and what that assumes."""
    for gain in story.gains[:_MOST_SHOWN]:
        for number, text in enumerate(_bought(gain, story.estimate.unit)):
            yield from _indented(text, 4 if number else 2, width)
    yield from _rest(len(story.gains) - _MOST_SHOWN, width)
    if story.gains:
        words = "As if the tool did no more than that, which llmc cannot know: declare what is true."
        yield from _indented(words, 2, width, "dim")


def _bought(gain: DeclarationGain, unit: Unit) -> Iterator[str]:
    """The figures of a gain: as it is, and as it would be."""
    if gain.effect.kind in UNKNOWN:
        known = "declares no effect" if gain.effect.kind is Kind.BARE else "is `opaque`: it may do anything"
    else:
        known = f"is `{gain.effect}`: it names no resource"
    yield f"`{gain.tool}` {known}; {_figures(gain.now, unit)}"
    if not gain.declared:
        yield "other declarations were not tried, since the plan is large"
    for effect, outlook in gain.declared:
        yield f"if it were `{effect}`: {_figures(outlook, unit)}"


def _figures(outlook: PlanForecast, unit: Unit) -> str:
    """The three figures in words."""
    waiting = f"{outlook.waiting} of {_counted(outlook.calls)} wait{'s' * (outlook.waiting == 1)} in line"
    return f"{waiting}, longest chain {_amount(outlook.span, unit)}"


def _amount(number: float, unit: Unit) -> str:
    """A time, or a number of calls where no tool declares one."""
    return f"{number:.2f} s" if unit == "s" else f"{number:g} call{'' if number == 1 else 's'}"


def _name(node: Node) -> str:
    """The task of a call, with the tool if the call is inside of the task."""
    if isinstance(node.op, Call) and node.id not in {node.task, f"{node.task}/each"}:
        return f"{node.task}: {node.op.tool.name}"
    return str(node.task)


def _levels(story: StoryData, width: int) -> Iterator[Line]:
    """How many calls each level has, and which."""
    busy = [level for level in story.levels if level]
    digits, widest = len(str(len(busy))), max(map(len, busy), default=0)
    for number, level in enumerate(busy[:_MOST_SHOWN], 1):
        names = [_name(node) for node in level[:_MOST_ON_A_LEVEL]]
        more = [f"and {len(level) - len(names)} more"] if len(level) > len(names) else []
        head = f"  {number:>{digits}}  {_counted(len(level)):<{len(_counted(widest))}}  "
        yield ((head, "dim"), (fit(", ".join([*names, *more]), width - len(head)), ""))
    yield from _rest(len(busy) - _MOST_SHOWN, width)


def _time(story: StoryData, width: int) -> Iterator[Line]:
    """Work, span and chain; with a width what it allows."""
    found, unit = story.estimate, story.estimate.unit
    if not story.left:
        return
    faster = f", {found.work / found.span:.1f} times as long" if found.span else ""
    chain = _chain(story.chain)
    longest = "expected {}, the longest chain" if unit == "s" else "longest chain {}"
    head = longest.format(_amount(found.span, unit))
    yield from _indented(f"{head}{chain and ': '}{chain}", 2, width, "bold")
    yield from _indented(f"one after another {_amount(found.work, unit)} (estimated){faster}", 2, width)
    if story.schedule is not None:
        bound, expected = _amount(story.schedule.bound, unit), _amount(story.schedule.expected, unit)
        at = f"at most {_counted(story.schedule.width)} at once"
        yield from _indented(f"{at}: no less than {bound}, expected {expected}", 2, width)
    for words in _assumptions(story):
        yield from _indented(words, 2, width, "dim")


def _chain(chain: Sequence[Node]) -> str:
    """The tasks of the longest chain, its middle left out where it is long."""
    tasks = list(dict.fromkeys(str(node.task) for node in chain))
    half = _MOST_ON_A_LEVEL // 2
    return ", ".join(tasks if len(tasks) <= 2 * half else [*tasks[:half], "…", *tasks[-half:]])


def _assumptions(story: StoryData) -> Iterator[str]:
    """What the times are made of."""
    if story.estimate.unit == "calls":
        yield "No tool declares a latency, so each call counts as one."
    else:
        yield "The times are estimated from the latencies that tools declare."
    if story.assumed:
        names = ", ".join(f"`{name}`" for name in story.assumed[:_MOST_ON_A_LEVEL])
        several = len(story.assumed) > 1
        words = "declare no latency, and count as" if several else "declares no latency, and counts as"
        yield f"{names} {words} the median of those that do."
    if story.has_loops:
        yield "A loop counts as one element."
