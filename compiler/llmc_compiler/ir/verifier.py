"""The invariants of graphs, checked between any two passes."""

from collections.abc import Collection

from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import JOIN, Graph, Join, Loop, Node, dependencies, node_body
from llmc_grammar.portable import Portable


class BrokenGraphError(Portable, AssertionError):
    """Raised for a graph that no pass may produce: a fault in the compiler, never in the plan."""


def verify(graph: Graph, before: Graph | None = None) -> None:
    """Check a graph in one sweep; raises BrokenGraphError.

    Ids are unique. Dependencies stand above their users, so circles are impossible. `needs` are exactly the reads of
    the terms. The join exists and is last. Every task's value comes from an existing node. `before` is a graph that was
    checked: nodes that are the same object are not checked again in themselves.
    """
    above: set[NodeId] = set()
    checked = {} if before is None else before.nodes
    for key, node in graph.nodes.items():
        _require(key == node.id, f"node {node.id} is filed under {key}")
        if checked.get(key) is not node:
            _check_needs(node)
        _check_place(node, above)
        above.add(key)
    join = graph.nodes.get(JOIN)
    _require(join is not None and isinstance(join.op, Join), "the join is missing")
    _require(list(graph.nodes)[-1] == JOIN, "the join is not last")
    for task, key in graph.tasks.items():
        _require(key in above, f"task {task} gets its value from {key}, which does not exist")


def _check_needs(node: Node) -> None:
    """Check a node, and the nodes in a loop's body, against their terms."""
    for inner in (node, *node_body(node)):
        _require(inner.needs == dependencies(inner.op, inner.when), f"needs of {inner.id} differ from its reads")


def _check_place(node: Node, above: Collection[NodeId], inside: Collection[NodeId] = ()) -> None:
    """Check a node against the nodes above it, and in a loop's body against those above it inside."""
    for other in (*node.needs, *node.after):
        if other not in above and other not in inside:
            raise BrokenGraphError(f"{node.id} waits for {other}, which is not above it")
    if isinstance(node.op, Loop):
        _check_body(node.op, above)


def _check_body(loop: Loop, above: Collection[NodeId]) -> None:
    """Check a loop's body against the nodes above the loop."""
    inside: set[NodeId] = set()
    for node in loop.body:
        _require(node.id not in above and node.id not in inside, f"{node.id} exists twice")
        _check_place(node, above, inside)
        inside.add(node.id)
    _require(loop.result in inside, f"the loop's result {loop.result} is not in its body")
    for earlier, later in loop.carry:
        _require(earlier in inside and later in inside, f"{earlier} → {later} leaves the body")


def _require(holds: bool, fact: str) -> None:  # noqa: FBT001 — reads as a sentence
    """Raise BrokenGraphError with the fact unless it holds."""
    if not holds:
        raise BrokenGraphError(fact)
