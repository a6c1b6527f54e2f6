"""Mistakes that arguments make in the tasks of a plan: an argument may be narrower than the type of its input.

input n: any            other(2)    →    [$x for x in 2]     certainly fails, so the call prints as it was written
1. [$x for x in $n]
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from llmc_compiler.expressions import types
from llmc_compiler.expressions.environment import EvaluationError
from llmc_compiler.expressions.evaluation import evaluate
from llmc_compiler.expressions.memory_limit import MemoryRoom, NoRoomError
from llmc_compiler.expressions.terms import (
    Apply,
    Comprehension,
    Const,
    Get,
    Item,
    Json,
    NodeId,
    Param,
    Slice,
    Subscript,
    Term,
    children,
    free_reads,
)
from llmc_compiler.expressions.types import NEVER
from llmc_compiler.ir.graph import Call, Loop, Node, terms
from llmc_compiler.lowering.argument_checks import check_argument
from llmc_compiler.lowering.type_inference import TypeEnvironment
from llmc_compiler.tools.standard_callee import STANDARD, NamedSignature

_ROOM = 64 * 1024
"""The most bytes that are built to compute a constant."""


class _NoReads:
    """An environment for constants: there is nothing to read."""

    skipped_is_null = False

    def item(self, name: str, /) -> Json:
        """Raise KeyError: constants read no elements."""
        raise KeyError(name)

    def get(self, node: NodeId, /) -> Json:
        """Raise KeyError: constants read no nodes."""
        raise KeyError(node)

    def param(self, name: str, /) -> Json:
        """Raise KeyError: constants read no inputs."""
        raise KeyError(name)


def certainly_fails(nodes: Iterable[Node], facts: TypeEnvironment) -> bool:
    """Whether lowering would refuse a term of these nodes, whose facts are added on the way."""
    # All of them, since facts about later nodes are needed in any case.
    return any([*_faults(nodes, facts)])


def _faults(nodes: Iterable[Node], facts: TypeEnvironment) -> Iterator[bool]:
    """Yield for each part of the nodes whether it certainly fails."""
    for node in nodes:
        for term in (*(condition.term for condition in node.when), *terms(node.op)):
            yield _fails(term, facts)
        if isinstance(node.op, Call):
            for name, value in node.op.bound:
                yield _misfits(node.op.tool, name, value, facts)
        if isinstance(node.op, Loop):
            yield not types.can_be_looped(facts.of(node.op.source))
            with facts.each(node.op.name, node.op.source):
                yield from _faults(node.op.body, facts)
        facts.add(node)


def _misfits(callee: NamedSignature, name: str | None, value: Term, facts: TypeEnvironment) -> bool:
    """Whether an argument certainly does not fit."""
    constant = _constant(value)
    return any(True for _ in check_argument(callee, name or "", name, value, constant=constant, facts=facts))


def _constant(value: Term) -> Const | None:
    """Return the value of a term that reads nothing; None if it has none."""
    if isinstance(value, Const):
        return value
    try:
        return None if _reads(value) else Const(evaluate(value, _NoReads(), MemoryRoom(_ROOM)))
    except (EvaluationError, NoRoomError):
        return None


def _reads(term: Term) -> bool:
    """Whether a term reads anything."""
    return next(free_reads(term), None) is not None


def _fails(term: Term, facts: TypeEnvironment) -> bool:
    """Whether a term or a part of it certainly cannot be computed."""
    match term:
        case Const():
            return False
        case Get() | Item() | Param():
            return bool(term.path) and facts.is_lost(term)
        case Comprehension(element, clauses):
            with ExitStack() as scopes:
                for clause in clauses:
                    if _fails(clause.source, facts) or not types.can_be_looped(facts.of(clause.source)):
                        return True
                    scopes.enter_context(facts.each(clause.name, clause.source))
                    if clause.condition is not None and _fails(clause.condition, facts):
                        return True
                if _fails(element, facts):
                    return True
        case _:
            if any(_fails(child, facts) for child in children(term)) or _own_fault(term, facts):
                return True
    return not _reads(term) and _cannot_be_computed(term)


def _own_fault(term: Term, facts: TypeEnvironment) -> bool:
    """Whether the operation of a term does not take its parts."""
    match term:
        case Apply(function, arguments):
            return any(_misfits(STANDARD[function], name, value, facts) for name, value in arguments)
        case Subscript(value, key):
            return types.subscript(facts.of(value), facts.of(key)) == NEVER
        case Slice(value):
            return types.sliced(facts.of(value)) == NEVER
        case _:
            return facts.fault(term) is not None


def _cannot_be_computed(term: Term) -> bool:
    """Whether a term that reads nothing has no value."""
    try:
        evaluate(term, _NoReads(), MemoryRoom(_ROOM))
    except EvaluationError as error:
        return not error.is_exhausted
    except NoRoomError:
        return False
    return False
