"""Order edges: which node must wait for the end of which, because of what they do to the world.

One sweep in plan order. For each resource the last writer and the readers since are remembered, so the edges come out
already reduced: what a writer waited for, those after the writer need not wait for again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from llmc_compiler.effects import Effect, is_open, segments
from llmc_compiler.graph import Graph, Loop, Node
from llmc_compiler.term import NodeId


@dataclass(slots=True)
class _Access:
    """The last writer of a resource, its readers since, and what is below it: by name, and where it may be anything."""

    writer: NodeId | None = None
    readers: list[NodeId] = field(default_factory=list)
    named: dict[str, "_Access"] = field(default_factory=dict)
    open: dict[str, "_Access"] = field(default_factory=dict)

    def at(self, segment: str) -> "_Access":
        """What is below under this name; made where there is nothing yet."""
        return (self.open if is_open(segment) else self.named).setdefault(segment, _Access())

    def below(self) -> list["_Access"]:
        """All that is directly below."""
        return [*self.named.values(), *self.open.values()]

    def overlapping(self, segment: str) -> list["_Access"]:
        """What is directly below and may have this name."""
        if is_open(segment):
            return self.below()
        found = self.named.get(segment)
        return [*([] if found is None else [found]), *self.open.values()]

    def forget(self, way: Sequence[str]) -> None:
        """Drop what a resource covers: its way leads there, or may do so because it is open."""
        segment, rest = way[0], way[1:]
        for place in (self.named, self.open):
            covered = [*place] if is_open(segment) else [name for name in (segment,) if name in place]
            for name in covered:
                if rest:
                    place[name].forget(rest)
                else:
                    del place[name]


class Hazards:
    """What was read and written so far, by the segments of resources."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._everything = _Access()

    def before(self, effects: Iterable[Effect]) -> tuple[NodeId, ...]:
        """The nodes that a node with these effects must wait for."""
        found: dict[NodeId, None] = {}
        for effect in effects:
            if effect.is_stateful:
                found.update(dict.fromkeys(self._conflicting(effect)))
        return tuple(found)

    def _conflicting(self, effect: Effect) -> Iterator[NodeId]:
        """The nearest earlier nodes whose effects conflict with this one."""
        for access in self._overlapping(segments(effect.resource)):
            if effect.is_write and access.readers:
                yield from access.readers
            elif access.writer is not None:
                yield access.writer

    def _overlapping(self, way: Sequence[str]) -> Iterator[_Access]:
        """What may be, contain or be part of a resource: all on the way to it, and all below."""
        level = [self._everything]
        for segment in way:
            yield from level
            level = [found for access in level for found in access.overlapping(segment)]
        while level:
            yield from level
            level = [found for access in level for found in access.below()]

    def record(self, node: NodeId, effects: Iterable[Effect]) -> None:
        """Remember what a node does."""
        for effect in effects:
            way = segments(effect.resource)
            if effect.is_write:
                self._write(node, way)
            elif effect.is_stateful:
                self._at(way).readers.append(node)

    def _write(self, node: NodeId, way: Sequence[str]) -> None:
        """Remember a writer instead of all that it covers."""
        if way:
            self._everything.forget(way)
            self._at(way).writer = node
        else:
            self._everything = _Access(writer=node)

    def _at(self, way: Sequence[str]) -> _Access:
        """What is known of a resource."""
        access = self._everything
        for segment in way:
            access = access.at(segment)
        return access

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
