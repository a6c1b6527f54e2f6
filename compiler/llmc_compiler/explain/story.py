"""What the compiler did to a plan, as data: what each pass did, what waits for what, and how long it all takes.

It is found from the graph as it was lowered, by running the passes again, when somebody asks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmc_compiler.analysis.critical_path import estimate, expected_time
from llmc_compiler.analysis.levels import calls, levels
from llmc_compiler.analysis.what_if import gains
from llmc_compiler.effects.effects import Kind, conflict
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Call, Graph, Loop, Node, node_body
from llmc_compiler.ir.printer import node_texts
from llmc_compiler.passes.pipeline import Pass, Stage, stages
from llmc_compiler.passes.remarks import Computed, Missed
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
    def of(written: Graph, passes: Sequence[Pass], source: Source, width: int | None = None) -> "Story":
        """The story of a graph as it was lowered, with these passes; `width` is how many calls may run at once.

        Raises ValueError for a width below 1.
        """
        if width is not None and width < 1:
            message = f"at least one call must run at once, not {width}"
            raise ValueError(message)
        told = list(stages(written, passes))
        graph = told[-1].after if told else written
        found = estimate(graph)
        known = _all_nodes(graph)
        return Story(
            source=source,
            passes=tuple(stage.name for stage in told),
            written=_count(written),
            left=_count(graph),
            remarks=tuple(
                one
                for stage in told
                for one in _remarks(stage)
                if one.remark.node in known or not isinstance(one.remark, Missed)
            ),
            order=tuple(_order(graph, known)),
            gains=tuple(gains(written, passes, graph)),
            levels=tuple(tuple(one for node in level for one in calls(node)) for level in levels(graph)),
            estimate=found,
            chain=tuple(known[key] for key in found.chain if calls(known[key]) == [known[key]]),
            assumed=_assumed(known.values()) if found.unit == "s" else (),
            has_loops=any(isinstance(node.op, Loop) for node in known.values()),
            schedule=None if width is None else Schedule(width, found.bound(width), expected_time(graph, width)),
        )

    def __str__(self) -> str:
        """The story as text, 80 columns wide."""
        return as_text(self)

    def _repr_html_(self) -> str:
        """The story, for notebooks."""
        return lines_as_html(tell(self, 100))

    def __rich__(self) -> "Text":
        """The story, for `rich.print`."""
        return lines_as_rich(tell(self))


def _all_nodes(graph: Graph) -> dict[NodeId, Node]:
    """Every node, those in loops too."""
    return {one.id: one for node in graph.nodes.values() for one in (node, *node_body(node))}


def _count(graph: Graph) -> int:
    """How many calls there are."""
    return sum(len(calls(node)) for node in graph.nodes.values())


def _assumed(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The tools that declare no latency, and do not merely compute."""
    tools = [node.op.tool for node in nodes if isinstance(node.op, Call)]
    return tuple(
        dict.fromkeys(tool.name for tool in tools if tool.latency is None and tool.effect.kind is not Kind.PURE)
    )


def _remarks(stage: Stage) -> Iterator[PassEntry]:
    """The remarks of a pass."""
    found = stage.remarks()
    texts = node_texts(stage.after) if any(isinstance(remark, Computed) for remark in found) else {}
    for remark in found:
        yield PassEntry(stage.name, remark, texts[remark.node] if isinstance(remark, Computed) else "")


def _order(graph: Graph, known: Mapping[NodeId, Node]) -> Iterator[OrderEdge]:
    """The order edges between nodes and, in loops, inside an element and from one element to the next."""
    for node in graph.nodes.values():
        yield from _edges(node, node.after, known)
        if not isinstance(node.op, Loop):
            continue
        inside = {inner.id for inner in node.op.body}
        for inner in node.op.body:
            yield from _edges(inner, [key for key in inner.after if key in inside], known)
        for earlier, later in node.op.carry:
            yield from _caused(known[earlier], known[later], is_carried=True)


def _edges(node: Node, after: Sequence[NodeId], known: Mapping[NodeId, Node]) -> Iterator[OrderEdge]:
    """The edges to a node from those whose end alone it waits for."""
    for key in after:
        if key not in node.needs:
            yield from _caused(known[key], node)


def _caused(earlier: Node, later: Node, *, is_carried: bool = False) -> Iterator[OrderEdge]:
    """An edge with the first two effects that conflict."""
    pairs = ((one, other) for one in earlier.effects for other in later.effects if conflict(other, one))
    for one, other in pairs:
        yield OrderEdge(earlier, later, one, other, is_carried)
        return
