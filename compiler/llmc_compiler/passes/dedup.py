"""Dedup: one call for identical calls."""

from collections.abc import Hashable
from dataclasses import dataclass, replace

from llmc_compiler.effects import When
from llmc_compiler.graph import Call, Condition, Evaluate, Graph, Join, Loop, Node, Operation, dependencies
from llmc_compiler.order import in_order
from llmc_compiler.term import Get, NodeId, Term, substitute

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
            arguments = tuple(sorted(bound, key=lambda pair: pair[0] or ""))
            return (tool.name, arguments, node.when, timeout, retries, fallback, between)
        case _:
            return None


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
            sweep = Merging(inside=True)
            outer = (_renamed(node, same) for node in body)
            kept = tuple(found for node in outer for found in sweep.add(node))
            result = sweep.same.get(op.result, op.result)
            return replace(op, source=substitute(source, same), body=kept, result=result)


def _renamed_fallback(fallback: Term | None, same: Same) -> Term | None:
    """The fallback reading what stands for merged nodes."""
    return None if fallback is None else substitute(fallback, same)
