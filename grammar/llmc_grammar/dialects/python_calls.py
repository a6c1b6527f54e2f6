"""Calls in Python: `r = await price("tea"); note(r)`, `[price("tea"), price("milk")]`.

Python's parser reads the code, which is never evaluated. It may contain calls, assignments, lists and tuples, in marks,
in fences or bare; any other statement means that it is not a plan. `print(x)` is x, unless a tool is named `print`: the
plan ends with `join()`, which passes on every value. Variables with constant values are replaced by them.
"""

import ast
from typing import Final

from llmc_grammar.dialects.form import Rewritten, Target, without_end
from llmc_grammar.dialects.python.nodes import dotted, has_sign
from llmc_grammar.dialects.python.python_source import read, stretches
from llmc_grammar.dialects.python.python_values import PythonValues
from llmc_grammar.dialects.python.variables import Bound, Constant, ConstantItems, NotOfTheFormError
from llmc_grammar.errors.repairs import BackslashKept

NAME: Final = "python_calls"

_PRINT: Final = "print"
_ENDS: Final = frozenset(["join", "finish", "Finish"])
_PRINTED: Final = frozenset(["sep", "end", "flush"])
_TYPES: Final = frozenset(
    ["any", "bool", "bytes", "dict", "float", "int", "list", "object", "set", "str", "tuple", "typing"]
)
_ANNOTATION: Final = (
    ast.Attribute,
    ast.BinOp,
    ast.BitOr,
    ast.Constant,
    ast.List,
    ast.Load,
    ast.Name,
    ast.Subscript,
    ast.Tuple,
)


def rewrite(text: str, target: Target) -> Rewritten | None:
    """Return the calls of a text as statements, None if any part has another form."""
    candidates = stretches(without_end(text), target) if "(" in text else None
    read_all = [read(text, span) for span in candidates.spans] if candidates else []
    codes = [code for code in read_all if code is not None and code.body]
    if not candidates or not codes or len(codes) != len(read_all):
        return None
    values = PythonValues(target, codes[0])
    try:
        for code in codes:
            values.code = code
            for statement in code.body:
                values.begin = code.span(statement).start
                _statement(values, statement, is_last=statement is codes[-1].body[-1])
    except NotOfTheFormError:
        return None
    if not values.statements or not any(target.has(tool) or not target.is_known for tool in values.tools):
        return None
    warnings = (BackslashKept(span=span) for code in codes for span in code.kept)
    values.statements[0].found += warnings
    return Rewritten(tuple(values.statements), candidates.blocks)


def _statement(values: PythonValues, statement: ast.stmt, *, is_last: bool) -> None:
    """Read a statement: an assignment, or an expression."""
    match statement:
        case ast.Assign(targets=targets, value=value):
            bound = values.bind(value)
            for target in targets:
                _assign(values, target, bound)
        case ast.AnnAssign(target=ast.Name() as target, annotation=annotation, value=ast.expr() as value):
            _check_annotation(target.id, annotation)
            _assign(values, target, values.bind(value))
        case ast.Expr(value=ast.Call(func=ast.Name(id=name)) as call) if (
            is_last and name in _ENDS and not values.target.has(name)
        ):
            values.join(call)
        case ast.Expr(value=value):
            _expression(values, value)
        case _:
            raise NotOfTheFormError


def _check_annotation(name: str, annotation: ast.expr) -> None:
    """Refuse an annotation that is not a type: `Thought: answer = f()` is prose."""
    for node in ast.walk(annotation):
        is_type = not isinstance(node, ast.Name) or node.id in _TYPES or node.id[0].isupper()
        if name[0].isupper() or not is_type or not isinstance(node, _ANNOTATION):
            raise NotOfTheFormError


def _assign(values: PythonValues, target: ast.expr, bound: Bound) -> None:
    """Assign a value to a variable, or the items of a list to as many variables."""
    match target:
        case ast.Name(id=name):
            values.bound[name] = bound
        case ast.Tuple(elts=targets) | ast.List(elts=targets) if isinstance(bound, ConstantItems) and len(
            bound.items
        ) == len(targets):
            for inner, item in zip(targets, bound.items, strict=True):
                _assign(values, inner, item)
        case _:
            raise NotOfTheFormError


def _expression(values: PythonValues, node: ast.expr) -> None:
    """Read an expression statement; a constant alone is not a call, and a leading sign is a bullet."""
    plain = values.plain(node)
    if isinstance(plain, ast.Call) and dotted(plain.func) == _PRINT and not values.target.has(_PRINT):
        if not all(each.arg in _PRINTED and isinstance(each.value, ast.Constant) for each in plain.keywords):
            raise NotOfTheFormError
        for argument in plain.args:
            values.bind(argument)
        return
    names = [each for each in ast.walk(plain) if isinstance(each, ast.Call | ast.Name)]
    if not names or has_sign(plain) or isinstance(values.bind(plain), Constant):
        raise NotOfTheFormError
