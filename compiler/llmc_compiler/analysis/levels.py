"""Which nodes run together, and what became of tasks that have no node of their own.

A level holds the nodes whose longest way from the start has the same length, over value and order edges alike, so each
edge leads down. Inside a loop it is the same, for one element.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from llmc_compiler.expressions.terms import NodeId, reads
from llmc_compiler.ir.graph import Call, Graph, Loop, Node, TaskId, node_body
from llmc_compiler.lowering.name_resolution import ScopeResolver
from llmc_grammar import ast
from llmc_grammar.print import print_statement

Levels = tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class RemovedTask:
    """A written task without a node of its own: it has the value of `into`, or is left out where that is None."""

    task: TaskId
    text: str
    into: NodeId | None


def waits(graph: Graph) -> dict[NodeId, tuple[NodeId, ...]]:
    """What each node waits for, in loops too, where it is what one element does; whatever waits stands below."""
    found: dict[NodeId, tuple[NodeId, ...]] = {}
    for node in graph.nodes.values():
        if not isinstance(node.op, Loop):
            found[node.id] = _once((*node.needs, *node.after))
            continue
        terms = (node.op.source, *(condition.term for condition in node.when))
        start = tuple(read.node for term in terms for read in reads(term))
        found.update((inner.id, _once((*start, *inner.needs, *inner.after))) for inner in node.op.body)
        found[node.id] = _once((*(inner.id for inner in node.op.body), *node.after))
    return found


def _once(ids: Iterable[NodeId]) -> tuple[NodeId, ...]:
    """Each id once."""
    return tuple(dict.fromkeys(ids))


def levels(graph: Graph) -> Levels:
    """The nodes by level, each level in plan order; a loop is one node."""
    return _by_distance(graph.nodes)


def body_levels(loop: Node) -> Levels:
    """The nodes inside a loop by level; none for every other node."""
    return _by_distance({node.id: node for node in node_body(loop)})


def _by_distance(nodes: Mapping[NodeId, Node]) -> Levels:
    """Nodes by their longest way from the start; what they wait for outside does not count."""
    distance: dict[NodeId, int] = {}
    found: list[list[Node]] = []
    for key, node in nodes.items():
        here = 1 + max((distance[other] for other in (*node.needs, *node.after) if other in distance), default=-1)
        distance[key] = here
        if here == len(found):
            found.append([])
        found[here].append(node)
    return tuple(map(tuple, found))


def widths(graph: Graph) -> tuple[int, ...]:
    """How many calls each level has; a loop has those of one element."""
    return tuple(sum(len(calls(node)) for node in level) for level in levels(graph))


def calls(node: Node) -> list[Node]:
    """The calls that a node is, or that are inside it."""
    return [one for one in (node, *node_body(node)) if isinstance(one.op, Call)]


def written(plan: ast.Plan) -> dict[TaskId, ast.Task]:
    """The tasks of a plan without mistakes by their ids: as many as its graph has before the passes."""
    names = ScopeResolver()
    tasks = (statement for statement in plan.statements if isinstance(statement, ast.Task))
    return {names.claim(task.binder, task.span, []): task for task in tasks}


def gone(graph: Graph, plan: ast.Plan) -> tuple[RemovedTask, ...]:
    """The tasks of the plan that was written which the graph has merged or left out."""
    return tuple(
        RemovedTask(key, print_statement(_unbound(task)), graph.tasks.get(key))
        for key, task in written(plan).items()
        if str(graph.tasks.get(key)) != str(key)
    )


def _unbound(task: ast.Task) -> ast.Task:
    """The task without its number or name."""
    return ast.Task(None, task.expr, task.loop, task.guard, task.options)
