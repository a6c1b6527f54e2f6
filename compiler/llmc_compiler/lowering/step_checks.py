"""Mistakes of computed keys, indices and slices, as far as types are known."""

from collections.abc import Iterator
from typing import Final

from llmc_compiler.diagnostics.plan_errors import NoPart, WrongIndex
from llmc_compiler.expressions import types
from llmc_compiler.expressions.terms import Slice, Subscript, Term
from llmc_compiler.expressions.types import ANY, BOOL, FLOAT, INT, NEVER, STR, Type, describe, overlap
from llmc_compiler.lowering.type_inference import TypeEnvironment
from llmc_grammar import ast
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.print import print_expr

_LONGEST: Final = 40
_MOST_KEYS: Final = 5


def step_mistakes(
    written: ast.Subscript | ast.Slice, term: Subscript | Slice, facts: TypeEnvironment
) -> Iterator[Diagnostic]:
    """Yield the mistakes of a step, each at most once."""
    wrong = list(_wrong_indices(term, facts))
    yield from wrong
    owner = facts.of(term.value)
    found = types.sliced(owner) if isinstance(term, Slice) else types.subscript(owner, facts.of(term.key))
    if not wrong and owner != NEVER and found == NEVER and not facts.may_be_null(term):
        yield _no_part(written, term, facts)


def _wrong_indices(term: Subscript | Slice, facts: TypeEnvironment) -> Iterator[Diagnostic]:
    """Yield the keys and bounds whose types are certainly wrong."""
    if isinstance(term, Subscript):
        if not _may_be(facts.of(term.key), text=True):
            yield _wrong(term.key, "a key", "a text or an integer", facts)
        return
    for bound in (term.start, term.stop):
        if bound is not None and not _may_be(facts.of(bound), text=False):
            yield _wrong(bound, "a bound of a slice", "an integer", facts)


def _may_be(found: Type, *, text: bool) -> bool:
    """Whether a value of this type may be an integer, or a text if that is allowed."""
    return any(option in {ANY, INT, FLOAT} or (text and overlap(option, STR)) for option in types.options(found))


def _wrong(term: Term, what: str, wanted: str, facts: TypeEnvironment) -> Diagnostic:
    """Return the mistake of a key or bound."""
    found = facts.of(term)
    return WrongIndex(
        span=term.span,
        what=what,
        wanted=wanted,
        found=describe(found),
        suggestion="write `1 if … else 0` for an integer" if found == BOOL else f"use {wanted}",
        notes=facts.notes([term], term.span),
    )


def _no_part(written: ast.Subscript | ast.Slice, term: Subscript | Slice, facts: TypeEnvironment) -> Diagnostic:
    """Return the mistake of a step to a part that the value does not have."""
    place, whole = print_expr(written.value), print_expr(written)
    place, step = (place, whole.removeprefix(place)) if len(whole) <= _LONGEST else ("this", "such part")
    owner = facts.of(term.value)
    notes = facts.notes([term.value, *([term.key] if isinstance(term, Subscript) else [])], term.span)
    suggestion = _suggestion(term, owner, facts)
    return NoPart(span=term.span, place=place, step=step, found=describe(owner), suggestion=suggestion, notes=notes)


def _suggestion(term: Subscript | Slice, owner: Type, facts: TypeEnvironment) -> str:
    """Suggest another step."""
    if isinstance(term, Slice):
        return "take a slice of a list or of a text"
    kinds = types.options(owner)
    if any(isinstance(kind, types.ListOfType) for kind in kinds):
        return "use an integer for an index"
    keys = [field.name for kind in kinds if isinstance(kind, types.Record) for field in kind.fields]
    if keys and overlap(facts.of(term.key), STR):
        return f"its keys are: {', '.join(keys[:_MOST_KEYS])}"
    if any(isinstance(kind, types.Record) for kind in kinds):
        return "use a text for a key"
    return "take a part of the text with a slice, such as `[:1]`" if overlap(owner, STR) else "leave the step out"
