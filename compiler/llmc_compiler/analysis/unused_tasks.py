"""Tasks of a plan file that nothing needs: `prune` drops them."""

from collections.abc import Iterator

from llmc_compiler.diagnostics.plan_errors import UnusedTask
from llmc_compiler.ir.graph import JOIN, Graph, Join, TaskId
from llmc_compiler.passes.pipeline import optimize
from llmc_compiler.passes.prune import Prune


def unused_tasks(graph: Graph) -> Iterator[UnusedTask]:
    """Yield a warning for each task that the passes drop and no live task reads; none if the join shows all tasks.

    `graph` is the plan before the passes. A task with an effect anywhere in it counts as used as a whole, and so does a
    merged one.
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
    """Map each task to the tasks that it reads, in the order of the plan."""
    needs: dict[TaskId, set[TaskId]] = {}
    for node in graph.nodes.values():
        needs.setdefault(node.task, set()).update(graph.nodes[need].task for need in node.needs)
    return {task: reads - {task} for task, reads in needs.items()}
