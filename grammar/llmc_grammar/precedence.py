"""Precedence: a flat list of prefixes, operands and operators becomes a tree, without recursion.

Operators wait on a stack until one that binds no closer arrives (Dijkstra's shunting yard). `not` binds less than a
comparison, unary minus more than `*` and less than `**`, as in Python.
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
"""How closely each operator of two operands binds."""


class Operator(NamedTuple):
    """An operator as written; a prefix has one operand."""

    text: str
    span: Span
    prefix: bool
    binds: int


Item = Operator | Expr


def climb(items: list[Item], bare_numbers: set[int], reading: ParseState) -> Expr:
    """The tree of a flat list; `bare_numbers` are the positions of numbers without brackets around them."""
    operands: list[Expr] = []
    waiting: list[Operator] = []
    for at, item in enumerate(items):
        if not isinstance(item, Operator):
            operands.append(_folded(items, at, waiting, reading) if at in bare_numbers else item)
        elif item.prefix:
            _check_not(item, waiting, reading)
            waiting.append(item)
        else:
            while waiting and _before(waiting[-1], item):
                _check_chain(waiting[-1], item, operands, reading)
                _apply(waiting.pop(), operands)
            waiting.append(item)
    while waiting:
        _apply(waiting.pop(), operands)
    return operands[0]


def _before(first: Operator, second: Operator) -> bool:
    """Whether `first`, further left, takes its operands before `second` does."""
    if first.prefix:
        return first.binds > second.binds
    return first.binds > second.binds or (first.binds == second.binds != POWER)


def _folded(items: list[Item], at: int, waiting: list[Operator], reading: ParseState) -> Expr:
    """A number, negative where a minus stands right before it and no `**` behind it."""
    number = items[at]
    follower = items[at + 1] if at + 1 < len(items) else None
    raised = isinstance(follower, Operator) and follower.binds == POWER
    minus = waiting[-1] if waiting and waiting[-1].text == "-" and waiting[-1].prefix else None
    if minus is None or raised or not isinstance(number, Literal) or number.value is None or at == 0:
        return number  # type: ignore[return-value]
    waiting.pop()
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


def _check_not(item: Operator, waiting: list[Operator], reading: ParseState) -> None:
    """Report `not` behind an operator that binds closer, as in `1 + not x`."""
    if item.text == "not" and waiting and waiting[-1].binds > NOT:
        reading.report(NotNeedsBrackets(span=item.span, op=waiting[-1].text))


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
