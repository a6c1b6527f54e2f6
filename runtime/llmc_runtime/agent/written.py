"""A plan's statements as they are written: their ids, the calls in them, whether two plans are the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

from llmc_grammar import ast
from llmc_grammar.source import Span

T = TypeVar("T")


def numbered(statements: Iterable[ast.Statement], highest: int) -> list[tuple[str, ast.Task]]:
    """The tasks with their ids; one without gets the highest number so far plus one."""
    found = []
    for statement in statements:
        if isinstance(statement, ast.Task):
            name = statement.binder or str(highest + 1)
            highest = max(highest, int(name)) if name.isdigit() else highest
            found.append((name, statement))
    return found


def highest_number(ids: Iterable[str]) -> int:
    """The highest number among ids, 0 where there is none."""
    return max((int(name) for name in ids if name.isdigit()), default=0)


def calls(node: object) -> Iterable[ast.Call]:
    """The calls in a statement, at any depth."""
    if isinstance(node, ast.Call):
        yield node
    for child in _children(node):
        yield from calls(child)


def _children(node: object) -> Iterable[object]:
    """What is directly inside."""
    if isinstance(node, tuple):
        return node
    return [getattr(node, each.name) for each in fields(node)] if is_dataclass(node) else ()


def shape(statements: Sequence[ast.Statement], highest: int) -> tuple[ast.Statement, ...]:
    """The plan without its thoughts and numbers: equal for plans that do the same, whatever their tasks are called."""
    tasks = numbered(statements, highest)
    names = {name: f"task{index}" for index, (name, _) in enumerate(tasks)}
    plain = (each for each in statements if isinstance(each, (ast.Task, ast.Join)))
    return tuple(replace(_renamed(each, names), binder=None) for each in plain)


def _renamed(node: T, names: Mapping[str, str]) -> T:
    """A part of a plan with other names for its references."""
    if isinstance(node, ast.Slot):
        return replace(node, ref=_renamed(node.ref, names), raw="")
    if isinstance(node, ast.Ref):
        return replace(node, name=names.get(node.name, node.name))
    if isinstance(node, tuple) and not isinstance(node, Span):
        return type(node)(_renamed(each, names) for each in node)
    if is_dataclass(node) and not isinstance(node, type):
        inside = {each.name: _renamed(getattr(node, each.name), names) for each in fields(node)}
        return replace(node, **inside)
    return node
