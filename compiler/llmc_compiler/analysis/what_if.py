"""The benefit of a declaration: the plan compiled once more, as if a tool had a narrower effect.

Nothing here claims that the tool has that effect. Only its author knows.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from llmc_compiler.analysis.critical_path import costs, estimate
from llmc_compiler.analysis.levels import calls
from llmc_compiler.effects.effects import EVERYTHING, UNKNOWN, Effect, Kind
from llmc_compiler.ir.graph import Call, Graph, Loop, Node, effects_of, loops_within
from llmc_compiler.ir.order_edges import in_order
from llmc_compiler.passes.stages import Pass, optimize
from llmc_compiler.tools.tool import Tool
from llmc_grammar.frozen_data import frozen

_MOST_TRIED: Final = 8
"""Number of tools that are tried, those with most calls first: each takes about twice as long as the passes."""

_MOST_NODES: Final = 5_000
"""Largest number of nodes in the plan, times the number of tools tried."""


@frozen
class PlanForecast:
    """Three figures of a compiled plan: its calls, the calls that wait in line, and the length of its longest chain.

    A call waits in line if it waits for a call whose value it does not need, or for the previous loop element.
    """

    calls: int
    waiting: int
    span: float


@frozen
class DeclarationGain:
    """A tool whose effect delays other calls, and the plan's figures with narrower effects."""

    tool: str
    effect: Effect
    now: PlanForecast
    declared: tuple[tuple[Effect, PlanForecast], ...]


def gains(written: Graph, passes: Sequence[Pass], compiled: Graph) -> Iterator[DeclarationGain]:
    """Yield, for each tool that could declare a narrower effect, the gains from declaring it.

    `compiled` is the graph after the passes. `declared` is empty for tools that were not tried because there are
    too many.
    """
    tools = _timed_tools(written)
    counts = Counter(call.tool.name for call in _calls(written) if _narrower(call.tool))
    if not counts:
        return
    now = _outlook(compiled)
    most = min(_MOST_TRIED, _MOST_NODES // len(written.nodes))
    for number, (name, _) in enumerate(counts.most_common()):
        tool = tools[name]
        effects = _narrower(tool) if number < most else ()
        tried = [(effect, _outlook(optimize(as_if(written, tool, effect), passes))) for effect in effects]
        better = tuple((effect, outlook) for effect, outlook in tried if outlook != now)
        if better or not effects:
            yield DeclarationGain(name, tool.effect, now, better)


def _timed_tools(graph: Graph) -> dict[str, Tool]:
    """Return the tools of a graph; if some declare a latency, each tool gets its estimated one.

    So a tool that is tried as `pure` lasts as long as before, although pure tools are otherwise taken to compute.
    """
    nodes = [one for node in graph.nodes.values() for one in calls(node)]
    tools = {one.op.tool.name: (one.id, one.op.tool) for one in nodes if isinstance(one.op, Call)}
    if all(tool.latency is None for _, tool in tools.values()):
        return {name: tool for name, (_, tool) in tools.items()}
    cost = costs(graph)
    return {name: replace(tool, latency=cost[key]) for name, (key, tool) in tools.items()}


def as_if(graph: Graph, tool: Tool, effect: Effect) -> Graph:
    """Return the graph with this effect for the tool."""
    other = replace(tool, effect=effect)
    return in_order(replace(graph, nodes={key: _declared(node, other) for key, node in graph.nodes.items()}))


def _declared(node: Node, tool: Tool) -> Node:
    """Replace the tool of the same name in a node."""
    op = node.op
    if isinstance(op, Call) and op.tool.name == tool.name:
        op = replace(op, tool=tool)
    elif isinstance(op, Loop):
        op = replace(op, body=tuple(_declared(inner, tool) for inner in op.body))
    return node if op is node.op else replace(node, op=op, effects=effects_of(op))


def _narrower(tool: Tool) -> tuple[Effect, ...]:
    """List narrower effects for a tool whose effect is unknown, or whose effect names no resource."""
    effect = tool.effect
    if effect.kind in UNKNOWN:
        return Effect(Kind.READ, EVERYTHING), Effect(Kind.PURE)
    return (replace(effect, resource=tool.name),) if effect.resource == EVERYTHING else ()


def _calls(graph: Graph) -> Iterator[Call]:
    """Yield every call, including those in loops."""
    for node in graph.nodes.values():
        for one in calls(node):
            if isinstance(one.op, Call):
                yield one.op


def _outlook(graph: Graph) -> PlanForecast:
    waiting = sum(map(_waiting, graph.nodes.values()))
    return PlanForecast(sum(1 for _ in _calls(graph)), waiting, estimate(graph).span)


def _waiting(node: Node) -> int:
    """Count the calls of a node that wait only for the end of another call."""
    carried = {later for _, loop in loops_within(node) for _, later in loop.carry}
    return sum(call.id in carried or any(key not in call.needs for key in call.after) for call in calls(node))
