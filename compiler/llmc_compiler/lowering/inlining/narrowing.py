"""Mistakes that arguments make in the tasks of a plan: an argument may be narrower than the type of its input.

input n: any            other(2)    →    [$x for x in 2]     certainly fails, so the call prints as it was written
1. [$x for x in $n]
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from llmc_compiler.expressions import types
from llmc_compiler.expressions.environment import EffortBudget, EvaluationError, NoReads
from llmc_compiler.expressions.evaluation import evaluate
from llmc_compiler.expressions.memory_limit import MemoryRoom, NoRoomError
from llmc_compiler.expressions.terms import (
    Apply,
    Comprehension,
    Const,
    Get,
    Item,
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
from llmc_grammar.frozen_data import frozen

_ROOM = 64 * 1024
"""The most bytes that are built to compute a constant."""


def certainly_fails(nodes: Iterable[Node], facts: TypeEnvironment, budget: EffortBudget) -> bool:
    """Whether lowering would refuse a term of these nodes, whose facts are added on the way.

    Terms without reads are computed as far as the budget allows.
    """
    # All of them, since facts about later nodes are needed in any case.
    return any([*_Check(facts, budget).faults(nodes)])


@frozen
class _Check:
    """A check of the terms of a called plan."""

    facts: TypeEnvironment
    budget: EffortBudget

    def faults(self, nodes: Iterable[Node]) -> Iterator[bool]:
        """Yield for each part of the nodes whether it certainly fails."""
        for node in nodes:
            for term in (*(condition.term for condition in node.when), *terms(node.op)):
                yield self._fails(term)
            if isinstance(node.op, Call):
                for name, value in node.op.bound:
                    yield self._misfits(node.op.tool, name, value)
            if isinstance(node.op, Loop):
                yield not types.can_be_looped(self.facts.of(node.op.source))
                with self.facts.each(node.op.name, node.op.source):
                    yield from self.faults(node.op.body)
            self.facts.add(node)

    def _misfits(self, callee: NamedSignature, name: str | None, value: Term) -> bool:
        """Whether an argument certainly does not fit."""
        constant = self._constant(value)
        return any(True for _ in check_argument(callee, name or "", name, value, constant=constant, facts=self.facts))

    def _constant(self, value: Term) -> Const | None:
        """Return the value of a term that reads nothing; None if it has none."""
        if isinstance(value, Const):
            return value
        try:
            return None if _reads(value) else Const(evaluate(value, NoReads(), MemoryRoom(_ROOM), self.budget))
        except (EvaluationError, NoRoomError):
            return None

    def _fails(self, term: Term) -> bool:
        """Whether a term or a part of it certainly cannot be computed."""
        match term:
            case Const():
                return False
            case Get() | Item() | Param():
                return bool(term.path) and self.facts.is_lost(term)
            case Comprehension(element, clauses):
                with ExitStack() as scopes:
                    for clause in clauses:
                        if self._fails(clause.source) or not types.can_be_looped(self.facts.of(clause.source)):
                            return True
                        scopes.enter_context(self.facts.each(clause.name, clause.source))
                        if clause.condition is not None and self._fails(clause.condition):
                            return True
                    if self._fails(element):
                        return True
            case _:
                if any(self._fails(child) for child in children(term)) or self._own_fault(term):
                    return True
        return not _reads(term) and self._cannot_be_computed(term)

    def _own_fault(self, term: Term) -> bool:
        """Whether the operation of a term does not take its parts."""
        match term:
            case Apply(function, arguments):
                return any(self._misfits(STANDARD[function], name, value) for name, value in arguments)
            case Subscript(value, key):
                return types.subscript(self.facts.of(value), self.facts.of(key)) == NEVER
            case Slice(value):
                return types.sliced(self.facts.of(value)) == NEVER
            case _:
                return self.facts.fault(term) is not None

    def _cannot_be_computed(self, term: Term) -> bool:
        """Whether a term that reads nothing has no value."""
        try:
            evaluate(term, NoReads(), MemoryRoom(_ROOM), self.budget)
        except EvaluationError as error:
            return not error.is_exhausted
        except NoRoomError:
            return False
        return False


def _reads(term: Term) -> bool:
    """Whether a term reads anything."""
    return next(free_reads(term), None) is not None
