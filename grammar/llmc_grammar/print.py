"""Prints plans in canonical form: one statement per line, double quotes, as few brackets as the meaning allows.

A minus before a number is part of the number, unless `**` follows: `-2 ** 2` is `-(2 ** 2)`, and the square of minus
two is `(-2) ** 2`. The negation of a number, as opposed to a negative literal, therefore prints as `-(2)`.
"""

import re
from typing import Final

from llmc_grammar.ast import (
    Argument,
    Binary,
    Call,
    Choice,
    Comprehension,
    Expr,
    Fallback,
    Input,
    Join,
    List,
    Literal,
    Loop,
    Map,
    Option,
    Plan,
    Ref,
    Retry,
    Slice,
    Slot,
    Statement,
    Subscript,
    Task,
    Text,
    Thought,
    Timeout,
    Type,
    Unary,
    Use,
)
from llmc_grammar.characters import HIDDEN
from llmc_grammar.lazy_pattern import lazy_pattern
from llmc_grammar.precedence import COMPARISON, MINUS, NOT, POWER, PRECEDENCE
from llmc_grammar.terminal_text import escape_unicode
from llmc_grammar.text import is_path

_CHOICE: Final = 0
_ATOM: Final = 9
_NAME: Final = lazy_pattern(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SPECIAL: Final = lazy_pattern(rf'["\\\x00-\x1f\x7f-\x9f\ud800-\udfff{HIDDEN}]')
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_DOLLAR: Final = lazy_pattern(r"\$(?P<money>[0-9]+[.,][0-9])?")
_MONEY: Final = lazy_pattern(r"[.,][0-9]")


def print_plan(plan: Plan) -> str:
    """Return the canonical text of a plan; parsing it gives an equal plan."""
    lines: list[str] = []
    headers = (index for index, statement in enumerate(plan.statements) if isinstance(statement, Use | Input))
    header = max(headers, default=-1)
    for index, statement in enumerate(plan.statements):
        lines.append(print_statement(statement))
        if index == header and index + 1 < len(plan.statements):
            lines.append("")
    return "".join(f"{line}\n" for line in lines)


def print_statement(statement: Statement) -> str:
    """Return the canonical text of a statement, without a newline."""
    match statement:
        case Use(target=target, is_path=is_path):
            return f"use {quoted(target)}" if is_path else f"use {target}"
        case Input():
            return _input(statement)
        case Thought(text=text):
            return f"Thought: {text}" if text else "Thought:"
        case Task():
            return _binder(statement.binder) + _task(statement)
        case Join(binder=binder, arguments=arguments):
            return f"{_binder(binder)}join({_arguments(arguments)})"


def print_expr(expr: Expr) -> str:
    """Return the canonical text of an expression."""
    return _expr(expr)


def _binder(binder: str | None) -> str:
    """`1. `, `name = ` or nothing."""
    if binder is None:
        return ""
    return f"{binder}. " if binder.isdigit() else f"{binder} = "


def _input(statement: Input) -> str:
    """`input name: type = default`; the default contains no references."""
    kind = f": {_type(statement.type)}" if statement.type else ""
    default = "" if statement.default is None else f" = {_expr(statement.default, plain=True)}"
    return f"input {statement.name}{kind}{default}"


def _type(kind: Type) -> str:
    """Write a type."""
    inner = "" if kind.of is None else _type(kind.of)
    if inner:
        inner = f"[str, {inner}]" if kind.name == "dict" else f"[{inner}]"
    return f"{kind.name}{inner}{'?' if kind.optional else ''}"


def _task(task: Task) -> str:
    """Write a task without its binder."""
    words = [_within(task.expr, _CHOICE + 1) if task.loops or task.guard else _expr(task.expr)]
    words += map(_loop, task.loops)
    if task.guard is not None:
        words.append(f"if {_within(task.guard, _CHOICE + 1)}")
    return " ".join([*words, *map(_option, task.options)])


def _loop(loop: Loop) -> str:
    """Write `for name in source if condition`."""
    condition = "" if loop.condition is None else f" if {_within(loop.condition, _CHOICE + 1)}"
    return f"for {loop.name} in {_within(loop.source, _CHOICE + 1)}{condition}"


def _option(option: Option) -> str:
    """Write an option."""
    match option:
        case Timeout(amount=amount, unit=unit):
            return f"@timeout({amount}{unit})"
        case Retry(count=count):
            return f"@retry({count})"
        case Fallback(value=value):
            return f"@fallback({_expr(value)})"


def _arguments(arguments: tuple[Argument, ...], *, plain: bool = False) -> str:
    """Write arguments, without their brackets."""
    return ", ".join(
        (f"{argument.name}=" if argument.name is not None else "") + _expr(argument.value, plain=plain)
        for argument in arguments
    )


def _expr(expr: Expr, *, plain: bool = False) -> str:
    """Write an expression; `plain` if its strings contain no references."""
    match expr:
        case Literal(value=value):
            return _literal(value)
        case Text(parts=parts):
            return quoted("".join(map(str, parts))) if plain else _text(parts)
        case Ref(name=name, path=path):
            return f"${name}{''.join(map(written_step, path))}"
        case List(items=items):
            return f"[{', '.join(_expr(item, plain=plain) for item in items)}]"
        case Map(entries=entries):
            pairs = (f"{quoted(key)}: {_expr(value, plain=plain)}" for key, value in entries)
            return f"{{{', '.join(pairs)}}}"
        case Call(tool=tool, arguments=arguments):
            return f"{tool}({_arguments(arguments, plain=plain)})"
        case Subscript(value=value, key=key):
            return f"{_base(value)}{_key(key)}"
        case Slice(value=value, start=start, stop=stop):
            return f"{_base(value)}[{'' if start is None else _expr(start)}:{'' if stop is None else _expr(stop)}]"
        case Comprehension(element=element, loops=loops):
            return f"[{_expr(element)} {' '.join(map(_loop, loops))}]"
        case _:
            return _operation(expr)


def _base(value: Expr) -> str:
    """Write the value before a step; a number and an operation need brackets."""
    return f"({_expr(value)})" if isinstance(value, Literal) else _within(value, _ATOM)


def _key(key: Expr) -> str:
    """Write a step: a plain word as `.word`, any other key in brackets."""
    match key:
        case Text(parts=()):
            return written_step("")
        case Text(parts=(str() as text,)):
            return written_step(text)
        case Text():
            return f"[({_expr(key)})]"
        case _:
            return f"[{_expr(key)}]"


def _literal(value: bool | float | None) -> str:  # noqa: FBT001 (a literal's value)
    """Write a number, `true`, `false` or `null`."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _operation(expr: Unary | Binary | Choice) -> str:
    """Write an expression with operators."""
    match expr:
        case Unary(op="not", operand=operand):
            return f"not {_within(operand, NOT)}"
        case Unary(operand=operand):
            return f"-({_expr(operand)})" if _is_number(operand) else f"-{_within(operand, MINUS)}"
        case Binary(op=op, left=left, right=right):
            return _binary(op, left, right)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return f"{_within(then, 1)} if {_within(condition, 1)} else {_expr(otherwise)}"


def _binary(op: str, left: Expr, right: Expr) -> str:
    """Write a binary operator; `**` groups to the right, comparisons do not group, all others group to the left."""
    binds = PRECEDENCE[op]
    least_left, least_right = binds, binds + 1
    if binds == COMPARISON:
        least_left = binds + 1
    if binds == POWER:
        least_left, least_right = binds + 1, MINUS
    return f"{_within(left, least_left)} {op} {_within(right, least_right)}"


def _within(expr: Expr, least: int) -> str:
    """Write an operand, in brackets if its precedence is less than `least`."""
    text = _expr(expr)
    return text if _binds(expr, least) >= least else f"({text})"


def _binds(expr: Expr, least: int) -> int:
    """Return the precedence of an expression; a negative number counts as a negation only as the base of `**`."""
    match expr:
        case Choice():
            return _CHOICE
        case Binary(op=op):
            return PRECEDENCE[op]
        case Unary(op=op):
            return NOT if op == "not" else MINUS
        case Literal() if _is_number(expr) and repr(expr.value).startswith("-") and least > POWER:
            return MINUS
        case _:
            return _ATOM


def _is_number(expr: Expr) -> bool:
    """Whether an expression is a number."""
    return isinstance(expr, Literal) and expr.value is not None and not isinstance(expr.value, bool)


def written_step(step: str | int) -> str:
    """Return a step of a reference, as written in an expression."""
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _NAME.match(step) else f"[{quoted(step)}]"


def quoted(text: str) -> str:
    """Return a text as a string literal without references."""
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Escape the characters that a string cannot contain literally."""
    return _SPECIAL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    """Return the escape of one character."""
    return _ESCAPES.get(match[0]) or escape_unicode(match[0])


def _text(parts: tuple[str | Slot, ...]) -> str:
    """Write a string with slots."""
    pieces = [
        _doubled(part, more=end < len(parts)) if isinstance(part, str) else _slot(part, parts[end : end + 1])
        for end, part in enumerate(parts, 1)
    ]
    first = parts[0] if parts else ""
    if len(parts) > 1 and isinstance(first, Slot) and is_path("".join(pieces)):
        pieces[0] = _braces(first)
    elif len(parts) == 1 and isinstance(first, Slot):
        pieces = [first.raw]
    return f'"{_escaped("".join(pieces))}"'


def _doubled(text: str, *, more: bool) -> str:
    """Double each `$`, unless it is certain to be read back as text; `more` if a slot follows."""

    def dollar(match: re.Match[str]) -> str:
        after = text[match.end() : match.end() + 1]
        plain = match["money"] or (not more if not after else not (after in "${_" or after.isalnum()))
        return match[0] if plain else "$$"

    return _DOLLAR.sub(dollar, text)


def _slot(slot: Slot, followers: tuple[str | Slot, ...]) -> str:
    """Write a slot as it was written, or in braces if it would absorb the text after it."""
    after = followers[0][:2] if followers and isinstance(followers[0], str) else ""
    glued = after[:1].isalpha() or after[:1] in set("_0123456789")
    money = slot.ref.name.isdigit() and _MONEY.match(after)
    if not slot.raw.startswith("${") and (slot.ref.path or slot.format or glued or money):
        return _braces(slot)
    return slot.raw


def _braces(slot: Slot) -> str:
    """Write a slot in braces."""
    form = f":{slot.format}" if slot.format else ""
    return f"${{{slot.ref.name}{''.join(map(raw_step, slot.ref.path))}{form}}}"


def raw_step(step: str | int) -> str:
    """Return a step as written inside a string, before escaping."""
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _NAME.match(step) else f'["{step}"]'
