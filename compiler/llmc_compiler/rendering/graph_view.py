"""What every picture of a graph shows, whatever draws it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from llmc_compiler.analysis.critical_path import Estimate, estimate
from llmc_compiler.analysis.levels import Levels, RemovedTask, gone, levels
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Call, Graph, Join, Loop, Node, node_body
from llmc_compiler.ir.printer import node_texts
from llmc_grammar import ast


@dataclass(frozen=True, slots=True)
class ViewEdge:
    """From a node to one that waits for it: for its value, or only for its end; `is_long` on the longest chain."""

    source: NodeId
    target: NodeId
    is_value: bool
    is_long: bool


@dataclass(frozen=True, slots=True)
class GraphView:
    """A graph with its levels, what each node does as text, the tasks that are gone, and the longest chain.

    `long` are the nodes of the chain, `links` each with the next one.
    """

    graph: Graph
    levels: Levels
    texts: dict[NodeId, str]
    gone: tuple[RemovedTask, ...]
    estimate: Estimate
    long: frozenset[NodeId]
    links: frozenset[tuple[NodeId, NodeId]]

    @staticmethod
    def of(graph: Graph, plan: ast.Plan) -> "GraphView":
        """The picture of a graph and of the plan that it was compiled from."""
        found = estimate(graph)
        chain = found.chain
        links = frozenset(pairwise(chain))
        return GraphView(graph, levels(graph), node_texts(graph), gone(graph, plan), found, frozenset(chain), links)

    def edges(self) -> Iterator[ViewEdge]:
        """The edges between nodes, a loop being one."""
        loops = {one.id: node.id for node in self.graph.nodes.values() for one in node_body(node)}
        chain = [key for key, _ in groupby(loops.get(key, key) for key in self.estimate.chain)]
        yield from _edges(tuple(self.graph.nodes.values()), frozenset(pairwise(chain)))

    def inner_edges(self, loop: Node) -> Iterator[ViewEdge]:
        """The edges between nodes inside a loop, for one element."""
        yield from _edges(node_body(loop), self.links)

    @property
    def tasks_of_chain(self) -> tuple[str, ...]:
        """The tasks that the longest chain goes through, up to the join."""
        known = {one.id: one.task for node in self.graph.nodes.values() for one in (node, *node_body(node))}
        return tuple(dict.fromkeys(str(known[key]) for key in self.estimate.chain if key in known))


def kind(node: Node) -> str:
    """What a node is drawn as: the kind of a call's effect, or `expr`, `loop` or `join`."""
    match node.op:
        case Call(tool):
            return tool.effect.kind.value
        case Loop():
            return "loop"
        case Join():
            return "join"
        case _:
            return "expr"


def _edges(nodes: Sequence[Node], long: frozenset[tuple[NodeId, NodeId]]) -> Iterator[ViewEdge]:
    """The edges between these nodes, each once; where it is both, it is a value's."""
    known = {node.id for node in nodes}
    for node in nodes:
        kinds = {**dict.fromkeys(node.after, False), **dict.fromkeys(node.needs, True)}
        for other, is_value in kinds.items():
            if other in known:
                yield ViewEdge(other, node.id, is_value, (other, node.id) in long)
