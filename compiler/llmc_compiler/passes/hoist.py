"""Hoist: make a call once, instead of once for each element of a loop."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from llmc_compiler.effects.effects import When
from llmc_compiler.expressions.terms import Const, Get, Item, ListOf, MapOf, NodeId, Term, free_reads, reads
from llmc_compiler.ir.graph import (
    Call,
    Condition,
    Evaluate,
    Graph,
    Loop,
    Node,
    all_nodes,
    dependencies,
    effects_of,
    loops_within,
    may_write,
    node_body,
    op_name,
    terms,
)
from llmc_compiler.ir.order_edges import in_order
from llmc_compiler.passes.remarks import Hoisted, HoistedRead, LoopReads, LoopWrites, Remark
from llmc_grammar.frozen_data import frozen


@frozen
class Hoist:
    """Moves out of a loop the calls that do not depend on the element.

        1. search("peaks")                                1. search("peaks")
                                                          t2_each_l = search("K2") if $1
        2. search("K2") and compare($x) for x in $1   →   2. $t2_each_l and compare($x) for x in $1
        join($2)                                          join($2)

    If the loop has no elements, the call is not made. Loops that may change something stay as they are. Out of a loop
    inside a loop, a call moves into the outer body, and from there further out if it can.
    """

    name: str = "hoist"

    def sweep(self) -> "Hoisting":
        """Start with an empty plan."""
        return Hoisting()

    def __call__(self, graph: Graph) -> Graph:
        """Hoist out of every loop."""
        sweep = Hoisting()
        nodes = {hoisted.id: hoisted for node in graph.nodes.values() for hoisted in sweep.add(node)}
        return in_order(replace(graph, nodes=nodes))

    def remarks(self, before: Graph, after: Graph) -> Iterator[Remark]:
        """Yield remarks on calls that were moved, and on calls that only a write in their loop kept back."""
        places: dict[NodeId, NodeId | None] = dict.fromkeys(after.nodes)
        places.update((inner.id, node.id) for node in all_nodes(after) for inner in node_body(node))
        for node in before.nodes.values():
            for around, loop in loops_within(node):
                yield from _remarks(around, loop, places)


class Hoisting:
    """The nodes so far, each with the nodes whose values it must have read if it has a value."""

    def __init__(self) -> None:
        self._needs: dict[NodeId, tuple[NodeId, ...]] = {}

    def add(self, node: Node) -> tuple[Node, ...]:
        """Return the node, preceded by the nodes that were moved out of it."""
        if isinstance(node.op, Loop):
            node = self._with_hoisted(node, node.op)
        self._needs[node.id] = node.needs
        if not isinstance(node.op, Loop) or may_write(node):
            return (node,)
        return tuple(_hoisted(node, node.op, self._needs))

    def _with_hoisted(self, node: Node, loop: Loop) -> Node:
        """Return a loop whose body has what was moved out of the loops in it."""
        body = tuple(other for inner in loop.body for other in self.add(inner))
        if len(body) == len(loop.body):
            return node
        op = replace(loop, body=body)
        return replace(node, op=op, needs=dependencies(op, node.when), effects=effects_of(op))


def _hoisted(node: Node, loop: Loop, needs: Mapping[NodeId, tuple[NodeId, ...]]) -> Iterator[Node]:
    """Yield the nodes that were moved out of a loop, and the loop."""
    length = _length(loop.source)
    moved = _moved(loop, _anchors(loop.source, needs), has_elements=bool(length)) if length != 0 else {}
    if not moved:
        yield node
        return
    guard = node.when if length else (*node.when, Condition(loop.source))
    for inner in loop.body:
        if inner.id in moved:
            when = (*guard, *inner.when)
            key = _outer_id(loop, inner)
            yield replace(inner, id=key, when=when, needs=dependencies(inner.op, when))
    body = tuple(_rest(loop, moved))
    op = replace(loop, body=body)
    yield replace(node, op=op, needs=dependencies(op, node.when), effects=effects_of(op))


def _outer_id(loop: Loop, node: Node) -> NodeId:
    """Return the outside id of a node: its own, except for the loop's result, since a part of it stays inside."""
    return NodeId(f"{node.id}/once") if node.id == loop.result else node.id


def _rest(loop: Loop, moved: Mapping[NodeId, Node]) -> Iterator[Node]:
    """Yield the rest of the body."""
    for node in loop.body:
        if node.id not in moved:
            yield node
        elif node.id == loop.result:
            op = Evaluate(Get(_outer_id(loop, node), (), node.span))
            yield replace(node, op=op, needs=dependencies(op, ()), effects=())


def _length(source: Term) -> int | None:
    """Return the number of elements, if it is known."""
    match source:
        case Const(value=list() | dict() as value):
            return len(value)
        case ListOf(items) if all(isinstance(item, Const) for item in items):
            return len(items)
        case MapOf(entries) if all(isinstance(item, Const) for _, item in entries):
            return len(entries)
        case _:
            return None


def _anchors(source: Term, needs: Mapping[NodeId, tuple[NodeId, ...]]) -> set[NodeId]:
    """Return the nodes without whose values the source has no value."""
    nodes = {read.node for read in reads(source)}
    return nodes.union(needs.get(source.node, ())) if isinstance(source, Get) else nodes


def _moved(loop: Loop, anchors: set[NodeId], *, has_elements: bool) -> dict[NodeId, Node]:
    """Return the nodes of the body that can be moved out.

    A call that is skipped outside, because of an empty source or its own condition, is not blocked by
    failures of the nodes it reads; the loop was. So those must be among `anchors`: the nodes whose failure ends the
    loop in any case.
    """
    inside = {node.id for node in loop.body}
    able = _invariant(loop, inside)
    anchors = anchors.union(*(node.needs for node in loop.body if node.id not in able))
    moved: dict[NodeId, Node] = {}
    for node in able.values():
        is_sure = has_elements and not node.when
        if all(need in moved if need in inside else is_sure or need in anchors for need in node.needs):
            moved[node.id] = node
        # Moved or not, it passes their failures on to the loop, unless they were anchors before.
        anchors.update(node.needs)
    return moved


def _invariant(loop: Loop, inside: set[NodeId]) -> dict[NodeId, Node]:
    """Return the calls that are the same for all elements, and whose failure is the loop's failure."""
    decisive = _decisive(loop)
    calls: dict[NodeId, Node] = {}
    for node in loop.body:
        if (
            isinstance(node.op, Call)
            and node.id in decisive
            and node.op.tool.effect.rule.hoist is not When.NO
            and all(need in calls or need not in inside for need in node.needs)
            and not any(_reads_item(term, loop.name) for term in _all_terms(node))
        ):
            calls[node.id] = node
    return calls


def _decisive(loop: Loop) -> set[NodeId]:
    """Return the nodes of the body without which no element has a result, for all possible elements."""
    nodes: set[NodeId] = set()
    for node in reversed(loop.body):
        if node.id == loop.result and node.when:
            nodes.update(read.node for read in reads(node.when[0].term))
        elif node.id == loop.result or (node.id in nodes and not node.when):
            nodes.update((node.id, *node.needs))
    return nodes


def _all_terms(node: Node) -> Iterator[Term]:
    """The terms of a node, with its conditions."""
    yield from (condition.term for condition in node.when)
    yield from terms(node.op)


def _reads_item(term: Term, name: str) -> bool:
    """Whether a term reads the element of the loop with this name."""
    return any(isinstance(read, Item) and read.name == name for read in free_reads(term))


def _remarks(around: Node, loop: Loop, places: Mapping[NodeId, NodeId | None]) -> Iterator[Remark]:
    """Yield remarks on the calls in a loop that do not depend on the element; `places` maps nodes to their loops."""
    inside = {node.id for node in loop.body}
    able = _invariant(loop, inside)
    writer = next((node for node in loop.body if may_write(node)), None)
    for node in able.values():
        if not isinstance(node.op, Call) or _length(loop.source) == 0:
            continue
        where = (node.id, node.origins, node.span, loop.name)
        tool = node.op.tool
        if places.get(_outer_id(loop, node), around.id) != around.id:
            made = HoistedRead if tool.effect.rule.hoist is When.INVARIANT else Hoisted
            yield made(*where, tool.name, node.effects[0])
        elif writer is not None:
            yield LoopWrites(*where, op_name(writer.op), writer.span, writer.effects[0])
        else:
            yield LoopReads(*where)
