"""The passes, in their order, and how they are run."""

from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

from llmc_compiler.graph import Graph, Node
from llmc_compiler.passes.dedup import Dedup
from llmc_compiler.passes.fold import Fold
from llmc_compiler.passes.hoist import Hoist
from llmc_compiler.passes.prune import Prune
from llmc_compiler.verify import verify


class Pass(Protocol):
    """A graph to a graph that means the same; pure."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def __call__(self, graph: Graph) -> Graph:
        """The better graph."""
        ...


class Sweep(Protocol):
    """A pass on its way through a plan: what becomes of a node depends on those above it alone."""

    def add(self, node: Node) -> tuple[Node, ...]:
        """What stands in the place of the next node; nothing where an earlier one stands for it."""
        ...


@runtime_checkable
class Sweeping(Protocol):
    """A pass that can be run while the plan is still being written, up to nodes that are left out at the end."""

    def sweep(self) -> Sweep:
        """Begin with an empty plan."""
        ...


PIPELINE: Final[tuple[Pass, ...]] = (Fold(), Hoist(), Dedup(), Prune())


def optimize(graph: Graph, passes: Sequence[Pass] = PIPELINE) -> Graph:
    """The graph after the passes, verified before them and after each."""
    verify(graph)
    for transform in passes:
        before, graph = graph, transform(graph)
        verify(graph, before)
    return graph
