"""A graph whose tools have measured latencies, so that every table of its times uses them."""

from collections.abc import Mapping
from dataclasses import replace

from llmc_compiler.ir.graph import Call, Graph, Loop, Node
from llmc_compiler.tools.tool import Tool


def with_latencies(graph: Graph, seconds: Mapping[str, float]) -> Graph:
    """Return the graph with the latency in `seconds` for each tool named there; it replaces a declared one."""
    timed: dict[str, Tool] = {}

    def node_of(node: Node) -> Node:
        """Return the node with the tool of its call, or those of its loop, replaced."""
        op = node.op
        if isinstance(op, Call) and op.tool.name in seconds:
            name = op.tool.name
            if name not in timed:
                timed[name] = replace(op.tool, latency=seconds[name])
            return replace(node, op=replace(op, tool=timed[name]))
        if isinstance(op, Loop):
            return replace(node, op=replace(op, body=tuple(map(node_of, op.body))))
        return node

    return replace(graph, nodes={key: node_of(node) for key, node in graph.nodes.items()}) if seconds else graph
