"""The defaults of a JSON schema, filled in where they tell whether two calls are the same.

The tool itself gets what was written.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from llmc_compiler.schema_types import referred
from llmc_compiler.term import Json

_MOST: Final = 10_000
"""How many defaults are filled in: those of defaults may be many."""

_MOST_REFERENCES: Final = 40
"""How many references are followed to a default."""

_NOTHING: Final = object()


@dataclass(slots=True)
class Filling:
    """Fills in the defaults of schemas, which are parts of `whole`; `fits` says whether a value fits one of them."""

    whole: object
    fits: Callable[[object, Json], bool]
    left: int = _MOST
    open: set[int] = field(default_factory=set)

    def filled(self, schema: object, value: Json) -> Json:
        """The value with the defaults of a schema, at any depth."""
        if isinstance(value, dict):
            return self._mapping(list(self._applied(schema, value)), value)
        if isinstance(value, list):
            return self._list(list(self._applied(schema, value)), value)
        return value

    def _applied(self, schema: object, value: Json) -> Iterator[Mapping[str, Any]]:
        """The schemas that hold for a value, each once: references may go in circles."""
        seen: set[int] = set()
        waiting = [schema]
        while waiting:
            each = waiting.pop()
            if not isinstance(each, Mapping) or id(each) in seen:
                continue
            seen.add(id(each))
            yield each
            if "$ref" in each:
                waiting.append(referred(self.whole, each["$ref"]))
            waiting += each.get("allOf", ())
            for key in ("anyOf", "oneOf"):
                fitting = [option for option in each.get(key, ()) if self.fits(option, value)]
                # Of several that fit, none says by itself what is left out.
                waiting += fitting if len(fitting) == 1 else ()

    def _mapping(self, schemas: list[Mapping[str, Any]], value: Mapping[str, Json]) -> Json:
        """A mapping with the defaults of its keys."""
        result = {name: self._below(_of_key(schemas, name), part) for name, part in value.items()}
        for schema in schemas:
            for name, inside in schema.get("properties", {}).items():
                if name not in result and (default := self.default(inside)) is not _NOTHING:
                    result[name] = self._invented(inside, default)
        return result

    def _list(self, schemas: list[Mapping[str, Any]], value: list[Json]) -> Json:
        """A list with the defaults of what is in it."""
        return [self._below(_of_index(schemas, index), part) for index, part in enumerate(value)]

    def _below(self, schemas: Iterator[object], part: Json) -> Json:
        """A part with the defaults of its schemas."""
        for schema in schemas:
            part = self.filled(schema, part)
        return part

    def default(self, schema: object) -> Any:  # noqa: ANN401 — JSON data, or nothing
        """The default of a schema, or of what it refers to."""
        for _ in range(_MOST_REFERENCES):
            if not isinstance(schema, Mapping):
                break
            if "default" in schema:
                return schema["default"]
            schema = referred(self.whole, schema["$ref"]) if "$ref" in schema else None
        return _NOTHING

    def _invented(self, schema: object, default: Json) -> Json:
        """A default with the defaults in it, unless it is inside of itself."""
        self.left -= 1
        if id(schema) in self.open or self.left <= 0:
            return default
        self.open.add(id(schema))
        result = self.filled(schema, default)
        self.open.discard(id(schema))
        return result


def _of_key(schemas: list[Mapping[str, Any]], name: str) -> Iterator[object]:
    """The schemas of what is at a key."""
    for schema in schemas:
        yield schema.get("properties", {}).get(name, schema.get("additionalProperties"))


def _of_index(schemas: list[Mapping[str, Any]], index: int) -> Iterator[object]:
    """The schemas of what is at an index."""
    for schema in schemas:
        first = schema.get("prefixItems", ())
        yield first[index] if index < len(first) else schema.get("items")
