"""Lowering of expressions to terms; calls in them become nodes, which `Lowering` adds."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Final

from llmc_compiler.diagnostics import plan_errors
from llmc_compiler.expressions import terms, types
from llmc_compiler.expressions.environment import EffortBudget, EvaluationError, NoReads
from llmc_compiler.expressions.evaluation import evaluate
from llmc_compiler.expressions.operators import is_small
from llmc_compiler.expressions.terms import Const, Get, NodeId, Term
from llmc_compiler.expressions.text_terms import template
from llmc_compiler.ir.graph import Condition
from llmc_compiler.lowering.argument_checks import check_argument, describe_misfits, no_part
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
from llmc_compiler.lowering.step_checks import step_mistakes
from llmc_compiler.lowering.type_inference import TypeEnvironment
from llmc_compiler.tools.argument_binding import bind
from llmc_compiler.tools.standard_callee import STANDARD
from llmc_grammar import ast
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.frozen_data import frozen
from llmc_grammar.print import print_expr
from llmc_grammar.source import Span

_EFFORT: Final = 500_000
"""Parts of constants that the checks of one plan may visit, in about a tenth of a second."""


MOST_LOOPS: Final = 3
"""Loops in a row."""


@frozen
class Position:
    """The position of an expression: its id, and the conditions on the path to it."""

    path: str
    when: tuple[Condition, ...] = ()

    def at(self, step: str) -> "Position":
        """Return the position of a part that is always reached with the expression."""
        return Position(f"{self.path}/{step}", self.when)

    def under(self, step: str, condition: Term, *, expected: bool) -> "Position":
        """Return the position of a part that is reached only if the condition's truth is as expected."""
        return Position(f"{self.path}/{step}", (*self.when, Condition(condition, expected)))


class ExpressionLowering:
    """Lowers expressions; `diagnostics` collects all mistakes except unknown references."""

    def __init__(self, *, lenient: bool, written: Callable[[Span], str] | None) -> None:
        self.names = ScopeResolver()
        self.diagnostics: list[Diagnostic] = []
        self._lenient = lenient
        self._written = written
        self._facts = TypeEnvironment()
        self._elements: Mapping[str, Span] = {}
        self._constants: dict[int, tuple[Term, Const]] = {}
        self._budget = EffortBudget(_EFFORT)

    @abstractmethod
    def _is_function(self, name: str) -> bool:
        """Whether a call of this name is one of a standard function, because no tool has the name."""

    @abstractmethod
    def _call(self, call: ast.Call, place: Position) -> NodeId:
        """Add the node of a call, and the nodes of calls in its arguments."""

    @abstractmethod
    def _loops(self, expr: ast.Comprehension, place: Position, options: Sequence[ast.Option] = ()) -> NodeId:
        """Add the nodes of a comprehension whose elements make calls."""

    @abstractmethod
    def _makes_calls(self, loops: Sequence[ast.Loop], *parts: object) -> bool:
        """Whether an element of these loops with these parts makes calls: the first source is evaluated outside."""

    def _expr(self, expr: ast.Expr, place: Position) -> Term:
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
            case ast.Call(tool, span=span):
                is_function = self._is_function(tool)
                return self._function(expr, place) if is_function else Get(self._call(expr, place), (), span)
            case ast.Subscript():
                return self._subscript(expr, place)
            case ast.Slice():
                return self._slice(expr, place)
            case ast.Comprehension(element, loops, span) if self._makes_calls(loops, element):
                return Get(self._loops(expr, place), (), span)
            case ast.Comprehension():
                return self._comprehension(expr, place)
            case ast.Unary(op, operand, span):
                return self._checked(terms.Unary(op, self._expr(operand, place.at("o")), span))
            case ast.Binary():
                return self._checked(self._binary(expr, place))
            case ast.Choice():
                return self._choice(expr, place)

    def _binary(self, expr: ast.Binary, place: Position) -> Term:
        """Lower an operator; the right side of `and` and `or` is reached only under the left one."""
        left = self._expr(expr.left, place.at("l"))
        right_place = place.at("r")
        if expr.op == "and":
            right_place = place.under("r", left, expected=True)
        elif expr.op == "or":
            # `left or false` reads a skipped left side as null, as `or` itself does.
            right_place = place.under("r", terms.Binary("or", left, Const(value=False)), expected=False)
        return terms.Binary(expr.op, left, self._expr(expr.right, right_place), expr.span)

    def _choice(self, expr: ast.Choice, place: Position) -> Term:
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
        read = terms.Item(ref.name, ref.path, ref.span) if ref.name in self._elements else self.names.find(ref)
        return None if read is None else self._found(read, ast.Ref(ref.name))

    def _found(self, read: terms.Read, value: ast.Expr) -> terms.Read:
        """Return a read; report a part of `value`, or of the value before its steps, that is certainly missing."""
        if read.path and self._facts.is_lost(read):
            while isinstance(value, ast.Subscript):
                value = value.value
            root = f"${value.name}" if isinstance(value, ast.Ref) else print_expr(value)
            self.diagnostics.append(no_part(root, read, self._facts))
        return read

    # Functions, steps and comprehensions

    def _function(self, call: ast.Call, place: Position) -> Term:
        """Lower a call of a standard function; its arguments are checked like those of a tool."""
        callee = STANDARD[call.tool]
        values = [self._expr(given.value, place.at(f"a{i}")) for i, given in enumerate(call.arguments)]
        names, misfits = bind(callee.signature.shape, [given.name for given in call.arguments])
        mistakes = [*describe_misfits(misfits, callee, call)]
        if not misfits:
            for index, (name, value) in enumerate(zip(names, values, strict=True)):
                called, constant = name or f"argument {index + 1}", self._constant(value)
                mistakes += check_argument(callee, called, name, value, constant=constant, facts=self._facts)
        self.diagnostics.extend(mistakes)
        term = terms.Apply(call.tool, tuple(zip(names, values, strict=True)), call.span)
        return term if mistakes else self._checked(term)

    def _subscript(self, expr: ast.Subscript, place: Position) -> Term:
        """Lower `value[key]`; a constant key of a value that is read becomes a part of its path."""
        value = self._expr(expr.value, place.at("v"))
        key = self._expr(expr.key, place.at("k"))
        step = terms.constant_step(key)
        if step is not None and isinstance(value, terms.Read):
            return self._found(replace(value, path=(*value.path, step), span=expr.span), expr.value)
        return self._checked_step(expr, terms.Subscript(value, key, expr.span))

    def _slice(self, expr: ast.Slice, place: Position) -> Term:
        """Lower `value[start:stop]`."""
        value = self._expr(expr.value, place.at("v"))
        start = None if expr.start is None else self._expr(expr.start, place.at("k"))
        stop = None if expr.stop is None else self._expr(expr.stop, place.at("s"))
        return self._checked_step(expr, terms.Slice(value, start, stop, expr.span))

    def _checked_step(self, written: ast.Subscript | ast.Slice, term: terms.Parts) -> Term:
        """Return a step, and report the mistakes in it."""
        mistakes = [*step_mistakes(written, term, self._facts)]
        self.diagnostics.extend(mistakes)
        return term if mistakes else self._checked(term)

    def _source(self, loop: ast.Loop, place: Position) -> Term:
        """Lower the source of a loop; report a name that is taken, and a value that has no elements."""
        self.names.claim_item(loop, self._elements, self.diagnostics)
        source = self._expr(loop.source, place)
        if not types.can_be_looped(source_type := self._facts.of(source)):
            notes = self._facts.notes([source], source.span)
            self.diagnostics.append(
                plan_errors.NoElements(span=source.span, found=types.describe(source_type), notes=notes)
            )
        return source

    @contextmanager
    def _inside(self, loop: ast.Loop, source: Term) -> Iterator[None]:
        """Lower the inside of a loop in the `with` block, where its element has a name."""
        before, self._elements = self._elements, {**self._elements, loop.name: loop.name_span}
        with self._facts.each(loop.name, source):
            yield
        self._elements = before

    def _check_number(self, loops: Sequence[ast.Loop]) -> None:
        """Report more loops in a row than allowed."""
        if len(loops) > MOST_LOOPS:
            self.diagnostics.append(plan_errors.TooManyLoops(span=loops[MOST_LOOPS].span, most=MOST_LOOPS))

    def _comprehension(self, expr: ast.Comprehension, place: Position) -> Term:
        """Lower a comprehension without calls of tools to a term."""
        self._check_number(expr.loops)
        clauses: list[terms.Clause] = []
        with ExitStack() as stack:
            for index, loop in enumerate(expr.loops):
                source = self._source(loop, place.at(f"in{index or ''}"))
                stack.enter_context(self._inside(loop, source))
                condition = None
                if loop.condition is not None:
                    condition = self._expr(loop.condition, place.at(f"filter{index or ''}"))
                clauses.append(terms.Clause(loop.name, source, condition))
            element = self._expr(expr.element, place.at("each"))
            # The type of an element is known only where its name is.
            self._facts.of(element)
        return self._checked(terms.Comprehension(element, tuple(clauses), expr.span))

    def _text(self, parts: Sequence[str | ast.Slot], span: Span) -> Term:
        """Lower a text: it is a constant unless a slot reads something."""
        whole = template(self._pieces(parts, span), span)
        if self._lenient and isinstance(whole, terms.Template) and len(whole.parts) == 1:
            return whole.parts[0] if isinstance(whole.parts[0], terms.Read) else whole
        return whole

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
        if not slot.format:
            return read
        return self._checked(terms.Apply("format", (("x", read), ("f", Const(slot.format))), slot.ref.span))

    def _constant(self, value: Term) -> Const | None:
        """Return the constant value of a term that reads nothing, if it could be computed."""
        if isinstance(value, Const):
            return value
        return self._constants.get(id(value), (value, None))[1]

    def _checked(self, value: Term) -> Term:
        """Return the term; if it reads nothing, evaluate it now to report mistakes early."""
        known = value if isinstance(value, terms.Comprehension) else self._with_constants(value)
        if known is not None and next(terms.free_reads(known), None) is None:
            try:
                constant = Const(evaluate(known, NoReads(), budget=self._budget))
                if not isinstance(value, terms.Binary) or is_small(constant.value):
                    self._constants[id(value)] = (value, constant)
            except EvaluationError as error:
                # A part of a list in place was checked before, and may have been reported.
                mistake = plan_errors.WrongOperand(span=error.span, reason=str(error))
                if not error.is_exhausted and mistake not in self.diagnostics:
                    self.diagnostics.append(mistake)
        elif (reason := self._facts.fault(value)) is not None:
            notes = self._facts.notes(terms.children(value), value.span)
            self.diagnostics.append(plan_errors.WrongOperand(span=value.span, reason=reason, notes=notes))
        return value

    def _with_constants(self, value: Term) -> Term | None:
        """Return the term with the values of the terms directly inside it; None if one of them is not constant."""
        constants = [self._constant(child) for child in terms.children(value)]
        values = [part for part in constants if part is not None]
        return terms.rebuild(value, values) if len(values) == len(constants) else None
