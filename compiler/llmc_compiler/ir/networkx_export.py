"""The dependency graph in networkx, and the few queries that need it."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import networkx as nx

from llmc_compiler.ir.graph import Graph, op_name


def to_networkx(graph: Graph) -> "nx.DiGraph[str]":
    """Return a directed graph from dependency to user.

    Node attribute `op`: the tool's name, `join`, `loop` or `expr`. Edge attribute `kind`: `order`, or `value` (also for
    an edge that is both).
    """
    digraph: nx.DiGraph[str] = nx.DiGraph()
    for node in graph.nodes.values():
        digraph.add_node(str(node.id), op=op_name(node.op))
        digraph.add_edges_from(((str(other), str(node.id)) for other in node.after), kind="order")
        digraph.add_edges_from(((str(other), str(node.id)) for other in node.needs), kind="value")
    return digraph


def circles(users: Mapping[str, Iterable[str]], order: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Map each name that depends on itself to its circle, which starts and ends with the same name.

    `users` maps a name to the names it uses. A circle starts with the name that comes first in `order`.
    """
    digraph: nx.DiGraph[str] = nx.DiGraph([(user, used) for user, names in users.items() for used in names])
    place = {name: index for index, name in enumerate(order)}
    result: dict[str, tuple[str, ...]] = {}
    for component in nx.strongly_connected_components(digraph):
        if len(component) > 1:
            circle = _circle(digraph, component, min(component, key=lambda name: place.get(name, len(place))))
            result.update(dict.fromkeys(component, circle))
    return result


def _circle(digraph: "nx.DiGraph[str]", component: Collection[str], start: str) -> tuple[str, ...]:
    """Find a shortest path from a name of a component back to itself."""
    users = digraph.subgraph(component).reverse(copy=False)
    nearer = {name: before for before, name in nx.bfs_edges(users, start, sort_neighbors=sorted)}
    # The search yields names in order of distance.
    circle = [start, next(name for name in nearer if digraph.has_edge(start, name))]
    while circle[-1] != start:
        circle.append(nearer[circle[-1]])
    return tuple(circle)
