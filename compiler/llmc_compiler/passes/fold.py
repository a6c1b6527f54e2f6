"""Fold: compute constant expressions."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from llmc_compiler.expressions.environment import EffortBudget
from llmc_compiler.expressions.memory_limit import MemoryRoom
from llmc_compiler.expressions.terms import (
    Const,
    ListOf,
    MapOf,
    NodeId,
    Term,
    children,
    reads,
    rebuild,
)
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
    all_nodes,
    dependencies,
    effects_of,
    may_write,
    nodes_within,
    terms,
)
from llmc_compiler.ir.order_edges import in_order
from llmc_compiler.passes.remarks import Certain, Computed, Remark, Untaken
from llmc_compiler.passes.term_folding import EFFORT, GROWTH, Known, TermFolder, are_same, risks
from llmc_grammar.frozen_data import frozen


@frozen
class Fold:
    """Computes operators and texts of constants, and drops branches that are never taken.

        limit = 2 * 5                                    limit = 10
        a = compare($limit, 1 + 1)                       a = compare(10, 2)
        b = search("K2" if true else "K3") if $a    →    b = search("K2") if $a
        join($b)                                         join($b)

    A term that cannot be computed stays, and so does an untaken branch that reads a node which may fail.
    """

    name: str = "fold"

    def sweep(self) -> "Folding":
        """Start with an empty plan."""
        return Folding()

    def __call__(self, graph: Graph) -> Graph:
        """Fold every term."""
        sweep = Folding()
        nodes = [folded for node in graph.nodes.values() for folded in sweep.add(node)]
        alive = _without_dead(nodes, sweep.dead, graph.tasks.values())
        return in_order(replace(graph, nodes={node.id: node for node in alive}))

    def remarks(self, before: Graph, after: Graph) -> Iterator[Remark]:
        """Yield remarks on computed terms, removed conditions, and nodes that never run."""
        conditions: dict[TaskId, Remark] = {}
        left = {node.id: node for node in all_nodes(after)}
        for node in before.nodes.values():
            for old in (node, *nodes_within(node)):
                new, where = left.get(old.id), (old.id, old.origins, old.span)
                if new is None:
                    yield Untaken(*where)
                elif _differ(terms(old.op), terms(new.op)):
                    yield Computed(*where)
                elif _differ((condition.term for condition in old.when), (condition.term for condition in new.when)):
                    conditions[old.task] = (Computed if len(new.when) == len(old.when) else Certain)(*where)
        yield from conditions.values()


class Folding:
    """The constants so far, and the nested nodes that never run, each with the nodes that may block its readers."""

    def __init__(self) -> None:
        self.dead: dict[NodeId, frozenset[NodeId]] = {}
        self._known: Known = {}
        self._growth = MemoryRoom(GROWTH)
        self._budget = EffortBudget(EFFORT)

    def add(self, node: Node) -> tuple[Node, ...]:
        """Return the node with its terms folded."""
        folded = self._folded(node)
        if str(node.id) != str(node.task):
            self._bury(folded)
        match folded:
            case Node(op=Evaluate(term=Const() as value, plan=None), when=(), needs=()):
                self._known[node.id] = value
            case _:
                pass
        return (folded,)

    def _folded(self, node: Node) -> Node:
        """Return a node with its terms folded, and those inside it."""
        return self._loop(node, node.op) if isinstance(node.op, Loop) else self._node(node)

    def _conditions(self, node: Node) -> tuple[tuple[Condition, ...], set[NodeId]]:
        """Return the conditions of a node that may fail, and the nodes that they read."""
        when: list[Condition] = []
        sure: set[NodeId] = set()
        for condition in node.when:
            term = self._terms(self._known, sure).fold(condition.term)
            sure.update(read.node for read in reads(term))
            if isinstance(term, Const) and bool(term.value) == condition.expected:
                continue
            when.append(condition if term is condition.term else replace(condition, term=term))
            if isinstance(term, Const):
                break  # the rest is not reached
        return tuple(when), sure

    def _node(self, node: Node) -> Node:
        """Return a node other than a loop with its terms folded."""
        when, sure = self._conditions(node)
        op = _operation(node.op, self._terms({} if isinstance(node.op, Join) else self._known, sure))
        if op is node.op and are_same(when, node.when):
            return node
        return replace(node, op=op, when=when, needs=dependencies(op, when))

    def _terms(self, known: Known, sure: Collection[NodeId]) -> TermFolder:
        """Return a folder of terms for this position."""
        return TermFolder(known, self.dead, sure, self._growth, self._budget)

    def _loop(self, node: Node, loop: Loop) -> Node:
        """Return a loop with its terms folded, without the nodes inside that never run."""
        when, sure = self._conditions(node)
        source = self._terms(self._known, sure).fold(loop.source)
        # A loop waits for all reads in it, reached or not, and writes if a call in it writes.
        free = {inner.id for inner in loop.body}.union(read.node for read in reads(source))
        body = []
        for inner in loop.body:
            body.append(folded := self._folded(inner))
            if free.issuperset(folded.needs) and not may_write(folded):
                self._bury(folded)
        alive = _without_dead(body, self.dead, [loop.result])
        is_same = source is loop.source and are_same(alive, loop.body)
        if is_same and are_same(when, node.when):
            return node
        op = loop if is_same else replace(loop, source=source, body=tuple(alive))
        return replace(node, op=op, when=when, needs=dependencies(op, when), effects=effects_of(op))

    def _bury(self, node: Node) -> None:
        """Remember a nested node if one of its conditions never holds, with the nodes that are read before."""
        read_before: set[NodeId] = set()
        for condition in node.when:
            if isinstance(condition.term, Const):
                self.dead[node.id] = frozenset(read_before)
                return
            read_before.update(risks(condition.term, self.dead))


def _without_dead(nodes: list[Node], dead: Collection[NodeId], wanted: Iterable[NodeId]) -> list[Node]:
    """Return the nodes without those that never run and are not read."""
    read = set(wanted)
    alive = []
    for node in reversed(nodes):
        if node.id not in dead or node.id in read:
            read.update(node.needs)
            alive.append(node)
    return alive[::-1]


def _operation(op: Operation, terms: TermFolder) -> Operation:
    """Return an operation with its terms folded."""
    match op:
        case Call(tool, bound, fallback=fallback):
            named = tool.effect.parameters
            values = [value if name in named else terms.argument(tool, name, value) for name, value in bound]
            otherwise = None if fallback is None else terms.fold(fallback)
            if otherwise is fallback and are_same(values, [value for _, value in bound]):
                return op
            arguments = tuple((name, value) for (name, _), value in zip(bound, values, strict=True))
            return replace(op, bound=arguments, fallback=otherwise)
        case Evaluate(value, fallback):
            folded = terms.fold(value)
            # A call that prints as it was written keeps its fallback.
            is_sure = (
                isinstance(folded, Const) and fallback is not None and op.plan is None and terms.may_drop(fallback)
            )
            otherwise = None if fallback is None or is_sure else terms.fold(fallback)
            same = folded is value and otherwise is fallback
            return op if same else replace(op, term=folded, fallback=otherwise)
        case Join(value, everything):
            # Arguments of the join stay separate: a constant list is one argument.
            parts = [] if everything else [terms.fold(child) for child in children(value)]
            return op if everything or are_same(parts, children(value)) else Join(rebuild(value, parts))
        case Loop():
            return op


def _differ(before: Iterable[Term], after: Iterable[Term]) -> bool:
    """Whether terms were folded. Lists and mappings of constants do not count: they are written like constants."""
    old, new = tuple(before), tuple(after)
    return old != new and tuple(map(_literal, old)) != tuple(map(_literal, new))


def _literal(term: Term) -> Term:
    """Return the term, with each written list and mapping of constants as a constant."""
    inner = tuple(map(_literal, children(term)))
    match term:
        case ListOf() if all(isinstance(item, Const) for item in inner):
            return Const([item.value for item in inner if isinstance(item, Const)])
        case MapOf(entries) if all(isinstance(item, Const) for item in inner):
            pairs = zip(entries, inner, strict=True)
            return Const({key: item.value for (key, _), item in pairs if isinstance(item, Const)})
        case _:
            return rebuild(term, inner)
