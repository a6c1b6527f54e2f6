"""JSON schemas as types: two for each schema, since a schema can be more specific than a type.

`at_most(schema)` contains every value that the schema allows, and perhaps others. `at_least(schema)` contains only
values that the schema certainly allows. A schema that cannot be read is `any` for the first, and no value for the
second.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final

from llmc_compiler.expressions.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    MOST_OPTIONS,
    NEVER,
    NULL,
    STR,
    Field,
    Type,
    both,
    list_of,
    record,
    union,
    words,
)
from llmc_compiler.json_schema.schema_keywords import WORDLESS, is_nullable, listed
from llmc_compiler.json_schema.schema_references import referred

_MOST_SCHEMAS: Final = 500
"""Maximum number of schemas that are read: references may go in circles."""
_DEEPEST: Final = 40
"""Maximum nesting depth of schemas that are read."""

_UNDERSTOOD: Final = {
    "null": frozenset({"type"}),
    "boolean": frozenset({"type"}),
    "integer": frozenset({"type"}),
    "number": frozenset({"type"}),
    "string": frozenset({"type"}),
    "array": frozenset({"type", "items"}),
    "object": frozenset({"type", "properties", "required", "additionalProperties"}),
}
"""For each JSON type, the keywords that a type of the language can express."""


def at_most(schema: object, whole: object = None, *, strict: bool = False) -> Type:
    """Return a type that contains every value of a schema, which is a part of `whole`.

    `strict` schemas come from annotations: records have only the keys they name, and `1.0` is not an integer.
    """
    return _AtMost(schema if whole is None else whole, strict).read(schema)


def at_least(schema: object, whole: object = None) -> Type:
    """Return a type whose values a schema certainly allows; the schema is a part of `whole`."""
    return _AtLeast(schema if whole is None else whole).read(schema)


@dataclass(slots=True, eq=False, repr=False)
class _AtMost:
    """Reads schemas as types; where in doubt, the type is larger."""

    whole: object
    strict: bool
    left: int = field(default=_MOST_SCHEMAS)
    depth: int = 0

    def read(self, schema: object) -> Type:
        """Return the type of a schema."""
        if schema is False:
            return NEVER
        if not isinstance(schema, Mapping) or self.left <= 0 or self.depth >= _DEEPEST:
            return ANY
        self.left -= 1
        self.depth += 1
        type_ = self._read(schema)
        self.depth -= 1
        return type_

    def _read(self, schema: Mapping[str, Any]) -> Type:
        """Return the type of a schema that is a mapping."""
        said = [self._own(schema)]
        if "$ref" in schema:
            said.append(self.read(referred(self.whole, schema["$ref"])))
        choices = [schema[key] for key in ("anyOf", "oneOf") if isinstance(schema.get(key), list)]
        said += [union(map(self.read, options)) for options in choices]
        said += [self.read(each) for each in listed(schema, "allOf")]
        return reduce(both, said)

    def _own(self, schema: Mapping[str, Any]) -> Type:
        """Return the type of a schema without those that it refers to or includes."""
        if "const" in schema or "enum" in schema:
            values = schema.get("enum", [schema.get("const")])
            return union(map(_any_of_its_kind, values)) if isinstance(values, list) else ANY
        if "type" not in schema:
            return ANY
        typed = union(self._typed(name, schema) for name in _names(schema))
        return union((typed, NULL)) if is_nullable(schema) else typed

    def _typed(self, name: str, schema: Mapping[str, Any]) -> Type:
        """Return the type of a schema's values of one JSON type."""
        match name:
            case "array":
                return list_of(self._items(schema))
            case "object":
                return self._object(schema)
            case "integer" if not self.strict:
                return FLOAT  # a schema's integers include 1.0
            case _:
                return _SCALARS.get(name, ANY)

    def _items(self, schema: Mapping[str, Any]) -> Type:
        """Return the type of a list's items."""
        first = schema.get("prefixItems", ())
        rest = schema.get("items", True)
        if not isinstance(first, list) or isinstance(rest, list):
            return ANY if first or isinstance(rest, list) else self.read(rest)
        return union((*map(self.read, first), *(() if _is_full(schema, first) else (self.read(rest),))))

    def _object(self, schema: Mapping[str, Any]) -> Type:
        """Return the type of a mapping."""
        others = schema.get("additionalProperties", not (self.strict and schema.get("properties")))
        if "patternProperties" in schema:
            others = True
        rest = None if others is False else self.read(others)
        return record(_fields(self, schema), rest)


@dataclass(slots=True, eq=False, repr=False)
class _AtLeast:
    """Reads schemas as types; where in doubt, the type is smaller."""

    whole: object
    left: int = field(default=_MOST_SCHEMAS)
    depth: int = 0

    def read(self, schema: object) -> Type:
        """Return the type of a schema."""
        if schema is True or schema == {}:
            return ANY
        if not isinstance(schema, Mapping) or self.left <= 0 or self.depth >= _DEEPEST:
            return NEVER
        self.left -= 1
        self.depth += 1
        type_ = self._read(schema)
        self.depth -= 1
        return type_

    def _read(self, schema: Mapping[str, Any]) -> Type:
        """Return the type of a schema that is a mapping."""
        said = schema.keys() - WORDLESS - ({"nullable"} if "type" in schema else set())
        if self.whole is schema:
            said -= {"$defs", "definitions"}
        if not said:
            return ANY
        if said == {"$ref"}:
            return self.read(referred(self.whole, schema["$ref"]))
        if said == {"anyOf"} and isinstance(schema["anyOf"], list):
            return union([self.read(option) for option in schema["anyOf"]][:MOST_OPTIONS])
        if said <= {"enum", "type"} and isinstance(schema.get("enum"), list):
            return words(found) if (found := [word for word in schema["enum"] if isinstance(word, str)]) else NEVER
        if said <= {"const", "type"} and isinstance(schema.get("const"), str):
            return words((schema["const"],))
        typed = union(self._typed(name, schema) for name in _names(schema) if _says(said, schema))
        return union((typed, NULL)) if is_nullable(schema) and typed != NEVER else typed

    def _typed(self, name: str, schema: Mapping[str, Any]) -> Type:
        """Return the type of a schema's values of one JSON type."""
        match name:
            case "array":
                return list_of(self.read(schema.get("items", True)))
            case "object":
                others = self.read(schema.get("additionalProperties", True))
                return record(_fields(self, schema), None if others == NEVER else others)
            case _:
                return _SCALARS.get(name, NEVER)


_SCALARS: Final[dict[str, Type]] = {"null": NULL, "boolean": BOOL, "integer": INT, "number": FLOAT, "string": STR}


def _says(said: set[str], schema: Mapping[str, Any]) -> bool:
    """Whether a type can express all these keywords of a schema."""
    allowed = frozenset().union(*(_UNDERSTOOD.get(name, frozenset()) for name in _names(schema)))
    return said <= allowed


def _names(schema: Mapping[str, Any]) -> list[str]:
    """Return the names of the JSON types that a schema allows."""
    names = schema.get("type", [])
    # Draft 3 also allows schemas in this list; they count as any type.
    return [names] if isinstance(names, str) else [each if isinstance(each, str) else "any" for each in names]


def _fields(reader: "_AtMost | _AtLeast", schema: Mapping[str, Any]) -> Iterator[Field]:
    """Yield the keys that a schema names."""
    required = listed(schema, "required")
    properties = schema.get("properties", {})
    for name, inside in properties.items():
        yield Field(name, reader.read(inside), name in required)
    yield from (Field(name, ANY) for name in required if name not in properties)


def _is_full(schema: Mapping[str, Any], first: list[object]) -> bool:
    """Whether a list has no items after those that its schema lists one by one."""
    return schema.get("maxItems") == len(first) or schema.get("items") is False


def _any_of_its_kind(value: object) -> Type:
    """Return the type of a value in an enumeration: exact for texts, only the kind for other values.

    Validators may treat `1`, `1.0` and `true` as equal.
    """
    if isinstance(value, str):
        return words((value,))
    if value is None:
        return NULL
    return union((FLOAT, BOOL)) if isinstance(value, (bool, int, float)) else ANY
