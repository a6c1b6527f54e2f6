"""Inlining: the tasks of a plan take the place of a call of it.

    3. other($1, 2)    →    3/other/1   search($1)            the tasks of the plan, under new ids
                            3/other/2   compare($3/other/1, 2)
                            3           $3/other/2            the value of its join

A call may need the node `3/other/in`, whose value is a mapping of the arguments. All tasks run only if the arguments
have values, under the conditions of the call.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from llmc_compiler.expressions.terms import (
    Binary,
    Choice,
    Clause,
    Comprehension,
    Const,
    Get,
    Item,
    ListOf,
    MapOf,
    NodeId,
    Param,
    Path,
    Read,
    Slice,
    Subscript,
    Template,
    Term,
    base_of,
    children,
    reads,
    rebuild,
)
from llmc_compiler.expressions.text_terms import template
from llmc_compiler.expressions.value_parts import step_into
from llmc_compiler.ir.graph import (
    JOIN,
    Call,
    Condition,
    Evaluate,
    Inlined,
    Join,
    Loop,
    Node,
    Operation,
    TaskId,
    dependencies,
)
from llmc_compiler.ir.inlined_calls import inputs_of, prefix_of
from llmc_compiler.lowering.inlining.inlined_terms import (
    may_skip,
    or_null,
    strict_reads,
)
from llmc_compiler.lowering.inlining.plan_tool import PlanTool
from llmc_grammar.ast import NOWHERE, Type
from llmc_grammar.source import TEXT, Source, Span

_ANY: Final = Type("any")


# Not `@frozen`, for which mypy would read a tool through its `__get__`.
@dataclass(frozen=True, slots=True)
class PlanCall:
    """A call of a plan: its place, and its arguments by name, in the order written, without defaults.

    `direct` are arguments that the tasks may read themselves: constants, and whole values of a type that fits.
    A call that is `kept` prints as it was written, so all its arguments have a place in one node.
    """

    tool: PlanTool
    place: NodeId
    task: TaskId
    span: Span
    when: tuple[Condition, ...]
    arguments: Mapping[str, Term]
    direct: Mapping[str, Const | Read]
    fallback: Term | None
    kept: bool

    @property
    def prefix(self) -> str:
        """The beginning of the ids of its tasks."""
        return prefix_of(self.place, self.tool.name)

    @property
    def inputs(self) -> NodeId:
        """The id of the node of its arguments."""
        return inputs_of(self.place, self.tool.name)


def size(tool: PlanTool) -> int:
    """Return the number of nodes that a call adds."""
    return tool.plan.size


def inline(call: PlanCall, files: Mapping[Source, int]) -> Iterator[Node]:
    """Yield the nodes of a call in plan order: the arguments, the tasks, and last the call itself.

    `files` has the numbers of the texts of other plans.
    """
    return _Grafting(call, files).nodes()


@dataclass(slots=True)
class _Grafting:
    """The replacement of one call."""

    call: PlanCall
    files: Mapping[Source, int]
    _values: dict[str, Const | Read] = field(default_factory=dict)
    _optional: frozenset[NodeId] = frozenset()
    _tasks: set[NodeId] = field(default_factory=set)
    _extra: dict[Term, NodeId] = field(default_factory=dict)
    _waiting: list[tuple[NodeId, Term]] = field(default_factory=list)
    _distances: dict[int, int] = field(default_factory=dict)

    def nodes(self) -> Iterator[Node]:
        """Yield the nodes."""
        call, graph = self.call, self.call.tool.plan.graph
        self._distances = self._measured()
        if (inputs := self._inputs()) is not None:
            yield inputs
        for parameter in graph.parameters:
            if parameter.name in call.direct and not (call.kept and parameter.name in call.arguments):
                self._values[parameter.name] = call.direct[parameter.name]
            elif parameter.name in call.arguments:
                self._values[parameter.name] = call.direct.get(parameter.name) or Get(call.inputs, (parameter.name,))
            else:
                self._values[parameter.name] = Const(parameter.default)
        self._optional = may_skip(graph)
        given = self._given(inputs)
        for node in graph.nodes.values():
            if node.id != JOIN:
                yield from self._task(node, given)
        yield from self._value(graph.nodes[JOIN], given)

    def _measured(self) -> dict[int, int]:
        """Map the number of each text of the plan to the distance by which its spans move."""
        source = self.call.tool.plan.source
        texts = (replace(source, others=()), *source.others)
        return {number: (self.files.get(text, 0) - number) * TEXT for number, text in enumerate(texts)}

    # Arguments

    def _inputs(self) -> Node | None:
        """Return the node with the arguments that the tasks do not read directly, if there are any."""
        call = self.call
        own = {name: term for name, term in call.arguments.items() if call.kept or name not in call.direct}
        if not own and not call.kept:
            return None
        if not call.kept:
            # In the order written: an argument that is skipped counts before a later one that fails.
            own = {name: term for name, term in call.arguments.items() if not isinstance(term, Const)}
        op = Evaluate(MapOf(tuple(own.items()), call.span))
        inlined = None
        if call.kept:
            wanted = {each.name: each.type for each in call.tool.plan.graph.parameters}
            op = replace(op, plan=call.tool.name, expects=tuple((name, wanted.get(name, _ANY)) for name in own))
            inlined = Inlined(call.place, (call.span,), call.place)
        return self._node(call.inputs, op, call.when, call.span, inlined)

    def _given(self, inputs: Node | None) -> tuple[Condition, ...]:
        """Return the condition that the arguments have values; a list with elements is always true."""
        call, span = self.call, self.call.span
        nodes = {} if inputs is None else {inputs.id: None}
        nodes.update((value.node, None) for value in call.direct.values() if isinstance(value, Get))
        values: list[Term] = [Get(node, (), span) for node in nodes]
        if call.fallback is not None:
            # Reads of a fallback may be skipped, but one that failed blocks the call.
            read = dict.fromkeys(read.node for read in reads(call.fallback))
            values += (Binary("==", Get(node, (), span), Const(None, span), span) for node in read)
        return (Condition(ListOf(tuple(values), span)),) if values else ()

    # Nodes

    def _task(self, node: Node, given: tuple[Condition, ...]) -> Iterator[Node]:
        """Yield a node of the plan under its new id, and the nodes that it needs besides."""
        # The join reads skipped values as null, also in the conditions of calls in it.
        is_join = node.task == TaskId(JOIN)
        own = tuple(replace(each, term=self._term(each.term, nulls=is_join)) for each in node.when)
        op, when = self._operation(node.op), (*self.call.when, *given, *own)
        key, inlined = self._id(node.id), self._origin(node)
        yield from self._texts((*self.call.when, *given), inlined)
        span = self._moved(node.span)
        # An earlier write that failed blocks a call before its arguments are evaluated.
        is_ordered = isinstance(op, Call) and any(effect.is_stateful for effect in node.effects)
        if not own and not is_ordered and self._implies(op, given):
            when = self.call.when
        self._tasks.add(key)
        yield replace(self._node(key, op, when, span, inlined), effects=node.effects)

    def _implies(self, op: Operation, given: tuple[Condition, ...]) -> bool:
        """Whether an operation certainly is skipped or blocked where the arguments have no values."""
        strict = strict_reads(op)
        arguments = {read.node for condition in given for read in reads(condition.term)}
        return not strict.isdisjoint(self._tasks) or strict.issuperset(arguments)

    def _value(self, join: Node, given: tuple[Condition, ...]) -> Iterator[Node]:
        """Yield the node of the call itself, after those for its texts."""
        assert isinstance(join.op, Join)  # noqa: S101 — the verifier has checked it
        term = self._term(join.op.term, nulls=True)
        when = (*self.call.when, *given)
        yield from self._texts(when, self._origin(join))
        op = Evaluate(term, self.call.fallback, self.call.tool.name if self.call.kept else None)
        if not self.call.kept and self._implies(op, given):
            when = self.call.when
        yield self._node(self.call.place, op, when, self.call.span, None)

    def _operation(self, op: Operation) -> Operation:
        """Return an operation that reads the new ids."""
        match op:
            case Call(_, bound, fallback=fallback):
                arguments = tuple((name, self._term(value)) for name, value in bound)
                return replace(op, bound=arguments, fallback=self._optional_term(fallback))
            case Evaluate(value, fallback):
                return replace(op, term=self._term(value), fallback=self._optional_term(fallback))
            case Loop(name, source, body, result, carry):
                return replace(
                    op,
                    name=self._id(NodeId(name)),
                    source=self._term(source),
                    body=tuple(map(self._inside, body)),
                    result=self._id(result),
                    carry=tuple((self._id(earlier), self._id(later)) for earlier, later in carry),
                )
            case Join():
                message = "a plan has one join"
                raise TypeError(message)

    def _inside(self, node: Node) -> Node:
        """Return a node of a loop's body under its new id."""
        when = tuple(replace(each, term=self._term(each.term)) for each in node.when)
        op = self._operation(node.op)
        moved = self._node(self._id(node.id), op, when, self._moved(node.span), self._origin(node))
        return replace(moved, effects=node.effects)

    def _node(
        self, key: NodeId, op: Operation, when: tuple[Condition, ...], span: Span, inlined: Inlined | None
    ) -> Node:
        """Return a node for the task of the call."""
        task = self.call.task
        return Node(key, op, task, when, dependencies(op, when), origins=(task,), span=span, inlined=inlined)

    def _origin(self, node: Node) -> Inlined:
        """Return the origin of a node: calls around it stay, and the outermost call that is kept owns it."""
        owner = self.call.place if self.call.kept else None
        if node.inlined is None:
            return Inlined(self._id(NodeId(node.task)), (self.call.span,), owner)
        inner = node.inlined
        owner = owner or (None if inner.owner is None else self._id(inner.owner))
        return Inlined(self._id(inner.task), (self.call.span, *map(self._moved, inner.calls)), owner)

    def _id(self, key: NodeId) -> NodeId:
        """Return the new id of a node, or the new name of an element."""
        return NodeId(f"{self.call.prefix}{key}")

    # Terms

    def _optional_term(self, fallback: Term | None) -> Term | None:
        """Return a fallback that reads the new ids; it reads skipped values as null by itself."""
        return None if fallback is None else self._term(fallback)

    def _term(self, term: Term, *, nulls: bool = False, in_text: bool = False) -> Term:
        """Return a term that reads the new ids; with `nulls`, one that reads skipped tasks as null."""
        span = self._moved(term.span)
        match term:
            case Const(value):
                return Const(value, span)
            case Param(name, path):
                return self._param(name, path, span, in_text=in_text)
            case Item(name, path):
                return Item(self._id(NodeId(name)), path, span)
            case Get(node, path):
                read = Get(self._id(node), path, span)
                if not nulls or node not in self._optional:
                    return read
                return self._named(or_null(read)) if in_text else or_null(read)
            case Template(parts):
                return template(
                    [part if isinstance(part, str) else self._term(part, nulls=nulls, in_text=True) for part in parts],
                    span,
                )
            case Subscript() | Slice() if nulls and (base := base_of(term)) is not None and base.node in self._optional:
                # Behind a skipped value that reads as null, steps are null too.
                null, read = Const(None, span), Get(self._id(base.node), (), span)
                return Choice(Binary("!=", read, null, span), self._steps(term), null, span)
            case Comprehension(element, clauses):
                loops = tuple(self._clause(each, nulls=nulls) for each in clauses)
                return Comprehension(self._term(element, nulls=nulls), loops, span)
            case _:
                inner = rebuild(term, [self._term(each, nulls=nulls, in_text=in_text) for each in children(term)])
                return replace(inner, span=span)

    def _steps(self, term: Term) -> Term:
        """Return steps whose innermost value is not skipped; keys and bounds read skipped tasks as null."""
        if not isinstance(term, (Subscript, Slice)):
            return self._term(term)
        first, *rest = children(term)
        inner = rebuild(term, [self._steps(first), *(self._term(part, nulls=True) for part in rest)])
        return replace(inner, span=self._moved(term.span))

    def _clause(self, clause: Clause, *, nulls: bool) -> Clause:
        """Return a clause of a comprehension that reads the new ids."""
        condition = None if clause.condition is None else self._term(clause.condition, nulls=nulls)
        return Clause(self._id(NodeId(clause.name)), self._term(clause.source, nulls=nulls), condition)

    def _param(self, name: str, path: Path, span: Span, *, in_text: bool) -> Term:
        """Return the value of an input, or a part of it."""
        value = self._values[name]
        if not isinstance(value, Const):
            return replace(value, path=(*value.path, *path), span=span)
        # A constant is written in the call.
        part = Const(value.value, span if value.span == NOWHERE else value.span)
        for index, step in enumerate(path):
            try:
                part = Const(step_into(part.value, step), span)
            except LookupError:
                # A part that is missing fails when it is read, as it does in the plan itself.
                missing: Term = part
                for rest in path[index:]:
                    missing = Subscript(missing, Const(rest, span), span)
                return self._named(missing) if in_text and not self.call.kept else missing
        return part

    def _named(self, term: Term) -> Get:
        """Return the read of a term from a separate node, since texts hold reads only."""
        key = self._extra.get(term)
        if key is None:
            key = self._extra[term] = self._id(NodeId(f"{JOIN}/text{len(self._extra)}"))
            self._waiting.append((key, term))
        return Get(key, (), term.span)

    def _texts(self, when: tuple[Condition, ...], inlined: Inlined) -> Iterator[Node]:
        """Yield the nodes for terms in texts that were not yielded yet."""
        waiting, self._waiting = self._waiting, []
        for key, term in waiting:
            yield self._node(key, Evaluate(term), when, term.span, inlined)

    def _moved(self, span: Span) -> Span:
        """Return the span in the texts of the calling plan."""
        return span if span == NOWHERE else span.moved(self._distances.get(span.start // TEXT, 0))
