"""Order edges: which node must wait for the end of which, because of what they do to the world.

One sweep in plan order. The last writers and readers of each resource are remembered, and nobody waits for what
somebody else stands for: so hardly an edge follows from others, and finding them takes time linear in their number. One
that does: after `read(*)` and `write(a)`, a `write(*)` waits for both, as a write of `a` stands only for uses of `a`.

- A writer stands for those who used what it wrote or part of it; and for all that is older, to whoever uses part of it.
- A reader stands for the writers before it, to whoever writes what it read or a part of it.
- Whoever comes after a writer stands for that one, to others that use what it wrote or a part of it.
- The last run of readers stands for the runs before it; the writers just before the last reader but one run stand, to
  another reader, for all that is older.
"""

from collections.abc import Iterable
from dataclasses import replace
from operator import is_

from llmc_compiler.effects.access_history import NEVER, Access, Event, Way
from llmc_compiler.effects.effects import Effect, segments
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import Graph, Loop, Node


class Hazards:
    """What was read and written so far, by the segments of resources."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._everything = Access()
        self._now = NEVER

    def before(self, effects: Iterable[Effect]) -> tuple[NodeId, ...]:
        """The nodes that a node with these effects must wait for, in plan order."""
        found: list[Event] = []
        for effect in effects:
            if effect.is_stateful:
                way = segments(effect.resource)
                found += self._before_write(way) if effect.is_write else self._before_read(way)
        return tuple(dict.fromkeys(node for _, node in sorted(found)))

    def _before_read(self, way: Way) -> list[Event]:
        """The writers that a reader waits for."""
        last = self._covering_writer(way)
        since = NEVER if last is None else last[0]
        same = self._everything.find(way)
        if same is not None and same.readers:
            latest = same.readers[-1][0]
            since = max(since, latest if self._everything.last_write(way) > latest else same.before)
        return [*self._everything.writers(way, since)] or ([] if last is None else [last])

    def _before_write(self, way: Way) -> list[Event]:
        """The readers and writers that a writer waits for."""
        last = self._covering_writer(way)
        since = NEVER if last is None else last[0]
        covered = max((access.readers[-1][0] for access in self._everything.covering(way) if access.readers), default=0)
        found: list[Event] = []
        for access in self._everything.overlapping(way):
            if readers := access.readers_since(since):
                found += readers
            elif access.writer is not None and access.writer[0] > max(since, covered):
                found.append(access.writer)
        return found or ([] if last is None else [last])

    def _covering_writer(self, way: Way) -> Event | None:
        """The latest writer of all that a resource may be."""
        writers = (access.writer for access in self._everything.covering(way))
        return max((writer for writer in writers if writer is not None), default=None)

    def record(self, node: NodeId, effects: Iterable[Effect]) -> None:
        """Remember what a node does."""
        for effect in effects:
            if effect.is_stateful:
                self._now += 1
                remember = self._everything.write if effect.is_write else self._everything.read
                remember((self._now, node), segments(effect.resource))

    def place(self, node: Node) -> Node:
        """The node with its order edges, remembered as the latest."""
        after = self.before(node.effects)
        op = self._place_body(node.op) if isinstance(node.op, Loop) else node.op
        self.record(node.id, node.effects)
        return node if after == node.after and op is node.op else replace(node, op=op, after=after)

    def _place_body(self, loop: Loop) -> Loop:
        """The loop with the order edges of its body: to nodes outside, inside an element, and from one to the next."""
        inside = Hazards()
        body = []
        for node in loop.body:
            after = self.before(node.effects) + inside.before(node.effects)
            body.append(node if after == node.after else replace(node, after=after))
            inside.record(node.id, node.effects)
        here: set[NodeId] = set()
        carry = []
        for node in loop.body:
            carry += [(earlier, node.id) for earlier in inside.before(node.effects) if earlier not in here]
            inside.record(node.id, node.effects)
            here.add(node.id)
        is_same = all(map(is_, body, loop.body)) and loop.carry == tuple(carry)
        return loop if is_same else replace(loop, body=tuple(body), carry=tuple(carry))


def in_order(graph: Graph) -> Graph:
    """The graph with its order edges made anew."""
    hazards = Hazards()
    return replace(graph, nodes={key: hazards.place(node) for key, node in graph.nodes.items()})
