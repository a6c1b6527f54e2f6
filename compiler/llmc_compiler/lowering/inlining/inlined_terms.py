"""Parts of terms that change when the tasks of a plan take the place of a call."""

from collections.abc import Sequence
from typing import Final

from llmc_compiler.expressions.compact_json import compact
from llmc_compiler.expressions.terms import (
    Apply,
    Binary,
    Choice,
    Const,
    Get,
    Json,
    ListOf,
    MapOf,
    NodeId,
    Slice,
    Subscript,
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
from llmc_grammar.source import Span

_ANY: Final = Type("any")


def may_skip(graph: Graph) -> frozenset[NodeId]:
    """Return the tasks of a plan that its own conditions may skip, and the nodes that need them."""
    found: set[NodeId] = set()
    for node in graph.nodes.values():
        own = [each for each in node.when if not each.is_certain]
        if own or not found.isdisjoint(node.needs):
            found.add(node.id)
    return frozenset(found)


def base_of(term: Term) -> Get | None:
    """Return the read of a node below steps."""
    while isinstance(term, (Subscript, Slice)):
        term = term.value
    return term if isinstance(term, Get) else None


def or_null(read: Get) -> Term:
    """Return a term that is null if the read is skipped."""
    null = Const(None, read.span)
    return Choice(Binary("!=", Get(read.node, (), read.span), null, read.span), read, null, read.span)


def part_of(value: Json, step: str | int) -> tuple[Json] | None:
    """Return the part of a value under one step, or None if it is missing."""
    if isinstance(step, str):
        return (value[step],) if isinstance(value, dict) and step in value else None
    return (value[step],) if isinstance(value, list) and -len(value) <= step < len(value) else None


def text_of(parts: Sequence[str | Term], span: Span) -> Term:
    """Return a text with its constants inserted."""
    pieces: list[str | Term] = []
    for part in parts:
        piece: str | Term = part
        if isinstance(part, Const):
            piece = part.value if isinstance(part.value, str) else compact(part.value)
        if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += piece
        elif piece != "":
            pieces.append(piece)
    if all(isinstance(piece, str) for piece in pieces):
        return Const("".join(piece for piece in pieces if isinstance(piece, str)), span)
    return Template(tuple(pieces), span)


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
