"""Everyday JSON schemas, read without `jsonschema`: those that are certainly valid, and certainly fit some value.

Both questions have a full answer elsewhere, which takes milliseconds. Here the answer is yes only if it is certain for
the drafts 7 and 2020-12. Other drafts, other keywords, and schemas beyond the bounds are left to the full answer.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, Final

from llmc_compiler.json_schema.schema_keywords import WORDLESS, listed, mapped
from llmc_compiler.json_schema.schema_references import referred

_NEWEST: Final = "https://json-schema.org/draft/2020-12/schema"
_DRAFTS: Final = frozenset(
    {
        _NEWEST,
        "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-07/schema",
    }
)
"""Values of `$schema` whose metaschemas accept what is accepted here."""
_MOST: Final = 10_000
"""Maximum number of schemas that are read, and of values in data: Python objects may share or contain themselves."""
_DEEPEST: Final = 20
"""Maximum nesting depth of schemas; the full check reads deeper ones, and refuses those that are too deep."""
_MOST_NEEDED: Final = 200
"""Maximum number of schemas that a value has to fit."""

_NAMED: Final = frozenset({"properties", "$defs", "definitions"})
"""Keywords whose value maps names to schemas."""
_LISTED: Final = frozenset({"anyOf", "allOf", "oneOf", "prefixItems"})
"""Keywords whose value is a list of schemas."""
_SINGLE: Final = frozenset(
    {"items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else", "unevaluatedProperties"}
)
"""Keywords whose value is a schema."""

_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_NO_WORDS: Final[frozenset[str]] = frozenset()
_TEXT: Final = frozenset({str})
_SCALARS: Final = frozenset({str, int, float, bool, type(None)})


def _is_text(value: object) -> bool:
    """Whether a value is a text."""
    return type(value) is str


def _is_flag(value: object) -> bool:
    """Whether a value is a boolean."""
    return type(value) is bool


def _is_number(value: object) -> bool:
    """Whether a value is a number."""
    return type(value) is int or type(value) is float


def _is_count(value: object) -> bool:
    """Whether a value is an integer of at least 0."""
    return type(value) is int and value >= 0


def _is_step(value: object) -> bool:
    """Whether a value is a number above 0."""
    return (type(value) is int or type(value) is float) and value > 0


def _are_names(value: object) -> bool:
    """Whether a value is a list of different texts."""
    return type(value) is list and _TEXT.issuperset(map(type, value)) and len(set(value)) == len(value)


def _is_type(value: object) -> bool:
    """Whether a value is the name of a type, or a list of such names."""
    if type(value) is str:
        return value in _TYPES
    return _are_names(value) and bool(value) and _TYPES.issuperset(value)  # type: ignore[arg-type]  # it is a list


def _is_data(value: object) -> bool:
    """Whether a value is JSON data whose keys are texts."""
    open_ = [value]
    for _ in range(_MOST):
        if not open_:
            return True
        current = open_.pop()
        if type(current) is dict:
            if not _TEXT.issuperset(map(type, current)):
                return False
            open_ += current.values()
        elif type(current) is list:
            open_ += current
        elif type(current) not in _SCALARS:
            return False
    return False


def _is_list(value: object) -> bool:
    """Whether a value is a list of JSON data."""
    return type(value) is list and (_SCALARS.issuperset(map(type, value)) or _is_data(value))


Keyword = Callable[[object], bool]
"""Whether the value of a keyword is certainly valid."""

KEYWORDS: Final[Mapping[str, Keyword]] = {
    **dict.fromkeys(("title", "description", "$comment", "format", "pattern", "$ref", "$schema"), _is_text),
    **dict.fromkeys(("contentEncoding", "contentMediaType"), _is_text),
    **dict.fromkeys(("deprecated", "readOnly", "writeOnly", "uniqueItems", "nullable"), _is_flag),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _is_count),
    **dict.fromkeys(("default", "const"), _is_data),
    **dict.fromkeys(("enum", "examples"), _is_list),
    "multipleOf": _is_step,
    "required": _are_names,
    "type": _is_type,
}
"""The keywords whose value contains no schema."""


def valid_words(schema: Mapping[str, Any], keywords: Mapping[str, Keyword] = KEYWORDS) -> frozenset[str] | None:
    """Return the keywords in a schema that is certainly valid, with texts as keys, or None if that is unknown."""
    draft = schema.get("$schema", _NEWEST)
    if type(draft) is not str or draft not in _DRAFTS:
        return None
    words: set[str] = set()
    level: list[Any] = [schema]
    count = 0
    for _ in range(_DEEPEST):
        if not level:
            return frozenset(words)
        count += len(level)
        if count > _MOST:
            return None
        inside: list[Any] = []
        for current in level:
            if type(current) is dict:
                words.update(current)
                for word, value in current.items():
                    check = keywords.get(word)
                    if not (_has_schemas(word, value, inside) if check is None else check(value)):
                        return None
            elif type(current) is not bool:
                return None
        level = inside
    return None


def _has_schemas(word: str, value: Any, inside: list[Any]) -> bool:  # noqa: ANN401 — the value of any keyword
    """Add the schemas in the value of a keyword; False if it is not known to contain schemas."""
    if word in _NAMED:
        if type(value) is not dict or not _TEXT.issuperset(map(type, value)):
            return False
        inside += value.values()
    elif word in _LISTED:
        if type(value) is not list or not value:
            return False
        inside += value
    elif word in _SINGLE:
        inside.append(value)
    else:
        return False
    return True


_WORDLESS: Final = WORDLESS | {"format", "nullable", "definitions", "$defs"}
"""Keywords that exclude no value of a schema's type."""
_UNDERSTOOD: Final[Mapping[str, frozenset[str]]] = {
    "null": frozenset({"type", "enum"}),
    "boolean": frozenset({"type", "enum"}),
    "integer": frozenset({"type", "enum", "minimum", "maximum"}),
    "number": frozenset({"type", "enum", "minimum", "maximum"}),
    "string": frozenset({"type", "enum", "minLength", "maxLength"}),
    "array": frozenset({"type", "items", "minItems", "maxItems"}),
    "object": frozenset({"type", "properties", "required", "additionalProperties"}),
}
"""For each type, the keywords that are read."""
_BOUNDS: Final[Mapping[str, tuple[str, str]]] = {
    "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"),
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
}
_CLASSES: Final[Mapping[str, frozenset[type]]] = {
    "null": frozenset({type(None)}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "string": frozenset({str}),
}
"""For each type, the classes whose objects are certainly of the type."""


def is_possible(whole: Mapping[str, Any]) -> bool:
    """Whether some value certainly fits a schema; False if that is unknown."""
    open_: list[object] = [whole]
    for _ in range(_MOST_NEEDED):
        if not open_:
            return True
        current = open_.pop()
        if current is not True:
            needed = _needed(current, whole) if type(current) is dict else None
            if needed is None:
                return False
            open_ += needed
    return False


def _needed(schema: Mapping[str, Any], whole: object) -> Sequence[object] | None:
    """Return schemas: if there is a value of each, there is one of this schema. None if no such schemas are known."""
    words = schema.keys() - _WORDLESS
    if not words:
        return ()
    if words == {"$ref"}:
        return (referred(whole, schema["$ref"]),)
    if words == {"anyOf"}:
        return listed(schema, "anyOf")[:1] or None
    said = schema.get("type")
    name = said[0] if type(said) is list and said else said
    if type(name) is not str or not words <= _UNDERSTOOD.get(name, _NO_WORDS):
        return None
    if "enum" in words:
        is_certain = words == {"enum", "type"} and not _CLASSES[name].isdisjoint(map(type, listed(schema, "enum")))
        return () if is_certain else None
    if name in _BOUNDS and not _is_range(schema, *_BOUNDS[name]):
        return None
    if name == "array":
        return (schema.get("items", True),) if schema.get("minItems") else ()
    return _required(schema) if name == "object" else ()


def _is_range(schema: Mapping[str, Any], least: str, most: str) -> bool:
    """Whether an integer is certainly between two bounds, of which one or both may be missing."""
    low, high = schema.get(least, -inf), schema.get(most, inf)
    if least in schema and most in schema:
        return type(low) is int and type(high) is int and low <= high
    return _is_number(low) and _is_number(high)


def _required(schema: Mapping[str, Any]) -> list[object] | None:
    """Return the schemas of the keys that an object needs, or None if they are unknown."""
    names, others = schema.get("required", []), schema.get("additionalProperties", True)
    return [mapped(schema, "properties").get(name, others) for name in names] if _are_names(names) else None
