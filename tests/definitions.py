"""Where names are defined in the source, and what is written there without the names of modules."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from inspect import getsource
from types import ModuleType
from typing import Any, Final

Function = ast.FunctionDef | ast.AsyncFunctionDef

OURS: Final = "llmc"
"""What the names of our packages begin with."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name is defined: a module, the name there, and its definitions, of which overloads are several."""

    module: str
    name: str
    nodes: tuple[ast.stmt, ...]

    @property
    def value(self) -> Any:  # noqa: ANN401 (whatever the name stands for)
        """What the name stands for; None where only type checkers know it."""
        return getattr(import_module(self.module), self.name, None)

    @property
    def body(self) -> list[ast.stmt]:
        """The statements of a class."""
        return [each for node in self.nodes if isinstance(node, ast.ClassDef) for each in _statements(node.body)]


@cache
def place(module: str, name: str) -> Place | None:
    """Where a name of a module is defined, whatever modules it comes through; None for one that is not ours."""
    nodes = [node for node in _statements(_tree(module).body) if name in names(node)]
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            (inside,) = [each.name for each in node.names if name == (each.asname or each.name)]
            return place(node.module, inside) if node.module and node.module.startswith(OURS) else None
    return Place(module, name, tuple(nodes)) if nodes else None


def home(kind: type) -> Place | None:
    """Where a class is defined; None for one that is not ours."""
    return place(kind.__module__, kind.__qualname__) if kind.__module__.startswith(OURS) else None


def names(node: ast.stmt) -> list[str]:
    """What a statement gives a meaning."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.ImportFrom(names=imported):
            return [each.asname or each.name for each in imported]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def public_names(module: str) -> list[str]:
    """Those that the module lists itself, or else those that are defined in it."""
    defined = [name for node in _tree(module).body if not isinstance(node, ast.ImportFrom) for name in names(node)]
    public = [name for name in defined if not name.startswith("_")]
    return sorted(set(getattr(import_module(module), "__all__", public)))


def overloads(nodes: Iterable[ast.stmt]) -> list[Function]:
    """The signatures of a function that callers see: its overloads, if there are any."""
    functions = [node for node in nodes if isinstance(node, Function)]
    return [node for node in functions if "overload" in decorators(node)] or functions


def decorators(node: Function) -> set[str]:
    """The decorators of a function as they are written."""
    return {ast.unparse(each) for each in node.decorator_list}


def written(module: str, node: ast.expr, types: set[Place] | None = None) -> str:
    """An expression of a module as text; if it is a type, what it names of ours is added to `types`."""
    return ast.unparse(_Plain(module, types).visit(ast.parse(ast.unparse(node), mode="eval").body))


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(getsource(import_module(module)))


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Those of a body, and of each `if` in it."""
    for node in body:
        if isinstance(node, ast.If):
            yield from _statements([*node.body, *node.orelse])
        else:
            yield node


class _Plain(ast.NodeTransformer):
    """Takes names of modules out of an expression; in a type a text is a type, elsewhere a constant is its value."""

    def __init__(self, module: str, types: set[Place] | None) -> None:
        self._module = module
        self._types = types

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """A name of a module stands alone."""
        owner = self._value(node.value)
        if not isinstance(owner, ModuleType):
            return self._constant(node)
        return _Plain(owner.__name__, self._types).visit_Name(ast.Name(node.attr))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """The name is that of the definition."""
        known = place(self._module, node.id) if self._module.startswith(OURS) else None
        if known and self._types is not None:
            self._types.add(known)
        return self._constant(node) if known is None or self._types is None else ast.Name(known.name)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """The texts of `Literal` stay texts."""
        return node if ast.unparse(node.value) in {"Literal", "typing.Literal"} else self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """A text is a type that is not defined yet."""
        is_type = isinstance(node.value, str) and self._types is not None
        return self.visit(ast.parse(str(node.value), mode="eval").body) if is_type else node

    def _constant(self, node: ast.expr) -> ast.AST:
        value = self._value(node) if self._types is None else None
        return ast.Constant(value) if isinstance(value, str | int | float) else node

    def _value(self, node: ast.expr) -> object:
        """What a dotted name stands for; None where it is nothing that is known here."""
        value: object = import_module(self._module)
        for name in ast.unparse(node).split("."):
            value = getattr(value, name, None)
        return value
