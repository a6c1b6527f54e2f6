"""Rank, the longest chain, and list schedules."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import networkx as nx
import pytest

from llmc_compiler.analysis.critical_path import costs, estimate, expected_time, makespan, rank
from llmc_compiler.analysis.levels import levels, waits
from llmc_compiler.analysis.measured_latencies import with_latencies
from llmc_compiler.effects.effects import Effect, Kind
from llmc_compiler.expressions.terms import Get, ListOf, NodeId
from llmc_compiler.ir.graph import JOIN, Call, Join, Loop, Node, TaskId
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from tests.compiler.compiling import compiled, from_plan, toolbox
from tests.growth import fastest
from tests.semantics.compared import TOOLBOX
from tests.semantics.generator import random_plan

SEEDS = range(150)


def timed(latencies: dict[str, float | None], effect: str = "nondet") -> Toolbox:
    """Tools that declare how long they take, or do not."""
    known = toolbox(dict.fromkeys(latencies, effect))
    return Toolbox([replace(tool, latency=latencies[tool.name]) for tool in known])


def random_graph(seed: int) -> Graph:
    """The graph of a random plan; of every other one, tools declare random latencies."""
    rng = Random(seed)
    tools = [replace(tool, latency=rng.lognormvariate(0, 1)) if seed % 2 else tool for tool in TOOLBOX]
    return from_plan(random_plan(rng), Toolbox(tools), PIPELINE if seed % 3 else ())


def longest(before: dict[NodeId, tuple[NodeId, ...]], cost: dict[NodeId, float]) -> float:
    """The longest path as networkx finds it; the cost of a node is on its edges down."""
    digraph: nx.DiGraph[str] = nx.DiGraph()
    for key, others in before.items():
        digraph.add_edge(str(key), "end", weight=cost.get(key, 0.0))
        digraph.add_edges_from(((str(other), str(key)) for other in others), weight=0.0)
        for other in others:
            digraph[str(other)][str(key)]["weight"] = cost.get(other, 0.0)
    return float(nx.dag_longest_path_length(digraph))


def test_rank_is_the_time_that_is_left() -> None:
    """A node's rank is its own cost and the highest of those that wait for it."""
    graph = compiled("1. slow()\n2. fast($1)\n3. fast()\njoin($2, $3)", timed({"slow": 2.0, "fast": 0.5}))
    assert rank(graph) == {"1": 2.5, "2": 0.5, "3": 0.5, "join": 0.0}


def test_order_edges_count() -> None:
    """A write waits for the one before it, whatever it reads."""
    graph = compiled("1. w()\n2. w()\njoin($1)", timed({"w": 1.0}, "write(db)"))
    assert rank(graph) == {"1": 2.0, "2": 1.0, "join": 0.0}
    assert estimate(graph).chain == ("1", "2")


def test_without_latencies_calls_are_counted() -> None:
    """Expressions cost nothing, and the unit says so."""
    graph = compiled("1. f()\n2. $1 + 1\n3. f($2)\njoin($3)")
    assert rank(graph) == {"1": 2.0, "2": 1.0, "3": 1.0, "join": 0.0}
    assert (estimate(graph).unit, estimate(graph).span) == ("calls", 2.0)


@pytest.mark.parametrize(("effect", "cost"), [("nondet", 2.0), ("read(db)", 2.0), ("write(db)", 2.0), ("pure", 0.0)])
def test_an_undeclared_tool_takes_what_others_do(effect: str, cost: float) -> None:
    """Where some declare a latency, the others have the median of the tools declared, but pure ones nothing."""
    tools = timed({"a": 1.0, "b": 2.0, "c": 9.0}) | timed({"x": None}, effect)
    graph = compiled("1. a()\n2. b()\n3. c()\n4. a()\n5. x()\njoin()", tools)
    assert costs(graph).get(NodeId("5"), 0.0) == cost
    assert estimate(graph).unit == "s"


def test_a_loop_counts_as_one_element() -> None:
    """The nodes inside have ranks of their own, above that of the loop's end."""
    graph = compiled("1. f()\n2. g($x) for x in $1 if h($x)\n3. f($2)\njoin($3)", timed({"f": 1.0, "g": 4.0, "h": 2.0}))
    assert rank(graph) == {"1": 8.0, "2/filter": 7.0, "2/each": 5.0, "2": 1.0, "3": 1.0, "join": 0.0}
    found = estimate(graph)
    assert (found.work, found.span, found.widths) == (8.0, 8.0, (1, 2, 1, 0))


def test_measured_latencies_replace_declared_ones() -> None:
    """They hold in loops too; a tool without one keeps what it declares, or has the median of those that are known."""
    text = "1. f()\n2. g($x) for x in $1 if h($x)\n3. k($2)\njoin($3)"
    graph = compiled(text, timed({"f": 1.0, "g": 4.0, "h": 2.0, "k": None}))
    measured = with_latencies(graph, {"f": 3.0, "g": 0.5, "elsewhere": 100.0})
    assert rank(graph) == {"1": 9.0, "2/filter": 8.0, "2/each": 6.0, "2": 2.0, "3": 2.0, "join": 0.0}
    assert rank(measured) == {"1": 7.5, "2/filter": 4.5, "2/each": 2.5, "2": 2.0, "3": 2.0, "join": 0.0}
    assert with_latencies(graph, {}) is graph


def test_seconds_and_calls_are_not_mixed() -> None:
    """If a plan's tools have neither measured nor declared latencies, calls are counted; if one has, all are times."""
    graph = compiled("1. f()\n2. g($1)\njoin($2)", timed({"f": None, "g": None}))
    assert rank(with_latencies(graph, {"elsewhere": 100.0})) == {"1": 2.0, "2": 1.0, "join": 0.0}
    assert rank(with_latencies(graph, {"f": 0.01})) == {"1": 0.02, "2": 0.01, "join": 0.0}
    assert estimate(with_latencies(graph, {"f": 0.01})).unit == "s"


def test_a_pure_tool_that_was_measured_takes_its_time() -> None:
    """It would count as nothing otherwise."""
    tools = timed({"f": 1.0}) | timed({"p": None}, "pure")
    graph = compiled("1. f()\n2. p($1)\njoin($2)", tools)
    assert rank(graph)[NodeId("1")] == 1.0
    assert rank(with_latencies(graph, {"p": 8.0}))[NodeId("1")] == 9.0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_longest_chain_is_the_longest_path(seed: int) -> None:
    """The span is what networkx says, the chain is a path, and it is as long as the span."""
    graph = random_graph(seed)
    before, cost, found = waits(graph), dict(costs(graph)), estimate(graph)
    assert found.span == pytest.approx(longest(before, cost))
    assert sum(cost.get(key, 0.0) for key in found.chain) == pytest.approx(found.span)
    assert all(one in before[two] for one, two in zip(found.chain, found.chain[1:], strict=False))
    if not any(isinstance(node.op, Loop) for node in graph.nodes.values()):
        edges = {node.id: tuple({*node.needs, *node.after}) for node in graph.nodes.values()}
        assert found.span == pytest.approx(longest(edges, cost))


@pytest.mark.parametrize("seed", SEEDS)
def test_rank_falls_along_every_edge(seed: int) -> None:
    """What waits has less left, by at least the cost of what it waits for."""
    graph = random_graph(seed)
    cost, ranks = costs(graph), rank(graph)
    for key, others in waits(graph).items():
        assert all(ranks[other] >= ranks[key] + cost.get(other, 0.0) - 1e-9 for other in others)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_schedule_lies_between_its_bounds(seed: int) -> None:
    """One at a time takes all the work, many the span; between them Graham's bound holds."""
    graph = random_graph(seed)
    found = estimate(graph)
    assert expected_time(graph, 1) == pytest.approx(found.work)
    assert expected_time(graph, 1000) == pytest.approx(found.span)
    for width in (2, 3):
        for time in (expected_time(graph, width), makespan(waits(graph), costs(graph), width)):
            assert time >= found.bound(width) - 1e-9
            assert time <= found.work / width + (1 - 1 / width) * found.span + 1e-9


def test_rank_beats_first_come_where_the_long_chain_comes_last() -> None:
    """Two short calls that stand first do not delay the long chain."""
    graph = compiled("1. s()\n2. s()\n3. l()\n4. l($3)\njoin()", timed({"s": 1.0, "l": 2.0}))
    assert makespan(waits(graph), costs(graph), 2) == 5.0
    assert expected_time(graph, 2) == estimate(graph).bound(2) == 4.0


def layered(size: int) -> Graph:
    """A graph of layers of a hundred tasks, each needing two of the layer above."""
    tool = Tool("t", "", Effect(Kind.NONDET), next(iter(toolbox())).signature, print, is_async=False)
    nodes: dict[NodeId, Node] = {}
    for index in range(size):
        above = (index - 100, index - 100 - index % 7)
        needs = tuple(dict.fromkeys(NodeId(str(other)) for other in above if other >= 0))
        key = NodeId(str(index))
        nodes[key] = Node(key, Call(tool, tuple((None, Get(need)) for need in needs)), TaskId(key), needs=needs)
    every = tuple(nodes)
    nodes[JOIN] = Node(JOIN, Join(ListOf(tuple(map(Get, every)))), TaskId(JOIN), needs=every)
    return Graph(nodes, {TaskId(key): key for key in every})


@pytest.mark.parametrize("measured", [rank, levels, estimate])
def test_ten_times_the_tasks_take_about_ten_times_as_long(measured: Callable[[Graph], Sequence[object]]) -> None:
    """Linear in tasks and edges, with room for slower memory; a quadratic sweep would take a hundred times as long."""
    small, large = layered(1_000), layered(10_000)
    assert fastest(lambda: measured(large), readings=7) < 70 * fastest(lambda: measured(small), readings=7)
