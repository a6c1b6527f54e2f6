"""Who read and wrote which resource last, so far: what order edges are made of.

Resources are a tree of names; where a name may be anything, it is open. An event is a node that did something, and
when: the number of effects that there were so far. Readers of one resource come in runs, with writers of what overlaps
it between them. Only the last run is kept: a writer in between came after the run before, and before the last one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from operator import attrgetter

from llmc_compiler.effects.effects import is_open
from llmc_compiler.expressions.terms import NodeId

Way = Sequence[str]
"""The names on the way to a resource."""

Event = tuple[int, NodeId]

NEVER = 0

_written = attrgetter("written")


@dataclass(slots=True)
class Access:
    """The last writer of a resource, the last run of its readers, and what is below it: by name, and open.

    `before` is the end of the run of readers before; `written` when it, or something below, was written last.
    `changed` is what is below and was written, the latest last.
    """

    writer: Event | None = None
    readers: list[Event] = field(default_factory=list)
    before: int = NEVER
    written: int = NEVER
    named: dict[str, "Access"] = field(default_factory=dict)
    open: dict[str, "Access"] = field(default_factory=dict)
    changed: dict[str, "Access"] = field(default_factory=dict)

    def below(self, way: Way) -> Iterator["Access"]:
        """What is directly below and may be on the way; all of it where the way ends here."""
        yield from self.named.values() if not way or is_open(way[0]) else self._closed(way[0])
        yield from self.open.values()

    def changed_below(self, way: Way, since: int) -> Iterator["Access"]:
        """As `below`, what was written since then, the latest first."""
        many = not way or is_open(way[0])
        latest_first = reversed(self.changed.values()) if many else sorted(self.below(way), key=_written, reverse=True)
        return takewhile(lambda found: found.written > since, latest_first)

    def overlapping(self, way: Way) -> Iterator["Access"]:
        """What may be, contain or be part of the resource that the way leads to."""
        yield self
        for found in self.below(way):
            yield from found.overlapping(way[1:])

    def covering(self, way: Way) -> Iterator["Access"]:
        """What contains the resource, whatever its open names are."""
        yield self
        if way:
            for found in (*self._closed(way[0]), *self.open.values()):
                yield from found.covering(way[1:])

    def writers(self, way: Way, since: int) -> Iterator[Event]:
        """The last writers of what overlaps the resource, but for those that are not later than `since`."""
        if self.writer is not None and self.writer[0] > since:
            yield self.writer
        for found in self.changed_below(way, since):
            yield from found.writers(way[1:], since)

    def last_write(self, way: Way) -> int:
        """When something that overlaps the resource was written last."""
        if not way:
            return self.written
        latest = NEVER if self.writer is None else self.writer[0]
        for found in self.changed_below(way, latest):
            if found.written <= latest:
                break
            latest = max(latest, found.last_write(way[1:]))
        return latest

    def readers_since(self, since: int) -> list[Event]:
        """The readers of the last run that are later than that."""
        at = len(self.readers)
        while at and self.readers[at - 1][0] > since:
            at -= 1
        return self.readers[at:]

    def place(self, name: str) -> dict[str, "Access"]:
        """Where a name is kept."""
        return self.open if is_open(name) else self.named

    def find(self, way: Way) -> "Access | None":
        """The resource itself, if it was used."""
        access: Access | None = self
        for name in way:
            access = None if access is None else access.place(name).get(name)
        return access

    def read(self, event: Event, way: Way) -> None:
        """Remember a reader."""
        last_write = self.last_write(way)
        access = self
        for name in way:
            access = access.place(name).setdefault(name, Access())
        if access.readers and last_write > access.readers[-1][0]:
            access.before = access.readers[-1][0]
            access.readers = []
        access.readers.append(event)

    def write(self, event: Event, way: Way) -> None:
        """Remember a writer instead of all that it covers."""
        self.forget(way)
        access = self
        access.written = event[0]
        for name in way:
            above, access = access, access.place(name).setdefault(name, Access())
            above.changed.pop(name, None)
            above.changed[name] = access
            access.written = event[0]
        access.writer = event

    def forget(self, way: Way) -> None:
        """Drop what a resource covers: its way leads there, or may do so because it is open."""
        if not way or (len(way) == 1 and is_open(way[0])):
            self.named, self.open, self.changed = {}, {}, {}
        if not way:
            self.writer, self.readers, self.before = None, [], NEVER
        else:
            for found in self.below(way) if is_open(way[0]) else self._closed(way[0]):
                found.forget(way[1:])

    def _closed(self, name: str) -> Iterator["Access"]:
        """What is directly below under this name, if it is not open and there is something."""
        if name in self.named:
            yield self.named[name]
