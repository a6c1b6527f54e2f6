"""What is told of a plan: order edges, levels, declarations, times; and the text of it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.analysis import what_if
from llmc_compiler.analysis.critical_path import estimate, expected_time
from llmc_compiler.analysis.levels import calls
from llmc_compiler.analysis.what_if import DeclarationGain, as_if
from llmc_compiler.effects.effects import Effect, Kind, conflict
from llmc_compiler.explain import story_text
from llmc_compiler.explain.story import Story
from llmc_compiler.explain.story_json import story_json
from llmc_compiler.explain.story_text import NARROWEST, as_text, tell
from llmc_compiler.ir.graph import Call, loops_within
from llmc_compiler.ir.printer import print_graph
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.passes.stages import optimize
from llmc_compiler.representation.source_text import written
from llmc_compiler.terminal_cells import cells, visible, wrapped
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import Source, Span, print_plan
from tests.compiler.compiling import compiled, from_plan, read, toolbox
from tests.semantics.compared import TOOLBOX
from tests.semantics.generator import random_plan

pytestmark = pytest.mark.no_cover
"""The searches are long, and other tests reach the lines."""

SEEDS = range(40)
LINE = "log(1)\nlog(2)\nlog(3)\njoin()"
HOSTILE = '1. "\\u001b[2J\\u202e"\n2. f("\\u001b[31m東京\\u202e" + "b")\n3. f($2, "' + "x" * 300 + '")\njoin($1)\n'


def story(text: str, effects: dict[str, str] | None = None, width: int | None = None) -> Story:
    """The story of a plan."""
    tools = toolbox(effects) if effects else toolbox()
    return Story.of(compiled(text, tools), PIPELINE, read(text).source, width)


def random_stories() -> Iterator[Story]:
    """The stories of random plans, whose text is what they print as."""
    for seed in SEEDS:
        text = print_plan(random_plan(Random(seed)))
        yield Story.of(compiled(text, TOOLBOX), PIPELINE, Source("plan.llmc", text), seed % 4 + 1)


def gain(found: Story, tool: str) -> DeclarationGain:
    """What declarations of a tool would buy."""
    (one,) = (one for one in found.gains if one.tool == tool)
    return one


def test_a_declaration_would_let_calls_run() -> None:
    """Calls, those that wait, and the longest chain: as it is, and if the tool only read, or computed."""
    found = gain(story(LINE, {"log": "opaque"}), "log")
    assert (found.now.calls, found.now.waiting, found.now.span) == (3, 2, 3.0)
    assert [(str(effect), one.calls, one.waiting, one.span) for effect, one in found.declared] == [
        ("read(*)", 3, 0, 1.0),
        ("pure", 3, 0, 1.0),
    ]


def test_what_buys_nothing_is_not_told() -> None:
    """Calls of `bare` tools wait for no other of them, and these are all needed."""
    assert story(LINE, {"log": "bare"}).gains == ()


def test_a_declaration_would_let_calls_be_merged() -> None:
    """One call of three, since they are identical, and none where nothing needs it."""
    found = gain(story("1. log(1)\n2. log(1)\n3. log(1)\nlog(2)\njoin($1, $2, $3)", {"log": "bare"}), "log")
    assert found.now.calls == 4
    assert [outlook.calls for _, outlook in found.declared] == [1, 1]


def test_a_tool_may_name_its_resource() -> None:
    """One that writes everything would let reads of something else go first; one that names a resource has no gain."""
    text = "1. save(1)\n2. rows()\njoin($2)"
    found = gain(story(text, {"save": "write(*)", "rows": "read(db)"}), "save")
    assert [(str(effect), one.waiting) for effect, one in found.declared] == [("write(save)", 0)]
    assert found.now.waiting == 1
    assert story(text, {"save": "write(db)", "rows": "read(db)"}).gains == ()


def test_calls_in_a_loop_wait_for_the_element_before() -> None:
    """They wait in line as well."""
    assert gain(story("log($x) for x in [1, 2]\njoin()", {"log": "opaque"}), "log").now.waiting == 1


def test_as_if_is_what_compiling_with_that_declaration_gives() -> None:
    """The graph of a random plan is that of the same plan with tools that declare it."""
    changed = 0
    for seed in SEEDS[:20]:
        plan = random_plan(Random(seed))
        for tool in TOOLBOX:
            for effect in (Effect(Kind.PURE), Effect(Kind.READ, "*")):
                others = Toolbox([replace(one, effect=effect) if one is tool else one for one in TOOLBOX])
                graph = from_plan(plan, TOOLBOX)
                found = as_if(graph, tool, effect)
                assert found == from_plan(plan, others)
                changed += found != graph
    assert changed > 20


def test_a_tool_lasts_as_long_whatever_it_declares() -> None:
    """One that computes counts as nothing where others declare a latency; one that is tried as such does not."""
    known = toolbox({"act": "opaque", "rows": "read(db)"})
    tools = Toolbox([replace(tool, latency=0.5 if tool.name == "rows" else None) for tool in known])
    text = "1. rows()\n2. act($1)\n3. act(3)\njoin($2, $3)"
    found = gain(Story.of(compiled(text, tools), PIPELINE, read(text).source), "act")
    assert found.now.span == 1.5
    assert [outlook.span for _, outlook in found.declared] == [1.0, 1.0]


def test_a_large_plan_is_compiled_again_for_few_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one with most calls; of the others it is said that they were not tried."""
    monkeypatch.setattr(what_if, "_MOST_NODES", 5)
    found = story("a(1)\nb(1)\nb(2)\njoin()", {"a": "opaque", "b": "opaque"})
    assert [(one.tool, bool(one.declared)) for one in found.gains] == [("b", True), ("a", False)]
    assert "`a` is `opaque`: it may do anything;" in str(found)
    assert "other declarations were not tried, since the plan is large" in str(found)


def test_every_order_edge_is_told_with_its_cause() -> None:
    """Of random plans: just those without a value, and the effects conflict."""
    told = carried = 0
    for seed in SEEDS:
        text = print_plan(random_plan(Random(seed)))
        graph = compiled(text, TOOLBOX)
        found = Story.of(graph, (), Source("plan.llmc", text))
        expected = set()
        for node in graph.nodes.values():
            expected |= {(key, node.id, False) for key in node.after if key not in node.needs}
            for _, loop in loops_within(node):
                inside = {inner.id for inner in loop.body}
                for inner in loop.body:
                    expected |= {(key, inner.id, False) for key in inner.after if key in inside - set(inner.needs)}
                # What a loop carries to nodes of a nested loop, it carries to the nested loop as well.
                expected |= {(earlier, later, True) for earlier, later in loop.carry if later in inside}
        assert {(one.earlier.id, one.later.id, one.is_carried) for one in found.order} == expected
        assert all(conflict(one.later_effect, one.earlier_effect) for one in found.order)
        told, carried = told + len(found.order), carried + sum(one.is_carried for one in found.order)
    assert told > 50
    assert carried > 5


def test_the_figures_are_those_of_the_graph() -> None:
    """Calls, levels, the chain and the schedule."""
    for found in random_stories():
        graph = optimize(compiled(found.source.text, TOOLBOX), PIPELINE)
        assert found.left == sum(len(calls(node)) for node in graph.nodes.values())
        assert found.left == sum(map(len, found.levels))
        assert found.estimate == estimate(graph)
        assert all(isinstance(node.op, Call) for node in found.chain)
        assert found.schedule is not None
        width = found.schedule.width
        assert found.schedule.bound == found.estimate.bound(width)
        assert found.schedule.bound <= found.schedule.expected == expected_time(graph, width)


def test_latencies_that_are_taken_as_the_median_are_named() -> None:
    """Those of tools that declare none and do not merely compute."""
    known = {"f": "pure", "ask": "nondet", "rows": "read(db)"}
    tools = Toolbox([replace(tool, latency=0.5 if tool.name == "rows" else None) for tool in toolbox(known)])
    text = "1. f(1)\n2. ask(1)\n3. rows(1)\njoin()"
    assert Story.of(compiled(text, tools), PIPELINE, read(text).source).assumed == ("ask",)
    assert story(text, known).assumed == ()


@pytest.mark.parametrize("width", [0, -1])
def test_nothing_runs_at_once_is_no_width(width: int) -> None:
    """At least one call has to."""
    with pytest.raises(ValueError, match="the width must be at least 1"):
        story(LINE, {"log": "opaque"}, width)


def test_a_story_is_text() -> None:
    """As `print` shows it: 80 columns, without styles."""
    found = story("1. f(1)\njoin($1)", width=1)
    assert str(found) == as_text(found, 80)
    assert str(found).startswith("plan.llmc: 1 call written, 1 left after fold, hoist, dedup, prune\n\nCalls that run")


def test_all_lines_fit() -> None:
    """At any width no line is longer, and none has what controls a terminal; whatever the plan holds."""
    lines = 0
    for found in (*random_stories(), story(HOSTILE, width=1)):
        for width in (1, NARROWEST, 80, 200):
            for line in tell(found, width):
                text = "".join(piece for piece, _ in line)
                assert cells(text) <= max(width, NARROWEST)
                assert text.isprintable()
                lines += 1
    assert lines > 1000


def test_a_long_story_is_cut() -> None:
    """After fifty entries of a section, and a dozen calls of a level; as JSON it is whole."""
    text = "".join(f"{number}. f(1 + {number})\n" for number in range(1, 101)) + "join()\n"
    found = story(text)
    assert "\n  and 50 more, all of which are in the JSON form\n" in str(found)
    assert ", 12, and 88 more\n" in str(found)
    assert len(story_json(found)["remarks"]) == 100
    chain = "1. f(1)\n" + "".join(f"{number}. f(${number - 1})\n" for number in range(2, 101)) + "join($100)\n"
    assert "longest chain 100 calls: 1, 2, 3, 4, 5, 6, …, 95, 96, 97, 98, 99, 100\n" in str(story(chain))
    assert str(story(chain)).count("and 50 more") == 1


def test_json_is_json() -> None:
    """Whatever the plan holds, with the same keys for all of a kind."""
    kinds: dict[str, set[str]] = {}
    for found in (*random_stories(), story(LINE, {"log": "opaque"}), story(HOSTILE)):
        data = json.loads(json.dumps(story_json(found)))
        assert (data["version"], data["language"], data["passes"]) == (1, 1, ["fold", "hoist", "dedup", "prune"])
        for kind in ("remarks", "order", "declarations"):
            for one in data[kind]:
                assert kinds.setdefault(kind, set(one)) == set(one)
    assert set(kinds) == {"remarks", "order", "declarations"}
    free, two = (story_json(story(LINE, {"log": "nondet"}, width))["time"] for width in (None, 2))
    assert [(one["width"], one["bound"], one["expected"]) for one in (free, two)] == [(None, 1.0, 1.0), (2, 1.5, 2.0)]


@pytest.mark.parametrize(
    ("text", "task", "shown"),
    [
        ("a = f(1)", "a", "f(1)"),
        ("1.f(1)", "1", "f(1)"),
        ("3.5 + 1", "3", "3.5 + 1"),
        ("a == 1", "a", "a == 1"),
        ("f(1,\n   2)", "1", "f(1, 2)"),
    ],
)
def test_a_task_is_shown_without_its_name(text: str, task: str, shown: str) -> None:
    """In one line."""
    assert written(Span(0, len(text)), task, Source("plan.llmc", text)) == shown


@given(st.text(), st.integers(2, 30))
def test_wrapped_text_fits_and_is_whole(text: str, width: int) -> None:
    """Each line is as wide as it may be, and nothing is lost but blanks."""
    lines = list(wrapped(text, width))
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == visible(text).replace(" ", "")


def test_telling_knows_no_pass() -> None:
    """A story without passes says so."""
    text = "1. f(1)\njoin($1)"
    assert "; no passes ran" in story_text.as_text(Story.of(compiled(text), (), read(text).source))


def test_uses_and_printing_are_not_needed() -> None:
    """The story of a printed plan is that of the plan, but for places."""
    text = "1. f(1)\n2. f(1)\njoin($1, $2)"
    again = print_graph(compiled(text))
    assert str(story(again)) == str(story(text))


def test_a_tool_from_a_schema_has_a_story() -> None:
    """Its arguments have no names."""
    tools = Toolbox([Tool.from_schema("git.log", "", {}, "read(git)", print)])
    text = "1. git.log(1, 2)\n2. git.log(1, 2)\njoin($1, $2)"
    assert "merged into `1`" in str(Story.of(compiled(text, tools), PIPELINE, read(text).source))


def test_calls_of_loops_in_a_row_have_the_name_of_their_task() -> None:
    """As those of one loop; calls nested in the task are named by their tools."""
    text = str(story("1. guess($x, $y) for x in [1] for y in inbox($x)\njoin($1)"))
    assert "1: inbox" in text
    assert "1: guess" not in text
