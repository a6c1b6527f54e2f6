"""A short `repr` for objects, made without visiting everything they hold.

A `repr` is not only for people: `asyncio.run` asks for the `repr` of the task it runs, and so of the task's result.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import Field, fields, is_dataclass
from typing import Any, Final, TypeVar

from llmc_grammar.frozen_data import frozen

T = TypeVar("T")

LENGTH: Final = 100
"""Approximate number of characters for a field."""

REACH: Final = 64 * 1024
"""Characters behind the cut that are searched too: hidden text may begin before the cut and end behind it."""

_DEEPEST: Final = 8
_BITS: Final = 256
_CUT: Final = "…"


class Brief:
    """A dataclass with a short `repr`, however much it holds."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the class and its fields, each of them cut."""
        return brief_fields(self)


def brief_fields(value: Any, /, hide: Callable[[str], str] = str, **shown: object) -> str:  # noqa: ANN401 — any dataclass
    """Return a short `repr` of a dataclass; `shown` replaces the values of some fields."""
    parts = ((field.name, shown.get(field.name, getattr(value, field.name))) for field in _shown_fields(value))
    return f"{type(value).__name__}({', '.join(f'{name}={brief(part, hide=hide)}' for name, part in parts)})"


def brief(value: object, most: int = LENGTH, hide: Callable[[str], str] = str) -> str:
    """Return the `repr` of an object, cut to `most` characters; `hide` removes secret text."""
    pieces, length = [], 0
    for piece in _Writer(most, hide).pieces(value):
        pieces.append(piece)
        length += len(piece)
        if length > most:
            return "".join(pieces)[:most] + _CUT
    return "".join(pieces)


@frozen
class _Writer:
    """Writes the `repr` of an object in pieces, from left to right."""

    most: int
    hide: Callable[[str], str]

    def pieces(self, value: object, depth: int = 0) -> Iterator[str]:
        """Yield the pieces of an object."""
        if isinstance(value, str):
            yield repr(self._shown(value))
        elif isinstance(value, int) and value.bit_length() > _BITS:
            yield f"<{value.bit_length():,} bits>"
        elif depth > _DEEPEST:
            yield _CUT
        elif isinstance(value, Mapping):
            yield from _between("{", value.items(), "}", lambda pair: self._pair(*pair, depth + 1))
        elif isinstance(value, (list, tuple, AbstractSet)):
            ends = "[]" if isinstance(value, list) else "()" if isinstance(value, tuple) else "{}"
            yield from _between(ends[0], value, ends[1], lambda field: self.pieces(field, depth + 1))
        elif is_dataclass(value) and not isinstance(value, type) and not _writes_itself(value):
            yield type(value).__name__
            yield from _between("(", _shown_fields(value), ")", lambda field: self._field(value, field, depth + 1))
        else:
            yield self._shown(repr(value[: self.most] if isinstance(value, bytes) else value))

    def _shown(self, text: str) -> str:
        """Return the beginning of a text, with secrets hidden."""
        return self.hide(text[: self.most + REACH])[: self.most + 1]

    def _pair(self, key: object, value: object, depth: int) -> Iterator[str]:
        yield from self.pieces(key, depth)
        yield ": "
        yield from self.pieces(value, depth)

    def _field(self, value: object, each: "Field[Any]", depth: int) -> Iterator[str]:
        yield f"{each.name}="
        yield from self.pieces(getattr(value, each.name), depth)


def _writes_itself(value: object) -> bool:
    """Whether the object defines a short `repr` itself."""
    return isinstance(value, Brief) and type(value).__repr__ is not Brief.__repr__


def _between(first: str, parts: Iterable[T], last: str, write: Callable[[T], Iterator[str]]) -> Iterator[str]:
    """Yield parts between two brackets, with commas between them."""
    yield first
    for index, part in enumerate(parts):
        if index:
            yield ", "
        yield from write(part)
    yield last


def _shown_fields(value: Any) -> "list[Field[Any]]":  # noqa: ANN401 — any dataclass
    return [each for each in fields(value) if each.repr]
