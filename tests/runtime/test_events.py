"""The events of a run: what is written of them holds."""

import asyncio
import re
from collections import defaultdict
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

import llmc
from llmc_compiler.analysis.levels import waits
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Graph, Loop, node_body
from llmc_runtime.agent.agent_events import Progress
from llmc_runtime.calls.tool_contexts import Contexts
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from llmc_runtime.safety.approval import Approval
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.state import events
from llmc_runtime.state.events import Event
from llmc_runtime.state.outcomes import Key
from tests.runtime import clock

PAGE = (Path(__file__).parents[2] / "docs/reference/events.md").read_text("utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (`[^|]*`) \| ", re.MULTILINE)
ORDER = [kind.__name__ for kind in get_args(Event)]
ENDS = ("Finished", "Failed", "Skipped", "Blocked", "Cancelled", "Dropped")

tries: dict[str, int] = {}


@llmc.read("r")
async def look(seconds: float = 0, value: llmc.Json = None) -> llmc.Json:
    """Read."""
    await asyncio.sleep(seconds)
    return value


@llmc.write("r", approve=True)
async def put(seconds: float = 0) -> int:
    """Write."""
    await asyncio.sleep(seconds)
    return 1


@llmc.nondet
async def flaky(times: int) -> int:
    """Fail so often."""
    tries["flaky"] = tries.get("flaky", 0) + 1
    if tries["flaky"] <= times:
        raise OSError("no")
    return times


TOOLS = llmc.Toolbox([look, put, flaky])
PLANS = [
    "join(1)\n",
    "a = look(1)\nb = look(2)\nput(1)\nc = look(1, [$a, $b])\nput(2)\njoin($c)\n",
    "a = flaky(2) @retry(2)\nb = flaky(9) @retry(1) @fallback(3)\njoin($a, $b)\n",
    "a = flaky(9)\nb = look(1, $a)\nc = look(2) if false\nd = look(1, $c)\njoin($b, $d)\n",
    "a = look(1, [1, 2, 3])\nput($x) for x in $a if look($x) == null\nb = look(1, $x) for x in $a\njoin()\n",
    'put(1) for x in [1, 2]\nput(2)\nlook(1, look(2)) for x in []\na = look($x + 1) for x in [1, "a"]\njoin($a)\n',
]


def played(plan: str) -> tuple[Graph, Run]:
    """A plan and its run, in which every second question is answered with a no."""
    tries.clear()
    graph = llmc.compile(plan, TOOLS, passes=()).graph
    asked = 0

    async def ask(request: llmc.ApprovalRequest) -> bool:
        nonlocal asked
        asked += 1
        await asyncio.sleep(1)
        return asked % 2 == 1

    async def main() -> Run:
        return await execute(graph, {}, trust=RunGuard(Approval(None, ask), Contexts()))

    return graph, clock.run(main())


def by_instance(run: Run) -> dict[Key, list[str]]:
    """The names of the events of each instance."""
    found = defaultdict(list)
    for event in run.events:
        if not isinstance(event, events.OF_RUNS):
            found[event.key].append(type(event).__name__)
    return found


def test_every_event_is_described_with_its_fields() -> None:
    """The tables have the classes of both modules, in the same order, and no other."""
    for kinds, heading in ((Event, "## Events of a run"), (Progress, "## Events of a question")):
        table = PAGE.partition(heading)[2].partition("\n## ")[0]
        told = [(name, re.findall(r"`(\w+)`", words)) for name, words in ROW.findall(table)]
        assert told == [(kind.__name__, [each.name for each in fields(kind)]) for kind in get_args(kinds)]


@pytest.mark.parametrize("plan", PLANS)
def test_a_run_begins_and_ends_and_time_goes_on(plan: str) -> None:
    """Its first and last events are those of the run, and no other is."""
    _, run = played(plan)
    names = [type(event).__name__ for event in run.events]
    assert (names[0], names[-1]) == ("RunStarted", "RunFinished")
    assert names.count("RunStarted") == names.count("RunFinished") == 1
    assert [event.at for event in run.events] == sorted(event.at for event in run.events)


@pytest.mark.parametrize("plan", PLANS)
def test_an_instance_has_its_events_in_order_and_one_end(plan: str) -> None:
    """Each at most once but for Retried; every node of the plan has an end."""
    graph, run = played(plan)
    found = by_instance(run)
    for names in found.values():
        places = [ORDER.index(name) for name in names]
        assert places == sorted(places)
        assert len({*places}) == len(places) - max(names.count("Retried") - 1, 0)
        assert [name in ENDS for name in names] == [False] * (len(names) - 1) + [True]
    assert {key for key, indices in found if not indices} == set(graph.nodes)


@pytest.mark.parametrize("plan", PLANS)
def test_an_end_comes_after_those_that_it_waits_for(plan: str) -> None:
    """Inside of loops, in the same element; a loop's end comes after all of its elements."""
    graph, run = played(plan)
    place = {event.key: at for at, event in enumerate(run.events) if type(event).__name__ in ENDS}  # type: ignore[union-attr]
    before = waits(graph)
    loops = {inner.id: top.id for top in graph.nodes.values() for inner in node_body(top)}
    for (node, indices), at in place.items():
        for other in before[node]:
            inside = loops.get(other)
            around = indices if inside is not None and inside == loops.get(node) else ()
            keys = [key for key in place if key[0] == other and (inside == node or key[1] == around)]
            assert all(place[key] < at for key in keys)


@pytest.mark.parametrize("plan", PLANS)
def test_elements_come_after_their_loop_has_them(plan: str) -> None:
    """Expanded is the first that is heard of them."""
    graph, run = played(plan)
    inside = {inner.id: top.id for top in graph.nodes.values() if isinstance(top.op, Loop) for inner in node_body(top)}
    known: set[NodeId] = set()
    for event in run.events:
        if isinstance(event, events.Expanded):
            known.add(event.key[0])
        elif not isinstance(event, events.OF_RUNS) and event.key[0] in inside:
            assert inside[event.key[0]] in known


@pytest.mark.parametrize("plan", PLANS)
def test_questions_do_not_interleave(plan: str) -> None:
    """Each answer follows its question."""
    _, run = played(plan)
    pairs = [event for event in run.events if isinstance(event, events.Asked | events.Answered)]
    assert [type(event).__name__ for event in pairs] == ["Asked", "Answered"] * (len(pairs) // 2)
    assert [event.key for event in pairs[::2]] == [event.key for event in pairs[1::2]]


def test_the_plans_of_these_tests_have_every_event() -> None:
    """But for those of plans that arrive in pieces, of runs that are stopped, and of tools that block the loop."""
    seen = {type(event).__name__ for plan in PLANS for event in played(plan)[1].events}
    assert seen == set(ORDER) - {"Dropped", "Cancelled", "Stalled", "Restarted"}
