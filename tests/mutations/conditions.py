"""The conditions in a module's code, and how one of them is made wrong while a test runs."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from inspect import getsource
from types import CodeType, FunctionType
from typing import Final

Function = ast.FunctionDef | ast.AsyncFunctionDef

KEY_LENGTH: Final = 3
"""A tuple that is returned and has so many parts, or more, is what things are compared by."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A function in which `text` is replaced by what it `becomes`; `number` tells equal texts apart.

    The text is a condition (which becomes True, or False), a constant that a pattern asks for (anything), a part of a
    key (None), or what is added to a set (nothing).
    """

    module: str
    function: str
    text: str
    becomes: str
    number: int = 0

    def __str__(self) -> str:
        """Where it is, and what it becomes."""
        again = f" ({self.number + 1})" if self.number else ""
        return f"{self.module.rpartition('.')[2]}.{self.function}: {self.text}{again} → {self.becomes}"

    @contextmanager
    def applied(self) -> Iterator[None]:
        """While this lasts, the function is wrong for everybody who has it."""
        function = _function(self)
        right = function.__code__
        function.__code__ = _compiled(self)
        try:
            yield
        finally:
            function.__code__ = right


def wrongs(module: str) -> Iterator[Wrong]:
    """All that can be made wrong in what a module does, but for the conditions of `while`, whose opposite never ends.

    What a pass tells of its work changes no graph; tests/passes/remarks.md holds its words.
    """
    functions = dict(_functions(_tree(module)))
    doing = _reached(functions, [name for name in functions if _is_root(name)])
    for name, function in functions.items():
        if name not in doing:
            continue
        seen: dict[str, int] = {}
        for place, others in _places(function):
            text = ast.unparse(place)
            yield from (Wrong(module, name, text, other, seen.get(text, 0)) for other in others)
            seen[text] = seen.get(text, 0) + 1


Place = ast.expr | ast.pattern
Choices = tuple[str, ...]

DECISION: Final[Choices] = ("True", "False")
CONSTANT: Final[Choices] = ("_",)
KEY_PART: Final[Choices] = ("None",)
ADDED: Final[Choices] = ("()",)


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(getsource(import_module(module)))


def _functions(tree: ast.AST, around: str = "") -> Iterator[tuple[str, Function]]:
    """Functions and methods by name; what is defined inside a function belongs to it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            yield around + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{around}{node.name}.")


def _is_root(name: str) -> bool:
    """Whether a function is called from outside to do something, and not to tell."""
    last = name.rpartition(".")[2]
    return last != "remarks" if "." in name else not last.startswith("_")


def _reached(functions: dict[str, Function], roots: list[str]) -> set[str]:
    """The functions that some others use, by their names in the code."""
    found: set[str] = set()
    while roots:
        name = roots.pop()
        if name not in found:
            found.add(name)
            used = {node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name)}
            roots += [other for other in functions if other in used]
    return found


def _places(function: Function) -> list[tuple[Place, Choices]]:
    """What can be made wrong in a function, and what it may become, in the order of the text."""
    found: dict[int, tuple[Place, Choices]] = {}
    endless = {id(part) for node in ast.walk(function) if isinstance(node, ast.While) for part in ast.walk(node.test)}
    for node in ast.walk(function):
        found.update((id(place), (place, others)) for place, others in _decisive(node) if id(place) not in endless)
    return sorted(found.values(), key=lambda pair: (pair[0].lineno, pair[0].col_offset))


def _decisive(node: ast.AST) -> Iterator[tuple[Place, Choices]]:
    """What decides at this node."""
    match node:
        case ast.If(test) | ast.IfExp(test):
            yield from _atoms(test)
        case ast.comprehension(ifs=tests):
            yield from (atom for test in tests for atom in _atoms(test))
        case ast.BoolOp() | ast.Compare() | ast.UnaryOp(ast.Not()):
            yield from _atoms(node)
        case ast.match_case(pattern, guard):
            yield from ((constant, CONSTANT) for constant in _constants(pattern))
            yield from _atoms(guard) if guard is not None else ()
        case ast.Return(ast.Call(ast.Name("any" | "all" | "isinstance")) as call):
            yield call, DECISION
        case ast.Call(ast.Name("any" | "all"), [ast.GeneratorExp(element)]):
            yield from _atoms(element)
        case ast.Return(ast.Tuple(parts)) if len(parts) >= KEY_LENGTH:
            yield from ((part, KEY_PART) for part in parts)
        case ast.Call(ast.Attribute(attr="update" | "union"), [added]) if not isinstance(added, ast.Starred):
            yield added, ADDED
        case _:
            pass


def _atoms(test: ast.expr) -> Iterator[tuple[Place, Choices]]:
    """The parts of a test that are neither `and`, `or` nor `not`."""
    match test:
        case ast.BoolOp(values=values):
            for value in values:
                yield from _atoms(value)
        case ast.UnaryOp(ast.Not(), operand):
            yield from _atoms(operand)
        case ast.Constant():
            pass
        case _:
            yield test, DECISION


def _constants(pattern: ast.pattern) -> Iterator[ast.pattern]:
    """The values that a pattern asks for in its parts."""
    for node in (below for part in ast.iter_child_nodes(pattern) for below in ast.walk(part)):
        is_empty = isinstance(node, ast.MatchSequence) and not node.patterns
        if isinstance(node, ast.pattern) and (is_empty or isinstance(node, ast.MatchValue | ast.MatchSingleton)):
            yield node


def _function(wrong: Wrong) -> FunctionType:
    found: object = import_module(wrong.module)
    for name in wrong.function.split("."):
        found = vars(found)[name]
    if isinstance(found, property):
        found = found.fget
    assert isinstance(found, FunctionType), wrong
    return found


def _compiled(wrong: Wrong) -> CodeType:
    """The function's code made wrong; under a file name of its own, so that coverage does not count it."""
    tree = deepcopy(_tree(wrong.module))
    places = [place for place, _ in _places(dict(_functions(tree))[wrong.function]) if ast.unparse(place) == wrong.text]
    old = places[wrong.number]
    new: ast.AST = ast.MatchAs() if isinstance(old, ast.pattern) else ast.parse(wrong.becomes, mode="eval").body
    _Exchange(old, ast.copy_location(new, old)).visit(tree)
    return _code(compile(ast.fix_missing_locations(tree), "<made wrong>", "exec"), wrong.function)


class _Exchange(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old = old
        self._new = new

    def visit(self, node: ast.AST) -> ast.AST:
        """The new one for the old one."""
        return self._new if node is self._old else self.generic_visit(node)


def _code(code: CodeType, name: str) -> CodeType:
    """The code of a function in that of its module."""
    for part in name.split("."):
        (code,) = [each for each in code.co_consts if isinstance(each, CodeType) and each.co_name == part]
    return code
