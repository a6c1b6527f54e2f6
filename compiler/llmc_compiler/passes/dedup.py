"""Dedup: one call for identical calls."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from llmc_compiler.effects.effects import UNKNOWN, When
from llmc_compiler.expressions.terms import Get, NodeId, Term, substitute
from llmc_compiler.ir.graph import (
    Call,
    Condition,
    Evaluate,
    Graph,
    Join,
    Loop,
    Node,
    Operation,
    TaskId,
    dependencies,
    node_body,
    op_name,
)
from llmc_compiler.ir.order_edges import in_order
from llmc_compiler.passes.remarks import (
    Merged,
    MergedAlias,
    MergedCall,
    MergedRead,
    OtherOptions,
    Remark,
    UndeclaredTwins,
    WrittenBetween,
)

Same = dict[NodeId, NodeId]


@dataclass(frozen=True, slots=True)
class Dedup:
    """Merges a call into an earlier one with the same tool, arguments, conditions and options.

    The effect table says where. Calls whose arguments are results of merged calls are merged in the same sweep.

        1. search("K2")             1. search("K2")
        2. search("K2")        →    2. $1
        3. compare($1, $2)          3. compare($1, $1)
        join($3)                    join($3)

    The numbers stay: task 2 has the value of task 1.
    """

    name: str = "dedup"

    def sweep(self) -> "Merging":
        """Begin with an empty plan."""
        return Merging()

    def __call__(self, graph: Graph) -> Graph:
        """Merge identical calls."""
        sweep = Merging()
        nodes = {kept.id: kept for node in graph.nodes.values() for kept in sweep.add(node)}
        origins = {kept: dict.fromkeys(nodes[kept].origins) for kept in sweep.same.values()}
        for merged, kept in sweep.same.items():
            origins[kept].update(dict.fromkeys(graph.nodes[merged].origins))
        nodes.update((kept, replace(nodes[kept], origins=tuple(found))) for kept, found in origins.items())
        tasks = {task: sweep.same.get(node, node) for task, node in graph.tasks.items()}
        return in_order(replace(graph, nodes=nodes, tasks=tasks))

    def remarks(self, before: Graph, after: Graph) -> Iterator[Remark]:
        """What was merged, and identical calls that were not."""
        sweep = Merging()
        for node in before.nodes.values():
            sweep.add(node)
            for merged, kept in _merged_inside(node, sweep.same):
                yield _merged(merged, kept)
            if node.id in sweep.same:
                yield _merged(node, before.nodes[sweep.same[node.id]])
        known = {one.id: one for node in after.nodes.values() for one in (node, *node_body(node))}
        for nodes in (tuple(after.nodes.values()), *map(node_body, after.nodes.values())):
            yield from _apart(nodes, known)


class Merging:
    """The nodes seen so far; `same` says which node stands for a merged one.

    In a loop's body (`inside`) a node is never replaced by one outside.
    """

    def __init__(self, *, inside: bool = False) -> None:
        """Nothing was seen."""
        self.same: Same = {}
        self._inside = inside
        self._kept: dict[Hashable, NodeId] = {}

    def add(self, node: Node) -> tuple[Node, ...]:
        """The node with its reads renamed, or nothing where an earlier one stands for it."""
        renamed = _renamed(node, self.same)
        if (kept := self._twin(renamed)) is not None:
            self.same[node.id] = kept
            return ()
        return (renamed,)

    def _twin(self, node: Node) -> NodeId | None:
        """The earlier node that does the same."""
        match node:
            case Node(op=Evaluate(term=Get(other, path=()), fallback=None), when=()) if not self._inside:
                return other
        key = _key(node)
        if key is None:
            return None
        first = self._kept.setdefault(key, node.id)
        return None if first == node.id else first


def _key(node: Node) -> Hashable | None:
    """What is equal for nodes that may be merged; None for a node that must not be."""
    match node.op:
        case Evaluate(value, fallback):
            return (value, fallback, node.when)
        case Call(tool, bound, timeout, retries, fallback) if tool.effect.rule.merge is not When.NO:
            # Reads of one resource with the same last writers have no write between them.
            between = frozenset(node.after)
            return (tool.name, _arguments(bound), node.when, timeout, retries, fallback, between)
        case _:
            return None


def _arguments(bound: tuple[tuple[str | None, Term], ...]) -> Hashable:
    """What is equal for equal arguments, in whatever order those with names stand."""
    return tuple(sorted(bound, key=lambda pair: pair[0] or ""))


def _renamed(node: Node, same: Same) -> Node:
    """The node reading what stands for merged nodes."""
    # In a loop's body identical calls are merged too, whatever it reads.
    if not isinstance(node.op, Loop) and same.keys().isdisjoint(node.needs):
        return node
    when = _renamed_when(node.when, same)
    op = _renamed_op(node.op, same)
    return replace(node, when=when, op=op, needs=dependencies(op, when))


def _renamed_when(when: tuple[Condition, ...], same: Same) -> tuple[Condition, ...]:
    """The conditions reading what stands for merged nodes."""
    return tuple(Condition(substitute(condition.term, same), condition.expected) for condition in when)


def _renamed_op(op: Operation, same: Same) -> Operation:
    """The operation reading what stands for merged nodes."""
    match op:
        case Call(_, bound, fallback=fallback):
            arguments = tuple((name, substitute(value, same)) for name, value in bound)
            return replace(op, bound=arguments, fallback=_renamed_fallback(fallback, same))
        case Evaluate(value, fallback):
            return Evaluate(substitute(value, same), _renamed_fallback(fallback, same))
        case Join(value):
            return replace(op, term=substitute(value, same))
        case Loop(source=source, body=body):
            kept, inner = _merged_body(body, same)
            return replace(op, source=substitute(source, same), body=kept, result=inner.get(op.result, op.result))


def _merged_body(body: tuple[Node, ...], same: Same) -> tuple[tuple[Node, ...], Same]:
    """What is left of a loop's body, and what stands for the nodes that were merged."""
    sweep = Merging(inside=True)
    outer = (_renamed(node, same) for node in body)
    kept = tuple(found for node in outer for found in sweep.add(node))
    return kept, sweep.same


def _renamed_fallback(fallback: Term | None, same: Same) -> Term | None:
    """The fallback reading what stands for merged nodes."""
    return None if fallback is None else substitute(fallback, same)


def _merged_inside(node: Node, same: Same) -> Iterator[tuple[Node, Node]]:
    """The nodes of a loop's body that were merged, each with the one that stands for it."""
    body = {inner.id: inner for inner in node_body(node)}
    if body:
        for merged, kept in _merged_body(tuple(body.values()), same)[1].items():
            yield body[merged], body[kept]


def _merged(node: Node, kept: Node) -> Remark:
    """The remark on a node that was merged into another."""
    where = (node.id, _origins(node, kept), node.span, kept.id, kept.span)
    match node.op:
        case Call(tool):
            made = MergedRead if tool.effect.rule.merge is When.UNWRITTEN else MergedCall
            return made(*where, tool.name, node.effects[0])
        case Evaluate(term=Get(path=()), fallback=None) if not node.when:
            return MergedAlias(*where)
        case _:
            return Merged(*where)


def _origins(node: Node, other: Node) -> tuple[TaskId, ...]:
    """The written tasks of both."""
    return tuple(dict.fromkeys((*node.origins, *other.origins)))


def _apart(nodes: Sequence[Node], known: Mapping[NodeId, Node]) -> Iterator[Remark]:
    """A remark on each call that equals an earlier one and stays, if that has a reason which can be changed."""
    last: dict[Hashable, Node] = {}
    for node in nodes:
        match node.op:
            case Call(tool, bound) if tool.effect.rule.merge is not When.NO or tool.effect.kind in UNKNOWN:
                key = (tool.name, _arguments(bound), node.when)
                if (earlier := last.get(key)) is not None:
                    yield _kept(node, earlier, node.op, known)
                last[key] = node
            case _:
                pass


def _kept(node: Node, earlier: Node, call: Call, known: Mapping[NodeId, Node]) -> Remark:
    """The remark on a call that was not merged into an earlier one."""
    where = (node.id, _origins(node, earlier), node.span, earlier.id, earlier.span, call.tool.name, node.effects[0])
    if call.tool.effect.kind in UNKNOWN:
        return UndeclaredTwins(*where)
    between = [known[other] for other in node.after if other not in earlier.after]
    if between:
        writer = between[0]
        name = "the loop" if isinstance(writer.op, Loop) else f"`{op_name(writer.op)}`"
        return WrittenBetween(*where, name, writer.span, writer.effects)
    return OtherOptions(*where)
