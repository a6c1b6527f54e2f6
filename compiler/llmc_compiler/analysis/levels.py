"""Levels of nodes that run together, and the tasks without a separate node.

A level holds the nodes whose longest path from the start has the same length, over value and order edges alike. So each
edge leads down. Inside a loop, levels are those of one element.
"""

from collections.abc import Iterable, Iterator, Mapping

from llmc_compiler.expressions.terms import NodeId, reads
from llmc_compiler.ir.graph import Call, Graph, Loop, Node, TaskId, node_body, nodes_within
from llmc_compiler.lowering.name_resolution import ScopeResolver
from llmc_grammar import ast
from llmc_grammar.frozen_data import frozen
from llmc_grammar.print import print_statement

Levels = tuple[tuple[Node, ...], ...]


@frozen
class RemovedTask:
    """A written task without a separate node: it has the value of `into`, or is left out if that is None."""

    task: TaskId
    text: str
    into: NodeId | None


def waits(graph: Graph) -> dict[NodeId, tuple[NodeId, ...]]:
    """Map each node to the nodes it waits for, in loops too, for one element; a node stands below all it waits for."""
    result: dict[NodeId, tuple[NodeId, ...]] = {}
    for node in graph.nodes.values():
        result.update(_waits(node, ()))
    return result


def _waits(node: Node, start: tuple[NodeId, ...]) -> Iterator[tuple[NodeId, tuple[NodeId, ...]]]:
    """Yield the waits of a node and of those inside it; `start` are the nodes that the loops around it begin after."""
    if not isinstance(node.op, Loop):
        yield node.id, _once((*start, *node.needs, *node.after))
        return
    terms = (node.op.source, *(condition.term for condition in node.when))
    inner_start = (*start, *(read.node for term in terms for read in reads(term)))
    for inner in node.op.body:
        yield from _waits(inner, inner_start)
    yield node.id, _once((*(inner.id for inner in node.op.body), *node.after))


def _once(ids: Iterable[NodeId]) -> tuple[NodeId, ...]:
    """Return each id once."""
    return tuple(dict.fromkeys(ids))


def levels(graph: Graph) -> Levels:
    """Return the nodes by level, each level in plan order; a loop is one node."""
    return _by_distance(graph.nodes)


def body_levels(loop: Node) -> Levels:
    """Return the nodes inside a loop by level, and none for other nodes."""
    return _by_distance({node.id: node for node in node_body(loop)})


def _by_distance(nodes: Mapping[NodeId, Node]) -> Levels:
    """Group nodes by their longest path from the start; waits for nodes outside do not count."""
    distance: dict[NodeId, int] = {}
    result: list[list[Node]] = []
    for key, node in nodes.items():
        here = 1 + max((distance[other] for other in (*node.needs, *node.after) if other in distance), default=-1)
        distance[key] = here
        if here == len(result):
            result.append([])
        result[here].append(node)
    return tuple(map(tuple, result))


def widths(graph: Graph) -> tuple[int, ...]:
    """Return the number of calls on each level; a loop counts the calls of one element."""
    return tuple(sum(len(calls(node)) for node in level) for level in levels(graph))


def calls(node: Node) -> list[Node]:
    """Return the calls in a node: itself or those inside its loop."""
    return [one for one in (node, *nodes_within(node)) if isinstance(one.op, Call)]


def written(plan: ast.Plan) -> dict[TaskId, ast.Task]:
    """Map the tasks of a plan without mistakes by their ids, as before the passes."""
    names = ScopeResolver()
    tasks = (statement for statement in plan.statements if isinstance(statement, ast.Task))
    return {names.claim(task.binder, task.span, []): task for task in tasks}


def gone(graph: Graph, plan: ast.Plan) -> tuple[RemovedTask, ...]:
    """Return the written tasks that the passes merged or left out."""
    return tuple(
        RemovedTask(key, print_statement(_unbound(task)), graph.tasks.get(key))
        for key, task in written(plan).items()
        if str(graph.tasks.get(key)) != str(key)
    )


def _unbound(task: ast.Task) -> ast.Task:
    """Return the task without its number or name."""
    return ast.Task(None, task.expr, task.loops, task.guard, task.options)
