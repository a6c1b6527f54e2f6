"""The passes, their order, and the function that runs them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from llmc_compiler.ir.graph import Graph, Node
from llmc_compiler.ir.verifier import verify
from llmc_compiler.passes.dedup import Dedup
from llmc_compiler.passes.fold import Fold
from llmc_compiler.passes.hoist import Hoist
from llmc_compiler.passes.prune import Prune
from llmc_compiler.passes.remarks import Remark
from llmc_grammar.portable import Portable
from llmc_grammar.suggestion import closest


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

    def remarks(self, before: Graph, after: Graph) -> Iterable[Remark]:
        """Yield remarks on the changes between the two graphs, and on changes that were not possible."""
        ...


PIPELINE: Final[tuple[Pass, ...]] = (Fold(), Hoist(), Dedup(), Prune())
"""The passes that `compile` runs, in their order."""


class UnknownPassError(Portable, ValueError):
    """Raised for an unknown name of a pass; the message suggests a known one."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A pass that was run, with the graphs before and after it."""

    transform: Pass
    before: Graph
    after: Graph

    @property
    def name(self) -> str:
        """The name of the pass."""
        return self.transform.name

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remarks of the pass in order of their spans, computed anew in time linear in the graph."""
        if not isinstance(self.transform, Remarking):
            return ()
        return tuple(sorted(self.transform.remarks(self.before, self.after), key=lambda remark: remark.span))


def named_passes(names: Iterable[str]) -> tuple[Pass, ...]:
    """Return the passes of these names, in this order; raises UnknownPassError."""
    known = {transform.name: transform for transform in PIPELINE}
    return tuple(known[require_pass(name, known)] for name in names)


def require_pass(name: str, known: Iterable[str]) -> str:
    """Return the name if it is known; raises UnknownPassError."""
    names = list(known)
    if name in names:
        return name
    suggestion = closest(name, names)
    advice = f"the passes are {', '.join(names) or 'none'}" if suggestion is None else f"did you mean `{suggestion}`?"
    raise UnknownPassError(f"no pass is called `{name}`: {advice}")


def stages(graph: Graph, passes: Sequence[Pass] = PIPELINE) -> Iterator[Stage]:
    """Run the passes one after the other; the graph is verified before them and after each."""
    verify(graph)
    for transform in passes:
        after = transform(graph)
        verify(after, graph)
        yield Stage(transform, graph, after)
        graph = after


def optimize(graph: Graph, passes: Sequence[Pass] = PIPELINE) -> Graph:
    """Return the graph after the passes."""
    for stage in stages(graph, passes):
        graph = stage.after
    return graph
