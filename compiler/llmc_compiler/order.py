"""Order edges: which node must wait for the end of which, because of what they do to the world.

One sweep in plan order. For each resource the last writer and the readers since are remembered, so the edges come out
already reduced: what a writer waited for, those after the writer need not wait for again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from llmc_compiler.effects import Effect, covers, overlap
from llmc_compiler.graph import Graph, Loop, Node
from llmc_compiler.term import NodeId


@dataclass(slots=True)
class _Access:
    """The last writer of a resource, and its readers since."""

    writer: NodeId | None = None
    readers: list[NodeId] = field(default_factory=list)


class Hazards:
    """What was read and written so far."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._seen: dict[str, _Access] = {}

    def before(self, effects: Iterable[Effect]) -> tuple[NodeId, ...]:
        """The nodes that a node with these effects must wait for."""
        found: dict[NodeId, None] = {}
        for effect in effects:
            if effect.is_stateful:
                found.update(dict.fromkeys(self._conflicting(effect)))
        return tuple(found)

    def _conflicting(self, effect: Effect) -> Iterator[NodeId]:
        """The nearest earlier nodes whose effects conflict with this one."""
        for resource, access in self._seen.items():
            if not overlap(resource, effect.resource):
                continue
            if effect.is_write and access.readers:
                yield from access.readers
            elif access.writer is not None:
                yield access.writer

    def record(self, node: NodeId, effects: Iterable[Effect]) -> None:
        """Remember what a node does."""
        for effect in effects:
            if effect.is_write:
                for resource in [known for known in self._seen if covers(effect.resource, known)]:
                    del self._seen[resource]
                self._seen[effect.resource] = _Access(writer=node)
            elif effect.is_stateful:
                self._seen.setdefault(effect.resource, _Access()).readers.append(node)

    def place(self, node: Node) -> Node:
        """The node with its order edges, remembered as the latest."""
        placed = replace(node, after=self.before(node.effects))
        if isinstance(node.op, Loop):
            placed = replace(placed, op=self._place_body(node.op))
        self.record(node.id, node.effects)
        return placed

    def _place_body(self, loop: Loop) -> Loop:
        """The loop with the order edges of its body: to nodes outside, inside an element, and from one to the next."""
        inside = Hazards()
        body = []
        for node in loop.body:
            body.append(replace(node, after=self.before(node.effects) + inside.before(node.effects)))
            inside.record(node.id, node.effects)
        here: set[NodeId] = set()
        carry = []
        for node in loop.body:
            carry += [(earlier, node.id) for earlier in inside.before(node.effects) if earlier not in here]
            inside.record(node.id, node.effects)
            here.add(node.id)
        return replace(loop, body=tuple(body), carry=tuple(carry))


def in_order(graph: Graph) -> Graph:
    """The graph with its order edges made anew."""
    hazards = Hazards()
    return replace(graph, nodes={key: hazards.place(node) for key, node in graph.nodes.items()})
