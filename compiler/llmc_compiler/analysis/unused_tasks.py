"""Tasks of a plan file that nothing needs: `prune` drops them."""

from collections.abc import Iterator, Mapping

from llmc_compiler.diagnostics.plan_errors import UnusedTask
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import JOIN, Graph, Join, TaskId, live
from llmc_compiler.passes.stages import optimize


def unused_tasks(graph: Graph) -> Iterator[UnusedTask]:
    """Yield a warning for each task that the passes drop and no live task reads; none if the join shows all tasks.

    `graph` is the plan before the passes. A task with an effect anywhere in it counts as used as a whole, and so does a
    merged one.
    """
    join = graph.nodes.get(JOIN)
    if join is None or not isinstance(join.op, Join) or join.op.everything:
        return
    needs = _needs(graph)
    read = {graph.nodes[key].task for key in live(graph)}
    for task in reversed(needs):
        if task in read:
            read.update(needs[task])
    dead = [task for task in graph.tasks if task not in read]
    left = _left(graph) if dead else {}
    users = {need: task for task in reversed(needs) for need in needs[task]}
    for task in dead:
        if task not in left:
            yield UnusedTask(span=graph.nodes[graph.tasks[task]].span, name=task, user=users.get(task))


def _left(graph: Graph) -> Mapping[TaskId, NodeId]:
    """Return the tasks that the passes leave."""
    from llmc_compiler.passes.pipeline import PIPELINE  # noqa: PLC0415 — slow to import, and few plans have such tasks

    return optimize(graph, PIPELINE).tasks


def _needs(graph: Graph) -> dict[TaskId, set[TaskId]]:
    """Map each task to the tasks that it reads, in the order of the plan."""
    needs: dict[TaskId, set[TaskId]] = {}
    for node in graph.nodes.values():
        needs.setdefault(node.task, set()).update(graph.nodes[need].task for need in node.needs)
    return {task: reads - {task} for task, reads in needs.items()}
