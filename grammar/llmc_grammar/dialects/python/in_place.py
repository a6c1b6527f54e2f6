"""Expressions of Python that a plan writes in place: computed steps, slices, lists with loops, methods of data.

    xs[i + 1:]                        $1[$2 + 1:]
    [f(x) for x in xs if x > 1]       [f($x) for x in $1 if $x > 1]
    ", ".join(xs), d.get("k", 0)      join_text($1, by=", "), get($2, "k", 0)

Methods that change their value, such as `append`, have no equivalent.
"""

import ast
from collections.abc import Mapping
from typing import Final

from llmc_grammar.ast import KEYWORDS
from llmc_grammar.dialects.python.draft import Draft, Writer
from llmc_grammar.dialects.python.nodes import ATOM, has_call
from llmc_grammar.dialects.python.variables import Bound, NotOfTheFormError, Result
from llmc_grammar.precedence import PRECEDENCE
from llmc_grammar.source import Span

_MOST_LOOPS: Final = 3
_UNGUARDED: Final = 1
"""The least precedence of an operand before a guard or a loop."""

_METHODS: Final[dict[str, tuple[str, tuple[str, ...], int]]] = {
    "upper": ("upper", (), 0),
    "lower": ("lower", (), 0),
    "strip": ("strip", ("chars=",), 0),
    "split": ("split", ("by=",), 0),
    "splitlines": ("lines", (), 0),
    "replace": ("replace", ("", ""), 2),
    "startswith": ("starts_with", ("",), 1),
    "endswith": ("ends_with", ("",), 1),
    "get": ("get", ("", ""), 1),
    "items": ("items", (), 0),
    "keys": ("keys", (), 0),
    "values": ("values", (), 0),
}
"""The function of a method, the names of its arguments as written, and the number of those that are required."""


def write_step(writer: Writer, draft: Draft, node: ast.Subscript | ast.Attribute) -> None:
    """Write a computed step or a slice, or a constant step behind one."""
    span, end = writer.span(node), writer.span(node.value).end
    writer.write(draft, node.value, ATOM)
    if isinstance(node, ast.Attribute):
        writer.add(draft, f".{node.attr}", Span(end, span.end))
        return
    writer.add(draft, "[", Span(end, end + 1))
    if isinstance(node.slice, ast.Slice):
        _bounds(writer, draft, node.slice, Span(end + 1, span.end - 1))
    else:
        writer.write(draft, node.slice)
    writer.add(draft, "]", Span(span.end - 1, span.end))


def _bounds(writer: Writer, draft: Draft, bounds: ast.Slice, place: Span) -> None:
    """Write the bounds of a slice; refuse a third one."""
    if bounds.step is not None:
        raise NotOfTheFormError
    if bounds.lower is not None:
        writer.write(draft, bounds.lower)
    writer.add(draft, ":" if bounds.lower or bounds.upper else "0:", place)
    if bounds.upper is not None:
        writer.write(draft, bounds.upper)


def write_loops(writer: Writer, draft: Draft, node: ast.ListComp | ast.GeneratorExp) -> None:
    """Write a list with loops; its calls stay in place, since they depend on the elements."""
    if len(node.generators) > _MOST_LOOPS or (draft.apart and has_call(node)):
        raise NotOfTheFormError
    outer = dict(writer.bound)
    scopes = [outer]
    for loop in node.generators:
        scopes.append({**scopes[-1], _name(loop, scopes[-1]): Result(_name(loop, scopes[-1]))})
    span = writer.span(node)
    draft.conditions += 1
    draft.loops += 1
    writer.add(draft, "[", Span(span.start, span.start + 1))
    writer.bound = scopes[-1]
    writer.write(draft, node.elt)
    for index, loop in enumerate(node.generators):
        start = writer.span(loop.target).start
        writer.add(draft, f" for {_name(loop, scopes[index])} in ", Span(start, writer.span(loop.iter).start))
        writer.bound = scopes[index]
        writer.write(draft, loop.iter, _UNGUARDED)
        writer.bound = scopes[index + 1]
        for number, condition in enumerate(loop.ifs):
            start = writer.span(condition).start
            writer.add(draft, " and " if number else " if ", Span(start, start))
            writer.write(draft, condition, PRECEDENCE["and"] + 1 if len(loop.ifs) > 1 else _UNGUARDED)
    writer.add(draft, "]", Span(span.end - 1, span.end))
    writer.bound = outer
    draft.conditions -= 1
    draft.loops -= 1


def _name(loop: ast.comprehension, scope: Mapping[str, Bound]) -> str:
    """Return the name of a loop's element, which no other loop around it has."""
    target = loop.target
    if not isinstance(target, ast.Name) or loop.is_async or not target.id.isascii() or target.id in KEYWORDS:
        raise NotOfTheFormError
    value = scope.get(target.id)
    if isinstance(value, Result) and value.is_element:
        raise NotOfTheFormError
    return target.id


def write_method(writer: Writer, draft: Draft, node: ast.Call) -> bool:
    """Write a method of data as the function that does the same; return False for any other call."""
    if not isinstance(node.func, ast.Attribute) or node.keywords:
        return False
    span, value = writer.span(node), node.func.value
    if node.func.attr == "join" and len(node.args) == 1 and isinstance(value, ast.Constant | ast.Name):
        function, arguments = "join_text", [("", node.args[0]), ("by=", value)]
    elif method := _METHODS.get(node.func.attr):
        function, names, required = method
        if not required <= len(node.args) <= len(names):
            return False
        arguments = [("", value), *zip(names, node.args, strict=False)]
    else:
        return False
    writer.add(draft, f"{function}(", span)
    for index, (name, argument) in enumerate(arguments):
        writer.add(draft, f"{', ' if index else ''}{name}", writer.span(argument))
        writer.write(draft, argument)
    writer.add(draft, ")", Span(span.end - 1, span.end))
    return True
