"""A plan's statements as written: ids, calls and references, and whether they form a plan."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import ast, print_statement
from llmc_grammar.source import Span

T = TypeVar("T")


def numbered(statements: Iterable[ast.Statement], highest: int) -> list[tuple[str, ast.Task]]:
    """Return the tasks with their ids; a task without an id gets the highest number so far plus one."""
    tasks = []
    for statement in statements:
        if isinstance(statement, ast.Task):
            name = statement.binder or str(highest + 1)
            highest = max(highest, int(name)) if name.isdigit() else highest
            tasks.append((name, statement))
    return tasks


def highest_number(ids: Iterable[str]) -> int:
    """Return the highest number among ids, or 0."""
    return max((int(name) for name in ids if name.isdigit()), default=0)


def shape(statements: Sequence[ast.Statement], highest: int) -> tuple[ast.Statement, ...]:
    """Return a plan without its thoughts and ids: equal for plans that differ only in the ids of their tasks."""
    tasks = numbered(statements, highest)
    names = {name: f"task{index}" for index, (name, _) in enumerate(tasks)}
    steps = (statement for statement in statements if isinstance(statement, (ast.Task, ast.Join)))
    return tuple(replace(renamed(step, names, keep_raw=False), binder=None) for step in steps)


def renumbered(statements: Sequence[ast.Statement], earlier: Sequence[ast.Statement], highest: int) -> str | None:
    """Print a plan that repeats an `earlier` one and its ids, with numbers above `highest`; None for other plans."""
    steps = [statement for statement in statements if isinstance(statement, (ast.Task, ast.Join))]
    if steps != [statement for statement in earlier if isinstance(statement, (ast.Task, ast.Join))]:
        return None
    names = {name: str(highest + index) for index, (name, _) in enumerate(numbered(steps, highest), start=1)}
    lines = [renamed(step, names) for step in steps]
    ids = iter(names.values())
    return "\n".join(
        print_statement(replace(line, binder=next(ids) if isinstance(line, ast.Task) else None)) for line in lines
    )


def renamed(node: T, names: Mapping[str, str], *, keep_raw: bool = True) -> T:
    """Rename the references in a part of a plan; `keep_raw` keeps their spelling in texts."""
    if isinstance(node, ast.Slot):
        name = node.ref.name
        raw = node.raw.replace(name, names.get(name, name), 1) if keep_raw else ""
        return replace(node, ref=renamed(node.ref, names), raw=raw)
    if isinstance(node, ast.Ref):
        return replace(node, name=names.get(node.name, node.name))
    if isinstance(node, tuple) and not isinstance(node, Span):
        return type(node)(renamed(child, names, keep_raw=keep_raw) for child in node)
    if is_dataclass(node) and not isinstance(node, type):
        inside = {each.name: renamed(getattr(node, each.name), names, keep_raw=keep_raw) for each in fields(node)}
        return replace(node, **inside)
    return node


def references(node: object) -> Iterable[ast.Ref]:
    """Return the references in a statement, including texts, except those to elements of its loops."""
    return (ref for ref in _all_references(node) if ref.name not in set(_loop_names(node)))


def _all_references(node: object) -> Iterable[ast.Ref]:
    """Yield the references in a statement, at any depth."""
    if isinstance(node, ast.Ref):
        yield node
    for child in ast.children(node):
        yield from _all_references(child)


def _loop_names(node: object) -> Iterable[str]:
    """Yield the element names of a statement's loops."""
    if isinstance(node, ast.Loop):
        yield node.name
    for child in ast.children(node):
        yield from _loop_names(child)


def does_something(statements: Sequence[ast.Statement], tools: Toolbox, earlier: Container[str]) -> bool:
    """Whether a model's plan calls a tool, joins a text, or reads results of `earlier` tasks.

    A standard function alone computes something that the model could have written itself.
    """
    if not all(tools.is_function(call.tool) for call in ast.calls(tuple(statements))):
        return True
    if any(ref.name in earlier for ref in references(tuple(statements))):
        return True
    joins = (statement.arguments for statement in statements if isinstance(statement, ast.Join))
    return any(len(given) == 1 and given[0].name is None and isinstance(given[0].value, ast.Text) for given in joins)
