"""Order edges: the nodes whose end a node must wait for, because of their effects.

One sweep in plan order finds them. It remembers the last writers and readers of each resource, and omits an edge to a
node that another one covers. So few edges are redundant, and the time is linear in their number. A redundant one: after
`read(*)` and `write(a)`, a `write(*)` waits for both, since a write of `a` covers only uses of `a`.

- A writer covers the users of the same resource or a part of it; for later users of a part, it covers all older nodes.
- A reader covers the writers before it, for later writers of the same resource or a part of it.
- A node after a writer covers that writer, for other users of the same resource or a part of it.
- The last run of readers covers the runs before it. For a further reader, the writers just before that run cover all
  older nodes.

The effects of a loop are those of its body. A node inside loops waits for nodes of the plan, and of each body around
it; each loop around it carries the nodes of the previous element on to it. A loop's end waits for the same nodes, so
that it covers them for later ones even without elements.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import is_

from llmc_compiler.effects.access_history import NEVER, Access, Event, Way
from llmc_compiler.effects.effects import Effect, segments
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Graph, Loop, Node, nodes_within


class Hazards:
    """The reads and writes so far, by the segments of their resources."""

    def __init__(self) -> None:
        self._everything = Access()
        self._now = NEVER

    def before(self, effects: Iterable[Effect]) -> tuple[NodeId, ...]:
        """Return the nodes that a node with these effects must wait for, in plan order."""
        events: list[Event] = []
        for effect in effects:
            if effect.is_stateful:
                way = segments(effect.resource)
                events += self._before_write(way) if effect.is_write else self._before_read(way)
        return tuple(dict.fromkeys(node for _, node in sorted(events)))

    def _before_read(self, way: Way) -> list[Event]:
        """Return the writers that a reader waits for."""
        last = self._covering_writer(way)
        since = NEVER if last is None else last[0]
        same = self._everything.find(way)
        if same is not None and same.readers:
            latest = same.readers[-1][0]
            since = max(since, latest if self._everything.last_write(way) > latest else same.before)
        return [*self._everything.writers(way, since)] or ([] if last is None else [last])

    def _before_write(self, way: Way) -> list[Event]:
        """Return the readers and writers that a writer waits for."""
        last = self._covering_writer(way)
        since = NEVER if last is None else last[0]
        covered = max((access.readers[-1][0] for access in self._everything.covering(way) if access.readers), default=0)
        events: list[Event] = []
        for access in self._everything.overlapping(way):
            if readers := access.readers_since(since):
                events += readers
            elif access.writer is not None and access.writer[0] > max(since, covered):
                events.append(access.writer)
        return events or ([] if last is None else [last])

    def _covering_writer(self, way: Way) -> Event | None:
        """Return the latest writer of all resources that may contain this one."""
        writers = (access.writer for access in self._everything.covering(way))
        return max((writer for writer in writers if writer is not None), default=None)

    def record(self, node: NodeId, effects: Iterable[Effect]) -> None:
        """Remember the effects of a node."""
        for effect in effects:
            if effect.is_stateful:
                self._now += 1
                remember = self._everything.write if effect.is_write else self._everything.read
                remember((self._now, node), segments(effect.resource))

    def place(self, node: Node) -> Node:
        """Return the node with its order edges, and remember its effects."""
        return _place(node, [self])


def _place(node: Node, levels: Sequence[Hazards]) -> Node:
    """Return the node with its order edges, given the effects so far in the plan and in each body around the node."""
    after = tuple(before for level in levels for before in level.before(node.effects))
    op = _place_body(node.op, levels) if isinstance(node.op, Loop) else node.op
    levels[-1].record(node.id, node.effects)
    return node if after == node.after and op is node.op else replace(node, op=op, after=after)


def _place_body(loop: Loop, levels: Sequence[Hazards]) -> Loop:
    """Add the order edges of a loop's body: to nodes outside, inside an element, and to the next element."""
    inside = Hazards()
    body = tuple([_place(node, [*levels, inside]) for node in loop.body])
    here: set[NodeId] = set()
    carry: list[tuple[NodeId, NodeId]] = []
    for node in body:
        for later in (*nodes_within(node), node):
            carry += [(earlier, later.id) for earlier in inside.before(later.effects) if earlier not in here]
        inside.record(node.id, node.effects)
        here.add(node.id)
    is_same = all(map(is_, body, loop.body)) and loop.carry == tuple(carry)
    return loop if is_same else replace(loop, body=body, carry=tuple(carry))


def in_order(graph: Graph) -> Graph:
    """Return the graph with new order edges."""
    hazards = Hazards()
    return replace(graph, nodes={key: hazards.place(node) for key, node in graph.nodes.items()})
