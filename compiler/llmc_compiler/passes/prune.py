"""Prune: drop tasks that are not needed."""

from collections.abc import Iterator
from dataclasses import replace

from llmc_compiler.effects.effects import UNKNOWN
from llmc_compiler.ir.graph import Call, Graph, Node, live
from llmc_compiler.ir.order_edges import in_order
from llmc_compiler.passes.remarks import KeptUndeclared, Pruned, PrunedCall, Remark
from llmc_grammar.frozen_data import frozen


@frozen
class Prune:
    """Drops nodes that are needed neither by the join nor by a node with an effect.

        1. search("K2")             1. search("K2")
        2. search("Denali")    →
        join($1)                    join($1)

    A dropped task has no result.
    """

    name: str = "prune"

    def __call__(self, graph: Graph) -> Graph:
        """Drop dead nodes."""
        alive = live(graph)
        if len(alive) == len(graph.nodes):
            return graph
        nodes = {key: node for key, node in graph.nodes.items() if key in alive}
        tasks = {task: key for task, key in graph.tasks.items() if key in alive}
        return in_order(replace(graph, nodes=nodes, tasks=tasks))

    def remarks(self, before: Graph, after: Graph) -> Iterator[Remark]:
        """Yield remarks on dropped nodes, except for nested calls, and on unused calls without a declared effect."""
        gone = {key: node for key, node in before.nodes.items() if key not in after.nodes}
        tasks, valued = {str(key) for key in gone}, set(before.tasks.values())
        for key, node in gone.items():
            if key in valued or node.task not in tasks:
                yield _dropped(node)
        used = {need for node in after.nodes.values() for need in node.needs}
        for node in after.nodes.values():
            if isinstance(node.op, Call) and node.id not in used and node.op.tool.effect.kind in UNKNOWN:
                yield KeptUndeclared(node.id, node.origins, node.span, node.op.tool.name, node.op.tool.effect)


def _dropped(node: Node) -> Remark:
    """Return the remark on a dropped node."""
    where = (node.id, node.origins, node.span)
    return PrunedCall(*where, node.effects) if node.effects else Pruned(*where)
