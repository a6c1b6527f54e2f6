"""Remaining time after each node, and total time of a graph: tables beside the graph, never part of it.

The cost of a call is the latency that its tool declares, in seconds. If only some tools declare one, pure tools without
a latency cost nothing, since they only compute, and other tools cost the median of the declared ones. If no tool
declares a latency, each call costs one, and a time is a number of calls. Other nodes cost nothing. A loop counts as one
element, since the number of elements is known only at run time; a call that may be skipped counts as running.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from statistics import median
from typing import Literal

from llmc_compiler.analysis.levels import waits, widths
from llmc_compiler.effects.effects import Kind
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Call, Graph, all_nodes
from llmc_compiler.tools.tool import Tool
from llmc_grammar.frozen_data import frozen

Unit = Literal["s", "calls"]

Costs = Mapping[NodeId, float]


@frozen
class Estimate:
    """Estimated time of a graph, in seconds or in calls (`unit`).

    `work` is the sum of all calls. `span` is the length of the longest chain, whose nodes are `chain`. `widths` counts
    the calls on each level.
    """

    unit: Unit
    work: float
    span: float
    chain: tuple[NodeId, ...]
    widths: tuple[int, ...]

    def bound(self, width: int) -> float:
        """Return a lower bound for every schedule with this width: Graham, Bounds on timing anomalies, 1969."""
        return max(self.span, self.work / width)


def costs(graph: Graph) -> Costs:
    """Return the cost of each call, including calls in loops; other nodes are left out and cost nothing."""
    tools = dict(_tools(graph))
    declared = {tool.name: tool.latency for tool in tools.values() if tool.latency is not None}
    if not declared:
        return dict.fromkeys(tools, 1.0)
    typical = median(declared.values())
    return {key: _cost(tool, typical) for key, tool in tools.items()}


def _cost(tool: Tool, typical: float) -> float:
    """Return the cost of a tool's call if some tools declare a latency."""
    if tool.latency is not None:
        return tool.latency
    return 0.0 if tool.effect.kind is Kind.PURE else typical


def _tools(graph: Graph) -> Iterator[tuple[NodeId, Tool]]:
    """Yield the tool of each call, including calls in loops."""
    for node in all_nodes(graph):
        if isinstance(node.op, Call):
            yield node.id, node.op.tool


def rank(graph: Graph) -> Mapping[NodeId, float]:
    """Return the longest path from the start of each node to the end, with its own cost; the highest rank goes first.

    Takes time linear in nodes plus edges. The rank of a loop is that of its end, and each node inside has a rank too.
    The rule is the upward rank of Topcuoglu, Hariri and Wu, Performance-effective and low-complexity task scheduling,
    2002.
    """
    return _remaining(waits(graph), costs(graph))[0]


def estimate(graph: Graph) -> Estimate:
    """Estimate the time of a graph, in time linear in nodes plus edges."""
    cost = costs(graph)
    remaining, following = _remaining(waits(graph), cost)
    chain = [max(remaining, key=remaining.__getitem__)]
    while chain[-1] in following:
        chain.append(following[chain[-1]])
    unit: Unit = "s" if any(tool.latency is not None for _, tool in _tools(graph)) else "calls"
    return Estimate(unit, sum(cost.values()), remaining[chain[0]], tuple(chain), widths(graph))


def expected_time(graph: Graph, width: int) -> float:
    """Return the time of a graph with at most `width` calls at once, those of the highest rank first."""
    return makespan(waits(graph), costs(graph), width, rank(graph))


def _remaining(
    before: dict[NodeId, tuple[NodeId, ...]], cost: Costs
) -> tuple[dict[NodeId, float], dict[NodeId, NodeId]]:
    """Return the rank of each node, and the next node on its longest path."""
    remaining = dict.fromkeys(before, 0.0)
    following: dict[NodeId, NodeId] = {}
    for key in reversed(before):
        remaining[key] += cost.get(key, 0.0)
        for other in before[key]:
            if remaining[key] >= remaining[other]:
                remaining[other], following[other] = remaining[key], key
    return remaining, following


def makespan(
    before: Mapping[NodeId, Sequence[NodeId]], cost: Costs, width: int, first: Mapping[NodeId, float] | None = None
) -> float:
    """Return the end of a list schedule: whenever fewer than `width` calls run, the next ready call starts.

    `before` maps each node to the nodes it waits for. Among ready calls, the one with the highest value in `first`
    starts; ties, and all calls without `first`, start in the order in which they became ready. Nodes that cost nothing
    do not count against the width.
    """
    users: dict[NodeId, list[NodeId]] = {key: [] for key in before}
    for key, others in before.items():
        for other in others:
            users[other].append(key)
    missing = {key: len(others) for key, others in before.items()}
    opened = deque(key for key, number in missing.items() if not number)
    arrival = count()
    ready: list[tuple[float, int, NodeId]] = []
    running: list[tuple[float, int, NodeId]] = []
    now = 0.0
    while True:
        while opened:
            key = opened.popleft()
            if cost.get(key, 0.0) > 0:
                heappush(ready, (-first[key] if first else 0.0, next(arrival), key))
            else:
                opened.extend(_freed(users[key], missing))
        while ready and len(running) < width:
            key = heappop(ready)[2]
            heappush(running, (now + cost[key], next(arrival), key))
        if not running:
            return now
        now, _, key = heappop(running)
        opened.extend(_freed(users[key], missing))


def _freed(users: Sequence[NodeId], missing: dict[NodeId, int]) -> Iterator[NodeId]:
    """Yield the users whose last missing dependency this was."""
    for user in users:
        missing[user] -= 1
        if not missing[user]:
            yield user
