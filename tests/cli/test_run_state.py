"""The tree and the lines of a run, drawn from events without a terminal."""

import re
from collections.abc import Iterable, Sequence
from io import StringIO

import pytest
from rich.console import Console

from llmc import Program, Toolbox, pure
from llmc import compile as compile_plan
from llmc.cli.progress.event_log import line
from llmc.cli.progress.live_tree import live_tree
from llmc.cli.progress.run_state import RunState, texts
from llmc.cli.progress.run_tree import draw, plain
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import TaskId
from llmc_grammar.ast import NOWHERE
from llmc_runtime.errors import PlanError, ToolFailed
from llmc_runtime.state import events
from llmc_runtime.state.events import Event
from llmc_runtime.state.outcomes import Key

PLAN = """\
a = get("one")
b = get(get($a) + "!")
2. get($x) for x in [1, 2, 3] if get($x) != "no"
d = get(
    "four") if $a == "1"
join($b)
"""


@pure
def get(x: str | int) -> str:
    """The text of something."""
    return str(x)


def program(text: str) -> Program:
    """A program that is not optimised."""
    return compile_plan(text, Toolbox([get]), passes=())


def key(text: str) -> Key:
    """`2/each@1` is the second element's instance of `2/each`, and `2/each/each@1@0` is in its first inner element."""
    node, *indices = text.split("@")
    return NodeId(node), tuple(map(int, indices))


def task(text: str) -> TaskId:
    """The task that an instance belongs to."""
    return TaskId(text.partition("@")[0].partition("/")[0])


def error(text: str, words: str = "no") -> PlanError:
    """A tool's failure."""
    return ToolFailed(task(text), NOWHERE, tool="get", attempt=1, why=ValueError(words))


def started(text: str, at: float) -> Event:
    """A call began."""
    return events.Started(key(text), task(text), at, "get")


def finished(text: str, at: float, seconds: float = 0.0) -> Event:
    """It has a value."""
    return events.Finished(key(text), task(text), at, seconds)


def failed(text: str, at: float, words: str = "no") -> Event:
    """It has none."""
    return events.Failed(key(text), task(text), at, error(text, words))


def picture(text: str, happened: Iterable[Event], now: float = 1.0, width: int = 60, height: int = 50) -> str:
    """The tree after these events."""
    found = program(text)
    state = RunState(found.graph, found.source)
    for event in happened:
        state.apply(event)
    return "\n".join(plain(each).rstrip() for each in draw(state, now, width=width, height=height))


def nested(plan: str) -> list[str]:
    """The ids of the calls inside other tasks."""
    return [str(node) for node in program(plan).graph.nodes if "/" in node]


def test_before_anything_happens_all_wait() -> None:
    """Every task has a row, calls inside it below it, and calls of a loop below the loop."""
    assert picture(PLAN, [events.RunStarted(0.0)]) == (
        '· a  get("one")\n'
        '· b  get(get($a) + "!")\n'
        "·      get($a)\n"
        '· 2  get($x) for x in [1, 2, 3] if get($x) != "no"\n'
        "·      get($x)\n"
        "·      get($x)\n"
        '· d  get( "four")'
    )


def test_what_runs_shows_the_time_so_far() -> None:
    """A started call counts its seconds, a finished one shows how long it took."""
    happened = [started("a", 0.1), finished("a", 0.4, 0.3), started(nested(PLAN)[0], 0.5)]
    lines = picture(PLAN, happened).splitlines()
    assert lines[0] == '✓ a  get("one")                                       0.30 s'
    assert lines[2] == "▸      get($a)                                        0.50 s"


def test_elements_of_a_loop_are_counted() -> None:
    """The loop's row counts elements with an outcome, the rows inside count calls; its time is from first to last."""
    loop = program(PLAN).graph.nodes[NodeId("2")].op
    filter_, result = (str(node.id) for node in loop.body)  # type: ignore[union-attr]  # it is a loop
    happened: list[Event] = [events.Expanded(key("2"), task("2"), 0.1, 3)]
    happened += [started(f"{filter_}@{index}", 0.1) for index in range(3)]
    happened += [finished(f"{filter_}@{index}", 0.2, 0.1) for index in range(2)]
    happened += [started(f"{result}@0", 0.2), finished(f"{result}@0", 0.3, 0.1)]
    happened += [events.Skipped(key(f"{result}@1"), task("2"), 0.2)]
    assert picture(PLAN, happened).splitlines()[3:6] == [
        "▸ 2  get($x) for x in [1, 2, 3] if get($x) != …  2/3  0.90 s",
        "▸      get($x)  2/3                                   0.90 s",
        "▸      get($x)  2/3                                   0.80 s",
    ]
    happened += [finished(f"{filter_}@2", 0.4, 0.3), finished(f"{result}@2", 0.6), finished("2", 0.6)]
    assert picture(PLAN, happened).splitlines()[3:6] == [
        "✓ 2  get($x) for x in [1, 2, 3] if get($x) != …  3/3  0.50 s",
        "✓      get($x)  3/3",
        "✓      get($x)  3/3",
    ]


def test_a_loop_with_one_call_has_one_row() -> None:
    """The only call of a loop is what the loop's own row counts, and its failure is told there."""
    plan = "1. get($x) for x in [1, 2]\njoin($1)\n"
    happened = [events.Expanded(key("1"), task("1"), 0.0, 2), failed("1/each@0", 0.5), finished("1/each@1", 0.6)]
    assert picture(plan, happened) == "▸ 1  get($x) for x in [1, 2]  2/2                     1.00 s"
    assert picture(plan, [*happened, failed("1", 0.6)]) == (
        "✗ 1  get($x) for x in [1, 2]  2/2, `get` raised Val…  0.60 s"
    )


def test_loops_in_loops_have_rows_that_count_all_their_elements() -> None:
    """A nested loop counts its lists, the calls in it all elements; a row of loops counts the outermost."""
    row = "2. get($y) for x in [[1], [2]] for y in $x"
    plan = f"1. [[get($y) for y in $x], get(1)] for x in [[1], [2]]\n{row}\njoin($1, $2)"
    assert picture(plan, []) == (
        "· 1  [[get($y) for y in $x], get(1)] for x in [[1], [2]]\n"
        "·      [get($y) for y in $x]\n"
        "·      get(1)\n"
        "· 2  get($y) for x in [[1], [2]] for y in $x"
    )
    happened: list[Event] = [events.Expanded(key("1"), task("1"), 0.0, 2)]
    happened += [events.Expanded(key(f"1/each/i0@{index}"), task("1"), 0.0, 1 + index) for index in range(2)]
    happened += [started("1/each/i0/each@0@0", 0.1), finished("1/each/i0/each@0@0", 0.2), finished("1/each/i0@0", 0.2)]
    happened += [events.Expanded(key("2"), task("2"), 0.0, 2), finished("2/each@0", 0.4)]
    lines = picture(plan, happened, width=80).splitlines()
    assert [line.split()[-3] for line in lines if "s" in line[-1:]][:2] == ["0/2", "1/2"]
    assert "1/2" in lines[3]
    ends = [finished("1/each/i0@1", 0.5), finished("1", 0.6)]
    assert [line[0] for line in picture(plan, [*happened, *ends]).splitlines()] == ["✓", "✓", "✓", "▸"]


def test_a_failed_element_is_told_beside_its_call() -> None:
    """Where a loop has several calls, the one that failed says so, and stays failed."""
    result = str(program(PLAN).graph.nodes[NodeId("2")].op.result)  # type: ignore[union-attr]  # it is a loop
    happened = [events.Expanded(key("2"), task("2"), 0.1, 1), started(f"{result}@0", 0.2), failed(f"{result}@0", 0.3)]
    assert "✗      get($x)  1/1, `get` raised ValueError: no" in picture(PLAN, [*happened, failed("2", 0.3)])


def test_failed_blocked_and_skipped_rows_say_why() -> None:
    """Each kind of end has its sign and its words."""
    happened = [
        started("a", 0.0),
        events.Retried(key("a"), task("a"), 0.1, 2, 0.0, error("a", "busy")),
        failed("a", 0.2, "gone\x1b[2J"),
        events.Blocked(key("b"), task("b"), 0.2, task("a")),
        events.Dropped(key(nested(PLAN)[0]), task("b"), 0.2),
        events.Skipped(key("2"), task("2"), 0.2),
        events.Blocked(key("d"), task("d"), 0.2, task("a")),
    ]
    assert picture(PLAN, happened, width=70) == (
        '✗ a  get("one")  `get` raised ValueError: gone\\x1b[2J           0.20 s\n'
        '⊘ b  get(get($a) + "!")  needs a, which failed\n'
        "~      get($a)  dropped\n"
        '- 2  get($x) for x in [1, 2, 3] if get($x) != "no"  skipped\n'
        "-      get($x)  skipped\n"
        "-      get($x)  skipped\n"
        '⊘ d  get( "four")  needs a, which failed'
    )


def test_retries_and_fallbacks_are_told_while_they_last() -> None:
    """The last attempt, or the fallback, stands beside the call."""
    retried = events.Retried(key("a"), task("a"), 0.1, 2, 0.0, error("a", "busy"))
    assert "attempt 2, since `get` raised ValueError: busy" in picture(PLAN, [started("a", 0.0), retried], width=90)
    fallback = events.FellBack(key("a"), task("a"), 0.2, error("a"))
    assert '✓ a  get("one")  fallback, since `get` raised' in picture(PLAN, [fallback, finished("a", 0.2)], width=90)


def test_values_are_shown_at_the_end() -> None:
    """When the run is over, each task that has a value shows it, whatever a terminal would make of it."""
    found = program("a = get(1)\nb = get(2)\njoin($a)\n")
    state = RunState(found.graph, found.source)
    state.apply(finished("a", 0.2, 0.2))
    state.conclude({"a": "one\x07", "b": "two"})
    assert [plain(each).rstrip() for each in draw(state, 1.0, width=50, height=9)] == [
        '✓ a  get(1)  → "one\\u0007"                  0.20 s',
        "· b  get(2)",
    ]


def test_a_join_that_calls_has_a_row() -> None:
    """The join is shown only for the calls in it."""
    assert picture("join(get(1))\n", []).count("\n") == 1
    assert picture("1. get(1)\njoin($1)\n", []).count("\n") == 0


def test_merged_tasks_share_a_row() -> None:
    """A call that stands for several tasks is labelled with all of them."""
    found = compile_plan("a = get(1)\nb = get(1)\njoin($a, $b)\n", Toolbox([get]))
    rows = [row.label for row in RunState(found.graph, found.source).rows]
    assert "a b" in rows


def test_a_long_run_shows_what_matters() -> None:
    """Where lines are few, what failed and runs is shown, and the rest is counted."""
    plan = "".join(f'{number}. get("{number}")\n' for number in range(1, 101)) + "join()\n"
    happened = [finished(str(number), 0.1, 0.1) for number in range(1, 50)] + [failed("77", 0.2), started("90", 0.5)]
    assert picture(plan, happened, width=30, height=4) == (
        '✓ 1   get("1")              0.10 s\n'
        '✗ 77  get("77")  `get` rais…\n'
        '▸ 90  get("90")             0.50 s\n'
        "… 97 more; of all: 1 failed, …"
    )


@pytest.mark.parametrize("width", [1, 20, 41, 200])
def test_rows_keep_to_the_width(width: int) -> None:
    """No line is wider than the terminal, unless that is too narrow for anything."""
    plan = 'a_rather_long_name_of_a_task = get("' + "x" * 300 + '")\njoin()\n'
    (row,) = picture(plan, [failed("a_rather_long_name_of_a_task", 0.1, "y" * 300)], width=width).splitlines()
    assert len(row) <= max(width, 45)


def test_the_last_picture_stays() -> None:
    """What is on the terminal at the end is the whole tree, with the times of then."""
    found = program('a = get("[bold]one")\njoin($a)\n')
    now = 10.0
    console = Console(file=StringIO(), force_terminal=True, color_system=None, width=50, height=9)
    with live_tree(RunState(found.graph, found.source), console, clock=lambda: now) as tree:
        tree.apply(started("a", 0.5))
        now = 11.0
        tree.apply(finished("a", 1.5, 1.0))
        tree.conclude({"a": 1})
    shown = console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    assert re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "\r", shown).rpartition("\r✓")[2].strip("\r\n") == (
        ' a  get("[bold]one")  → 1                  1.00 s'
    )


def lines(happened: Sequence[Event]) -> list[str | None]:
    """The lines of events."""
    found = program(PLAN)
    return [line(event, texts(found.graph, found.source)) for event in happened]


def test_every_event_is_a_line() -> None:
    """Without a terminal each event of a task is one line with its time."""
    happened = [
        events.RunStarted(0.0),
        started("a", 0.0014),
        events.Retried(key("a"), task("a"), 0.1, 2, 0.5, error("a", "busy\nbusy")),
        events.FellBack(key("a"), task("a"), 0.2, error("a")),
        finished("a", 0.25, 0.24),
        events.Expanded(key("2"), task("2"), 0.25, 3),
        started("2/each@1", 0.25),
        failed("2", 12.5, "\x1b"),
        events.Blocked(key("b"), task("b"), 12.5, task("2")),
        events.Skipped(key("d"), task("d"), 12.5),
        events.RunFinished(12.5, complete=True, abandoned=()),
    ]
    assert lines(happened) == [
        None,
        '  0.001  started   a  get("one")',
        "  0.100  retried   a  attempt 2 in 0.50 s: `get` raised ValueError: busy busy",
        "  0.200  fellback  a  `get` raised ValueError: no",
        "  0.250  finished  a  after 0.24 s",
        "  0.250  expanded  2  3 elements",
        "  0.250  started   2[1]  get($x)",
        "  12.500  failed    2  `get` raised ValueError: \\x1b".replace("  12", " 12", 1),
        " 12.500  blocked   b  needs 2, which failed",
        " 12.500  skipped   d",
        None,
    ]
