"""Passes as one might write them at first sight: each changes what some plans mean."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from llmc_compiler.expressions.terms import Binary, Choice, Const, Item, NodeId, Term, children, rebuild, substitute
from llmc_compiler.ir.graph import (
    JOIN,
    Call,
    Condition,
    Evaluate,
    Graph,
    Join,
    Loop,
    Node,
    Operation,
    dependencies,
    effects_of,
    needed,
    terms,
)
from llmc_compiler.ir.order_edges import in_order

Same = Mapping[NodeId, NodeId]


@dataclass(frozen=True, slots=True)
class NaiveOrder:
    """Nodes wait for the values they read, and for nothing else."""

    name: str = "naive order"

    def __call__(self, graph: Graph) -> Graph:
        """Drop the order edges."""
        return replace(graph, nodes={key: _unordered(node) for key, node in graph.nodes.items()})


def _unordered(node: Node) -> Node:
    op = node.op
    if isinstance(op, Loop):
        op = replace(op, body=tuple(map(_unordered, op.body)), carry=())
    return replace(node, op=op, after=())


@dataclass(frozen=True, slots=True)
class NaiveLoops:
    """Elements of a loop wait for nothing but what they read."""

    name: str = "naive loops"

    def __call__(self, graph: Graph) -> Graph:
        """Forget the order of elements."""
        return replace(graph, nodes={key: _at_once(node) for key, node in graph.nodes.items()})


def _at_once(node: Node) -> Node:
    if isinstance(node.op, Loop):
        return replace(node, op=replace(node.op, body=tuple(map(_at_once, node.op.body)), carry=()))
    return node


@dataclass(frozen=True, slots=True)
class NaiveDedup:
    """Whatever is written the same is done once."""

    name: str = "naive dedup"

    def __call__(self, graph: Graph) -> Graph:
        """Merge equal calls, whatever their effects."""
        first: dict[object, NodeId] = {}
        same: dict[NodeId, NodeId] = {}
        nodes: dict[NodeId, Node] = {}
        for key, written in graph.nodes.items():
            node = _reading(written, same)
            found = first.setdefault((node.op, node.when), key) if isinstance(node.op, Call) else key
            if found == key:
                nodes[key] = node
            else:
                same[key] = found
        tasks = {task: same.get(key, key) for task, key in graph.tasks.items()}
        return in_order(replace(graph, nodes=nodes, tasks=tasks))


def _reading(node: Node, same: Same) -> Node:
    """The node reading what stands for merged nodes."""
    when = tuple(Condition(substitute(each.term, same), each.expected) for each in node.when)
    op = _operation(node.op, same)
    return replace(node, op=op, when=when, needs=dependencies(op, when))


def _operation(op: Operation, same: Same) -> Operation:
    match op:
        case Call(_, bound, _, _, fallback):
            arguments = tuple((name, substitute(term, same)) for name, term in bound)
            return replace(op, bound=arguments, fallback=_optional(fallback, same))
        case Evaluate(term, fallback):
            return Evaluate(substitute(term, same), _optional(fallback, same))
        case Join(term):
            return replace(op, term=substitute(term, same))
        case Loop(_, source, body):
            return replace(op, source=substitute(source, same), body=tuple(_reading(node, same) for node in body))


def _optional(term: Term | None, same: Same) -> Term | None:
    return None if term is None else substitute(term, same)


@dataclass(frozen=True, slots=True)
class NaiveFold:
    """A branch that is never taken is dropped."""

    name: str = "naive fold"

    def __call__(self, graph: Graph) -> Graph:
        """Take the branches of constant conditions, whatever the others read."""
        return in_order(replace(graph, nodes={key: _taken(node) for key, node in graph.nodes.items()}))


def _taken(node: Node) -> Node:
    match node.op:
        case Call(_, bound):
            op: Operation = replace(node.op, bound=tuple((name, _branch(term)) for name, term in bound))
        case Evaluate(term, fallback):
            op = Evaluate(_branch(term), fallback)
        case _:
            return node
    return replace(node, op=op, needs=dependencies(op, node.when))


def _branch(term: Term) -> Term:
    match term:
        case Choice(Const(value), then, otherwise):
            return _branch(then if value else otherwise)
        case Binary("and" | "or" as op, Const(value), right):
            return _branch(right) if bool(value) == (op == "and") else Const(value)
        case _:
            return rebuild(term, map(_branch, children(term)))


@dataclass(frozen=True, slots=True)
class NaiveHoist:
    """A call that does not depend on the element is made before the loop."""

    name: str = "naive hoist"

    def __call__(self, graph: Graph) -> Graph:
        """Move calls out of loops, whatever their effects, and whether or not there is an element."""
        nodes = {found.id: found for node in graph.nodes.values() for found in _outside(node)}
        return in_order(replace(graph, nodes=nodes))


def _outside(node: Node) -> Iterator[Node]:
    if isinstance(node.op, Loop):
        inside = {inner.id for inner in node.op.body}
        kept = []
        for inner in node.op.body:
            stays = inner.id == node.op.result or inner.when or isinstance(inner.op, Loop)
            if stays or inside & {*inner.needs} or _varies(inner):
                kept.append(inner)
            else:
                inside.remove(inner.id)
                yield inner
        op = replace(node.op, body=tuple(kept))
        node = replace(node, op=op, needs=dependencies(op, node.when), effects=effects_of(op))
    yield node


def _varies(node: Node) -> bool:
    return any(map(_has_item, terms(node.op)))


def _has_item(term: Term) -> bool:
    return isinstance(term, Item) or any(map(_has_item, children(term)))


@dataclass(frozen=True, slots=True)
class NaivePrune:
    """What the join does not need is dropped."""

    name: str = "naive prune"

    def __call__(self, graph: Graph) -> Graph:
        """Drop what the join does not need, whatever its effects."""
        alive = needed(graph, [JOIN])
        nodes = {key: node for key, node in graph.nodes.items() if key in alive}
        tasks = {task: key for task, key in graph.tasks.items() if key in alive}
        return in_order(replace(graph, nodes=nodes, tasks=tasks))
