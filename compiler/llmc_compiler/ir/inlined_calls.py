"""Calls of plans in a graph: the ids of their tasks, and the parts that are printed.

A call that prints as it was written hides the nodes that it owns. Its arguments are in one of them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from llmc_compiler.expressions.terms import Comprehension, Const, MapOf, NodeId, Term, children, reads
from llmc_compiler.ir.graph import Condition, Evaluate, Graph, Loop, Node, all_nodes, terms

_STEP: Final = re.compile(r"a[0-9]+|each|filter|fallback|once|in|if")
"""The parts of ids below a call; a plan with such a name gets a `_` behind it."""


def prefix_of(place: NodeId, plan: str) -> str:
    """Return the beginning of the ids of the tasks of a plan that is called at a place."""
    name = plan.replace(".", "_")
    return f"{place}/{name}_/" if _STEP.fullmatch(name) else f"{place}/{name}/"


def inputs_of(call: NodeId, plan: str) -> NodeId:
    """Return the id of the node with the arguments of a call."""
    return NodeId(f"{prefix_of(call, plan)}in")


def arguments_of(node: Node, nodes: Mapping[NodeId, Node]) -> list[tuple[str, Term]]:
    """Return the arguments of a call that prints as it was written; none for other nodes."""
    if not isinstance(node.op, Evaluate) or node.op.plan is None or node.holds_arguments:
        return []
    inputs = nodes.get(inputs_of(node.id, node.op.plan))
    match None if inputs is None else inputs.op:
        case Evaluate(MapOf(entries)):
            return list(entries)
        case Evaluate(Const(dict() as values)):
            return [(name, Const(value)) for name, value in values.items()]
        case _:
            return []


def printed_terms(node: Node, nodes: Mapping[NodeId, Node]) -> Iterator[Term]:
    """Yield the terms with which the operation of a node is printed."""
    if node.owner is not None:
        return
    if isinstance(node.op, Evaluate) and node.op.plan is not None:
        yield from (value for _, value in arguments_of(node, nodes))
        yield from () if node.op.fallback is None else (node.op.fallback,)
    else:
        yield from terms(node.op)


def printed_conditions(when: Iterable[Condition], nodes: Mapping[NodeId, Node]) -> Iterator[Condition]:
    """Yield the conditions that are printed: all but those that arguments of a call of a plan have values."""
    for condition in when:
        owners = (nodes[read.node].owner for read in reads(condition.term) if read.node in nodes)
        if all(owner is None for owner in owners):
            yield condition


def element_names(graph: Graph, taken: Iterable[str]) -> dict[str, str]:
    """Name the elements of loops in inlined plans, whose names in the graph are ids."""
    if not any(node.inlined for node in all_nodes(graph)):
        return {}
    used, names = set(taken), dict[str, str]()
    found = dict.fromkeys(elements(graph))
    used.update(name for name in found if "/" not in name)
    for name in found:
        if "/" in name:
            names[name] = stem = name.rpartition("/")[2]
            number = 2
            while names[name] in used:
                names[name], number = f"{stem[:60]}_{number}", number + 1
            used.add(names[name])
    return names


def elements(graph: Graph) -> Iterator[str]:
    """Yield the names of elements, in loops and in terms."""
    for node in all_nodes(graph):
        if isinstance(node.op, Loop):
            yield node.op.name
        below = [*terms(node.op), *(condition.term for condition in node.when)]
        while below:
            term = below.pop()
            below += children(term)
            if isinstance(term, Comprehension):
                yield from (clause.name for clause in term.clauses)
