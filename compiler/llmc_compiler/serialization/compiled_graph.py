"""The graph that users get: the IR with its JSON and networkx forms."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmc_compiler.ir import graph as ir
from llmc_compiler.serialization import graph_json
from llmc_compiler.tools.toolbox import Toolbox, Usable, toolbox_of

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, slots=True, repr=False)
class Graph(ir.Graph):
    """Nodes by id, in plan order; `tasks` maps each written task to the node of its value (pruned ones are absent)."""

    def to_networkx(self) -> "nx.DiGraph[str]":
        """Return a directed graph from dependency to user: see `networkx_export.to_networkx`."""
        from llmc_compiler.ir.networkx_export import to_networkx  # noqa: PLC0415 — networkx is heavy, and runs need none

        return to_networkx(self)

    def to_json(self) -> dict[str, Any]:
        """Return the graph as JSON data: see `llmc_compiler.serialization.graph_json`."""
        return graph_json.to_json(self)

    @staticmethod
    def from_json(data: object, tools: Toolbox | Iterable[Usable]) -> "Graph":
        """Return the graph of `to_json`, with the tools that it was compiled with; raises FormError."""
        return with_forms(graph_json.from_json(data, toolbox_of(tools)))


def with_forms(graph: ir.Graph) -> Graph:
    """Return a graph of the IR with its JSON and networkx forms."""
    return graph if isinstance(graph, Graph) else Graph(graph.nodes, graph.tasks, graph.parameters)
