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

    The effect table decides where that is allowed. Calls whose arguments are results of merged calls are merged in the
    same sweep.

        1. search("K2")             1. search("K2")
        2. search("K2")        →    2. $1
        3. compare($1, $2)          3. compare($1, $1)
        join($3)                    join($3)

    The numbers stay: task 2 has the value of task 1.
    """

    name: str = "dedup"

    def sweep(self) -> "Merging":
        """Start with an empty plan."""
        return Merging()

    def __call__(self, graph: Graph) -> Graph:
        """Merge identical calls."""
        sweep = Merging()
        nodes = {survivor.id: survivor for node in graph.nodes.values() for survivor in sweep.add(node)}
        origins = {survivor: dict.fromkeys(nodes[survivor].origins) for survivor in sweep.same.values()}
        for merged, survivor in sweep.same.items():
            origins[survivor].update(dict.fromkeys(graph.nodes[merged].origins))
        nodes.update(
            (survivor, replace(nodes[survivor], origins=tuple(merged_origins)))
            for survivor, merged_origins in origins.items()
        )
        tasks = {task: sweep.same.get(node, node) for task, node in graph.tasks.items()}
        return in_order(replace(graph, nodes=nodes, tasks=tasks))

    def remarks(self, before: Graph, after: Graph) -> Iterator[Remark]:
        """Yield remarks on merged calls, and on identical calls that were not merged."""
        sweep = Merging()
        for node in before.nodes.values():
            sweep.add(node)
            for merged, survivor in _merged_inside(node, sweep.same):
                yield _merged(merged, survivor)
            if node.id in sweep.same:
                yield _merged(node, before.nodes[sweep.same[node.id]])
        by_id = {inner.id: inner for node in after.nodes.values() for inner in (node, *node_body(node))}
        for nodes in (tuple(after.nodes.values()), *map(node_body, after.nodes.values())):
            yield from _apart(nodes, by_id)


class Merging:
    """The nodes seen so far; `same` maps merged nodes to their replacements.

    In a loop's body (`inside`) a node is never replaced by one outside.
    """

    def __init__(self, *, inside: bool = False) -> None:
        self.same: Same = {}
        self._inside = inside
        self._kept: dict[Hashable, NodeId] = {}

    def add(self, node: Node) -> tuple[Node, ...]:
        """Return the node with its reads renamed, or nothing if an earlier node replaces it."""
        renamed = _renamed(node, self.same)
        if (twin := self._twin(renamed)) is not None:
            self.same[node.id] = twin
            return ()
        return (renamed,)

    def _twin(self, node: Node) -> NodeId | None:
        """Return the earlier node that does the same."""
        match node:
            case Node(op=Evaluate(term=Get(other, path=()), fallback=None), when=()) if not self._inside:
                return other
        key = _key(node)
        if key is None:
            return None
        first = self._kept.setdefault(key, node.id)
        return None if first == node.id else first


def _key(node: Node) -> Hashable | None:
    """Return a key that is equal for nodes that may be merged; None for a node that must not be merged."""
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
    """Return a key that is equal for equal arguments, in any order of the named ones."""
    return tuple(sorted(bound, key=lambda pair: pair[0] or ""))


def _renamed(node: Node, same: Same) -> Node:
    """Return the node with reads of merged nodes replaced."""
    # A loop is always rebuilt: identical calls in its body are merged too.
    if not isinstance(node.op, Loop) and same.keys().isdisjoint(node.needs):
        return node
    when = _renamed_when(node.when, same)
    op = _renamed_op(node.op, same)
    return replace(node, when=when, op=op, needs=dependencies(op, when))


def _renamed_when(when: tuple[Condition, ...], same: Same) -> tuple[Condition, ...]:
    """Return the conditions with reads of merged nodes replaced."""
    return tuple(Condition(substitute(condition.term, same), condition.expected) for condition in when)


def _renamed_op(op: Operation, same: Same) -> Operation:
    """Return the operation with reads of merged nodes replaced."""
    match op:
        case Call(_, bound, fallback=fallback):
            arguments = tuple((name, substitute(value, same)) for name, value in bound)
            return replace(op, bound=arguments, fallback=_renamed_fallback(fallback, same))
        case Evaluate(value, fallback):
            return Evaluate(substitute(value, same), _renamed_fallback(fallback, same))
        case Join(value):
            return replace(op, term=substitute(value, same))
        case Loop(source=source, body=body):
            rest, inner = _merged_body(body, same)
            return replace(op, source=substitute(source, same), body=rest, result=inner.get(op.result, op.result))


def _merged_body(body: tuple[Node, ...], same: Same) -> tuple[tuple[Node, ...], Same]:
    """Return the rest of a loop's body, and the replacements of the nodes that were merged."""
    sweep = Merging(inside=True)
    outer = (_renamed(node, same) for node in body)
    rest = tuple(left for node in outer for left in sweep.add(node))
    return rest, sweep.same


def _renamed_fallback(fallback: Term | None, same: Same) -> Term | None:
    """Return the fallback with reads of merged nodes replaced."""
    return None if fallback is None else substitute(fallback, same)


def _merged_inside(node: Node, same: Same) -> Iterator[tuple[Node, Node]]:
    """Yield the nodes of a loop's body that were merged, each with its replacement."""
    body = {inner.id: inner for inner in node_body(node)}
    if body:
        for merged, survivor in _merged_body(tuple(body.values()), same)[1].items():
            yield body[merged], body[survivor]


def _merged(node: Node, survivor: Node) -> Remark:
    """Return the remark on a node that was merged into another."""
    where = (node.id, _origins(node, survivor), node.span, survivor.id, survivor.span)
    match node.op:
        case Call(tool):
            made = MergedRead if tool.effect.rule.merge is When.UNWRITTEN else MergedCall
            return made(*where, tool.name, node.effects[0])
        case Evaluate(term=Get(path=()), fallback=None) if not node.when:
            return MergedAlias(*where)
        case _:
            return Merged(*where)


def _origins(node: Node, other: Node) -> tuple[TaskId, ...]:
    """Return the written tasks of both nodes."""
    return tuple(dict.fromkeys((*node.origins, *other.origins)))


def _apart(nodes: Sequence[Node], by_id: Mapping[NodeId, Node]) -> Iterator[Remark]:
    """Yield a remark on each call that equals an earlier one and stays, if the reason can be changed."""
    last: dict[Hashable, Node] = {}
    for node in nodes:
        match node.op:
            case Call(tool, bound) if tool.effect.rule.merge is not When.NO or tool.effect.kind in UNKNOWN:
                key = (tool.name, _arguments(bound), node.when)
                if (earlier := last.get(key)) is not None:
                    yield _kept(node, earlier, node.op, by_id)
                last[key] = node
            case _:
                pass


def _kept(node: Node, earlier: Node, call: Call, by_id: Mapping[NodeId, Node]) -> Remark:
    """Return the remark on a call that was not merged into an earlier one."""
    where = (node.id, _origins(node, earlier), node.span, earlier.id, earlier.span, call.tool.name, node.effects[0])
    if call.tool.effect.kind in UNKNOWN:
        return UndeclaredTwins(*where)
    between = [by_id[other] for other in node.after if other not in earlier.after]
    if between:
        writer = between[0]
        name = "the loop" if isinstance(writer.op, Loop) else f"`{op_name(writer.op)}`"
        return WrittenBetween(*where, name, writer.span, writer.effects)
    return OtherOptions(*where)
