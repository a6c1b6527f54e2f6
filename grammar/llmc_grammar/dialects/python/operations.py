"""Operators of Python code, written as operators of the plan language."""

import ast

from llmc_grammar.dialects.python.draft import Draft, Writer
from llmc_grammar.dialects.python.nodes import ATOM, OPERATORS
from llmc_grammar.dialects.python.variables import NotOfTheFormError
from llmc_grammar.precedence import COMPARISON, MINUS, NOT, POWER, PRECEDENCE
from llmc_grammar.source import Span


def write_operation(writer: Writer, draft: Draft, node: ast.expr, span: Span) -> None:
    """Write an expression with operators."""
    match node:
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            writer.write(draft, operand, ATOM)
        case ast.UnaryOp(op=ast.USub() | ast.Not() as op, operand=operand):
            word, least = ("-", MINUS) if isinstance(op, ast.USub) else ("not ", NOT)
            writer.add(draft, word, Span(span.start, writer.span(operand).start))
            writer.write(draft, operand, least)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            level = PRECEDENCE[OPERATORS[type(op)]]
            is_power = level == POWER
            writer.write(draft, left, level + is_power)
            _between(writer, draft, OPERATORS[type(op)], left, right)
            writer.write(draft, right, MINUS if is_power else level + 1)
        case ast.BoolOp(op=op, values=values):
            _either(writer, draft, OPERATORS[type(op)], values)
        case ast.Compare():
            _comparison(writer, draft, node)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            _choice(writer, draft, test, body, orelse)
        case _:
            raise NotOfTheFormError


def _between(writer: Writer, draft: Draft, word: str, left: ast.expr, right: ast.expr) -> None:
    """Write an operator between two operands."""
    writer.add(draft, f" {word} ", Span(writer.span(left).end, writer.span(right).start))


def _either(writer: Writer, draft: Draft, word: str, values: list[ast.expr]) -> None:
    """Write `and` or `or`; operands after the first are conditional."""
    for index, value in enumerate(values):
        if index:
            _between(writer, draft, word, values[index - 1], value)
        draft.conditions += bool(index)
        writer.write(draft, value, PRECEDENCE[word] + 1)
        draft.conditions -= bool(index)


def _comparison(writer: Writer, draft: Draft, node: ast.Compare) -> None:
    """Write comparisons; `is` is accepted only with `None`."""
    writer.write(draft, node.left, COMPARISON + 1)
    left = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        is_null = isinstance(right, ast.Constant) and right.value is None
        word = {ast.Is: "==", ast.IsNot: "!="}.get(type(op)) if is_null else None
        word = word or OPERATORS.get(type(op))
        if word is None:
            raise NotOfTheFormError
        _between(writer, draft, word, left, right)
        writer.write(draft, right, COMPARISON + 1)
        left = right


def _choice(writer: Writer, draft: Draft, test: ast.expr, body: ast.expr, orelse: ast.expr) -> None:
    """Write a conditional expression."""
    draft.conditions += 1
    writer.write(draft, body, 1)
    draft.conditions -= 1
    _between(writer, draft, "if", body, test)
    writer.write(draft, test, 1)
    _between(writer, draft, "else", test, orelse)
    draft.conditions += 1
    writer.write(draft, orelse)
    draft.conditions -= 1
