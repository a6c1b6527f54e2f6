"""The passes, in their order, and how they are run."""

from collections.abc import Sequence
from typing import Final, Protocol

from llmc_compiler.graph import Graph
from llmc_compiler.passes.dedup import Dedup
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


PIPELINE: Final[tuple[Pass, ...]] = (Dedup(), Prune())


def optimize(graph: Graph, passes: Sequence[Pass] = PIPELINE) -> Graph:
    """The graph after the passes, verified before them and after each."""
    verify(graph)
    for transform in passes:
        graph = transform(graph)
        verify(graph)
    return graph
