"""The incremental compiler: takes finished statements, and returns compiler steps for the executor.

Nodes that may start before the whole plan is known are released at once. All others follow when the plan is closed,
after the passes. A released node never changes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from llmc_compiler.analysis.unused_tasks import unused_tasks
from llmc_compiler.diagnostics import plan_errors
from llmc_compiler.effects.effects import When
from llmc_compiler.expressions.input_types import describe, fits, literal, type_of
from llmc_compiler.expressions.terms import Json, NodeId
from llmc_compiler.ir.graph import Call, Graph, Loop, Node, Parameter, TaskId, effects_of, nodes_within
from llmc_compiler.ir.order_edges import Hazards
from llmc_compiler.ir.verifier import BrokenGraphError
from llmc_compiler.lowering.lowering import Lowering
from llmc_compiler.lowering.secret_flow import SecretFlow
from llmc_compiler.lowering.secret_labels import Label
from llmc_compiler.passes.stages import Pass, Sweeping, optimize
from llmc_compiler.steps import Add, Conceal, Drop, Report, Share, Step
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import ast
from llmc_grammar.bounds import Bounds
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.frozen_data import frozen
from llmc_grammar.source import Span

if TYPE_CHECKING:
    from llmc_compiler.serialization.compiled_graph import Graph as CompiledGraph


@frozen
class Earlier:
    """The plans before this one: their ids are taken, tasks with a value can be read, and some values are secret."""

    values: Mapping[str, Json] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    secrets: Mapping[str, Label] = field(default_factory=dict)


NOTHING: Final = Earlier()


class Session:
    """Compiles one plan, statement by statement.

    `early=False` releases nothing before the end, as for a plan file, which is known as a whole. `lenient` is for a
    model's text, where a quoted reference is a reference. `written` returns the text of a span. Values of `earlier`
    plans are read like inputs, so the executor needs them as parameters. `most_tasks` bounds the tasks, with those of
    the plans that are called. The passes are those of PIPELINE if none are given.
    """

    def __init__(
        self,
        tools: Toolbox,
        *,
        passes: Sequence[Pass] | None = None,
        early: bool = True,
        lenient: bool = False,
        written: Callable[[Span], str] | None = None,
        earlier: Earlier = NOTHING,
        most_tasks: int = Bounds.FILE.tasks,
    ) -> None:
        """Start with an empty plan; raises ToolboxError if an effect names a missing parameter in braces."""
        require_parameters(tools)
        self._passes = _all_passes() if passes is None else tuple(passes)
        self._early = early
        self._lenient = lenient
        self._tools = tools
        self._lowering = Lowering(tools, lenient=lenient, written=written, most_tasks=most_tasks)
        self._lowering.recall(earlier.taken, earlier.values)
        self._hazards = Hazards()
        self._secrets = SecretFlow(earlier.secrets)
        self._stages = [(transform.sweep(), Hazards()) for transform in self._passes if isinstance(transform, Sweeping)]
        self._nodes: dict[NodeId, Node] = {}
        self._tasks: dict[TaskId, NodeId] = {}
        self._parameters: list[Parameter] = []
        self._handed: dict[NodeId, Node] = {}
        self._joined = False
        self.graph: CompiledGraph | None = None
        """The optimised graph, once the plan is closed; `written` is the graph before the passes."""
        self.written: CompiledGraph | None = None

    @property
    def is_joined(self) -> bool:
        """Whether the join was seen, which ends the plan."""
        return self._joined

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All diagnostics so far."""
        return tuple(self._lowering.diagnostics)

    def feed(self, statement: ast.Statement) -> tuple[Step, ...]:
        """Compile a finished statement, and release the nodes that may start now."""
        before = len(self._lowering.diagnostics)
        nodes = self._lower(statement)
        self._secrets.add(nodes)
        self._lowering.diagnostics.extend(self._secrets.mistakes())
        placed = [self._hazards.place(_with_effects(node)) for node in nodes]
        self._nodes.update((node.id, node) for node in placed)
        if isinstance(statement, ast.Join):
            self._lowering.diagnostics.extend(self._unused())
        reported = tuple(self._lowering.diagnostics[before:])
        steps: list[Step] = [Report(reported)] if reported else []
        if self._early and not any(mistake.severity == "error" for mistake in reported):
            steps += self._hand_over(placed)
        return tuple(steps)

    def tolerate(self, broken: Iterable[str | None]) -> None:
        """Ignore references to statements that have mistakes themselves.

        `broken` has their numbers and names, and None for a statement without either.
        """
        self._lowering.names.tolerate(broken)

    def _lower(self, statement: ast.Statement) -> list[Node]:
        """Lower a statement; return its nodes."""
        match statement:
            case ast.Input():
                self._parameter(statement)
            case ast.Task():
                nodes = self._lowering.task(statement)
                self._tasks.update((nodes[-1].task, nodes[-1].id) for _ in nodes[-1:])
                return nodes
            case ast.Join():
                self._joined = True
                return self._lowering.join(statement)
            case _:
                pass
        return []

    def _parameter(self, declared: ast.Input) -> None:
        """Add an input."""
        default = None if declared.default is None else literal(declared.default)
        wanted = declared.type or (ast.Type("str") if declared.default is None else type_of(default))
        self._lowering.input(declared, wanted)
        if declared.default is not None and not fits(default, wanted):
            self._lowering.diagnostics.append(
                plan_errors.WrongDefault(
                    span=declared.default.span,
                    name=declared.name,
                    type=describe(wanted),
                    found=describe(type_of(default)) if default is not None else "null",
                )
            )
        self._parameters.append(Parameter(declared.name, wanted, declared.default is None, default))
        self._secrets.add_parameters(self._parameters[-1:])

    def _hand_over(self, nodes: Iterable[Node]) -> Iterable[Step]:
        """Release the nodes that may start while the plan is still being written."""
        for sweep, hazards in self._stages:
            nodes = [hazards.place(replacement) for node in nodes for replacement in sweep.add(node)]
        for node in nodes:
            if all(need in self._handed for need in node.needs) and _may_start_early(node):
                self._handed[node.id] = node
                yield Add((node,))

    def mistakes(self) -> tuple[Diagnostic, ...]:
        """Return every mistake, as if the plan ended here; that includes references to missing tasks."""
        return (*self._lowering.diagnostics, *self._lowering.names.mistakes())

    def _unused(self) -> tuple[Diagnostic, ...]:
        """Warn of unused tasks, in a plan file without mistakes so far whose tools are known."""
        if self._lenient or not self._tools.is_known or self._lowering.names.is_incomplete:
            return ()
        is_wrong = any(mistake.severity == "error" for mistake in self.mistakes())
        return () if is_wrong else tuple(unused_tasks(self._graph()))

    def unended(self, task: Span) -> tuple[Diagnostic, ...]:
        """Warn of a last task that may be incomplete, if it may write."""
        nodes = (inner for node in self._nodes.values() for inner in (*nodes_within(node), node))
        for node in nodes:
            if not isinstance(node.op, Call) or not task.start <= node.own_span.start < task.end:
                continue
            if node.op.tool.effect.may_write or not self._tools.is_known:
                return (plan_errors.Unended(span=Span(task.end, task.end), tool=node.op.tool.name),)
        return ()

    def close(self) -> tuple[Step, ...]:
        """End the plan, and return the remaining compiler steps.

        Raises CompileError with all mistakes, and also if statements are missing because they have mistakes.
        """
        from llmc_compiler.serialization.compiled_graph import with_forms  # noqa: PLC0415 — a check makes no graph

        mistakes = self.mistakes()
        if self._lowering.names.is_incomplete or any(mistake.severity == "error" for mistake in mistakes):
            raise plan_errors.CompileError(mistakes)
        if not self._joined:
            self._nodes.update((node.id, node) for node in self._lowering.implicit_join())
        self.written = with_forms(self._graph())
        self.graph = graph = with_forms(optimize(self.written, self._passes))
        return tuple(self._last_steps(graph))

    def _graph(self) -> Graph:
        """Return the plan so far, before the passes."""
        return Graph(dict(self._nodes), dict(self._tasks), tuple(self._parameters))

    @property
    def secrets(self) -> dict[str, Label]:
        """The secret parts of inputs and results, including those found through calls that the passes dropped."""
        same = {} if self.graph is None else self.graph.tasks
        labels = self._secrets.sources.known()
        return labels | {str(same[TaskId(name)]): parts for name, parts in labels.items() if name in same}

    def _last_steps(self, graph: Graph) -> Iterable[Step]:
        """Yield the compiler steps for dropped, merged and remaining nodes."""
        if labels := self.secrets:
            yield Conceal(labels)
        dead = tuple(key for key in self._handed if key not in graph.nodes)
        if dead:
            yield Drop(dead)
        for key, node in self._handed.items():
            if key in graph.nodes and replace(graph.nodes[key], origins=node.origins) != node:
                message = f"{key} was handed over and then changed"
                raise BrokenGraphError(message)
        if rest := tuple(node for key, node in graph.nodes.items() if key not in self._handed):
            yield Add(rest)
        yield from (Share(task, key) for task, key in graph.tasks.items() if str(task) != str(key))


def _all_passes() -> tuple[Pass, ...]:
    """Return the passes of PIPELINE."""
    from llmc_compiler.passes.pipeline import PIPELINE  # noqa: PLC0415 — slow to import, and a check runs no passes

    return PIPELINE


def require_parameters(tools: Toolbox) -> None:
    """Check that all effects name existing parameters in braces; raises ToolboxError."""
    for tool in tools:
        shape = tool.signature.shape
        for name in tool.effect.parameters:
            if not shape.has(name):
                known = ", ".join(f"`{{{other}}}`" for other in shape.positional) or "none"
                raise ToolboxError(f"`{tool.name}` has no parameter `{name}` for {tool.effect}: it may name {known}")


def _with_effects(node: Node) -> Node:
    """Return the node with its effects on the resources that its arguments name."""
    op = node.op
    if isinstance(op, Loop):
        op = replace(op, body=tuple(map(_with_effects, op.body)))
    effects = effects_of(op)
    return node if op is node.op and effects == node.effects else replace(node, op=op, effects=effects)


def _may_start_early(node: Node) -> bool:
    """Whether the node may start before the whole plan is known."""
    if isinstance(node.op, Call) and (node.op.tool.approve or not node.op.tool.early):
        return False
    if isinstance(node.op, Loop) and not all(_may_start_early(inner) for inner in node.op.body):
        return False
    allowed = {When.YES} if node.after else {When.YES, When.UNWRITTEN}
    return all(effect.rule.early in allowed for effect in node.effects)
