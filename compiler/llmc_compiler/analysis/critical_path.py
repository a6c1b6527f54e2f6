"""How long is left after each node, and what a graph takes as a whole: tables beside the graph, never part of it.

What a call costs is the latency that its tool declares, in seconds. Where only some tools declare one, pure ones
without cost nothing, since they compute, and others the median of those declared. Where no tool does, each call costs
one, and a time is a number of calls. Whatever is not a call costs nothing. A loop counts as one element, since how many
it has is known only when it runs; what may be skipped counts as done.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from statistics import median
from typing import Literal

from llmc_compiler.analysis.levels import waits, widths
from llmc_compiler.effects.effects import Kind
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Call, Graph, node_body
from llmc_compiler.tools.tool import Tool

Unit = Literal["s", "calls"]

Costs = Mapping[NodeId, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a graph takes, in seconds or in calls (`unit`).

    `work` is the sum of all calls, `span` the longest chain, which has the nodes `chain`; `widths` counts the calls of
    each level.
    """

    unit: Unit
    work: float
    span: float
    chain: tuple[NodeId, ...]
    widths: tuple[int, ...]

    def bound(self, width: int) -> float:
        """What no schedule goes below that does so many calls at once: Graham, Bounds on timing anomalies, 1969."""
        return max(self.span, self.work / width)


def costs(graph: Graph) -> Costs:
    """What each call costs, those in loops too; nodes that are not there cost nothing."""
    tools = dict(_tools(graph))
    declared = {tool.name: tool.latency for tool in tools.values() if tool.latency is not None}
    if not declared:
        return dict.fromkeys(tools, 1.0)
    usual = median(declared.values())
    return {key: _cost(tool, usual) for key, tool in tools.items()}


def _cost(tool: Tool, usual: float) -> float:
    """What a call of the tool costs where some tools declare it."""
    if tool.latency is not None:
        return tool.latency
    return 0.0 if tool.effect.kind is Kind.PURE else usual


def _tools(graph: Graph) -> Iterator[tuple[NodeId, Tool]]:
    """The tool of each call, those in loops too."""
    for node in graph.nodes.values():
        for one in (node, *node_body(node)):
            if isinstance(one.op, Call):
                yield one.id, one.op.tool


def rank(graph: Graph) -> Mapping[NodeId, float]:
    """The longest way from the start of each node to the end of all, its own cost included; the highest goes first.

    Takes time linear in nodes plus edges. Of a loop, its end is ranked, and each node inside. The rule is that of
    Topcuoglu, Hariri and Wu, Performance-effective and low-complexity task scheduling, 2002 (their upward rank).
    """
    return _remaining(waits(graph), costs(graph))[0]


def estimate(graph: Graph) -> Estimate:
    """What a graph takes as a whole; linear in nodes plus edges."""
    cost = costs(graph)
    remaining, following = _remaining(waits(graph), cost)
    chain = [max(remaining, key=remaining.__getitem__)]
    while chain[-1] in following:
        chain.append(following[chain[-1]])
    unit: Unit = "s" if any(tool.latency is not None for _, tool in _tools(graph)) else "calls"
    return Estimate(unit, sum(cost.values()), remaining[chain[0]], tuple(chain), widths(graph))


def expected_time(graph: Graph, width: int) -> float:
    """What a graph takes if so many calls are done at once, those of the highest rank first."""
    return makespan(waits(graph), costs(graph), width, rank(graph))


def _remaining(
    before: dict[NodeId, tuple[NodeId, ...]], cost: Costs
) -> tuple[dict[NodeId, float], dict[NodeId, NodeId]]:
    """The rank of each node, and which node comes next on its longest way."""
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
    """The end of a list schedule: whenever fewer than `width` calls run, the one that is `first` starts.

    `before` says what each node waits for. Without `first`, or where it is equal, whoever could start first does. What
    costs nothing needs no place.
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
    """The users that now wait for nothing more."""
    for user in users:
        missing[user] -= 1
        if not missing[user]:
            yield user
