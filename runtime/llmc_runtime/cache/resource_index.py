"""An index of items by resource: a tree of names, to find items that overlap a resource without visiting the others."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from llmc_compiler.effects.effects import is_open, segments

T = TypeVar("T", bound=Hashable)


@dataclass(slots=True)
class _Level(Generic[T]):
    """The items of one resource, and the levels below: by name, and for names with parameters."""

    here: dict[T, None] = field(default_factory=dict)
    named: dict[str, "_Level[T]"] = field(default_factory=dict)
    open: dict[str, "_Level[T]"] = field(default_factory=dict)

    def below(self, name: str) -> "dict[str, _Level[T]]":
        """Return the mapping that has the level of a name."""
        return self.open if is_open(name) else self.named

    def overlapping(self, way: tuple[str, ...]) -> "Iterator[T]":
        """Yield the items here and below whose resource may lie on the path, or at its end."""
        yield from self.here
        if not way or is_open(way[0]):
            named = iter(self.named.values())
        else:
            named = iter([self.named[way[0]]] if way[0] in self.named else [])
        for levels in (named, self.open.values()):
            for level in levels:
                yield from level.overlapping(way[1:])

    def discard(self, thing: T, way: tuple[str, ...]) -> bool:
        """Remove an item, and return whether the level is empty now."""
        if not way:
            del self.here[thing]
        elif self.below(way[0])[way[0]].discard(thing, way[1:]):
            del self.below(way[0])[way[0]]
        return not (self.here or self.named or self.open)


class ResourceIndex(Generic[T]):
    """Items that have one resource each."""

    def __init__(self) -> None:
        self._ways: dict[T, tuple[str, ...]] = {}
        self._top: _Level[T] = _Level()

    def add(self, thing: T, resource: str) -> None:
        """Add an item that is not in the index."""
        self._ways[thing] = way = segments(resource)
        level = self._top
        for name in way:
            level = level.below(name).setdefault(name, _Level())
        level.here[thing] = None

    def discard(self, thing: T) -> None:
        """Remove an item, if it is in the index."""
        way = self._ways.pop(thing, None)
        if way is not None:
            self._top.discard(thing, way)

    def overlapping(self, resource: str) -> Iterator[T]:
        """Yield the items whose resource overlaps this one; the index must not change meanwhile."""
        return self._top.overlapping(segments(resource)) if self._ways else iter(())
