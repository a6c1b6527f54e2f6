"""Operator precedence: turns a flat list of prefixes, operands and operators into a tree, without recursion.

Operators wait on a stack until an operator that does not bind more tightly arrives (Dijkstra's shunting yard). As in
Python, `not` binds less tightly than a comparison, and unary minus more tightly than `*` but less tightly than `**`.
"""

from typing import Final, NamedTuple

from llmc_grammar.ast import Binary, Expr, Literal, Unary
from llmc_grammar.errors.expressions import ChainedComparison, NotNeedsBrackets
from llmc_grammar.mistake import Edit, Note
from llmc_grammar.parse_state import ParseState
from llmc_grammar.source import Span

COMPARISON: Final = 4
NOT: Final = 3
MINUS: Final = 7
POWER: Final = 8
_SHORT: Final = 30
PRECEDENCE: Final = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in", "not in"), COMPARISON),
    **dict.fromkeys("+-", 5),
    **dict.fromkeys(("*", "/", "//", "%"), 6),
    "**": POWER,
}
"""The precedence of each binary operator: a higher number binds more tightly."""


class Operator(NamedTuple):
    """An operator as written; a prefix has one operand."""

    text: str
    span: Span
    prefix: bool
    binds: int


Item = Operator | Expr


def climb(items: list[Item], bare_numbers: set[int], reading: ParseState) -> Expr:
    """Return the tree of a flat list; `bare_numbers` are the positions of numbers without brackets around them."""
    operands: list[Expr] = []
    stack: list[Operator] = []
    for index, item in enumerate(items):
        if not isinstance(item, Operator):
            operands.append(_folded(items, index, stack, reading) if index in bare_numbers else item)
        elif item.prefix:
            _check_not(item, stack, reading)
            stack.append(item)
        else:
            while stack and _before(stack[-1], item):
                _check_chain(stack[-1], item, operands, reading)
                _apply(stack.pop(), operands)
            stack.append(item)
    while stack:
        _apply(stack.pop(), operands)
    return operands[0]


def _before(first: Operator, second: Operator) -> bool:
    """Whether `first`, further left, takes its operands before `second` does."""
    if first.prefix:
        return first.binds > second.binds
    return first.binds > second.binds or (first.binds == second.binds != POWER)


def _folded(items: list[Item], index: int, stack: list[Operator], reading: ParseState) -> Expr:
    """Return a number, negative if a minus directly precedes it and no `**` follows."""
    number = items[index]
    follower = items[index + 1] if index + 1 < len(items) else None
    raised = isinstance(follower, Operator) and follower.binds == POWER
    minus = stack[-1] if stack and stack[-1].text == "-" and stack[-1].prefix else None
    if minus is None or raised or not isinstance(number, Literal) or number.value is None or index == 0:
        return number  # type: ignore[return-value]
    stack.pop()
    reading.operators -= 1
    return Literal(-number.value, Span(minus.span.start, number.span.end))


def _apply(operator: Operator, operands: list[Expr]) -> None:
    """Replace the last operands by the operator's tree."""
    right = operands.pop()
    if operator.prefix:
        operands.append(Unary(operator.text, right, Span(operator.span.start, right.span.end)))
        return
    left = operands.pop()
    span = Span(left.span.start, right.span.end)
    operands.append(Binary(operator.text, left, right, span, operator.span))


def _check_not(item: Operator, stack: list[Operator], reading: ParseState) -> None:
    """Report `not` after an operator that binds more tightly, as in `1 + not x`."""
    if item.text == "not" and stack and stack[-1].binds > NOT:
        reading.report(NotNeedsBrackets(span=item.span, op=stack[-1].text))


def _check_chain(first: Operator, second: Operator, operands: list[Expr], reading: ParseState) -> None:
    """Report `a < b < c`."""
    if not first.binds == second.binds == COMPARISON:
        return
    start, end = (offset - reading.base for offset in operands[-1].span)
    middle = reading.text[start:end]
    shown = middle if len(middle) <= _SHORT and "\n" not in middle else "b"
    suggestion = f"… {first.text} {shown} and {shown} {second.text} …"
    edit = Edit(Span(second.span.start, second.span.start), f"and {middle} ")
    note = Note(first.span, "the first")
    reading.report(ChainedComparison(span=second.span, suggestion=suggestion, notes=(note,), edit=edit))
