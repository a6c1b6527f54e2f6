"""Calls of standard functions as plans write them, with literals as arguments."""

from llmc_compiler.expressions.functions.standard_function import StandardFunction
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.input_types import literal
from llmc_grammar import ast, parse
from tests.compiler.functions.inputs import Arguments


def read(text: str) -> tuple[StandardFunction, Arguments]:
    """The function and its arguments, by parameter."""
    (statement, *_) = parse(f"1. {text}\n").plan.statements
    assert isinstance(statement, ast.Task)
    assert isinstance(statement.expr, ast.Call)
    function = FUNCTIONS[statement.expr.tool]
    names = [None if each.many else each.name for each in function.parameters]
    arguments = statement.expr.arguments
    names += [None] * (len(arguments) - len(names))
    return function, [(each.name or names[index], literal(each.value)) for index, each in enumerate(arguments)]
