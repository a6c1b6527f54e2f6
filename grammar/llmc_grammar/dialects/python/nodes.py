"""Nodes of Python's syntax tree: names, operators and their precedence."""

import ast
from collections.abc import Iterator
from typing import Final

from llmc_grammar.precedence import COMPARISON, MINUS, NOT, PRECEDENCE

ATOM: Final = 9
OPERATORS: Final[dict[type[ast.AST], str]] = {
    ast.Or: "or",
    ast.And: "and",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}


def dotted(node: ast.expr) -> str | None:
    """Return a dotted name, None for any other expression."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else None


def has_call(node: ast.expr) -> bool:
    """Whether an expression contains a call."""
    return any(isinstance(each, ast.Call) for each in ast.walk(node))


def is_part(node: ast.expr) -> bool:
    """Whether an expression is a name or a constant, with or without steps."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant | ast.Name | ast.UnaryOp):
            return False
        node = node.value
    return isinstance(node, ast.Name | ast.Constant)


def has_sign(node: ast.expr) -> bool:
    """Whether an expression begins with a sign."""
    while not isinstance(node, ast.UnaryOp):
        match node:
            case ast.BinOp(left=left) | ast.Compare(left=left) | ast.BoolOp(values=[left, *_]):
                node = left
            case _:
                return False
    return not isinstance(node.op, ast.Not)


def outside_loops(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and those in it, without the insides of lists with loops."""
    pending = [node]
    while pending:
        first = pending.pop()
        yield first
        if not isinstance(first, ast.ListComp | ast.GeneratorExp):
            pending += ast.iter_child_nodes(first)


def needs_tasks(node: ast.AST) -> bool:
    """Whether a node is a step after a call, or an f-string value that is not a name."""
    if isinstance(node, ast.FormattedValue):
        return not is_part(node.value)
    return isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Call | ast.Await)


def binds(node: ast.expr) -> int:
    """Return the precedence of an expression."""
    match node:
        case ast.IfExp():
            return 0
        case ast.BoolOp(op=op):
            return PRECEDENCE[OPERATORS[type(op)]]
        case ast.UnaryOp(op=ast.Not()):
            return NOT
        case ast.UnaryOp():
            return MINUS
        case ast.Compare():
            return COMPARISON
        case ast.BinOp(op=op):
            return PRECEDENCE.get(OPERATORS.get(type(op), ""), 0)
        case _:
            return ATOM
