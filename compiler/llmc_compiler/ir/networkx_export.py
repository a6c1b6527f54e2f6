"""The dependency graph as networkx sees it, and the few questions that are put to it."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import networkx as nx

from llmc_compiler.ir.graph import Graph, op_name


def to_networkx(graph: Graph) -> "nx.DiGraph[str]":
    """A directed graph from dependency to user.

    Node attribute `op`: the tool's name, `join`, `loop` or `expr`. Edge attribute `kind`: `value` (also where the edge
    is both) or `order`.
    """
    digraph: nx.DiGraph[str] = nx.DiGraph()
    for node in graph.nodes.values():
        digraph.add_node(str(node.id), op=op_name(node.op))
        digraph.add_edges_from(((str(other), str(node.id)) for other in node.after), kind="order")
        digraph.add_edges_from(((str(other), str(node.id)) for other in node.needs), kind="value")
    return digraph


def circles(users: Mapping[str, Iterable[str]], order: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each name that depends on itself, the circle it is in; a circle ends with the name it begins with.

    `users` maps a name to what it uses; a circle begins with its first name by `order`.
    """
    digraph: nx.DiGraph[str] = nx.DiGraph([(user, used) for user, names in users.items() for used in names])
    place = {name: index for index, name in enumerate(order)}
    found: dict[str, tuple[str, ...]] = {}
    for component in nx.strongly_connected_components(digraph):
        if len(component) > 1:
            circle = _circle(digraph, component, min(component, key=lambda name: place.get(name, len(place))))
            found.update(dict.fromkeys(component, circle))
    return found


def _circle(digraph: "nx.DiGraph[str]", component: Collection[str], start: str) -> tuple[str, ...]:
    """A shortest way from a name of a component back to itself."""
    users = digraph.subgraph(component).reverse(copy=False)
    nearer = {name: before for before, name in nx.bfs_edges(users, start, sort_neighbors=sorted)}
    # They come in the order of their distance.
    circle = [start, next(name for name in nearer if digraph.has_edge(start, name))]
    while circle[-1] != start:
        circle.append(nearer[circle[-1]])
    return tuple(circle)
