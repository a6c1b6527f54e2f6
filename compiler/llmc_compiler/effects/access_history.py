"""The last reads and writes of each resource, from which order edges are made.

Resources form a tree of names. A name that may be anything is open. An event is a node with an effect, and the number
of effects before it. Readers of a resource come in runs, separated by writers of overlapping resources. Only the last
run is kept: writers between two runs came after the earlier run and before the last one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from operator import attrgetter

from llmc_compiler.effects.effects import is_open
from llmc_compiler.expressions.terms import NodeId

Way = Sequence[str]
"""The names on the path to a resource."""

Event = tuple[int, NodeId]

NEVER = 0

_written = attrgetter("written")


@dataclass(slots=True, eq=False, repr=False)
class Access:
    """The last writer of a resource, the last run of its readers, and its parts: by name, and open ones.

    `before` is the end of the previous run of readers, and `written` the last write of this resource or a part of it.
    `changed` has the parts that were written, the latest last.
    """

    writer: Event | None = None
    readers: list[Event] = field(default_factory=list)
    before: int = NEVER
    written: int = NEVER
    named: dict[str, "Access"] = field(default_factory=dict)
    open: dict[str, "Access"] = field(default_factory=dict)
    changed: dict[str, "Access"] = field(default_factory=dict)

    def below(self, way: Way) -> Iterator["Access"]:
        """Yield the direct parts that may be on the path; all of them if the path ends here."""
        yield from self.named.values() if not way or is_open(way[0]) else self._closed(way[0])
        yield from self.open.values()

    def changed_below(self, way: Way, since: int) -> Iterator["Access"]:
        """Yield the parts of `below` that were written after `since`, the latest first."""
        many = not way or is_open(way[0])
        latest_first = reversed(self.changed.values()) if many else sorted(self.below(way), key=_written, reverse=True)
        return takewhile(lambda access: access.written > since, latest_first)

    def overlapping(self, way: Way) -> Iterator["Access"]:
        """Yield the resources that may equal, contain or be part of the one at the end of the path."""
        yield self
        for part in self.below(way):
            yield from part.overlapping(way[1:])

    def covering(self, way: Way) -> Iterator["Access"]:
        """Yield the resources that certainly contain this one, for all values of open names."""
        yield self
        if way:
            for part in (*self._closed(way[0]), *self.open.values()):
                yield from part.covering(way[1:])

    def writers(self, way: Way, since: int) -> Iterator[Event]:
        """Yield the last writers of overlapping resources that are later than `since`."""
        if self.writer is not None and self.writer[0] > since:
            yield self.writer
        for part in self.changed_below(way, since):
            yield from part.writers(way[1:], since)

    def last_write(self, way: Way) -> int:
        """Return the time of the last write of an overlapping resource."""
        if not way:
            return self.written
        latest = NEVER if self.writer is None else self.writer[0]
        for part in self.changed_below(way, latest):
            if part.written <= latest:
                break
            latest = max(latest, part.last_write(way[1:]))
        return latest

    def readers_since(self, since: int) -> list[Event]:
        """Return the readers of the last run that are later than `since`."""
        start = len(self.readers)
        while start and self.readers[start - 1][0] > since:
            start -= 1
        return self.readers[start:]

    def place(self, name: str) -> dict[str, "Access"]:
        """Return the mapping for names of this kind."""
        return self.open if is_open(name) else self.named

    def find(self, way: Way) -> "Access | None":
        """Return the resource itself, if it was used."""
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
        """Remember a writer, and forget everything that it covers."""
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
        """Forget everything that a resource covers: all that is, or may be, at the end of the path."""
        if not way or (len(way) == 1 and is_open(way[0])):
            self.named, self.open, self.changed = {}, {}, {}
        if not way:
            self.writer, self.readers, self.before = None, [], NEVER
        else:
            for part in self.below(way) if is_open(way[0]) else self._closed(way[0]):
                part.forget(way[1:])

    def _closed(self, name: str) -> Iterator["Access"]:
        """Yield the direct part with this name, if it exists and is not open."""
        if name in self.named:
            yield self.named[name]
