"""Lowering: from a written task to its nodes.

Names are resolved, arguments are bound, and constants are checked. A call inside an expression becomes a separate node,
under the conditions on the path to it. The rest of the expression is a term that reads that node.
"""

import builtins
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from llmc_compiler.diagnostics import plan_errors
from llmc_compiler.expressions import terms, types
from llmc_compiler.expressions.evaluation import EvaluationError, evaluate
from llmc_compiler.expressions.operators import is_small
from llmc_compiler.expressions.terms import Const, Get, Json, NodeId, Term
from llmc_compiler.expressions.types import within
from llmc_compiler.ir import graph
from llmc_compiler.ir.graph import JOIN, Condition, Node, TaskId, dependencies
from llmc_compiler.lowering.argument_checks import check_argument, check_together, describe_misfits, no_part
from llmc_compiler.lowering.name_resolution import ScopeResolver
from llmc_compiler.lowering.reference_checks import (
    doubtful,
    halved_dollars,
    is_bare,
    part_behind,
    path_mistake,
    signs_beside,
    text_at,
)
from llmc_compiler.lowering.type_inference import TypeEnvironment
from llmc_compiler.tools.argument_binding import MissingParameter, bind
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import ast
from llmc_grammar.diagnose.foreign_values import method_call
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.foreign import ForeignStatement
from llmc_grammar.errors.repairs import TextQuoted
from llmc_grammar.mistake import Edit
from llmc_grammar.safety import has_rival, is_slip
from llmc_grammar.source import Span
from llmc_grammar.suggestion import alike

_ENDS: Final = {
    "print": "end the plan with `join(…)`: its value is printed",
    **dict.fromkeys(("return", "finish", "Finish", "final_answer"), "end the plan with `join(…)`"),
}
"""Calls that end a program in other languages, or print its result."""

_FIGURES: Final = re.compile(r"-?[0-9][0-9./:-]*")
"""A number or a date that a model writes without quotes where a text is wanted."""


@dataclass(frozen=True, slots=True)
class _Place:
    """The position of an expression: its id, and the conditions on the path to it."""

    path: str
    when: tuple[Condition, ...] = ()

    def at(self, step: str) -> "_Place":
        """Return the position of a part that is always reached with the expression."""
        return _Place(f"{self.path}/{step}", self.when)

    def under(self, step: str, condition: Term, *, expected: bool) -> "_Place":
        """Return the position of a part that is reached only if the condition's truth is as expected."""
        return _Place(f"{self.path}/{step}", (*self.when, Condition(condition, expected)))


class _NoReads:
    """An environment for constants: there is nothing to read."""

    skipped_is_null = False

    def item(self, name: str, /) -> Json:
        """Raise KeyError: constants read no elements."""
        raise KeyError(name)

    def get(self, node: NodeId, /) -> Json:
        """Raise KeyError: constants read no nodes."""
        raise KeyError(node)

    def param(self, name: str, /) -> Json:
        """Raise KeyError: constants read no inputs."""
        raise KeyError(name)


class Lowering:
    """Lowers statements one after the other; `diagnostics` collects all mistakes except unknown references."""

    def __init__(self, tools: Toolbox, *, lenient: bool = False, written: Callable[[Span], str] | None = None) -> None:
        self.names = ScopeResolver()
        self.diagnostics: list[Diagnostic] = []
        self._tools = tools
        self._lenient = lenient
        self._written = written
        self._facts = TypeEnvironment()
        self._nodes: list[Node] = []
        self._task = TaskId("")
        self._item: str | None = None
        self._constants: dict[int, tuple[Term, Const]] = {}

    def recall(self, taken: Iterable[str], values: Mapping[str, Json]) -> None:
        """Recall the ids of earlier plans, and the values of those tasks that have one."""
        self.names.recall(taken, values.keys())
        for name, value in values.items():
            self._facts.declare(name, types.of_kind(value), ast.NOWHERE)

    def task(self, task: ast.Task) -> list[Node]:
        """Lower a task; return its nodes in plan order."""
        self._begin(self.names.claim(task.binder, task.binder_span if task.binder else task.span, self.diagnostics))
        if task.loops:
            self._loop(task, task.loops[0])
        else:
            place = _Place(self._task)
            when = () if task.guard is None else (Condition(self._expr(task.guard, place.at("if"))),)
            self._main(task.expr, replace(place, when=when), task.options)
        self.names.define(self._task)
        return self._nodes

    def join(self, join: ast.Join) -> list[Node]:
        """Lower the join; return its nodes."""
        self._begin(TaskId(JOIN))
        values = [self._expr(given.value, _Place(f"{JOIN}/a{i}")) for i, given in enumerate(join.arguments)]
        if not values:
            self._join(self.names.all_tasks(), join.span, everything=True)
        elif join.arguments[0].name is not None:
            names = (given.name or "" for given in join.arguments)
            self._join(terms.MapOf(tuple(zip(names, values, strict=True))), join.span)
        else:
            self._join(values[0] if len(values) == 1 else terms.ListOf(tuple(values)), join.span)
        return self._nodes

    def implicit_join(self) -> list[Node]:
        """Add a join to a plan without one: it returns the tasks that no other task uses."""
        self._begin(TaskId(JOIN))
        self._join(self.names.unused_tasks(), ast.NOWHERE)
        return self._nodes

    def _begin(self, task: TaskId) -> None:
        """Start another statement."""
        self._task, self._nodes, self._constants = task, [], {}
        self._facts.begin(skipped_is_null=str(task) == JOIN)
        # References cannot name the join, so it cannot be part of a circle.
        self.names.enter(TaskId("") if str(task) == JOIN else task)

    def _join(self, value: Term, span: Span, *, everything: bool = False) -> None:
        self._add(JOIN, graph.Join(value, everything), (), span)

    def _add(self, path: str, op: graph.Operation, when: tuple[Condition, ...], span: Span) -> NodeId:
        effects = {effect: None for node in op.body for effect in node.effects} if isinstance(op, graph.Loop) else {}
        if isinstance(op, graph.Call):
            effects[op.tool.effect] = None
        node = Node(
            id=NodeId(path),
            op=op,
            task=self._task,
            when=when,
            needs=dependencies(op, when),
            effects=tuple(effects),
            origins=(self._task,),
            span=span,
        )
        self._nodes.append(node)
        self._facts.add(node)
        return node.id

    def input(self, found: ast.Input, declared: ast.Type) -> None:
        """Declare an input of this type."""
        self.names.claim_input(found, self.diagnostics)
        self._facts.declare(found.name, types.declared(declared), found.name_span)

    def _loop(self, task: ast.Task, loop: ast.Loop) -> None:
        """Add the nodes of a loop's source, and one node that holds the body."""
        self.names.claim_item(loop, self.diagnostics)
        source = self._expr(loop.source, _Place(f"{self._task}/in"))
        if not types.can_be_looped(source_type := self._facts.of(source)):
            notes = self._facts.notes([source], source.span)
            self.diagnostics.append(
                plan_errors.NoElements(span=source.span, found=types.describe(source_type), notes=notes)
            )
        outside, self._nodes, self._item = self._nodes, [], loop.name
        when: tuple[Condition, ...] = ()
        with self._facts.each(source):
            if loop.condition is not None:
                when = (Condition(self._expr(loop.condition, _Place(f"{self._task}/filter"))),)
            result = self._main(task.expr, _Place(f"{self._task}/each", when), task.options)
        body, self._nodes, self._item = tuple(self._nodes), outside, None
        self._add(self._task, graph.Loop(loop.name, source, body, result), (), task.span)

    def _main(self, expr: ast.Expr, place: _Place, options: Sequence[ast.Option]) -> NodeId:
        """Add the node for the outermost expression of a task."""
        if isinstance(expr, ast.Call):
            return self._call(expr, place, options)
        value = self._expr(expr, place)
        return self._add(place.path, graph.Evaluate(value, self._fallback(options, place)), place.when, expr.span)

    def _fallback(self, options: Sequence[ast.Option], place: _Place) -> Term | None:
        """Return the term of `@fallback`, if present."""
        values = [option.value for option in options if isinstance(option, ast.Fallback)]
        if not values:
            return None
        with self._facts.reading_null():
            return self._expr(values[0], place.at("fallback"))

    def _call(self, call: ast.Call, place: _Place, options: Sequence[ast.Option] = ()) -> NodeId:
        """Add the node of a call, and the nodes of calls in its arguments."""
        values = [self._expr(given.value, place.at(f"a{i}")) for i, given in enumerate(call.arguments)]
        tool = self._tools.get(call.tool)
        if tool is None:
            self.diagnostics.append(self._unknown_tool(call))
            return NodeId(place.path)
        before = len(self.diagnostics)
        names, misfits = bind(tool.signature.shape, [given.name for given in call.arguments])
        self.diagnostics.extend(describe_misfits(misfits, tool, call))
        lost = {misfit.index for misfit in misfits if not isinstance(misfit, MissingParameter)}
        bound = [
            (name, value if index in lost else self._argument(tool, index, name, given.value, value))
            for index, (name, given, value) in enumerate(zip(names, call.arguments, values, strict=True))
        ]
        if not misfits and len(self.diagnostics) == before:
            self.diagnostics.extend(check_together(tool, names, bound, call, self._constant))
        retries = [option for option in options if isinstance(option, ast.Retry) and option.count]
        if retries and not tool.may_repeat:
            self.diagnostics.append(plan_errors.UnsureRetry(span=retries[0].span, tool=tool.name))
        op = graph.Call(
            tool,
            tuple(bound),
            timeout=next((option.seconds for option in options if isinstance(option, ast.Timeout)), None),
            retries=sum(option.count for option in retries),
            fallback=self._fallback(options, place),
        )
        return self._add(place.path, op, place.when, call.span)

    def _unknown_tool(self, call: ast.Call) -> Diagnostic:
        """Diagnose an unknown tool. The edit names the most similar tool, as a guess if several are similar."""
        value, dot, method = call.tool.rpartition(".")
        if dot and self.names.has(value.split(".")[0]):
            return method_call(method, f"${value}", call.name_span)
        if call.tool in _ENDS:
            return ForeignStatement(span=call.name_span, word=call.tool, suggestion=_ENDS[call.tool])
        names = [tool.name for tool in self._tools]
        near = alike(call.tool, [*names, "join"]) if names else []
        is_builtin = hasattr(builtins, call.tool) and not any(is_slip(call.tool, other) for other in near)
        meant = near[0] if near and not is_builtin else None
        return plan_errors.UnknownTool(
            span=call.name_span,
            name=call.tool,
            suggestion=meant,
            edit=None if meant is None else Edit(call.name_span, meant),
            is_guess=has_rival(call.tool, near),
            is_empty=not names,
            is_file=not self._lenient,
            is_builtin=is_builtin,
        )

    def _argument(self, tool: Tool, index: int, name: str | None, given: ast.Expr, value: Term) -> Term:
        """Check an argument, and convert it for its parameter."""
        if within(tool.signature.wants(name).at_most, types.STR):
            value = self._as_text(given, value)
        called = name or f"argument {index + 1}"
        self.diagnostics.extend(
            check_argument(tool, called, name, value, constant=self._constant(value), facts=self._facts)
        )
        return value

    def _as_text(self, given: ast.Expr, value: Term) -> Term:
        """Convert an argument for a text parameter: quoted references and a model's bare figures are texts."""
        if isinstance(given, ast.Text) and not isinstance(value, (Const, terms.Template)):
            return terms.Template((value,), value.span)
        if not self._lenient or self._written is None or not isinstance(given, (ast.Literal, ast.Unary, ast.Binary)):
            return value
        figures = self._written(given.span)
        if not _FIGURES.fullmatch(figures):
            return value
        self.diagnostics.append(TextQuoted(span=given.span, edit=Edit(given.span, f'"{figures}"')))
        return Const(figures, given.span)

    def _expr(self, expr: ast.Expr, place: _Place) -> Term:
        """Return the term of an expression; its calls are added as nodes on the way."""
        match expr:
            case ast.Literal(value, span):
                return Const(value, span)
            case ast.Ref():
                return self._ref(expr)
            case ast.Text(parts, span):
                return self._text(parts, span)
            case ast.List(items, span):
                elements = tuple(self._expr(item, place.at(f"i{i}")) for i, item in enumerate(items))
                return self._checked(terms.ListOf(elements, span))
            case ast.Map(entries, span):
                pairs = tuple((key, self._expr(value, place.at(f"i{i}"))) for i, (key, value) in enumerate(entries))
                return self._checked(terms.MapOf(pairs, span))
            case ast.Call(span=span):
                return Get(self._call(expr, place), (), span)
            case ast.Unary(op, operand, span):
                return self._checked(terms.Unary(op, self._expr(operand, place.at("o")), span))
            case ast.Binary():
                return self._checked(self._binary(expr, place))
            case ast.Choice():
                return self._choice(expr, place)

    def _binary(self, expr: ast.Binary, place: _Place) -> Term:
        """Lower an operator; the right side of `and` and `or` is reached only under the left one."""
        left = self._expr(expr.left, place.at("l"))
        right_place = place.at("r")
        if expr.op == "and":
            right_place = place.under("r", left, expected=True)
        elif expr.op == "or":
            # `left or false` reads a skipped left side as null, as `or` itself does.
            right_place = place.under("r", terms.Binary("or", left, Const(value=False)), expected=False)
        return terms.Binary(expr.op, left, self._expr(expr.right, right_place), expr.span)

    def _choice(self, expr: ast.Choice, place: _Place) -> Term:
        """Lower a choice; each branch is reached only under its condition."""
        condition = self._expr(expr.condition, place.at("c"))
        then = self._expr(expr.then, place.under("t", condition, expected=True))
        otherwise = self._expr(expr.otherwise, place.under("e", condition, expected=False))
        return self._checked(terms.Choice(condition, then, otherwise, expr.span))

    def _ref(self, ref: ast.Ref) -> Term:
        """Return the read of a reference; an unknown one is remembered, since it may be defined below."""
        read = self._find(ref)
        if read is None:
            self.names.unknown(ref)
            return Get(NodeId(ref.name), ref.path, ref.span)
        return read

    def _find(self, ref: ast.Ref) -> terms.Read | None:
        """Return the read of a defined reference, or None; a read of a part that certainly is missing is a mistake."""
        read = terms.Item(ref.name, ref.path, ref.span) if ref.name == self._item else self.names.find(ref)
        if read is not None and read.path and self._facts.is_lost(read):
            self.diagnostics.append(no_part(ref, read, self._facts))
        return read

    def _text(self, parts: Sequence[str | ast.Slot], span: Span) -> Term:
        """Lower a text: it is a constant unless a slot reads something."""
        pieces: list[str | Term] = []
        for piece in self._pieces(parts, span):
            if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
                pieces[-1] += piece
            else:
                pieces.append(piece)
        if self._lenient and len(pieces) == 1 and not isinstance(pieces[0], str):
            return pieces[0]
        if all(isinstance(piece, str) for piece in pieces):
            return Const("".join(piece for piece in pieces if isinstance(piece, str)), span)
        return terms.Template(tuple(pieces), span)

    def _pieces(self, parts: Sequence[str | ast.Slot], span: Span) -> Iterator[str | Term]:
        """Yield the pieces of a text; steps after a reference may belong to it."""
        signs = signs_beside(parts) if self._lenient else {}
        if self._lenient and self._written and any("$" in part for part in parts if isinstance(part, str)):
            self.diagnostics.extend(halved_dollars(self._written(span), span.start))
        taken = 0
        for index, part in enumerate(parts):
            if isinstance(part, str):
                piece: str | Term = part[taken:]
                taken = 0
            else:
                piece = self._slot(part)
                if isinstance(piece, terms.Read) and is_bare(part):
                    piece, taken = self._with_steps(part.ref, piece, text_at(parts, index + 1))
                    if index in signs and not taken:
                        self.diagnostics.append(doubtful(part.ref, signs[index]))
            if piece != "":
                yield piece

    def _with_steps(self, ref: ast.Ref, read: terms.Read, behind: str) -> tuple[terms.Read, int]:
        """Add the steps that begin `behind` to a read; return it and their length, or 0 if they stay text."""
        fact = self._facts.known(read)
        part = None if fact is None else part_behind(fact.type, behind)
        if part is None:
            return read, 0
        is_read = self._lenient and part.certain
        mistake = path_mistake(ref, part, self._written, is_read=is_read)
        self.diagnostics.append(mistake)
        return (replace(read, path=part.path, span=mistake.span), len(part.text)) if is_read else (read, 0)

    def _slot(self, slot: ast.Slot) -> str | Term:
        """Return the read of a slot, or its text if the name is not defined above."""
        read = self._find(slot.ref)
        if read is None and self.names.is_broken(slot.ref.name):
            return slot.raw
        if read is None and self.names.is_gone(slot.ref.name):
            return self._ref(slot.ref)
        if read is None:
            self.diagnostics.append(plan_errors.UnusedSlot(span=slot.ref.span, raw=slot.raw, rest=slot.raw[1:]))
            return slot.raw
        return read

    def _constant(self, value: Term) -> Const | None:
        """Return the constant value of a term that reads nothing, if it could be computed."""
        if isinstance(value, Const):
            return value
        return self._constants.get(id(value), (value, None))[1]

    def _checked(self, value: Term) -> Term:
        """Return the term; if it reads nothing, evaluate it now to report mistakes early."""
        constants = [self._constant(child) for child in terms.children(value)]
        values = [part for part in constants if part is not None]
        if len(values) == len(constants):
            try:
                constant = Const(evaluate(terms.rebuild(value, values), _NoReads()))
                if not isinstance(value, terms.Binary) or is_small(constant.value):
                    self._constants[id(value)] = (value, constant)
            except EvaluationError as error:
                self.diagnostics.append(plan_errors.WrongOperand(span=error.span, reason=str(error)))
        elif (reason := self._facts.fault(value)) is not None:
            notes = self._facts.notes(terms.children(value), value.span)
            self.diagnostics.append(plan_errors.WrongOperand(span=value.span, reason=reason, notes=notes))
        return value
