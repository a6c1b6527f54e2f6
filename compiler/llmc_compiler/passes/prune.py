"""Prune: drop what nobody needs."""

from dataclasses import dataclass, replace

from llmc_compiler.effects import When
from llmc_compiler.graph import JOIN, Graph, Node, needed
from llmc_compiler.order import in_order


@dataclass(frozen=True, slots=True)
class Prune:
    """Drops nodes that neither the join nor anything with an effect needs.

        1. search("K2")             1. search("K2")
        2. search("Denali")    →
        join($1)                    join($1)

    A dropped task has no result.
    """

    name: str = "prune"

    def __call__(self, graph: Graph) -> Graph:
        """Drop dead nodes."""
        alive = needed(graph, [node.id for node in graph.nodes.values() if node.id == JOIN or _has_effect(node)])
        if len(alive) == len(graph.nodes):
            return graph
        nodes = {key: node for key, node in graph.nodes.items() if key in alive}
        tasks = {task: key for task, key in graph.tasks.items() if key in alive}
        return in_order(replace(graph, nodes=nodes, tasks=tasks))


def _has_effect(node: Node) -> bool:
    """Whether the node must run even if nobody uses its value."""
    return any(effect.rule.prune is not When.YES for effect in node.effects)
