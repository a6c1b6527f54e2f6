"""The form of a pass, and the functions that run passes one after the other."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from llmc_compiler.ir.graph import Graph, Node
from llmc_compiler.ir.verifier import verify
from llmc_grammar.frozen_data import frozen

if TYPE_CHECKING:
    from llmc_compiler.passes.remarks import Remark


class Pass(Protocol):
    """A pure function from a graph to a graph with the same meaning."""

    @property
    def name(self) -> str:
        """The name of the pass."""
        ...

    def __call__(self, graph: Graph) -> Graph:
        """Return the transformed graph."""
        ...


class Sweep(Protocol):
    """One run of a pass through a plan; the treatment of a node depends only on the nodes above it."""

    def add(self, node: Node) -> tuple[Node, ...]:
        """Return the replacement of the next node, which is empty if an earlier node replaces it."""
        ...


@runtime_checkable
class Sweeping(Protocol):
    """A pass that can run while the plan is still being written, except for dropping nodes at the end."""

    def sweep(self) -> Sweep:
        """Start with an empty plan."""
        ...


@runtime_checkable
class Remarking(Protocol):
    """A pass that can report its changes."""

    def remarks(self, before: Graph, after: Graph) -> "Iterable[Remark]":
        """Yield remarks on the changes between the two graphs, and on changes that were not possible."""
        ...


@frozen
class Stage:
    """A pass that was run, with the graphs before and after it."""

    transform: Pass
    before: Graph
    after: Graph

    @property
    def name(self) -> str:
        """The name of the pass."""
        return self.transform.name

    def remarks(self) -> "tuple[Remark, ...]":
        """Return the remarks of the pass in order of their spans, computed anew in time linear in the graph."""
        if not isinstance(self.transform, Remarking):
            return ()
        return tuple(sorted(self.transform.remarks(self.before, self.after), key=lambda remark: remark.span))


def stages(graph: Graph, passes: Sequence[Pass]) -> Iterator[Stage]:
    """Run the passes one after the other; the graph is verified before them and after each."""
    verify(graph)
    for transform in passes:
        after = transform(graph)
        verify(after, graph)
        yield Stage(transform, graph, after)
        graph = after


def optimize(graph: Graph, passes: Sequence[Pass]) -> Graph:
    """Return the graph after the passes."""
    for stage in stages(graph, passes):
        graph = stage.after
    return graph
