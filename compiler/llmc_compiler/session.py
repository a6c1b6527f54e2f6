"""Compiling as a conversation: finished statements in, steps for the runtime out.

What may start before the whole plan is known is handed over at once; everything else when the plan is closed, after the
passes. A node once handed over never changes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from llmc_compiler.analysis.unused_tasks import unused_tasks
from llmc_compiler.diagnostics import plan_errors
from llmc_compiler.effects.effects import When
from llmc_compiler.expressions.input_types import describe, fits, literal, type_of
from llmc_compiler.expressions.terms import Json, NodeId
from llmc_compiler.ir.graph import Call, Loop, Node, Parameter, TaskId, effects_of, node_body
from llmc_compiler.ir.order_edges import Hazards
from llmc_compiler.ir.verifier import BrokenGraphError
from llmc_compiler.lowering.lowering import Lowering
from llmc_compiler.lowering.secret_flow import SecretFlow
from llmc_compiler.lowering.secret_labels import Label
from llmc_compiler.passes.pipeline import PIPELINE, Pass, Sweeping, optimize
from llmc_compiler.serialization.compiled_graph import Graph, with_forms
from llmc_compiler.steps import Add, Conceal, Drop, Report, Share, Step
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import ast
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.source import Span


@dataclass(frozen=True, slots=True)
class Earlier:
    """The plans before this one: their ids are taken, those that have a value can be read, and some are secret."""

    values: Mapping[str, Json] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    secrets: Mapping[str, Label] = field(default_factory=dict)


NOTHING: Final = Earlier()


class Session:
    """Compiles one plan, statement by statement.

    `early=False` hands nothing over before the end, as for a plan file, which is known as a whole; `lenient` is for a
    model's text, where a quoted reference is a reference, and `written` gives what stands at a place of it. Values of
    `earlier` plans are read like inputs: whoever runs the nodes has them as parameters.
    """

    def __init__(
        self,
        tools: Toolbox,
        *,
        passes: Sequence[Pass] = PIPELINE,
        early: bool = True,
        lenient: bool = False,
        written: Callable[[Span], str] | None = None,
        earlier: Earlier = NOTHING,
    ) -> None:
        """Start with an empty plan; raises ToolboxError for a resource in braces that is no parameter."""
        require_parameters(tools)
        self._passes = tuple(passes)
        self._early = early
        self._lenient = lenient
        self._tools = tools
        self._lowering = Lowering(tools, lenient=lenient, written=written)
        self._lowering.recall(earlier.taken, earlier.values)
        self._hazards = Hazards()
        self._secrets = SecretFlow(earlier.secrets)
        self._stages = [(known.sweep(), Hazards()) for known in self._passes if isinstance(known, Sweeping)]
        self._nodes: dict[NodeId, Node] = {}
        self._tasks: dict[TaskId, NodeId] = {}
        self._parameters: list[Parameter] = []
        self._handed: dict[NodeId, Node] = {}
        self._joined = False
        self.graph: Graph | None = None
        """The optimised graph, once the plan is closed; `written` is the one before the passes."""
        self.written: Graph | None = None

    @property
    def is_joined(self) -> bool:
        """Whether the join was seen, after which nothing comes."""
        return self._joined

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Every mistake found so far."""
        return tuple(self._lowering.diagnostics)

    def feed(self, statement: ast.Statement) -> tuple[Step, ...]:
        """Compile a finished statement; what it does may start now is handed over."""
        found = len(self._lowering.diagnostics)
        nodes = self._lower(statement)
        self._secrets.add(nodes)
        self._lowering.diagnostics.extend(self._secrets.mistakes())
        placed = [self._hazards.place(_with_effects(node)) for node in nodes]
        self._nodes.update((node.id, node) for node in placed)
        if isinstance(statement, ast.Join):
            self._lowering.diagnostics.extend(self._unused())
        reported = tuple(self._lowering.diagnostics[found:])
        steps: list[Step] = [Report(reported)] if reported else []
        if self._early and not any(mistake.severity == "error" for mistake in reported):
            steps += self._hand_over(placed)
        return tuple(steps)

    def tolerate(self, broken: Iterable[str | None]) -> None:
        """Take references to statements that are wrong in themselves as no further mistakes.

        `broken` has their numbers and names, None for one that has neither.
        """
        self._lowering.names.tolerate(broken)

    def _lower(self, statement: ast.Statement) -> list[Node]:
        """The nodes of a statement."""
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

    def _parameter(self, found: ast.Input) -> None:
        """Add an input."""
        default = None if found.default is None else literal(found.default)
        wanted = found.type or (ast.Type("str") if found.default is None else type_of(default))
        self._lowering.input(found, wanted)
        if found.default is not None and not fits(default, wanted):
            self._lowering.diagnostics.append(
                plan_errors.WrongDefault(
                    span=found.default.span,
                    name=found.name,
                    type=describe(wanted),
                    found=describe(type_of(default)) if default is not None else "null",
                )
            )
        self._parameters.append(Parameter(found.name, wanted, found.default is None, default))
        self._secrets.add_parameters(self._parameters[-1:])

    def _hand_over(self, nodes: Iterable[Node]) -> Iterable[Step]:
        """Steps for those of the nodes that may start while the plan is still being written."""
        for sweep, hazards in self._stages:
            nodes = [hazards.place(found) for node in nodes for found in sweep.add(node)]
        for node in nodes:
            if all(need in self._handed for need in node.needs) and _may_start_early(node):
                self._handed[node.id] = node
                yield Add((node,))

    def mistakes(self) -> tuple[Diagnostic, ...]:
        """Every mistake of a plan of which nothing more comes: also references to what never came."""
        return (*self._lowering.diagnostics, *self._lowering.names.mistakes())

    def _unused(self) -> tuple[Diagnostic, ...]:
        """Warn of tasks that nothing needs: in a plan file, where the tools are known and all else is right so far."""
        if self._lenient or not self._tools.is_known or self._lowering.names.is_incomplete:
            return ()
        is_wrong = any(one.severity == "error" for one in self.mistakes())
        return () if is_wrong else tuple(unused_tasks(self._graph()))

    def unended(self, task: Span) -> tuple[Diagnostic, ...]:
        """Warn of a last task that may be incomplete, if it may write."""
        nodes = (inner for node in self._nodes.values() for inner in (*node_body(node), node))
        for node in nodes:
            if not isinstance(node.op, Call) or not task.start <= node.span.start < task.end:
                continue
            if node.op.tool.effect.may_write or not self._tools.is_known:
                return (plan_errors.Unended(span=Span(task.end, task.end), tool=node.op.tool.name),)
        return ()

    def close(self) -> tuple[Step, ...]:
        """The end of the plan: everything not handed over yet.

        Raises CompileError with all mistakes, and where statements are missing that were wrong in themselves.
        """
        mistakes = self.mistakes()
        if self._lowering.names.is_incomplete or any(found.severity == "error" for found in mistakes):
            raise plan_errors.CompileError(mistakes)
        if not self._joined:
            self._nodes.update((node.id, node) for node in self._lowering.implicit_join())
        self.written = self._graph()
        self.graph = graph = with_forms(optimize(self.written, self._passes))
        return tuple(self._last_steps(graph))

    def _graph(self) -> Graph:
        """The plan so far, before the passes."""
        return Graph(dict(self._nodes), dict(self._tasks), tuple(self._parameters))

    @property
    def secrets(self) -> dict[str, Label]:
        """What is secret of inputs and results, also because of calls that the passes dropped."""
        same = {} if self.graph is None else self.graph.tasks
        known = self._secrets.sources.known()
        return known | {str(same[TaskId(name)]): label for name, label in known.items() if name in same}

    def _last_steps(self, graph: Graph) -> Iterable[Step]:
        """What became of the nodes handed over, and all others."""
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


def require_parameters(tools: Toolbox) -> None:
    """Refuse effects on resources that are named after no parameter; raises ToolboxError."""
    for tool in tools:
        shape = tool.signature.shape
        for name in tool.effect.parameters:
            if not shape.has(name):
                known = ", ".join(f"`{{{other}}}`" for other in shape.positional) or "none"
                raise ToolboxError(f"`{tool.name}` has no parameter `{name}` for {tool.effect}: it may name {known}")


def _with_effects(node: Node) -> Node:
    """The node with its effects on the resources that its arguments name."""
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
