"""What a declaration would buy: the plan compiled once more, as if a tool did less than is known of it.

Nothing here says that the tool does so little: that is for whoever knows the tool.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from llmc_compiler.analysis.critical_path import costs, estimate
from llmc_compiler.analysis.levels import calls
from llmc_compiler.effects.effects import EVERYTHING, UNKNOWN, Effect, Kind
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Call, Graph, Loop, Node, effects_of
from llmc_compiler.ir.order_edges import in_order
from llmc_compiler.passes.pipeline import Pass, optimize
from llmc_compiler.tools.tool import Tool

_MOST_TRIED: Final = 8
"""How many tools are tried, those with most calls first: each takes about twice as long as the passes."""

_MOST_NODES: Final = 5_000
"""How many nodes the plan may have, times the tools that are tried."""


@dataclass(frozen=True, slots=True)
class PlanForecast:
    """A compiled plan in three figures: its calls, those of them that wait in line, and its longest chain.

    To wait in line is to wait for the end of a call whose value is not needed, or for the same loop's element before.
    """

    calls: int
    waiting: int
    span: float


@dataclass(frozen=True, slots=True)
class DeclarationGain:
    """A tool whose declared effect holds something up, and what the plan would be with narrower ones."""

    tool: str
    effect: Effect
    now: PlanForecast
    declared: tuple[tuple[Effect, PlanForecast], ...]


def gains(written: Graph, passes: Sequence[Pass], compiled: Graph) -> Iterator[DeclarationGain]:
    """For each tool of a plan that declares less than it could, what that would buy, if anything.

    `compiled` is what the passes make of the graph. Of a tool that was not tried, since there are too many, nothing is
    `declared`.
    """
    tools = _timed_tools(written)
    found = Counter(call.tool.name for call in _calls(written) if _narrower(call.tool))
    if not found:
        return
    now = _outlook(compiled)
    most = min(_MOST_TRIED, _MOST_NODES // len(written.nodes))
    for number, (name, _) in enumerate(found.most_common()):
        tool = tools[name]
        effects = _narrower(tool) if number < most else ()
        tried = [(effect, _outlook(optimize(as_if(written, tool, effect), passes))) for effect in effects]
        better = tuple(one for one in tried if one[1] != now)
        if better or not effects:
            yield DeclarationGain(name, tool.effect, now, better)


def _timed_tools(graph: Graph) -> dict[str, Tool]:
    """The tools of a graph; where some declare a latency, each with that which it is taken to have.

    So a tool that is tried as `pure` lasts as long as before, though pure ones that declare none are taken to compute.
    """
    nodes = [one for node in graph.nodes.values() for one in calls(node)]
    tools = {one.op.tool.name: (one.id, one.op.tool) for one in nodes if isinstance(one.op, Call)}
    if all(tool.latency is None for _, tool in tools.values()):
        return {name: tool for name, (_, tool) in tools.items()}
    cost = costs(graph)
    return {name: replace(tool, latency=cost[key]) for name, (key, tool) in tools.items()}


def as_if(graph: Graph, tool: Tool, effect: Effect) -> Graph:
    """The graph as it would be if the tool had this effect."""
    other = replace(tool, effect=effect)
    return in_order(replace(graph, nodes={key: _declared(node, other) for key, node in graph.nodes.items()}))


def _declared(node: Node, tool: Tool) -> Node:
    """The node, with this tool in the place of the one of the same name."""
    op = node.op
    if isinstance(op, Call) and op.tool.name == tool.name:
        op = replace(op, tool=tool)
    elif isinstance(op, Loop):
        op = replace(op, body=tuple(_declared(inner, tool) for inner in op.body))
    return node if op is node.op else replace(node, op=op, effects=effects_of(op))


def _narrower(tool: Tool) -> tuple[Effect, ...]:
    """What a tool might declare instead: where nobody knows what it does, and where it names no resource."""
    effect = tool.effect
    if effect.kind in UNKNOWN:
        return Effect(Kind.READ, EVERYTHING), Effect(Kind.PURE)
    return (replace(effect, resource=tool.name),) if effect.resource == EVERYTHING else ()


def _calls(graph: Graph) -> Iterator[Call]:
    """Every call, those in loops too."""
    for node in graph.nodes.values():
        for one in calls(node):
            if isinstance(one.op, Call):
                yield one.op


def _outlook(graph: Graph) -> PlanForecast:
    """The three figures of a graph."""
    waiting = sum(map(_waiting, graph.nodes.values()))
    return PlanForecast(sum(1 for _ in _calls(graph)), waiting, estimate(graph).span)


def _waiting(node: Node) -> int:
    """How many calls, of which a loop has several, wait for an end alone."""
    carried = {later for _, later in node.op.carry} if isinstance(node.op, Loop) else frozenset[NodeId]()
    return sum(call.id in carried or any(key not in call.needs for key in call.after) for call in calls(node))
