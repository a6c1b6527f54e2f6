"""Untrusted JSON data: each place in it knows its path, and counts the values that are read."""

import re
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Final

from llmc_compiler.expressions.terms import Json
from llmc_compiler.representation.short_repr import short_repr
from llmc_compiler.serialization.form_errors import Malformed, Missing, Surplus, TooDeep, TooLarge, shown
from llmc_grammar.frozen_data import frozen
from llmc_grammar.source import Span
from llmc_grammar.suggestion import closest

_HALF: Final = re.compile("[\ud800-\udfff]")
_KINDS: Final = {type(None): "null", list: "a list", dict: "a mapping"}


class ReadBudget:
    """Bounds of one reading: the number of values, their depth, and the digits of an integer."""

    def __init__(self, values: int, depth: int, digits: int) -> None:
        self.values = values
        self.depth = depth
        self.digits = digits
        self._left = values

    def take(self, place: "JsonPlace") -> None:
        """Count one value; raises TooLarge or TooDeep."""
        self._left -= 1
        if self._left < 0:
            raise TooLarge(place.path, most=self.values, what="values")
        if place.depth > self.depth:
            raise TooDeep(place.path, most=self.depth)


@frozen
class JsonPlace:
    """A value in the data, with the path to it."""

    value: object
    budget: ReadBudget
    key: str | int = ""
    above: "JsonPlace | None" = None
    depth: int = 0

    @property
    def path(self) -> str:
        """The path from the root: `nodes[3].operation.term`."""
        keys: list[str | int] = []
        place: JsonPlace | None = self
        while place is not None and place.above is not None:
            keys.append(place.key)
            place = place.above
        steps = (f"[{key}]" if isinstance(key, int) else f".{shown(key)}" for key in reversed(keys))
        return "".join(steps).removeprefix(".")

    def wrong(self, wanted: str) -> Malformed:
        """Return the error for a value of the wrong kind."""
        value = self.value
        kind = _KINDS.get(type(value), type(value).__name__)
        if isinstance(value, (str, int, float)):
            kind = f"`{value if isinstance(value, str) else short_repr(value)}`"
        return Malformed(self.path, wanted=wanted, found=kind)

    def at(self, key: str | int, value: object) -> "JsonPlace":
        """Return the place of a nested value; raises TooLarge or TooDeep."""
        place = JsonPlace(value, self.budget, key, self, self.depth + 1)
        self.budget.take(place)
        return place

    def fields(self, required: Sequence[str], optional: Sequence[str] = ()) -> "dict[str, JsonPlace]":
        """Return the places in a mapping with exactly these keys; raises Malformed, Missing or Surplus."""
        if not isinstance(self.value, dict):
            raise self.wrong("a mapping")
        keys = (*required, *optional)
        for key in self.value:
            if key not in keys:
                suggestion = closest(key, keys) if isinstance(key, str) else None
                raise Surplus(self.path, key=key, suggestion=suggestion)
        for key in required:
            if key not in self.value:
                raise Missing(self.path, key=key)
        return {key: self.at(key, value) for key, value in self.value.items()}

    def items(self) -> "Iterator[JsonPlace]":
        """Return the places in a list; raises Malformed."""
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        return (self.at(index, value) for index, value in enumerate(self.value))

    def entries(self) -> "Iterator[tuple[str, JsonPlace]]":
        """Yield the keys and places in a mapping with arbitrary keys; raises Malformed."""
        if not isinstance(self.value, dict):
            raise self.wrong("a mapping")
        for key, value in self.value.items():
            if not isinstance(key, str):
                raise self.wrong("a mapping whose keys are texts")
            yield key, self.at(key, value)

    def text(self) -> str:
        """Return the text; raises Malformed."""
        if not isinstance(self.value, str):
            raise self.wrong("a text")
        if not self.value.isascii() and _HALF.search(self.value):
            raise self.wrong("a text without unpaired surrogates")
        return self.value

    def flag(self) -> bool:
        """Return the truth value; raises Malformed."""
        if not isinstance(self.value, bool):
            raise self.wrong("a truth value")
        return self.value

    def count(self) -> int:
        """Return the integer, which must not be negative; raises Malformed."""
        if type(self.value) is not int or self.value < 0:
            raise self.wrong("an integer of at least 0")
        return self.integer()

    def integer(self) -> int:
        """Return the integer, which has no more digits than integers in plans; raises Malformed."""
        if type(self.value) is not int or abs(self.value) >= 10**self.budget.digits:
            raise self.wrong(f"an integer of at most {self.budget.digits} digits")
        return self.value

    def span(self) -> Span:
        """Return the span in the plan's text; raises Malformed."""
        offsets = [place.count() for place in self.items()]
        if len(offsets) != 2 or offsets[0] > offsets[1]:  # noqa: PLR2004 (start and end)
            raise self.wrong("a list of two offsets, the start first")
        return Span(*offsets)

    def json(self) -> Json:
        """Return a copy of the JSON data; raises Malformed."""
        match self.value:
            case list():
                return [place.json() for place in self.items()]
            case dict():
                return {key: place.json() for key, place in self.entries()}
            case str():
                return self.text()
            case None | bool():
                return self.value
            case int():
                return self.integer()
            case float() if isfinite(self.value):
                return self.value
            case _:
                raise self.wrong("JSON data")
