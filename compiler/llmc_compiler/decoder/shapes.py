"""What a parameter takes, as far as a grammar can say it: read from a tool's JSON schema.

All its values are such as the schema allows, but for what is not understood: `pattern`, `format` other than those in
FORMATS, `multipleOf`, `uniqueItems`, `not`, conditions, how many keys a mapping has, mappings that two options of a
`oneOf` take, and bounds of a number that have no whole one between them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, isfinite
from typing import Any, Final

from llmc_compiler import types
from llmc_compiler.schema_refs import NOWHERE, referred
from llmc_compiler.schema_types import WORDLESS, at_most, listed
from llmc_compiler.term import Json
from llmc_compiler.types import Type
from llmc_grammar import parse
from llmc_grammar.bounds import Bounds
from llmc_grammar.print import quoted

FORMATS: Final = ("date", "date-time", "time", "uuid")
_PLAIN: Final = 100
"""Characters of a word that needs no reading."""
_MOST_SCHEMAS: Final = 500
_DEEPEST: Final = 24
_MOST_TURNS: Final = 2
"""How often a schema is read inside itself."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text of so many characters; not `certain` where the schema says more of it."""

    least: int = 0
    most: int | None = None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Formed:
    """A text of a form in FORMATS."""

    format: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some values, as the language prints them."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number between two, or one of these whole ones."""

    least: float | None = None
    most: float | None = None
    whole: Whole = Whole()


@dataclass(frozen=True, slots=True)
class Items:
    """A list: certain items first, then so many others."""

    first: tuple["Shape", ...]
    rest: "Shape"
    least: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a mapping that must be there, or may."""

    name: str
    shape: "Shape"
    required: bool


@dataclass(frozen=True, slots=True)
class Keys:
    """A mapping with these keys, in this order; where it has none, `others` is what a free one has."""

    keys: tuple[Key, ...]
    others: "Shape"


@dataclass(frozen=True, slots=True)
class Either:
    """A value of one of the options; without any, no value can be written out."""

    options: tuple["Shape", ...]


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value."""


Shape = Text | Formed | OneOf | Whole | Number | Items | Keys | Either | Anything

ANYTHING: Final = Anything()
NOTHING: Final = Either(())
BOOL: Final = OneOf(("true", "false"))
NULL: Final = OneOf(("null",))
_BASIC: Final[dict[str, Shape]] = {
    "null": NULL,
    "bool": BOOL,
    "int": Whole(),
    "float": Number(),
    "str": Text(),
}
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}

_SAID_OTHERWISE: Final = frozenset({"$ref", "const", "enum", "anyOf", "oneOf", "allOf"})


def shape_of(schema: object, whole: object) -> Shape:
    """The shape of a schema, which is a part of `whole`."""
    return _Reader(whole).read(schema, ())


def shape_of_type(found: Type) -> Shape:
    """The shape of a type."""
    match found:
        case types.Basic("any"):
            return ANYTHING
        case types.Basic(name):
            return _BASIC[name]
        case types.Words(texts):
            return OneOf(tuple(map(_printed, sorted(texts))))
        case types.List(item):
            return Items((), shape_of_type(item))
        case types.Record(fields, rest):
            keys = tuple(Key(each.name, shape_of_type(each.type), each.required) for each in fields)
            return Keys(keys, NOTHING if rest is None else shape_of_type(rest))
        case types.Union(inside):
            return _either(map(shape_of_type, inside))


def _either(found: Iterator[Shape]) -> Shape:
    """One of some shapes: those that are certain, if there are any."""
    options: dict[Shape, None] = {}
    for shape in found:
        options.update(dict.fromkeys(shape.options if isinstance(shape, Either) else (shape,)))
    certain = [shape for shape in options if not isinstance(shape, Text) or shape.certain]
    kept = tuple(certain or options)
    return kept[0] if len(kept) == 1 else Either(kept)


@dataclass(slots=True)
class _Reader:
    """Reads the schemas of one tool."""

    whole: object
    left: int = field(default=_MOST_SCHEMAS)
    depth: int = 0

    def read(self, schema: object, inside: tuple[str, ...]) -> Shape:
        """The shape of a schema that was found inside of these references; nothing where it is too deep."""
        if schema is True or schema == {}:
            return ANYTHING
        if not isinstance(schema, Mapping) or self.left <= 0 or self.depth >= _DEEPEST:
            return NOTHING
        self.left -= 1
        self.depth += 1
        found = self._read(schema, inside)
        self.depth -= 1
        return found

    def _read(self, schema: Mapping[str, Any], inside: tuple[str, ...]) -> Shape:
        """The shape of a schema that is a mapping."""
        if "$ref" in schema:
            return self._referred(schema, inside)
        if "const" in schema or "enum" in schema:
            return _one_of(schema)
        for key in ("anyOf", "oneOf"):
            if isinstance(schema.get(key), list):
                options = schema[key] if key == "anyOf" else _apart(schema[key], self.whole)
                said = _without(schema, key)
                return _either(self._all(said, [option], inside) for option in options)
        if isinstance(schema.get("allOf"), list):
            return self._all(_without(schema, "allOf"), schema["allOf"], inside)
        return _either(self._typed(name, schema, inside) for name in _names(schema)) if _names(schema) else ANYTHING

    def _referred(self, schema: Mapping[str, Any], inside: tuple[str, ...]) -> Shape:
        """The shape of a schema that stands elsewhere; nothing where it goes in circles, or is nowhere."""
        name = str(schema["$ref"])
        found = referred(self.whole, schema["$ref"])
        if inside.count(name) >= _MOST_TURNS or found is NOWHERE:
            return NOTHING
        return self._all(_without(schema, "$ref"), [found], (*inside, name))

    def _all(self, schema: dict[str, Any], more: Sequence[object], inside: tuple[str, ...]) -> Shape:
        """The shape of a schema with others that hold besides."""
        if not schema.keys() - WORDLESS and len(more) == 1:
            return self.read(more[0], inside)
        for part in more:
            known: object = part
            if isinstance(known, Mapping) and "$ref" in known:
                name = str(known["$ref"])
                if inside.count(name) >= _MOST_TURNS:
                    return NOTHING
                inside = (*inside, name)
                known = referred(self.whole, known["$ref"])
            if not isinstance(known, Mapping):
                return NOTHING
            schema = _merged(schema, known)
        return self.read(schema, inside)

    def _typed(self, name: str, schema: Mapping[str, Any], inside: tuple[str, ...]) -> Shape:
        """The shape of a schema for values of one of JSON's types."""
        match name:
            case "null":
                return NULL
            case "boolean":
                return BOOL
            case "integer":
                return _whole(schema)
            case "number":
                return _number(schema)
            case "string":
                return _text(schema)
            case "array":
                return self._items(schema, inside)
            case "object":
                return self._keys(schema, inside)
            case _:
                return NOTHING

    def _items(self, schema: Mapping[str, Any], inside: tuple[str, ...]) -> Shape:
        """The shape of a list."""
        rest = schema.get("items", True)
        first = rest if isinstance(rest, list) else listed(schema, "prefixItems")
        rest = schema.get("additionalItems", True) if isinstance(rest, list) else rest
        most = schema.get("maxItems")
        known = tuple(self.read(item, inside) for item in first[:most])
        return Items(known, self.read(rest, inside), int(schema.get("minItems", 0)), most)

    def _keys(self, schema: Mapping[str, Any], inside: tuple[str, ...]) -> Shape:
        """The shape of a mapping."""
        required = listed(schema, "required")
        known = schema.get("properties", {})
        # Which keys a pattern allows is not checked: all are better than none.
        others = schema.get("additionalProperties", True) or "patternProperties" in schema
        named = {**known, **{name: others for name in required if name not in known}}
        keys = tuple(Key(name, self.read(part, inside), name in required) for name, part in named.items())
        return Keys(keys, self.read(others, inside) if not keys else NOTHING)


def _merged(schema: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """What two schemas say together."""
    found = {**schema, **more}
    if "properties" in found:
        found["properties"] = {**schema.get("properties", {}), **more.get("properties", {})}
    found["required"] = [*listed(schema, "required"), *listed(more, "required")]
    return found


def _without(schema: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What else a schema says; not its definitions, which are read from the whole."""
    return {name: value for name, value in schema.items() if name not in {key, "$defs", "definitions", "discriminator"}}


def _names(schema: Mapping[str, Any]) -> list[str]:
    """The names of JSON's types that a schema allows, or of one that it speaks of."""
    found = schema.get("type")
    if found is None:
        found = "object" if "properties" in schema else "array" if "items" in schema else []
    return [found] if isinstance(found, str) else list(found)


def _one_of(schema: Mapping[str, Any]) -> Shape:
    """The values of an enumeration that are of the type besides, and that a model's plan can write."""
    found: list[Json] = [schema["const"]] if "const" in schema else list(schema["enum"])
    names = _names(schema)
    kinds = tuple(kind for name in names for kind in _KINDS.get(name, ()))
    kept = [
        value
        for value in found
        if not names or (isinstance(value, kinds) and (not isinstance(value, bool) or "boolean" in names))
    ]
    texts = [text for text in dict.fromkeys(map(_printed, kept)) if _is_value(text)]
    return OneOf(tuple(texts)) if texts else NOTHING


def _is_value(text: str) -> bool:
    """Whether a plan can write this: not `Infinity`, half a character, or too many digits or brackets."""
    is_plain = len(text) <= _PLAIN and text.isascii() and text[1:-1].isalnum() and text[0] == text[-1] == '"'
    return is_plain or parse(f"f({text})", bounds=Bounds.MODEL, header=False).ok


def _printed(value: Json) -> str:
    """JSON data as a plan writes it, with every `$` in a text doubled."""
    match value:
        case str():
            return quoted(value.replace("$", "$$"))
        case list():
            return f"[{', '.join(map(_printed, value))}]"
        case dict():
            return f"{{{', '.join(f'{quoted(key)}: {_printed(item)}' for key, item in value.items())}}}"
        case _:
            return json.dumps(value)


def _apart(options: Sequence[object], whole: object) -> list[object]:
    """The options of a `oneOf` by JSON type, without what another one takes too; mappings stay, since keys differ."""
    found = [at_most(option, whole) for option in options]
    kept: list[object] = []
    for at, option in enumerate(options):
        others = [other for place, other in enumerate(found) if place != at]
        for one in _by_type(option):
            known = at_most(one, whole)
            if isinstance(known, types.Record) or not any(types.overlap(known, other) for other in others):
                kept.append(one)
    return kept or list(options)


def _by_type(schema: object) -> list[object]:
    """A schema for each of JSON's types that a schema allows, where it allows several."""
    if schema is True or (isinstance(schema, Mapping) and not schema.keys() & _SAID_OTHERWISE):
        said = {} if schema is True else schema
        return [{**said, "type": name} for name in _names(said) or _KINDS]
    return [schema]


def _whole(schema: Mapping[str, Any]) -> Whole:
    """A whole number between what a schema says."""
    low = [ceil(schema["minimum"])] if _is_number(schema.get("minimum")) else []
    low += [floor(schema["exclusiveMinimum"]) + 1] if _is_number(schema.get("exclusiveMinimum")) else []
    high = [floor(schema["maximum"])] if _is_number(schema.get("maximum")) else []
    high += [ceil(schema["exclusiveMaximum"]) - 1] if _is_number(schema.get("exclusiveMaximum")) else []
    return Whole(max(low, default=None), min(high, default=None))


def _number(schema: Mapping[str, Any]) -> Number:
    """A number between what a schema says."""
    low = [schema[key] for key in ("minimum", "exclusiveMinimum") if _is_number(schema.get(key))]
    high = [schema[key] for key in ("maximum", "exclusiveMaximum") if _is_number(schema.get(key))]
    return Number(max(low, default=None), min(high, default=None), _whole(schema))


def _is_number(value: object) -> bool:
    """Whether it is a finite number, and no switch as in old drafts; `1e999` in JSON is infinite."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and isfinite(value))


def _text(schema: Mapping[str, Any]) -> Shape:
    """A text, of a known form or of so many characters."""
    if schema.get("format") in FORMATS:
        return Formed(schema["format"])
    certain = "pattern" not in schema and "format" not in schema
    return Text(int(schema.get("minLength", 0)), schema.get("maxLength"), certain)
