"""Mutations of JSON inside an input: what the engine does to bytes rarely leaves any JSON."""

import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, Final

from tests.fuzz.findings import dictionary

MOST_CHANGES: Final = 4
SCALARS: Final[Sequence[object]] = (None, True, False, 0, -1, 1e999, -1e999, 10**30, "", "a", "\ud800", [], {})
"""Values that are put anywhere."""

Slot = tuple[Any, Any]
"""A list or mapping, and the index or key of something in it."""


class Mutator:
    """Changes to the JSON of a target's inputs, with the entries and values that are in its dictionary."""

    def __init__(self, target: str) -> None:
        """Read the dictionary."""
        self._entries: list[tuple[str, object]] = []
        self._values: list[object] = [*SCALARS]
        for line in dictionary(target).read_text("ascii").splitlines():
            word = (
                line[1:-1].encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "replace").strip(",\n")
            )
            entry, value = _parsed(f"{{{word}}}"), _parsed(word)
            self._entries += entry.items() if isinstance(entry, dict) else ()
            self._values += [] if value is None else [value]

    def mutated(self, data: bytes, random: Random) -> bytes | None:
        """The input with other JSON in one of its lines, None if there is no JSON in it."""
        lines = data.decode("utf-8", "replace").split("\n")
        places = [(at, start) for at, line in enumerate(lines) if (start := _start(line)) is not None]
        if not places:
            return None
        at, start = random.choice(places)
        root = [json.loads(lines[at][start:])]
        for _ in range(random.randint(1, MOST_CHANGES)):
            self._change(root, random)
        lines[at] = lines[at][:start] + json.dumps(root[0] if root else None, separators=(",", ":"))
        if random.random() < 0.1:
            lines.insert(random.randrange(len(lines) + 1), lines[at])
        return "\n".join(lines).encode("utf-8", "replace")

    def _change(self, root: list[Any], random: Random) -> None:
        """Change one place."""
        slots = [*_slots(root)]
        if slots:
            random.choice(self._changes())(random.choice(slots), slots, random)

    def _changes(self) -> Sequence[Callable[[Slot, Sequence[Slot], Random], None]]:
        return (self._put, self._put, self._enter, self._enter, _copy, _remove, _rename, _wrap)

    def _put(self, slot: Slot, _: Sequence[Slot], random: Random) -> None:
        """Another value."""
        slot[0][slot[1]] = _own(random.choice(self._values))

    def _enter(self, slot: Slot, _: Sequence[Slot], random: Random) -> None:
        """One more entry."""
        inside = slot[0][slot[1]]
        if isinstance(inside, dict) and self._entries:
            key, value = random.choice(self._entries)
            inside[key] = _own(value)
        elif isinstance(inside, list):
            inside.insert(random.randrange(len(inside) + 1), _own(random.choice(self._values)))


def _copy(slot: Slot, slots: Sequence[Slot], random: Random) -> None:
    """A value from elsewhere."""
    other, key = random.choice(slots)
    slot[0][slot[1]] = _own(other[key])


def _remove(slot: Slot, _: Sequence[Slot], random: Random) -> None:
    """One entry less."""
    del slot[0][slot[1]]


def _rename(slot: Slot, slots: Sequence[Slot], random: Random) -> None:
    """The key of another entry."""
    inside, key = slot
    names = [name for _, name in slots if isinstance(name, str)]
    if isinstance(inside, dict) and names:
        inside[random.choice(names)] = inside.pop(key)


def _wrap(slot: Slot, _: Sequence[Slot], random: Random) -> None:
    """A list around it, or what is in the list."""
    value = slot[0][slot[1]]
    slot[0][slot[1]] = value[0] if isinstance(value, list) and value else [value]


def _slots(inside: Any) -> Iterator[Slot]:  # noqa: ANN401 — any JSON
    """Every place in JSON data."""
    pairs = inside.items() if isinstance(inside, dict) else enumerate(inside) if isinstance(inside, list) else ()
    for key, value in pairs:
        yield inside, key
        yield from _slots(value)


def _own(value: object) -> object:
    """A copy: data that holds itself is no JSON."""
    return json.loads(json.dumps(value))


def _start(line: str) -> int | None:
    """Where the JSON of a line begins, if the rest of it is any."""
    start = min((at for at in (line.find("{"), line.find("[")) if at >= 0), default=None)
    return None if start is None or _parsed(line[start:]) is None else start


def _parsed(text: str) -> object:
    """The JSON data of a text, None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
