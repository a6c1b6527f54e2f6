"""Dedup: one call for identical calls."""

from collections import ChainMap
from collections.abc import Hashable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import replace

from llmc_compiler.effects.effects import UNKNOWN, When
from llmc_compiler.expressions.terms import Get, NodeId, Term, substitute
from llmc_compiler.ir.graph import (
    Call,
    Evaluate,
    Graph,
    Loop,
    Node,
    TaskId,
    all_nodes,
    dependencies,
    node_body,
    op_name,
    with_terms,
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
from llmc_grammar.frozen_data import frozen

Same = MutableMapping[NodeId, NodeId]


@frozen
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
            for merged, survivor in sweep.inside:
                yield _merged(merged, survivor)
            sweep.inside.clear()
            if node.id in sweep.same:
                yield _merged(node, before.nodes[sweep.same[node.id]])
        by_id = {node.id: node for node in all_nodes(after)}
        for nodes in (tuple(after.nodes.values()), *map(node_body, all_nodes(after))):
            yield from _apart(nodes, by_id)


class Merging:
    """The nodes seen so far; `same` maps merged nodes to their replacements.

    In a loop's body, whose surroundings have merged nodes `around`, a node is never replaced by one outside; `merged`
    has those of this body alone. `inside` has the nodes that were merged in bodies, each with its replacement.
    """

    def __init__(self, around: Same | None = None) -> None:
        self.merged: Same = {}
        self.same: Same = self.merged if around is None else ChainMap(self.merged, around)
        self.inside: list[tuple[Node, Node]] = []
        self._is_inside = around is not None
        self._kept: dict[Hashable, NodeId] = {}

    def add(self, node: Node) -> tuple[Node, ...]:
        """Return the node with its reads renamed, or nothing if an earlier node replaces it."""
        renamed = self._renamed(node)
        if (twin := self._twin(renamed)) is not None:
            self.same[node.id] = twin
            return ()
        return (renamed,)

    def _twin(self, node: Node) -> NodeId | None:
        """Return the earlier node that does the same."""
        match node:
            case Node(op=Evaluate(term=Get(other, path=()), fallback=None, plan=None), when=()) if not self._is_inside:
                return other
        key = _key(node)
        if key is None:
            return None
        first = self._kept.setdefault(key, node.id)
        return None if first == node.id else first

    def _renamed(self, node: Node) -> Node:
        """Return the node with reads of merged nodes replaced."""
        # A loop is always rebuilt: identical calls in its body are merged too.
        if not isinstance(node.op, Loop) and self.same.keys().isdisjoint(node.needs):
            return node
        when = tuple(replace(condition, term=self._substitute(condition.term)) for condition in node.when)
        op = with_terms(self._merged_body(node.op) if isinstance(node.op, Loop) else node.op, self._substitute)
        return replace(node, when=when, op=op, needs=dependencies(op, when))

    def _merged_body(self, loop: Loop) -> Loop:
        """Return a loop with identical calls in its body merged."""
        sweep = Merging(self.same)
        body = tuple(left for node in loop.body for left in sweep.add(node))
        before = {node.id: node for node in loop.body}
        self.inside += sweep.inside
        self.inside += [(before[key], before[twin]) for key, twin in sweep.merged.items()]
        return replace(loop, body=body, result=sweep.same.get(loop.result, loop.result))

    def _substitute(self, term: Term) -> Term:
        """Return the term with reads of merged nodes replaced."""
        return substitute(term, self.same)


def _key(node: Node) -> Hashable | None:
    """Return a key that is equal for nodes that may be merged; None for a node that must not be merged."""
    match node.op:
        case Evaluate(value, fallback, plan) if plan is None:
            return (value, fallback, node.when)
        case Call(tool, bound, timeout, retries, fallback) if tool.effect.rule.merge is not When.NO:
            # Reads of one resource with the same last writers have no write between them.
            return (tool.name, _arguments(bound), node.when, timeout, retries, fallback, node.after)
        case _:
            return None


def _arguments(bound: tuple[tuple[str | None, Term], ...]) -> Hashable:
    """Return a key that is equal for equal arguments, in any order of the named ones."""
    return tuple(sorted(bound, key=lambda pair: pair[0] or ""))


def _merged(node: Node, survivor: Node) -> Remark:
    """Return the remark on a node that was merged into another."""
    where = (node.id, _origins(node, survivor), node.span, survivor.id, survivor.span)
    match node.op:
        case Call(tool):
            made = MergedRead if tool.effect.rule.merge is When.UNWRITTEN else MergedCall
            return made(*where, tool.name, node.effects[0])
        case Evaluate(term=Get(path=()), fallback=None, plan=None) if not node.when:
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
