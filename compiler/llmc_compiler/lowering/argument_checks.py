"""Checks a call's arguments against the tool's parameters and reports each mistake at its argument."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from llmc_compiler.diagnostics import plan_errors
from llmc_compiler.expressions import types
from llmc_compiler.expressions.terms import Const, ListOf, MapOf, Read, Term, written, written_read
from llmc_compiler.expressions.types import NULL, STR, Type, describe, overlap, within
from llmc_compiler.lowering.type_inference import TypeEnvironment
from llmc_compiler.tools.argument_binding import (
    ExtraPositional,
    Misfit,
    MissingParameter,
    RepeatedParameter,
    UnknownParameter,
)
from llmc_compiler.tools.signature import ArgumentError
from llmc_compiler.tools.standard_callee import NamedSignature
from llmc_compiler.tools.tool import Tool
from llmc_grammar import ast
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import Edit
from llmc_grammar.safety import has_rival
from llmc_grammar.source import Span
from llmc_grammar.suggestion import alike, closest

_MOST_KEYS: Final = 5
"""Keys of a value among which a better one is searched."""


def check_argument(
    tool: NamedSignature,
    name: str,
    parameter: str | None,
    value: Term,
    *,
    constant: Const | None,
    facts: TypeEnvironment,
) -> Iterator[Diagnostic]:
    """Yield the mistakes of one argument. `constant` is its value, if known; messages call the argument `name`."""
    if constant is not None:
        try:
            tool.signature.check(parameter, constant.value)
        except ArgumentError as error:
            yield plan_errors.WrongArgument(span=value.span, tool=tool.name, name=name, reason=str(error))
        return
    wanted = tool.signature.wants(parameter).at_most
    for term, actual, expected in _mismatches(value, wanted, facts):
        yield plan_errors.WrongArgument(
            span=term.span,
            tool=tool.name,
            name=name,
            reason=f"this is {describe(actual)}, not {describe(expected)}",
            suggestion=_mend(term, actual, expected),
            notes=facts.notes([term], term.span),
        )


def check_together(
    tool: Tool,
    names: Sequence[str | None],
    bound: Sequence[tuple[str | None, Term]],
    call: ast.Call,
    constant_of: Callable[[Term], Const | None],
) -> Iterator[Diagnostic]:
    """Yield the mistakes that the arguments make together; `constant_of` returns the value of a constant term."""
    constants = [(name, constant_of(value)) for name, value in bound]
    values = {name: const.value for name, const in constants if name is not None and const is not None}
    try:
        tool.signature.check_call(names, values)
    except ArgumentError as error:
        yield plan_errors.WrongTogether(span=call.name_span, tool=tool.name, reason=str(error))


def direct_arguments(
    tool: Tool,
    bound: Sequence[tuple[str | None, Term]],
    constant_of: Callable[[Term], Const | None],
    facts: TypeEnvironment,
) -> tuple[dict[str, Const | Read], bool]:
    """Return the arguments of a plan that its tasks may read directly, and whether others need a check at run time."""
    direct: dict[str, Const | Read] = {}
    needs_check = False
    for name, value in bound:
        constant = constant_of(value)
        fits = constant is not None or within(facts.of(value), tool.signature.wants(name).at_least)
        needs_check = needs_check or not fits
        if constant is not None:
            direct[name or ""] = constant
        elif fits and isinstance(value, Read) and not value.path:
            direct[name or ""] = value
    return direct, needs_check


def _mismatches(value: Term, wanted: Type, facts: TypeEnvironment) -> Iterator[tuple[Term, Type, Type]]:
    """Yield the innermost parts of a term that certainly do not fit, each with its type and the wanted type."""
    inside = _parts(value, wanted)
    mismatches = [actual for part, better in inside for actual in _mismatches(part, better, facts)]
    if mismatches:
        yield from mismatches
    elif not overlap(actual := facts.of(value), wanted):
        yield value, actual, wanted


def _parts(value: Term, wanted: Type) -> list[tuple[Term, Type]]:
    """Pair the parts of a written list or mapping with the types wanted for them."""
    match value:
        case ListOf(items):
            lists = [option.item for option in types.options(wanted) if isinstance(option, types.ListOfType)]
            return [(item, lists[0]) for item in items] if len(lists) == 1 else []
        case MapOf(entries):
            records = [option for option in types.options(wanted) if isinstance(option, types.Record)]
            found = records[0] if len(records) == 1 else None
            return [(part, better) for key, part in entries if found and (better := found.at(key)) is not None]
        case _:
            return []


def _mend(term: Term, actual: Type, wanted: Type) -> str | None:
    """Suggest a replacement for a reference, if one is obvious."""
    reference = written_read(term)
    if reference is None:
        return None
    for option in types.options(actual):
        if isinstance(option, types.ListOfType) and overlap(option.item, wanted):
            return f"take an element of it, `{reference}[0]`"
        fields = option.fields[:_MOST_KEYS] if isinstance(option, types.Record) else ()
        for field in fields:
            if within(field.type, wanted):
                return f"take a part of it, `{reference}.{field.name}`"
    if any(isinstance(option, types.ListOfType) and overlap(actual, option.item) for option in types.options(wanted)):
        return f"put it into a list, `[{reference}]`"
    return f'write it as a text, `"{reference}"`' if overlap(STR, wanted) and actual != NULL else None


def no_part(root: str, read: Read, facts: TypeEnvironment) -> Diagnostic:
    """Return the mistake of a read of a missing part; `root` is the value before its steps as written."""
    owner, count = facts.last_part(read)
    place, step = f"{root}{written(read.path[:count])}", read.path[count]
    keys = [each.name for option in types.options(owner) if isinstance(option, types.Record) for each in option.fields]
    if isinstance(step, str) and keys:
        close = closest(step, keys)
        suggestion = f"did you mean `{close}`?" if close else f"its keys are: {', '.join(keys[:_MOST_KEYS])}"
    elif isinstance(step, str) and any(isinstance(option, types.ListOfType) for option in types.options(owner)):
        suggestion = f"take an element first: `{place}[0].{step}`"
    else:
        suggestion = f"leave `{written(read.path[count:])}` out"
    return plan_errors.NoPart(
        span=read.span,
        place=place,
        step=written((step,)),
        found=describe(owner),
        suggestion=suggestion,
        notes=facts.notes([read], read.span),
    )


def describe_misfits(misfits: Sequence[Misfit], tool: NamedSignature, call: ast.Call) -> Iterator[Diagnostic]:
    """Describe all misfits, but not an argument that is missing only because its name is misspelt."""
    diagnostics = [describe_misfit(misfit, tool, call) for misfit in misfits]
    unknown = [found for found in diagnostics if isinstance(found, plan_errors.UnknownArgument)]
    meant = {name for found in unknown for name in (found.name, found.suggestion)}
    return (
        found for found in diagnostics if not (isinstance(found, plan_errors.MissingArgument) and found.name in meant)
    )


def describe_misfit(misfit: Misfit, tool: NamedSignature, call: ast.Call) -> Diagnostic:
    """Describe an argument without a parameter, or a parameter without an argument."""
    shape = tool.signature.shape
    match misfit:
        case ExtraPositional(index):
            span = call.arguments[index].span
            known = ", ".join(shape.positional) or None
            return plan_errors.TooManyArguments(
                span=span, tool=tool.name, most=_count(len(shape.positional)), known=known
            )
        case UnknownParameter(index, name):
            span = call.arguments[index].span
            every = [*shape.positional, *sorted(shape.named.difference(shape.positional))]
            is_unnamed = name in shape.positional
            near = [] if is_unnamed else alike(name, every)
            place = Span(span.start, span.start + len(name))
            return plan_errors.UnknownArgument(
                span=span,
                tool=tool.name,
                name=name,
                cause=_why_unknown(every, is_unnamed=is_unnamed),
                suggestion=near[0] if near else None,
                edit=Edit(place, near[0]) if near else None,
                is_guess=has_rival(name, near),
            )
        case RepeatedParameter(index, name):
            return plan_errors.ArgumentTwice(span=call.arguments[index].span, name=name)
        case MissingParameter(name):
            return plan_errors.MissingArgument(span=call.name_span, tool=tool.name, name=name)


def _why_unknown(parameters: Sequence[str], *, is_unnamed: bool) -> str | None:
    """Explain why the tool has no argument of this name."""
    if is_unnamed:
        return "it is given by position: write its value alone"
    return f"not one of: {', '.join(parameters)}" if parameters else None


def _count(arguments: int) -> str:
    return "1 argument" if arguments == 1 else f"{arguments or 'no'} arguments"
