"""Lowering: from a written task to its nodes.

Names are resolved, arguments are bound, and constants are checked. A call inside an expression becomes a separate node,
under the conditions on the path to it. The rest of the expression is a term that reads that node.
"""

import builtins
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from llmc_compiler.diagnostics import plan_errors
from llmc_compiler.diagnostics.inlining_errors import PlanOption, PlansTooDeep, TooManyInlined
from llmc_compiler.expressions import terms, types
from llmc_compiler.expressions.functions.function_names import similar_function
from llmc_compiler.expressions.terms import Const, Json, NodeId, Term
from llmc_compiler.expressions.types import within
from llmc_compiler.ir import graph
from llmc_compiler.ir.graph import JOIN, Condition, Node, TaskId, dependencies
from llmc_compiler.lowering.argument_checks import (
    check_argument,
    check_together,
    describe_misfits,
    direct_arguments,
)
from llmc_compiler.lowering.expression_lowering import ExpressionLowering, Position
from llmc_compiler.lowering.inlining.plan_tool import DEEPEST, PlanTool, with_others
from llmc_compiler.tools.argument_binding import MissingParameter, bind
from llmc_compiler.tools.standard_callee import STANDARD
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import ast
from llmc_grammar.bounds import Bounds
from llmc_grammar.check import without_steps
from llmc_grammar.diagnose.methods import method_call
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.foreign import ForeignStatement
from llmc_grammar.errors.repairs import TextQuoted
from llmc_grammar.errors.statements import CallInFallback, OptionWithoutCall
from llmc_grammar.mistake import Edit, Note
from llmc_grammar.safety import has_rival, is_slip
from llmc_grammar.source import Source, Span
from llmc_grammar.suggestion import alike

_ENDS: Final = {
    "print": "end the plan with `join(…)`: its value is printed",
    **dict.fromkeys(("return", "finish", "Finish", "final_answer"), "end the plan with `join(…)`"),
}
"""Calls that end a program in other languages, or print its result."""

_FIGURES: Final = re.compile(r"-?[0-9][0-9./:-]*")
"""A number or a date that a model writes without quotes where a text is wanted."""


class Lowering(ExpressionLowering):
    """Lowers statements one after the other; `diagnostics` collects all mistakes except unknown references."""

    def __init__(
        self,
        tools: Toolbox,
        *,
        lenient: bool = False,
        written: Callable[[Span], str] | None = None,
        most_tasks: int = Bounds.FILE.tasks,
    ) -> None:
        super().__init__(lenient=lenient, written=written)
        self._tools = tools
        self._most_tasks = most_tasks
        self._inlined = 0
        others = with_others(Source("", ""), tools).others
        self._files = {source: number for number, source in enumerate(others, 1)}
        self._nodes: list[Node] = []
        self._task = TaskId("")
        self._main_path = ""
        self._options: tuple[ast.Call | None, Sequence[ast.Option]] = (None, ())

    def recall(self, taken: Iterable[str], values: Mapping[str, Json]) -> None:
        """Recall the ids of earlier plans, and the values of those tasks that have one."""
        self.names.recall(taken, values.keys())
        for name, value in values.items():
            self._facts.declare(name, types.of_kind(value), ast.NOWHERE)

    def task(self, task: ast.Task) -> list[Node]:
        """Lower a task; return its nodes in plan order."""
        self._begin(self.names.claim(task.binder, task.binder_span if task.binder else task.span, self.diagnostics))
        if task.loops:
            self._looped(task)
        else:
            place = Position(self._task)
            when = () if task.guard is None else (Condition(self._expr(task.guard, place.at("if"))),)
            self._main(task.expr, replace(place, when=when), task.options)
        self.names.define(self._task)
        return self._nodes

    def join(self, join: ast.Join) -> list[Node]:
        """Lower the join; return its nodes."""
        self._begin(TaskId(JOIN))
        values = [self._expr(given.value, Position(f"{JOIN}/a{i}")) for i, given in enumerate(join.arguments)]
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
        self._task, self._nodes = task, []
        self._constants.clear()
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

    def _looped(self, task: ast.Task) -> None:
        """Add the nodes of a task with loops; elements with options have nodes even if they make no calls."""
        place = Position(self._task)
        if task.options or self._makes_calls(task.loops, task.expr):
            self._loops(ast.Comprehension(task.expr, task.loops, task.span), place, task.options)
        else:
            span = Span(task.expr.span.start, task.loops[-1].span.end)
            self._main(ast.Comprehension(task.expr, task.loops, span), place, ())

    def _makes_calls(self, loops: Sequence[ast.Loop], *parts: object) -> bool:
        """Whether an element of these loops with these parts makes calls: the first source is evaluated outside."""
        inside = (loops[0].condition, loops[1:], parts)
        return not all(self._is_function(call.tool) for call in ast.calls(inside))

    def _loops(self, expr: ast.Comprehension, place: Position, options: Sequence[ast.Option] = ()) -> NodeId:
        """Add the nodes of a comprehension whose elements make calls or have options."""
        self._check_number(expr.loops)
        return self._loop(expr, expr.loops, place, options)

    def _loop(
        self, expr: ast.Comprehension, loops: Sequence[ast.Loop], place: Position, options: Sequence[ast.Option]
    ) -> NodeId:
        """Add the nodes of a loop's source, and one node that holds the body, in which the other loops nest."""
        loop, rest = loops[0], loops[1:]
        source = self._source(loop, place.at("in"))
        outside, self._nodes = self._nodes, []
        when: tuple[Condition, ...] = ()
        with self._inside(loop, source):
            if loop.condition is not None:
                when = (Condition(self._expr(loop.condition, Position(f"{place.path}/filter"))),)
            inner = Position(f"{place.path}/each", when)
            result = self._loop(expr, rest, inner, options) if rest else self._main(expr.element, inner, options)
        body, self._nodes = tuple(self._nodes), outside
        makes_calls = self._makes_calls(expr.loops, expr.element)
        op = graph.Loop(loop.name, source, body, result, flat=bool(rest), calls=makes_calls)
        return self._add(place.path, op, place.when, expr.span)

    def _main(self, expr: ast.Expr, place: Position, options: Sequence[ast.Option]) -> NodeId:
        """Add the node for the outermost expression of a task or of a loop's element."""
        is_loop = isinstance(expr, ast.Comprehension) and self._makes_calls(expr.loops, expr.element)
        if isinstance(expr, ast.Comprehension) and is_loop and not options:
            return self._loops(expr, place)
        self._main_path = place.path if isinstance(expr, ast.Call) else ""
        call = without_steps(expr)
        if isinstance(call, ast.Call) and not self._is_function(call.tool):
            self._options, options = (call, options), ()
            if call is expr:
                return self._call(call, place)
        self._refuse_options(call, options)
        # A loop with a fallback for the whole list is a node besides that of the task.
        value = self._expr(expr, place.at("v") if is_loop else place)
        return self._add(place.path, graph.Evaluate(value, self._fallback(options, place)), place.when, expr.span)

    def _refuse_options(self, expr: ast.Expr, options: Sequence[ast.Option]) -> None:
        """Report attempts and times for a standard function, which is computed and not called."""
        for option in options if isinstance(expr, ast.Call) else ():
            if not isinstance(option, ast.Fallback):
                name = type(option).__name__.lower()
                notes = (Note(expr.span, "a standard function"),)
                self.diagnostics.append(OptionWithoutCall(span=option.span, name=name, notes=notes))

    def _fallback(self, options: Sequence[ast.Option], place: Position) -> Term | None:
        """Return the term of `@fallback`, if present."""
        values = [option.value for option in options if isinstance(option, ast.Fallback)]
        if not values:
            return None
        # The grammar lets names of functions pass, and a tool may have one.
        for call in [call for call in ast.calls(values[0]) if not self._is_function(call.tool)][:1]:
            self.diagnostics.append(CallInFallback(span=call.span))
            return None
        with self._facts.reading_null():
            return self._expr(values[0], place.at("fallback"))

    def _call(self, call: ast.Call, place: Position) -> NodeId:
        """Add the node of a call, and the nodes of calls in its arguments."""
        options = self._options[1] if call is self._options[0] else ()
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
        if isinstance(tool, PlanTool):
            if not misfits:
                self._inline(tool, call, bound, place, options)
            return NodeId(place.path)
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

    def _is_function(self, name: str) -> bool:
        """Whether a call of this name is one of a standard function, because no tool has the name."""
        return name in STANDARD and self._tools.get(name) is None

    def _inline(
        self,
        tool: PlanTool,
        call: ast.Call,
        bound: Sequence[tuple[str | None, Term]],
        place: Position,
        options: Sequence[ast.Option],
    ) -> None:
        """Add the tasks of a plan in place of a call of it."""
        from llmc_compiler.lowering.inlining import grafting  # noqa: PLC0415 — slow to import, and few plans call plans
        from llmc_compiler.lowering.inlining.narrowing import certainly_fails  # noqa: PLC0415 — the same

        self.diagnostics.extend(
            PlanOption(
                span=option.span, option="timeout" if isinstance(option, ast.Timeout) else "retry", plan=tool.name
            )
            for option in options
            if isinstance(option, (ast.Timeout, ast.Retry))
        )
        fallback = self._fallback(options, place)
        if tool.plan.depth >= DEEPEST:
            self.diagnostics.append(PlansTooDeep(span=call.span, plan=tool.name, most=DEEPEST))
            return
        self._inlined += grafting.size(tool)
        if self._inlined + self.names.count > self._most_tasks:
            self.diagnostics.append(TooManyInlined(span=call.span, plan=tool.name, most=self._most_tasks))
            return
        known, is_kept = direct_arguments(tool, bound, self._constant, self._facts)
        plan_call = grafting.PlanCall(
            tool=tool,
            place=NodeId(place.path),
            task=self._task,
            span=call.span,
            when=place.when if place.path == self._main_path else tuple(replace(c, nested=True) for c in place.when),
            arguments={name: value for name, value in bound if name is not None},
            direct=known,
            fallback=fallback,
            # In a loop only the call itself says which tasks belong to one element.
            kept=is_kept or fallback is not None or bool(self._elements),
        )
        nodes = list(grafting.inline(plan_call, self._files))
        if certainly_fails(nodes, self._facts, self._budget) and not plan_call.kept:
            nodes = list(grafting.inline(replace(plan_call, kept=True), self._files))
            certainly_fails(nodes, self._facts, self._budget)
        self._nodes += nodes

    def _unknown_tool(self, call: ast.Call) -> Diagnostic:
        """Diagnose an unknown tool. The edit names the most similar tool, as a guess if several are similar."""
        value, dot, method = call.tool.rpartition(".")
        if dot and self.names.has(value.split(".")[0]):
            return method_call(method, f"${value}", call.name_span)
        if call.tool in _ENDS:
            return ForeignStatement(span=call.name_span, word=call.tool, suggestion=_ENDS[call.tool])
        names = [tool.name for tool in self._tools]
        near = alike(call.tool, [*names, "join"]) if names else []
        is_slipped = any(is_slip(call.tool, other) for other in near)
        function = similar_function(call.tool)
        is_builtin = hasattr(builtins, call.tool) and function is None and not is_slipped
        if function is not None and not is_slipped and function not in names:
            near = [function, *near]
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
