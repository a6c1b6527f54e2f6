"""The story of a compilation: changes by the passes, order edges, and estimated times.

It is made on request, by running the passes again on the lowered graph.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from llmc_compiler.analysis.critical_path import estimate, expected_time
from llmc_compiler.analysis.levels import calls, levels
from llmc_compiler.analysis.measured_latencies import with_latencies
from llmc_compiler.analysis.what_if import gains
from llmc_compiler.effects.effects import Kind, conflict
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Call, Graph, Loop, Node, loops_within, nodes_within
from llmc_compiler.ir.printer import node_texts
from llmc_compiler.passes.remarks import Computed, Missed
from llmc_compiler.passes.stages import Pass, Stage, stages
from llmc_grammar.source import Source

if TYPE_CHECKING:
    from rich.text import Text


from llmc_compiler.explain.story_data import OrderEdge, PassEntry, Schedule, StoryData
from llmc_compiler.explain.story_text import as_text, tell
from llmc_compiler.representation.sheet import lines_as_html, lines_as_rich


@dataclass(frozen=True, slots=True, repr=False)
class Story(StoryData):
    """The story of a compilation, with its text."""

    @staticmethod
    def of(
        written: Graph,
        passes: Sequence[Pass],
        source: Source,
        width: int | None = None,
        latencies: Mapping[str, float] = MappingProxyType({}),
    ) -> "Story":
        """Build the story of a lowered graph with these passes; `width` is the largest number of calls at once.

        `latencies` are the measured seconds of tools. Raises ValueError for a width below 1.
        """
        if width is not None and width < 1:
            message = f"the width must be at least 1, not {width}"
            raise ValueError(message)
        written = with_latencies(written, latencies)
        run = list(stages(written, passes))
        graph = run[-1].after if run else written
        estimated = estimate(graph)
        nodes = _all_nodes(graph)
        return Story(
            source=source,
            passes=tuple(stage.name for stage in run),
            written=_count(written),
            left=_count(graph),
            remarks=tuple(
                told
                for stage in run
                for told in _remarks(stage)
                if told.remark.node in nodes or not isinstance(told.remark, Missed)
            ),
            order=tuple(_order(graph, nodes)),
            gains=tuple(gains(written, passes, graph)),
            levels=tuple(tuple(call for node in level for call in calls(node)) for level in levels(graph)),
            estimate=estimated,
            chain=tuple(nodes[key] for key in estimated.chain if calls(nodes[key]) == [nodes[key]]),
            assumed=_assumed(nodes.values()) if estimated.unit == "s" else (),
            measured=_measured(nodes.values(), latencies),
            has_loops=any(isinstance(node.op, Loop) for node in nodes.values()),
            schedule=None if width is None else Schedule(width, estimated.bound(width), expected_time(graph, width)),
        )

    def __str__(self) -> str:
        """Return the story as text, 80 columns wide."""
        return as_text(self)

    def _repr_html_(self) -> str:
        """Return the story for notebooks."""
        return lines_as_html(tell(self, 100))

    def __rich__(self) -> "Text":
        """Return the story for `rich.print`."""
        return lines_as_rich(tell(self))


def _all_nodes(graph: Graph) -> dict[NodeId, Node]:
    """Map all nodes by id, including those in loops."""
    return {one.id: one for node in graph.nodes.values() for one in (node, *nodes_within(node))}


def _count(graph: Graph) -> int:
    """Count the calls."""
    return sum(len(calls(node)) for node in graph.nodes.values())


def _assumed(nodes: Iterable[Node]) -> tuple[str, ...]:
    """Return the tools without a declared latency, except for pure ones."""
    tools = [node.op.tool for node in nodes if isinstance(node.op, Call)]
    return tuple(
        dict.fromkeys(tool.name for tool in tools if tool.latency is None and tool.effect.kind is not Kind.PURE)
    )


def _measured(nodes: Iterable[Node], latencies: Mapping[str, float]) -> tuple[str, ...]:
    """Return the tools with a measured latency."""
    names = (node.op.tool.name for node in nodes if isinstance(node.op, Call))
    return tuple(dict.fromkeys(name for name in names if name in latencies))


def _remarks(stage: Stage) -> Iterator[PassEntry]:
    """Yield the remarks of a pass."""
    remarks = stage.remarks()
    texts = node_texts(stage.after) if any(isinstance(remark, Computed) for remark in remarks) else {}
    for remark in remarks:
        yield PassEntry(stage.name, remark, texts[remark.node] if isinstance(remark, Computed) else "")


def _order(graph: Graph, nodes: Mapping[NodeId, Node]) -> Iterator[OrderEdge]:
    """Yield the order edges between nodes and, in loops, inside an element and to the next element."""
    for node in graph.nodes.values():
        yield from _edges(node, node.after, nodes)
        for _, loop in loops_within(node):
            inside = {inner.id for inner in loop.body}
            for inner in loop.body:
                yield from _edges(inner, [key for key in inner.after if key in inside], nodes)
            for earlier, later in loop.carry:
                if later in inside:
                    yield from _caused(nodes[earlier], nodes[later], is_carried=True)


def _edges(node: Node, after: Sequence[NodeId], nodes: Mapping[NodeId, Node]) -> Iterator[OrderEdge]:
    """Yield the edges to a node from those that it waits for without needing their value."""
    for key in after:
        if key not in node.needs:
            yield from _caused(nodes[key], node)


def _caused(earlier: Node, later: Node, *, is_carried: bool = False) -> Iterator[OrderEdge]:
    """Yield one edge, with the first two effects that conflict."""
    pairs = ((one, other) for one in earlier.effects for other in later.effects if conflict(other, one))
    for one, other in pairs:
        yield OrderEdge(earlier, later, one, other, is_carried)
        return
