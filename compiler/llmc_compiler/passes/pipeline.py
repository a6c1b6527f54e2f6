"""The passes, in their order, and how they are run."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from llmc_compiler.diagnostics.plan_errors import closest
from llmc_compiler.ir.graph import Graph, Node
from llmc_compiler.ir.verifier import verify
from llmc_compiler.passes.dedup import Dedup
from llmc_compiler.passes.fold import Fold
from llmc_compiler.passes.hoist import Hoist
from llmc_compiler.passes.prune import Prune
from llmc_compiler.passes.remarks import Remark
from llmc_grammar.portable import Portable


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


@runtime_checkable
class Remarking(Protocol):
    """A pass that can tell what it did."""

    def remarks(self, before: Graph, after: Graph) -> Iterable[Remark]:
        """What it did to the graph before to get the one after, and what it had to leave."""
        ...


PIPELINE: Final[tuple[Pass, ...]] = (Fold(), Hoist(), Dedup(), Prune())


class UnknownPassError(Portable, ValueError):
    """There is no pass of that name; the message suggests one."""


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
        """What the pass did and left, by place; found anew at each call, in time linear in the graph."""
        if not isinstance(self.transform, Remarking):
            return ()
        return tuple(sorted(self.transform.remarks(self.before, self.after), key=lambda remark: remark.span))


def named_passes(names: Iterable[str]) -> tuple[Pass, ...]:
    """The passes of these names, in this order; raises UnknownPassError."""
    known = {transform.name: transform for transform in PIPELINE}
    return tuple(known[require_pass(name, known)] for name in names)


def require_pass(name: str, known: Iterable[str]) -> str:
    """The name, if it is known; raises UnknownPassError."""
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
    """The graph after the passes."""
    for stage in stages(graph, passes):
        graph = stage.after
    return graph
