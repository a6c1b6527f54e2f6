"""The invariants of graphs, checked between any two passes."""

from collections import Counter
from collections.abc import Collection, Sequence

from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import JOIN, Graph, Join, Loop, Node, dependencies, nodes_within
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
    ids: list[NodeId] = []
    checked = {} if before is None else before.nodes
    for key, node in graph.nodes.items():
        _require(key == node.id, f"node {node.id} is filed under {key}")
        if checked.get(key) is not node:
            _check_needs(node)
        _check_place(node, (above,), ids)
        above.add(key)
    join = graph.nodes.get(JOIN)
    _require(join is not None and isinstance(join.op, Join), "the join is missing")
    _require(list(graph.nodes)[-1] == JOIN, "the join is not last")
    for key, number in Counter([*ids, *graph.nodes]).items() if ids else ():
        _require(number == 1, f"{key} exists twice")
    for task, key in graph.tasks.items():
        _require(key in above, f"task {task} gets its value from {key}, which does not exist")


def _check_needs(node: Node) -> None:
    """Check a node, and the nodes inside a loop, against their terms."""
    for inner in (*nodes_within(node), node):
        _require(inner.needs == dependencies(inner.op, inner.when), f"needs of {inner.id} differ from its reads")


def _check_place(node: Node, above: Sequence[Collection[NodeId]], ids: list[NodeId]) -> None:
    """Check a node against the nodes above it, in the plan and in all bodies around it; `ids` are those in bodies."""
    for other in (*node.needs, *node.after):
        if not any(other in level for level in above):
            raise BrokenGraphError(f"{node.id} waits for {other}, which is not above it")
    if isinstance(node.op, Loop):
        _check_body(node, node.op, above, ids)


def _check_body(node: Node, loop: Loop, above: Sequence[Collection[NodeId]], ids: list[NodeId]) -> None:
    """Check a loop's body against the nodes above the loop."""
    inside: set[NodeId] = set()
    for inner in loop.body:
        _check_place(inner, (*above, inside), ids)
        inside.add(inner.id)
        ids.append(inner.id)
    _require(loop.result in inside, f"the loop's result {loop.result} is not in its body")
    result = next(inner for inner in loop.body if inner.id == loop.result)
    _require(not loop.flat or isinstance(result.op, Loop), f"the loop {node.id} is flat, and its result is not a loop")
    within = {inner.id for inner in nodes_within(node)} if loop.carry else inside
    for earlier, later in loop.carry:
        _require(earlier in inside and later in within, f"{earlier} → {later} leaves the body")


def _require(holds: bool, fact: str) -> None:  # noqa: FBT001 — reads as a sentence
    """Raise BrokenGraphError with the fact unless it holds."""
    if not holds:
        raise BrokenGraphError(fact)
