"""Write JSON schemas as types in the notation of the plan language.

    str, int 1..100, "a" | "b" | … 38 more, list[str], {"x": float, "colour"?: str}, dict[str, int], str?

`T?` is a T or null. Records are written with their keys to a depth, and as `dict` below it. A recursive type has a
name: `({"value": int, "next"?: Node} as Node)`. `any` is a schema without restrictions, `…` a part that is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from llmc_compiler.json_schema.schema_keywords import listed, mapped
from llmc_runtime.agent.prompting.tool_docs.flat_schema import ANNOTATIONS, FlatSchema, says
from llmc_runtime.agent.prompting.tool_docs.prompt_texts import json_piece, key_text, word_of
from llmc_runtime.agent.prompting.tool_docs.type_facts import facts

MOST_VALUES: Final = 50
"""Maximum number of values of an enumeration, and alternatives of a union, that are written."""

_NAMES: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "null"}
_IMPLIED: Final = {
    "object": ("properties", "required", "additionalProperties", "patternProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems"),
    "string": ("pattern", "format", "minLength", "maxLength", "contentEncoding"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
"""The keywords that imply a type in a schema without `type`."""

_MOST_SCHEMAS: Final = 200
_MOST_CHARACTERS: Final = 3_000
_DEEPEST: Final = 8
_MOST_KEYS: Final = 30
_MOST_PLACES: Final = 10
_LONGEST_KEY: Final = 80
_LONGEST_VALUE: Final = 200


def type_text(
    schema: object, whole: object = None, *, records: int = 1, bounds: bool = True, values: int = MOST_VALUES
) -> str:
    """Write the type of a schema, which is a part of `whole`.

    `records` is the number of nested records that are written with their keys. Without `bounds`, formats and patterns
    are left out too.
    """
    return _Writer(schema if whole is None else whole, bounds, values).read(schema, records)


@dataclass(slots=True)
class _Writer:
    """Writes one type; `open` maps the references that are being written to their names."""

    whole: object
    bounds: bool
    values: int
    schemas: int = _MOST_SCHEMAS
    room: int = _MOST_CHARACTERS
    depth: int = 0
    open: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)

    def read(self, schema: object, records: int) -> str:
        """Write the type of a schema."""
        return _union(self._options(schema, records))

    def _options(self, schema: object, records: int) -> list[str]:
        """Write the alternatives of a schema."""
        if not isinstance(schema, Mapping):
            return ["nothing" if schema is False else "any"]
        if self.schemas <= 0 or self.depth >= _DEEPEST:
            return ["…"]
        flat = FlatSchema(self.whole).take(schema)
        if flat.is_nothing:
            return ["nothing"]
        self.schemas -= 1 + min(len(mapped(flat.schema, "properties")) // _MOST_KEYS, _MOST_KEYS)
        name = next((self.open[reference] for reference in flat.references if reference in self.open), None)
        if name is not None:
            self.named.add(name)
            return [name]
        return self._named(flat, records)

    def _named(self, flat: FlatSchema, records: int) -> list[str]:
        """Write the alternatives of a schema, with a name if the schema is recursive."""
        name = _name(flat, self.open.values()) if flat.references else ""
        self.open.update(dict.fromkeys(flat.references, name))
        self.depth += 1
        options = list(self._alternatives(flat.schema, records))
        self.depth -= 1
        for reference in flat.references:
            del self.open[reference]
        if name in self.named:
            self.named.discard(name)
            return ["any"] if options == [name] else [f"({_union(options)} as {name})"]
        return options

    def _alternatives(self, schema: dict[str, Any], records: int) -> Iterator[str]:
        """Yield the types of a schema's alternatives."""
        word = next((word for word in ("anyOf", "oneOf") if isinstance(schema.get(word), list)), None)
        if "const" in schema:
            yield from self._values([schema["const"]])
        elif isinstance(schema.get("enum"), list):
            yield from self._values(schema["enum"])
        elif word is not None and schema[word]:
            yield from self._choices(schema, word, records)
        else:
            names = _type_names(schema)
            for name in names:
                yield self._typed(name, schema, records)
            if not names:
                yield "any"
        if schema.get("nullable") is True:
            yield "null"

    def _values(self, values: Sequence[object]) -> Iterator[str]:
        """Yield the values of an enumeration, and the number of those that are left out."""
        if not values:
            yield "nothing"
        shown = 0
        for value in values[: self.values]:
            text = json_piece(value, _LONGEST_VALUE)
            if text is None or (shown and self.room < len(text)):
                break
            self.room -= len(text)
            shown += 1
            yield text
        if shown < len(values):
            yield f"… {len(values) - shown} more" if shown else "…"

    def _choices(self, schema: dict[str, Any], word: str, records: int) -> Iterator[str]:
        """Yield the alternatives of a union, each joined with the keywords beside the union."""
        options = schema[word]
        beside = {name: value for name, value in schema.items() if name not in {word, "nullable", *ANNOTATIONS}}
        constants = all(isinstance(option, Mapping) and "const" in option for option in options[:MOST_VALUES])
        most = self.values if constants else MOST_VALUES
        for option in options[:most]:
            if option is not False:
                yield from self._options({"allOf": [option, beside]} if says(beside) else option, records)
        if len(options) > most:
            yield f"… {len(options) - most} more"

    def _typed(self, name: str, schema: dict[str, Any], records: int) -> str:
        """Write the type of a schema for values of one of JSON's types."""
        if name == "object":
            return self._object(schema, records)
        kind = self._list(schema, records) if name == "array" else _NAMES.get(name, "any")
        is_tuple = kind.startswith("[")  # its length is that of its places
        return f"{kind}{facts(name, schema)}" if self.bounds and not is_tuple else kind

    def _list(self, schema: dict[str, Any], records: int) -> str:
        """Write a list of one type, or with a type for each place."""
        items = schema.get("items", True)
        first = schema.get("prefixItems", items)
        if not isinstance(first, list):
            return f"list[{self.read(items, records)}]"
        rest = schema.get("additionalItems", True) if isinstance(items, list) else items
        places = [self.read(part, records) for part in first[:_MOST_PLACES]]
        if len(first) > _MOST_PLACES:
            places.append(f"… {len(first) - _MOST_PLACES} more")
        elif rest is not False and schema.get("maxItems") != len(first):
            places.append(f"… {self.read(rest, records)}" if says(rest) else "…")
        return f"[{', '.join(places)}]"

    def _object(self, schema: dict[str, Any], records: int) -> str:
        """Write a record with its keys, or a mapping from any keys."""
        required = listed(schema, "required")
        properties = {name: part for name, part in mapped(schema, "properties").items() if part is not False}
        rest = _rest(schema)
        if not properties and not required:
            key = self.read(schema["propertyNames"], 0) if says(schema.get("propertyNames")) else "str"
            return "{}" if rest == [] else f"dict[{key}, {self._either(rest, records)}]"
        if records <= 0:
            return "dict"
        return self._record(properties, required, rest, records - 1)

    def _record(
        self, properties: Mapping[str, object], required: Sequence[object], rest: list[object], inside: int
    ) -> str:
        """Write the keys of a record, up to a readable number."""
        needed = {name for name in required if isinstance(name, str)}
        schemas = {**properties, **dict.fromkeys((name for name in sorted(needed) if name not in properties), True)}
        keys: list[str] = []
        for name in sorted(schemas, key=lambda key: key not in needed)[:_MOST_KEYS]:
            if self.room <= 0 and keys:
                break
            key = f"{key_text(name, _LONGEST_KEY)}{'' if name in needed else '?'}: {self.read(schemas[name], inside)}"
            self.room -= len(key)
            keys.append(key)
        if len(keys) < len(schemas):
            keys.append(f"… {len(schemas) - len(keys)} more")
        if any(map(says, rest)):
            keys.append(f"…: {self._either(rest, inside)}")
        return f"{{{', '.join(keys)}}}"

    def _either(self, schemas: Sequence[object], records: int) -> str:
        """Write the union of some schemas."""
        return _union([option for schema in schemas for option in self._options(schema, records)])


def _rest(schema: Mapping[str, Any]) -> list[object]:
    """Return the schemas of values at keys that are not named; empty if no other keys are allowed."""
    patterns = list(mapped(schema, "patternProperties").values())[:_MOST_PLACES]
    others = schema.get("additionalProperties", schema.get("unevaluatedProperties", not patterns))
    return patterns if others is False else [*patterns, others]


def _type_names(schema: Mapping[str, Any]) -> list[str]:
    """Return the names of JSON's types that a schema allows, or that its keywords imply."""
    kinds = schema.get("type")
    if isinstance(kinds, str):
        return [kinds] if kinds != "any" else []
    if isinstance(kinds, list):
        return [name for name in kinds[:_MOST_PLACES] if isinstance(name, str)]
    return [next((kind for kind, words in _IMPLIED.items() if any(word in schema for word in words)), "any")]


def _name(flat: FlatSchema, taken: Iterator[str] | Any) -> str:  # noqa: ANN401 — the values of a dictionary
    """Return a name for a referenced schema that is not taken."""
    title = flat.schema.get("title")
    last = flat.references[0].rpartition("/")[2].rpartition("#")[2]
    name = word_of(last) or (word_of(title) if isinstance(title, str) else "") or "Same"
    while name in taken:
        name += "_"
    return name


def _union(options: Sequence[str]) -> str:
    """Write a union of types; `T?` is a T or null."""
    options = list(dict.fromkeys(options))
    if "any" in options:
        return "any"
    others = [option for option in options if option not in {"null", "nothing"}]
    if len(others) == 1 and "null" in options and _is_one(others[0]):
        return f"{others[0]}?"
    return " | ".join([*others, *(["null"] if "null" in options else [])]) or "nothing"


def _is_one(text: str) -> bool:
    """Whether `?` after a type applies to all of it."""
    return text.isidentifier() or text[0] in '"[{(' or (text.startswith(("list[", "dict[")) and text.endswith("]"))
