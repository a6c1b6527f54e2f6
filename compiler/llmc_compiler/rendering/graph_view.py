"""The data that all pictures of a graph share, in every output format."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from llmc_compiler.analysis.critical_path import Estimate, estimate
from llmc_compiler.analysis.levels import Levels, RemovedTask, gone, levels
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Call, Graph, Join, Loop, Node, all_nodes, node_body, nodes_within
from llmc_compiler.ir.printer import node_texts
from llmc_grammar import ast
from llmc_grammar.frozen_data import frozen


@frozen
class ViewEdge:
    """An edge to a node that waits: for the source's value, or only for its end. `is_long` on the longest chain."""

    source: NodeId
    target: NodeId
    is_value: bool
    is_long: bool


@frozen
class GraphView:
    """A graph with its levels, a text for each node, its tasks without nodes, and the longest chain.

    `long` are the nodes of the chain, and `links` the pairs of successive ones.
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
        """Build the picture of a graph and of the plan that it was compiled from."""
        estimated = estimate(graph)
        chain = estimated.chain
        links = frozenset(pairwise(chain))
        return GraphView(graph, levels(graph), node_texts(graph), gone(graph, plan), estimated, frozenset(chain), links)

    def edges(self) -> Iterator[ViewEdge]:
        """Yield the edges between nodes; a loop is one node."""
        loops = {one.id: node.id for node in self.graph.nodes.values() for one in nodes_within(node)}
        chain = [key for key, _ in groupby(loops.get(key, key) for key in self.estimate.chain)]
        yield from _edges(tuple(self.graph.nodes.values()), frozenset(pairwise(chain)))

    def inner_edges(self, loop: Node) -> Iterator[ViewEdge]:
        """Yield the edges between nodes inside a loop, for one element."""
        loops = {one.id: node.id for node in node_body(loop) for one in nodes_within(node)}
        chain = [key for key, _ in groupby(loops.get(key, key) for key in self.estimate.chain)] if loops else []
        yield from _edges(node_body(loop), frozenset(pairwise(chain)) if loops else self.links)

    def generated_names(self) -> dict[NodeId, str]:
        """Map every node, including those in loops, to a short name for languages of pictures."""
        nodes = (one for node in self.graph.nodes.values() for one in _outside_in(node))
        return {node.id: f"n{number}" for number, node in enumerate(nodes)}

    @property
    def tasks_of_chain(self) -> tuple[str, ...]:
        """The tasks on the longest chain, except for the join."""
        tasks = {node.id: node.task for node in all_nodes(self.graph)}
        return tuple(dict.fromkeys(str(tasks[key]) for key in self.estimate.chain if key in tasks))


def _outside_in(node: Node) -> Iterator[Node]:
    """Yield a node, and those inside it."""
    yield node
    for inner in node_body(node):
        yield from _outside_in(inner)


def kind(node: Node) -> str:
    """Return the category a node is drawn as: a call's kind of effect, `expr`, `loop` or `join`."""
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
    """Yield the edges between these nodes, each once; an edge of both kinds counts as a value edge."""
    ids = {node.id for node in nodes}
    for node in nodes:
        kinds = {**dict.fromkeys(node.after, False), **dict.fromkeys(node.needs, True)}
        for other, is_value in kinds.items():
            if other in ids:
                yield ViewEdge(other, node.id, is_value, (other, node.id) in long)
