"""Failed writes in plans that a plan calls: errors of tasks on which no value depends."""

from collections.abc import Container, Iterator, Mapping

from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Graph, Loop, Node, all_nodes, may_write
from llmc_runtime.errors import PlanError
from llmc_runtime.scheduler.loop_expansion import reason
from llmc_runtime.state.outcomes import BlockedBy, Done, Failed, Key, Outcome


def inner_errors(
    graph: Graph, outcomes: Mapping[Key, Outcome], known: Container[str]
) -> Iterator[tuple[str, PlanError]]:
    """Yield the errors of writes in called plans that the value of their call does not need.

    Each has the id of its task in that plan: `3/other/2`, in a loop with the positions of its elements. Writes that are
    blocked with their whole task, whose errors are `known`, are left out.
    """
    if all(type(outcome) is Done for outcome in outcomes.values()):
        return
    nodes = {node.id: node for node in all_nodes(graph) if node.is_task and may_write(node)}
    if not nodes:
        return
    used = _used(graph)
    for (key, indices), outcome in outcomes.items():
        node = nodes.get(key)
        if node is None or key in used:
            continue
        name = f"{key}" + "".join(f"[{index}]" for index in indices)
        if isinstance(outcome, Failed):
            yield name, outcome.error
        elif isinstance(outcome, BlockedBy) and node.task not in known:
            yield name, reason(node.task, node, outcome)


def _used(graph: Graph) -> set[NodeId]:
    """Return the nodes that the values of the written tasks need, also inside loops."""
    nodes: dict[NodeId, Node] = {node.id: node for node in all_nodes(graph)}
    used: set[NodeId] = set()
    waiting = list(graph.tasks.values())
    while waiting:
        key = waiting.pop()
        if key in used or key not in nodes:
            continue
        used.add(key)
        node = nodes[key]
        waiting += node.needs
        if isinstance(node.op, Loop):
            waiting.append(node.op.result)
    return used
