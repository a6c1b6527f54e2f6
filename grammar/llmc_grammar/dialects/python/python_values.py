"""Writes values of Python code as expressions of the plan language, and calls as tasks. Nothing is evaluated.

A call inside an expression stays there unless a step follows it or an f-string contains it. Each call of such a
statement becomes a task, in Python's order of evaluation. Lists with loops stay in place (`in_place.py`).
"""

import ast
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from llmc_grammar.ast import KEYWORDS, Literal
from llmc_grammar.bounds import Bounds
from llmc_grammar.dialects.form import Target, Written, argument_name, string
from llmc_grammar.dialects.python.draft import Draft
from llmc_grammar.dialects.python.in_place import write_loops, write_method, write_step
from llmc_grammar.dialects.python.nodes import binds, dotted, has_call, is_part, needs_tasks, outside_loops
from llmc_grammar.dialects.python.operations import write_operation
from llmc_grammar.dialects.python.python_source import Code
from llmc_grammar.dialects.python.variables import (
    Bound,
    Constant,
    ConstantItems,
    NotOfTheFormError,
    Result,
    Scalar,
    step_into,
)
from llmc_grammar.format_specs import from_python
from llmc_grammar.print import print_expr, quoted, raw_step, written_step
from llmc_grammar.source import Span
from llmc_grammar.text import BRACED, is_slot

_LONGEST_INLINE: Final = 200
_LONGEST: Final = 1 << 20
_LITERALS: Final = {"true": True, "false": False, "null": None}
_GATHER: Final = "asyncio.gather"
_GEMINI: Final = "default_api."


@dataclass(slots=True)
class PythonValues:
    """Writes the values of a text; `bound` has its variables, `tools` the names of the tools that it calls.

    `begin` is the start of the statement. All its tasks begin there, so that spans are in the order of tasks.
    """

    target: Target
    code: Code
    bound: dict[str, Bound] = field(default_factory=dict)
    statements: list[Written] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    begin: int = 0
    _size: int = 0
    _level: int = 0
    _within: Span | None = None

    def bind(self, node: ast.expr) -> Bound:
        """Return the value of an expression; calls and operations become tasks."""
        match self.plain(node):
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return ConstantItems(tuple(self._inner(element) for element in elements))
            case ast.IfExp():
                raise NotOfTheFormError  # its beginning, `f() if …`, is a call without a condition
            case ast.Constant(value=str() as text) if len(text) > _LONGEST_INLINE:
                return self._task(node)
            case plain:
                value = self._known(plain)
                return self._task(plain) if value is None else value

    def _inner(self, node: ast.expr) -> Bound:
        """Return the value of a part of an expression."""
        self._level += 1
        if self._level > Bounds.MODEL.depth:
            raise NotOfTheFormError
        value = self.bind(node)
        self._level -= 1
        return value

    def plain(self, node: ast.expr) -> ast.expr:
        """Return a node without `await`; `asyncio.gather(…)` is a list."""
        while isinstance(node, ast.Await):
            node = node.value
            if not isinstance(node, ast.Call | ast.Name | ast.Attribute | ast.Subscript):
                raise NotOfTheFormError
        if isinstance(node, ast.Call) and dotted(node.func) == _GATHER and not self.target.has(_GATHER):
            if node.keywords:
                raise NotOfTheFormError
            return ast.copy_location(ast.List(elts=node.args, ctx=ast.Load()), node)
        return node

    def _known(self, node: ast.expr) -> Bound | None:
        """Return the value of a constant, a variable or a part of one, None for any other expression."""
        match node:
            case ast.Constant():
                return Constant(self._scalar(node))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number) as operand):
                self._scalar(operand)
                return Constant(-number)
            case ast.Name(id=name) if name in self.bound:
                return self.bound[name]
            case ast.Name(id=name) if name in _LITERALS:
                return Constant(_LITERALS[name])
            case ast.Name():
                raise NotOfTheFormError
            case ast.Attribute(value=value, attr=attr):
                return step_into(self._inner(value), attr)
            case ast.Subscript(value=value, slice=node_key) if (key := self._key(node_key)) is not None:
                return step_into(self._inner(value), key)
            case _:
                return None

    def _key(self, node: ast.expr) -> str | int | None:
        """Return the constant key or index of a step, None for a computed one."""
        value = self._known(node) if isinstance(node, ast.Constant | ast.UnaryOp | ast.Name) else None
        match value:
            case Constant(value=str() | int() as key) if not isinstance(key, bool):
                return key
            case None | Result() if not isinstance(node, ast.Constant):
                return None
            case _:
                raise NotOfTheFormError

    def _has_known_steps(self, node: ast.expr) -> bool:
        """Whether all steps at the end of an expression are constant."""
        while isinstance(node, ast.Attribute | ast.Subscript):
            if isinstance(node, ast.Subscript) and self._key(node.slice) is None:
                return False
            node = node.value
        return True

    def _scalar(self, node: ast.Constant) -> Scalar:
        """Return the value of a constant that the plan language has."""
        match node.value:
            case bool() | None:
                return node.value
            case str():
                return self.text(node.value)
            case int() if abs(node.value) < 10**Bounds.MODEL.digits and not self.code.is_zeros(node):
                return node.value
            case float() if isfinite(node.value):
                return node.value
            case _:
                raise NotOfTheFormError

    def span(self, node: ast.expr | ast.keyword) -> Span:
        """Return the span of a node, or of the whole f-string for a node inside one."""
        return self._within or self.code.span(node)

    def text(self, value: str) -> str:
        """Return the text of a string in the code."""
        return value.replace(self.code.stand_in, "\\")

    def _task(self, node: ast.expr) -> Result:
        """Write an expression as a task."""
        draft = Draft(any(map(needs_tasks, outside_loops(node))))
        self._root(draft, node)
        written = Written()
        written.add(self.target.binder(len(self.statements)), self.begin, self.begin)
        for piece, place in draft.pieces:
            written.add(piece, place.start, place.end)
        self.statements.append(written)
        return Result(self.target.first + len(self.statements) - 1)

    def _root(self, draft: Draft, node: ast.expr) -> None:
        """Write the expression of a task: its own call is not another task."""
        if isinstance(node, ast.Call):
            self._call(draft, node)
        else:
            self.write(draft, node)

    def add(self, draft: Draft, piece: str, place: Span) -> None:
        """Append a piece for a span of the original text."""
        self._size += len(piece)
        if self._size > _LONGEST:
            raise NotOfTheFormError
        draft.pieces.append((piece, place))

    def write(self, draft: Draft, node: ast.expr, least: int = 0) -> None:
        """Write an expression, in brackets if its precedence is below `least`."""
        self._level += 1
        if self._level > Bounds.MODEL.depth:
            raise NotOfTheFormError
        node = self.plain(node)
        span = self.span(node)
        brackets = binds(node) < least
        self.add(draft, "(" if brackets else "", Span(span.start, span.start))
        self._write_plain(draft, node, span)
        self.add(draft, ")" if brackets else "", Span(span.end, span.end))
        self._level -= 1

    def _write_plain(self, draft: Draft, node: ast.expr, span: Span) -> None:
        """Write an expression without brackets around it."""
        match node:
            case ast.Call() if draft.apart and not draft.loops:
                self._put(draft, self._apart(draft, node), span)
            case ast.Call():
                self._call(draft, node)
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                self._list(draft, elements, span)
            case ast.Dict():
                self._mapping(draft, node, span)
            case ast.JoinedStr():
                self.add(draft, self._joined(draft, node), span)
            case ast.UnaryOp() | ast.BinOp() | ast.BoolOp() | ast.Compare() | ast.IfExp():
                write_operation(self, draft, node, span)
            case ast.ListComp() | ast.GeneratorExp():
                write_loops(self, draft, node)
            case ast.Attribute() | ast.Subscript() if (draft.loops and has_call(node)) or not self._has_known_steps(
                node
            ):
                write_step(self, draft, node)
            case ast.Attribute() | ast.Subscript() if draft.apart and draft.conditions and has_call(node):
                raise NotOfTheFormError
            case _:
                value = self._known(node)
                if value is None:
                    raise NotOfTheFormError
                self._put(draft, value, span)

    def _apart(self, draft: Draft, node: ast.expr) -> Bound:
        """Write a part of an expression as a separate task; a part that a condition guards is refused."""
        if draft.conditions:
            raise NotOfTheFormError
        return self._inner(node)

    def _put(self, draft: Draft, bound: Bound, span: Span, level: int = 0) -> None:
        """Write the value of a variable."""
        match bound:
            case Constant(value=value):
                text = string(value) if isinstance(value, str) else print_expr(Literal(value))
                self.add(draft, f"({text})" if text[0] == "-" else text, span)
            case Result(target=target, path=path):
                self.add(draft, f"${target}{''.join(map(written_step, path))}", span)
            case ConstantItems(items=items):
                if level > Bounds.MODEL.nesting:
                    raise NotOfTheFormError
                self.add(draft, "[", span)
                for index, item in enumerate(items):
                    self.add(draft, ", " if index else "", span)
                    self._put(draft, item, span, level + 1)
                self.add(draft, "]", span)

    def _call(self, draft: Draft, node: ast.Call) -> None:
        """Write a call."""
        if self._is_method(node.func) and write_method(self, draft, node):
            return
        place = self.span(node.func)
        self.add(draft, self._tool(node.func), place)
        self.add(draft, "(", Span(place.end, place.end))
        self._arguments(draft, node)
        end = self.span(node).end
        self.add(draft, ")", Span(end - 1, end))

    def _is_method(self, node: ast.expr) -> bool:
        """Whether a called name is a method of a value, and not the dotted name of a tool."""
        name = dotted(node)
        return name is None or name.split(".", 1)[0] in self.bound

    def _arguments(self, draft: Draft, node: ast.Call) -> None:
        """Write the arguments of a call."""
        arguments: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
        for index, argument in enumerate(arguments):
            place = self.span(argument)
            self.add(draft, ", " if index else "", Span(place.start, place.start))
            if isinstance(argument, ast.keyword):
                name = argument.arg and argument_name(argument.arg)
                if not name:
                    raise NotOfTheFormError
                self.add(draft, f"{name}=", Span(place.start, self.span(argument.value).start))
                self.write(draft, argument.value)
            else:
                self.write(draft, argument)

    def join(self, node: ast.Call) -> None:
        """Write the end of the plan."""
        draft = Draft(any(map(needs_tasks, outside_loops(node))))
        self._arguments(draft, node)
        span = self.span(node)
        written = Written()
        written.add("join(", self.begin, self.span(node.func).end)
        for piece, place in draft.pieces:
            written.add(piece, place.start, place.end)
        written.add(")", span.end - 1, span.end)
        self.statements.append(written)

    def _tool(self, node: ast.expr) -> str:
        """Return the name of a tool."""
        name = dotted(node)
        if name is None or name.split(".", 1)[0] in self.bound:
            raise NotOfTheFormError
        tool = self.target.tool(name if self.target.has(name) else name.removeprefix(_GEMINI))
        if tool is None or (name in KEYWORDS and not self.target.has(tool)):
            raise NotOfTheFormError
        self.tools.append(tool)
        return tool

    def _list(self, draft: Draft, elements: list[ast.expr], span: Span) -> None:
        """Write a list."""
        self.add(draft, "[", Span(span.start, span.start + 1))
        for index, element in enumerate(elements):
            start = self.span(element).start
            self.add(draft, ", " if index else "", Span(start, start))
            self.write(draft, element)
        self.add(draft, "]", Span(span.end - 1, span.end))

    def _mapping(self, draft: Draft, node: ast.Dict, span: Span) -> None:
        """Write a mapping."""
        self.add(draft, "{", Span(span.start, span.start + 1))
        for index, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
            match key:
                case ast.Constant(value=str() as text):
                    place = self.span(key)
                    self.add(draft, ", " if index else "", Span(place.start, place.start))
                    self.add(draft, quoted(self.text(text)), place)
                    self.add(draft, ": ", Span(place.end, place.end))
                    self.write(draft, value)
                case _:
                    raise NotOfTheFormError
        self.add(draft, "}", Span(span.end - 1, span.end))

    def _joined(self, draft: Draft, node: ast.JoinedStr) -> str:
        """Return an f-string as a string of the plan language; dollar signs in its text are escaped."""
        parts: list[str] = []
        outer, self._within = self._within, self.span(node)  # older Pythons have no positions inside f-strings
        for part in node.values:
            match part:
                case ast.Constant(value=str() as text):
                    parts.append(self.text(text).replace("$", "$$"))
                case ast.FormattedValue(value=value, conversion=-1 | 115, format_spec=None):
                    parts.append(self._slot(draft, value))
                case ast.FormattedValue(
                    value=value, conversion=-1, format_spec=ast.JoinedStr(values=[ast.Constant(value=str() as spec)])
                ):
                    parts.append(self._slot(draft, value, f":{from_python(spec)}"))
                case _:
                    raise NotOfTheFormError
        self._within = outer
        return quoted("".join(parts))

    def _slot(self, draft: Draft, node: ast.expr, form: str = "") -> str:
        """Return a value inside an f-string: a reference with its format, or the text of a constant."""
        if draft.conditions and not (is_part(node) and self._has_known_steps(node)):
            raise NotOfTheFormError
        value = self._inner(node)
        if isinstance(value, Constant) and not form:
            return str(value.value).replace("$", "$$")
        if not isinstance(value, Result):
            value = self._task(node)
        slot = f"${{{value.target}{''.join(map(raw_step, value.path))}{form}}}"
        if not BRACED.fullmatch(slot) or not is_slot(slot):
            raise NotOfTheFormError
        return slot
