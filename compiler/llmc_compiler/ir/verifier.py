"""What holds for every graph, between any two passes."""

from collections.abc import Collection

from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import JOIN, Graph, Join, Loop, Node, dependencies, node_body
from llmc_grammar.portable import Portable


class BrokenGraphError(Portable, AssertionError):
    """A graph that no pass may produce: a fault of the compiler, never of the plan."""


def verify(graph: Graph, before: Graph | None = None) -> None:
    """Check a graph in one sweep; raises BrokenGraphError.

    Ids are unique, dependencies stand above their users (so there is no circle), `needs` are just what the terms read,
    the join is there and last, and every task's value comes from a node that exists. `before` is a graph that was
    checked: what a node is in itself is not looked at again where it is the same object.
    """
    known: set[NodeId] = set()
    checked = {} if before is None else before.nodes
    for key, node in graph.nodes.items():
        _require(key == node.id, f"node {node.id} is filed under {key}")
        if checked.get(key) is not node:
            _check_needs(node)
        _check_place(node, known)
        known.add(key)
    join = graph.nodes.get(JOIN)
    _require(join is not None and isinstance(join.op, Join), "there is no join")
    _require(list(graph.nodes)[-1] == JOIN, "the join is not last")
    for task, key in graph.tasks.items():
        _require(key in known, f"task {task} has its value from {key}, which is not there")


def _check_needs(node: Node) -> None:
    """Check a node, and those in a loop's body, against their terms."""
    for one in (node, *node_body(node)):
        _require(one.needs == dependencies(one.op, one.when), f"needs of {one.id} are not what it reads")


def _check_place(node: Node, known: Collection[NodeId], inside: Collection[NodeId] = ()) -> None:
    """Check one node against those above it, and in a loop's body those above it inside."""
    for other in (*node.needs, *node.after):
        if other not in known and other not in inside:
            raise BrokenGraphError(f"{node.id} waits for {other}, which is not above it")
    if isinstance(node.op, Loop):
        _check_body(node.op, known)


def _check_body(loop: Loop, known: Collection[NodeId]) -> None:
    """Check a loop's body against what is above the loop."""
    inside: set[NodeId] = set()
    for node in loop.body:
        _require(node.id not in known and node.id not in inside, f"{node.id} is there twice")
        _check_place(node, known, inside)
        inside.add(node.id)
    _require(loop.result in inside, f"the loop's result {loop.result} is not in its body")
    for earlier, later in loop.carry:
        _require(earlier in inside and later in inside, f"{earlier} → {later} leaves the body")


def _require(holds: bool, fact: str) -> None:  # noqa: FBT001 — reads as a sentence
    """Raise where it does not hold."""
    if not holds:
        raise BrokenGraphError(fact)
