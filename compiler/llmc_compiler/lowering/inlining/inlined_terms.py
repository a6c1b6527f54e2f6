"""Parts of terms that change when the tasks of a plan take the place of a call."""

from typing import Final

from llmc_compiler.expressions.terms import (
    Apply,
    Binary,
    Choice,
    Const,
    Get,
    ListOf,
    MapOf,
    NodeId,
    Template,
    Term,
    children,
)
from llmc_compiler.ir.graph import (
    Call,
    Evaluate,
    Graph,
    Loop,
    Operation,
)
from llmc_grammar.ast import Type

_ANY: Final = Type("any")


def may_skip(graph: Graph) -> frozenset[NodeId]:
    """Return the tasks of a plan that its own conditions may skip, and the nodes that need them."""
    found: set[NodeId] = set()
    for node in graph.nodes.values():
        own = [each for each in node.when if not each.is_certain]
        if own or not found.isdisjoint(node.needs):
            found.add(node.id)
    return frozenset(found)


def or_null(read: Get) -> Term:
    """Return a term that is null if the read is skipped."""
    null = Const(None, read.span)
    return Choice(Binary("!=", Get(read.node, (), read.span), null, read.span), read, null, read.span)


def strict_reads(op: Operation) -> set[NodeId]:
    """Return nodes without whose values an operation certainly is skipped or blocked."""
    match op:
        case Call(_, bound):
            below = [value for _, value in bound]
        case Evaluate(term) | Loop(_, term):
            below = [term]
        case _:
            return set()
    found: set[NodeId] = set()
    while below:
        term = below.pop()
        if isinstance(term, Get):
            found.add(term.node)
        elif isinstance(term, (Template, ListOf, MapOf, Apply)):
            below.extend(children(term))
    return found
