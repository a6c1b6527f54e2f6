"""Prints the graph back as a plan, so that compiling is source to source.

A nested call is printed in place if it is used once, and otherwise becomes a task with a fresh name. A merged task is
printed as `b = $a`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, assert_never

from llmc_compiler.expressions import terms as term
from llmc_compiler.expressions.functions.table import FUNCTIONS
from llmc_compiler.expressions.terms import Json, NodeId, Term
from llmc_compiler.ir.graph import (
    JOIN,
    Call,
    Condition,
    Evaluate,
    Graph,
    Join,
    Loop,
    Node,
    Parameter,
    TaskId,
    all_nodes,
    nodes_within,
)
from llmc_compiler.ir.inlined_calls import arguments_of, element_names, printed_conditions
from llmc_compiler.ir.task_names import outside_names, task_names
from llmc_grammar import ast
from llmc_grammar.print import print_expr, print_plan, print_statement
from llmc_grammar.subscripts import constant_step

_ENDS_A_NAME = frozenset(["", *" \n\t;:!?)]}'\"/"])

_LONGEST_NAME: Final = 64


def print_graph(graph: Graph, uses: Sequence[ast.Use] = ()) -> str:
    """Return the graph as canonical plan text; `uses` are the lines that name its tools."""
    return print_plan(to_plan(graph, uses))


def to_plan(graph: Graph, uses: Sequence[ast.Use] = ()) -> ast.Plan:
    """Return the graph as a plan."""
    return ast.Plan(tuple(_Printer(graph, task_names(graph)).statements(uses)))


def describe_nodes(graph: Graph) -> Iterator[tuple[Node, str, list[str]]]:
    """Yield each node with its text and the texts of its conditions, which refer to nodes by ids: `add($3/a0, 1)`."""
    printer = _Printer(graph, {key: str(key) for key in graph.nodes})
    for node in graph.nodes.values():
        yield node, printer.describe(node), printer.conditions(node.when)


def describe_bodies(graph: Graph) -> Iterator[tuple[Node, str, list[str]]]:
    """Yield the same as `describe_nodes`, for each node inside a loop."""
    bodies = [node for outer in graph.nodes.values() for node in nodes_within(outer)]
    printer = _Printer(graph, {key: str(key) for key in (*graph.nodes, *(node.id for node in bodies))})
    for node in bodies:
        yield node, printer.describe(node), printer.conditions(node.when)


def node_texts(graph: Graph) -> dict[NodeId, str]:
    """Map each node, including those in loops, to its text with conditions: `add($3/a0, 1) if $2 and not $4`."""
    described = (*describe_nodes(graph), *describe_bodies(graph))
    return {
        node.id: " and ".join((f"{text} if {when[0]}", *when[1:])) if when else text for node, text, when in described
    }


class _Printer:
    """Writes a graph with these names of nodes; a node without a name is written in the place where it is used."""

    def __init__(self, graph: Graph, names: Mapping[NodeId, str]) -> None:
        self._graph = graph
        self._names = names
        self._items = element_names(graph, {*names.values(), *graph.tasks, *outside_names(graph)})
        self._nodes = {node.id: node for node in all_nodes(graph)}

    def statements(self, uses: Sequence[ast.Use]) -> Iterator[ast.Statement]:
        """Yield every statement of the plan."""
        yield from uses
        yield from map(_input, self._graph.parameters)
        tasks = iter(self._graph.tasks.items())
        for node in self._graph.nodes.values():
            if str(node.id) == str(node.task):
                yield from self._merged(tasks)
            if node.id in self._names:
                yield self._task(node)
        yield self._join(self._graph.nodes[JOIN])

    def _merged(self, tasks: Iterator[tuple[TaskId, NodeId]]) -> Iterator[ast.Task]:
        """Yield the merged tasks up to the next task with a separate node; each reads the node it was merged into."""
        for task, key in tasks:
            if str(task) == str(key):
                return
            yield ast.Task(task, ast.Ref(self._names[key]))

    def _task(self, node: Node) -> ast.Task:
        """Return the node as a task."""
        if isinstance(node.op, Loop) and not node.when:
            return self._looped(self._names[node.id], node.op)
        options, guard = tuple(_options(self, node)), self._guard(node.when)
        own = self._own(node)
        if isinstance(own, ast.Comprehension) and guard is None and not options:
            return ast.Task(self._names[node.id], own.element, loops=own.loops)
        return ast.Task(self._names[node.id], own, guard=guard, options=options)

    def _looped(self, name: str | None, loop: Loop) -> ast.Task:
        """Return a loop as a task, with the options of its element."""
        result, loops = self._loops(loop)
        return ast.Task(name, self._own(result), loops=loops, options=tuple(_options(self, result)))

    def _loops(self, loop: Loop) -> tuple[Node, tuple[ast.Loop, ...]]:
        """Return the node of an element, and the loops in a row that give it."""
        result = self._nodes[loop.result]
        first = ast.Loop(self._item(loop.name), self._expr(loop.source), self._guard(result.when))
        if not loop.flat or not isinstance(result.op, Loop):
            return result, (first,)
        element, others = self._loops(result.op)
        return element, (first, *others)

    def describe(self, node: Node) -> str:
        """Return the text of a node."""
        if isinstance(node.op, Loop):
            return print_statement(self._looped(None, node.op))
        return print_expr(self._own(node))

    def conditions(self, when: Iterable[Condition]) -> list[str]:
        """Return each condition as text."""
        return [print_expr(self._condition(condition)) for condition in when]

    def optioned(self, node: Node) -> Node:
        """Return the node to which the options of a task belong: the call below its steps, or the task's own node."""
        read = term.base_of(node.op.term) if isinstance(node.op, Evaluate) and node.op.plan is None else None
        if read is None or read.node in self._names:
            return node
        nested = self._nodes[read.node]
        return nested if isinstance(nested.op, Call) else node

    def _condition(self, condition: Condition) -> ast.Expr:
        """Return a condition as an expression that is true if the condition holds."""
        expression = self._expr(condition.term)
        return expression if condition.expected else ast.Unary("not", expression)

    def _guard(self, when: Iterable[Condition]) -> ast.Expr | None:
        """Return all conditions as one expression."""
        whole: ast.Expr | None = None
        for condition in printed_conditions(when, self._nodes):
            expression = self._condition(condition)
            whole = expression if whole is None else ast.Binary("and", whole, expression)
        return whole

    def _own(self, node: Node) -> ast.Expr:
        """Return the operation of a node as an expression."""
        match node.op:
            case Call(tool, bound):
                return ast.Call(tool.name, tuple(self._arguments(tool.signature.shape.positional, bound)))
            case Evaluate(plan=str() as plan) if not node.holds_arguments:
                given = arguments_of(node, self._nodes)
                return ast.Call(plan, tuple(ast.Argument(name, self._expr(value)) for name, value in given))
            case Evaluate(value) | Join(value):
                return self._expr(value)
            case Loop():
                result, loops = self._loops(node.op)
                return ast.Comprehension(self._own(result), loops)
            case _:
                assert_never(node.op)

    def _arguments(self, positional: Sequence[str], bound: Sequence[tuple[str | None, Term]]) -> Iterator[ast.Argument]:
        """Yield arguments by position as long as they follow the order of the parameters, then by name."""
        in_line = True
        for index, (name, value) in enumerate(bound):
            in_line = in_line and (name is None or positional[index : index + 1] == (name,))
            yield ast.Argument(None if in_line else name, self._expr(value))

    def _item(self, name: str) -> str:
        """Return the name of an element: one of an inlined plan gets a fresh name."""
        return self._items.get(name, name)

    def _join(self, node: Node) -> ast.Join:
        """Return the join as it would be written."""
        if not isinstance(node.op, Join):
            message = "the last node is not a join"
            raise TypeError(message)
        value = node.op.term
        if node.op.everything and self._names.keys() <= set(self._graph.tasks.values()):
            return ast.Join(None, ())
        match value:
            case term.MapOf(entries) if entries and all(_is_word(key) for key, _ in entries):
                return ast.Join(None, tuple(ast.Argument(key, self._expr(item)) for key, item in entries))
            case term.ListOf(items) if len(items) > 1:
                return ast.Join(None, tuple(ast.Argument(None, self._expr(item)) for item in items))
            case _:
                return ast.Join(None, (ast.Argument(None, self._expr(value)),))

    def _expr(self, value: Term) -> ast.Expr:
        """Return a term as an expression."""
        match value:
            case term.Const(data):
                return _literal(data)
            case term.Get(key, path) if key not in self._names:
                return _with_steps(self._own(self._nodes[key]), path)
            case term.Get() | term.Item() | term.Param():
                return self._ref(value)
            case term.Template(parts):
                return ast.Text(tuple(self._slots(parts)))
            case term.ListOf(items):
                return ast.List(tuple(map(self._expr, items)))
            case term.MapOf(entries):
                return ast.Map(tuple((key, self._expr(item)) for key, item in entries))
            case term.Subscript(base, key):
                return _subscript(self._expr(base), self._expr(key))
            case term.Slice(base, start, stop):
                return ast.Slice(self._expr(base), self._optional(start), self._optional(stop))
            case term.Apply(function, arguments):
                return ast.Call(function, tuple(self._arguments(FUNCTIONS[function].positional, arguments)))
            case term.Comprehension(element, clauses):
                return ast.Comprehension(self._expr(element), tuple(map(self._clause, clauses)))
            case term.Unary(op, operand):
                return ast.Unary(op, self._expr(operand))
            case term.Binary(op, left, right):
                return ast.Binary(op, self._expr(left), self._expr(right))
            case term.Choice(condition, then, otherwise):
                return ast.Choice(self._expr(condition), self._expr(then), self._expr(otherwise))
            case _:
                assert_never(value)

    def _clause(self, clause: term.Clause) -> ast.Loop:
        """Return a clause of a comprehension as a loop."""
        return ast.Loop(self._item(clause.name), self._expr(clause.source), self._optional(clause.condition))

    def _optional(self, value: Term | None) -> ast.Expr | None:
        """Return a term as an expression, if there is one."""
        return None if value is None else self._expr(value)

    def _ref(self, read: term.Get | term.Item | term.Param) -> ast.Ref:
        """Return a read as a reference."""
        match read:
            case term.Get(key, path):
                return ast.Ref(self._names[key], path)
            case term.Param(name, path):
                return ast.Ref(name, path)
            case term.Item(name, path):
                return ast.Ref(self._item(name), path)

    def _slots(self, parts: Sequence[str | Term]) -> Iterator[str | ast.Slot]:
        """Yield the parts of a text; a read gets braces if the text after it could belong to it."""
        for part, after in zip(parts, (*parts[1:], ""), strict=True):
            if isinstance(part, str):
                yield part
                continue
            form, read = _format(part)
            if isinstance(read, (term.Get, term.Item, term.Param)):
                ref = self._ref(read)
                is_bare = not (ref.path or form) and isinstance(after, str) and after[:1] in _ENDS_A_NAME
                yield ast.Slot(ref, f"${ref.name}" if is_bare else f"${{{_written(ref)}{form and f':{form}'}}}", form)


def _format(part: Term) -> tuple[str, Term]:
    """Return the format of a part of a text, empty without one, and the read that is written in it."""
    match part:
        case term.Apply("format", ((_, read), (_, term.Const(str() as form)))):
            return form, read
        case _:
            return "", part


def _options(printer: _Printer, node: Node) -> Iterator[ast.Option]:
    node = printer.optioned(node)
    if isinstance(node.op, Call):
        if node.op.timeout is not None:
            milliseconds = round(node.op.timeout * 1000)
            whole = milliseconds % 1000 == 0
            yield ast.Timeout(milliseconds // 1000 if whole else milliseconds, "s" if whole else "ms")
        if node.op.retries:
            yield ast.Retry(node.op.retries)
    if isinstance(node.op, (Call, Evaluate)) and node.op.fallback is not None:
        yield ast.Fallback(printer._expr(node.op.fallback))  # noqa: SLF001 — one printer, cut in two for length


def _with_steps(value: ast.Expr, path: term.Path) -> ast.Expr:
    """Return a value with constant steps behind it."""
    for step in path:
        value = _subscript(value, _literal(step))
    return value


def _subscript(value: ast.Expr, key: ast.Expr) -> ast.Expr:
    """Return `value[key]`; a constant key behind a reference becomes a part of it."""
    step = constant_step(key)
    if step is not None and isinstance(value, ast.Ref):
        return ast.Ref(value.name, (*value.path, step))
    return ast.Subscript(value, key)


def _input(parameter: Parameter) -> ast.Input:
    return ast.Input(parameter.name, parameter.type, None if parameter.required else _literal(parameter.default))


def _literal(value: Json) -> ast.Expr:
    """Return JSON data as an expression."""
    match value:
        case str():
            return ast.Text((value,) if value else ())
        case list():
            return ast.List(tuple(map(_literal, value)))
        case dict():
            return ast.Map(tuple((key, _literal(item)) for key, item in value.items()))
        case _:
            return ast.Literal(value)


def _written(ref: ast.Ref) -> str:
    """Return a reference as written between braces."""
    steps = (f".{step}" if isinstance(step, str) and _is_word(step) else _bracket(step) for step in ref.path)
    return ref.name + "".join(steps)


def _is_word(key: str) -> bool:
    """Whether a key may be written as an argument's name."""
    return key.isascii() and key.isidentifier() and len(key) <= _LONGEST_NAME


def _bracket(step: str | int) -> str:
    """Return a step in brackets."""
    return f"[{step}]" if isinstance(step, int) else f'["{step}"]'
