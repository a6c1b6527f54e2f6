"""Tasks of a plan file that nothing needs: `prune` drops them."""

from collections.abc import Iterator

from llmc_compiler.diagnostics.plan_errors import UnusedTask
from llmc_compiler.ir.graph import JOIN, Graph, Join, TaskId
from llmc_compiler.passes.pipeline import optimize
from llmc_compiler.passes.prune import Prune


def unused_tasks(graph: Graph) -> Iterator[UnusedTask]:
    """A warning for each task that the passes drop and no live task reads; none where the join shows every task.

    `graph` is the plan before the passes. A task with an effect anywhere in it stays whole, and so does a merged one.
    """
    join = graph.nodes.get(JOIN)
    if join is None or not isinstance(join.op, Join) or join.op.everything:
        return
    needs = _needs(graph)
    live = {node.task for node in Prune()(graph).nodes.values()}
    for task in reversed(needs):
        if task in live:
            live.update(needs[task])
    dead = [task for task in graph.tasks if task not in live]
    left = optimize(graph).tasks if dead else {}
    users = {need: task for task in reversed(needs) for need in needs[task]}
    for task in dead:
        if task not in left:
            yield UnusedTask(span=graph.nodes[graph.tasks[task]].span, name=task, user=users.get(task))


def _needs(graph: Graph) -> dict[TaskId, set[TaskId]]:
    """The tasks that each task reads, in the order of the plan."""
    found: dict[TaskId, set[TaskId]] = {}
    for node in graph.nodes.values():
        found.setdefault(node.task, set()).update(graph.nodes[need].task for need in node.needs)
    return {task: reads - {task} for task, reads in found.items()}
