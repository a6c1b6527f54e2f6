"""Rules beyond the grammar: names, numbers, arguments, joins and options of one statement."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from llmc_grammar.ast import (
    FUNCTION_NAMES,
    TYPE_NAMES,
    Argument,
    Binary,
    Call,
    Choice,
    Comprehension,
    Expr,
    Fallback,
    Join,
    List,
    Literal,
    Loop,
    Map,
    Option,
    Ref,
    Retry,
    Slice,
    Subscript,
    Task,
    Text,
    Timeout,
    Unary,
)
from llmc_grammar.errors.expressions import DuplicateKeyword, PositionalAfterKeyword
from llmc_grammar.errors.foreign import InputForm, UseForm
from llmc_grammar.errors.lines import ExpressionTooDeep
from llmc_grammar.errors.statements import (
    CallInFallback,
    InputNotLiteral,
    JoinExtras,
    JoinMixed,
    NestedJoin,
    OptionWithoutCall,
    RepeatedOption,
    TaskNumber,
    UnknownType,
)
from llmc_grammar.mistake import Edit, Note
from llmc_grammar.parse_state import ParseState
from llmc_grammar.references import is_task_number
from llmc_grammar.safety import has_rival
from llmc_grammar.source import Span

_HEADER: Final = {"use": UseForm, "input": InputForm}
_FORMS: Final = {"list": "list[any]", "dict": "dict[str, any]"}
_ARITY: Final = {"list": 1, "dict": 2}


def task_number(digits: str, span: Span, reading: ParseState) -> str:
    """Return a binder's number as text; report a number outside the allowed range."""
    if not is_task_number(digits):
        short = digits.lstrip("0")
        edit = Edit(span, short) if is_task_number(short) else None
        suggestion = f"write `{short}.`" if edit else TaskNumber.suggestion
        shown = digits if len(digits) <= reading.bounds.digits else f"{digits[: reading.bounds.digits]}…"
        reading.report(TaskNumber(span=span, number=shown, suggestion=suggestion, edit=edit))
    return digits


def check_type(name: str, span: Span, parts: int, reading: ParseState) -> None:
    """Report a type that does not exist or takes another number of `parts`; -1 requires `str`, a mapping's key."""
    if parts >= 0 and name in TYPE_NAMES and _ARITY.get(name, 0) == parts:
        return
    near = get_close_matches(name[: reading.bounds.name], TYPE_NAMES, 2)
    guess = "str" if parts < 0 else (near[0] if near else None)
    guess = _FORMS.get(guess or name, guess)
    edit = Edit(span, guess) if guess and parts <= 0 else None
    is_guess = parts < 0 or has_rival(name, near)
    reading.report(UnknownType(span=span, name=name, suggestion=guess, edit=edit, is_guess=is_guess))


def check_default(expr: Expr, reading: ParseState) -> None:
    """Report the first part of an input's default that is not a constant."""
    words = {Ref: "a reference", Call: "a call", Subscript: "a step", Slice: "a step", Comprehension: "a loop"}
    for part in parts(expr):
        if not isinstance(part, Literal | Text | List | Map):
            reading.report(InputNotLiteral(span=part.span, what=words.get(type(part), "an operator")))
            return


def check_call(call: Call, reading: ParseState) -> None:
    """Check a call's name and arguments; a join is checked with its statement."""
    for part in call.tool.split("."):
        reading.check_name(part, call.name_span)
    if call.tool == "join":
        reading.joins.append(call)
        return
    if call.tool in _HEADER:
        reading.report(_HEADER[call.tool](span=call.name_span, what="looks like a call"))
    else:
        reading.check_reserved(call.tool, call.name_span, "a tool")
    _check_order(call.arguments, reading)
    _check_twice(call.arguments, reading)


def _name_span(argument: Argument) -> Span:
    """Return the span of an argument's name."""
    return Span(argument.span.start, argument.span.start + len(argument.name or ""))


def _check_order(arguments: tuple[Argument, ...], reading: ParseState) -> None:
    """Report positional arguments after keywords."""
    named: Argument | None = None
    for argument in arguments:
        if argument.name is not None:
            named = named or argument
        elif named is not None:
            note = Note(_name_span(named), "named from here on")
            reading.report(PositionalAfterKeyword(span=argument.span, name=named.name or "", notes=(note,)))


def _check_twice(arguments: tuple[Argument, ...], reading: ParseState) -> None:
    """Report argument names used twice."""
    seen: dict[str, Argument] = {}
    for argument in arguments:
        if argument.name is None:
            continue
        if argument.name in seen:
            note = Note(_name_span(seen[argument.name]), "the first")
            reading.report(DuplicateKeyword(span=_name_span(argument), name=argument.name, notes=(note,)))
        seen.setdefault(argument.name, argument)


def finish_task(  # noqa: PLR0917 (all parts of a task)
    binder: str | None,
    expr: Expr,
    loops: tuple[Loop, ...],
    guard: Expr | None,
    options: tuple[Option, ...],
    span: Span,
    binder_span: Span,
    reading: ParseState,
) -> Task | Join:
    """Check a statement and build it: a join if the expression is a call of `join`."""
    _check_depth((expr, loops, guard, options), span, reading)
    own = expr.name_span if isinstance(expr, Call) else None
    for call in reading.joins:
        if call.name_span != own:
            reading.report(NestedJoin(span=call.name_span))
    if isinstance(expr, Call) and expr.tool == "join":
        _check_join(expr.arguments, loops, guard, options, reading)
        return Join(binder, expr.arguments, span, binder_span)
    _check_options(expr, options, reading)
    return Task(binder, expr, loops, guard, options, span, binder_span)


def _check_join(
    arguments: tuple[Argument, ...],
    loops: tuple[Loop, ...],
    guard: Expr | None,
    options: tuple[Option, ...],
    reading: ParseState,
) -> None:
    """Report loops, guards and options of a join, and arguments of both kinds."""
    extras = [("loop", next(iter(loops), None)), ("guard", guard), *(("option", option) for option in options)]
    for what, part in extras:
        if part is not None:
            reading.report(JoinExtras(span=part.span, what=what))
    named = [argument.name is not None for argument in arguments]
    if any(named) and not all(named):
        odd = next(argument for argument in arguments if (argument.name is not None) != named[0])
        note = Note(arguments[0].span, "with a name" if named[0] else "without a name")
        reading.report(JoinMixed(span=odd.span, notes=(note,)))
    _check_twice(arguments, reading)


def _check_options(expr: Expr, options: tuple[Option, ...], reading: ParseState) -> None:
    """Report options given twice, on something other than a call, and calls in a fallback."""
    seen: dict[type, Option] = {}
    for option in options:
        name = type(option).__name__.lower()
        if type(option) in seen:
            note = Note(seen[type(option)].span, "the first")
            reading.report(RepeatedOption(span=option.span, name=name, notes=(note,)))
        seen.setdefault(type(option), option)
        if isinstance(option, Timeout | Retry) and not isinstance(without_steps(expr), Call):
            reading.report(
                OptionWithoutCall(span=option.span, name=name, notes=(Note(expr.span, "not a single call"),))
            )
        if isinstance(option, Fallback):
            calls = (part for part in parts(option.value) if isinstance(part, Call))
            for call in [call for call in calls if call.tool not in FUNCTION_NAMES][:1]:
                reading.report(CallInFallback(span=call.span))


def without_steps(expr: Expr) -> Expr:
    """Return the value before the steps of an expression."""
    while isinstance(expr, Subscript | Slice):
        expr = expr.value
    return expr


def children(expr: Expr) -> tuple[Expr, ...]:
    """Return the direct parts of an expression, in the order of the text."""
    match expr:
        case List(items=items):
            return items
        case Map(entries=entries):
            return tuple(value for _, value in entries)
        case Call(arguments=arguments):
            return tuple(argument.value for argument in arguments)
        case Subscript(value=value, key=key):
            return (value, key)
        case Slice(value=value, start=start, stop=stop):
            return tuple(part for part in (value, start, stop) if part is not None)
        case Comprehension(element=element, loops=loops):
            return (element, *(part for loop in loops for part in loop_parts(loop)))
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return (then, condition, otherwise)
        case _:
            return ()


def loop_parts(loop: Loop) -> tuple[Expr, ...]:
    """Return the expressions of a loop: its source, and its condition."""
    return (loop.source,) if loop.condition is None else (loop.source, loop.condition)


def parts(expr: Expr) -> Iterator[Expr]:
    """Yield an expression and all expressions in it, outermost first, left to right."""
    stack = [expr]
    while stack:
        part = stack.pop()
        yield part
        stack.extend(reversed(children(part)))


def _check_depth(
    body: tuple[Expr, tuple[Loop, ...], Expr | None, tuple[Option, ...]], span: Span, reading: ParseState
) -> None:
    """Report an expression with too many levels; the walk is skipped if there are too few operators for that."""
    if reading.operators + reading.bounds.nesting < reading.bounds.depth:
        return
    expr, loops, guard, options = body
    level: list[Expr] = [expr, *([guard] if guard else [])]
    level += [part for loop in loops for part in loop_parts(loop)]
    level += [option.value for option in options if isinstance(option, Fallback)]
    for _ in range(reading.bounds.depth):
        level = [child for part in level for child in children(part)]
        if not level:
            return
    reading.report(ExpressionTooDeep(span=Span(span.start, span.end), limit=reading.bounds.depth))
