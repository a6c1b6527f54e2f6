"""Segments in braces of a resource's name, closed by arguments that the tool certainly receives as written.

A converter may map different texts to one argument, so that different texts do not prove different resources. `{id}`
is then open.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from llmc_compiler.json_schema.schema_keywords import listed
from llmc_compiler.json_schema.schema_references import referred
from llmc_grammar.frozen_data import frozen

_LARGEST: Final = 2**63
"""Integers from here on leave their segment open: Python refuses to write long ones in decimal."""

_CONVERTED: Final = object()
"""Stands among the types that a schema keeps if it may convert a string."""

_DEEPEST: Final = 20
"""Maximum nesting depth of schemas that are read."""

_CHANGES: Final = ("strip_whitespace", "to_lower", "to_upper", "coerce_numbers_to_str")
_WITHOUT_TEXTS: Final = frozenset({"none", "bool", "float", "list", "dict"})
_ENCODED: Final = frozenset({"format", "contentEncoding", "contentMediaType", "not", "$dynamicRef", "$recursiveRef"})
_OF_TYPE: Final[dict[str, frozenset[object]]] = {"string": frozenset({str}), "integer": frozenset({int})}
_NOTHING: Final[frozenset[object]] = frozenset()


@frozen
class ResourceSegment:
    """The values with which a parameter closes a segment; `missing` is the text of its default, empty if open."""

    texts: bool = False
    integers: bool = False
    missing: str = ""

    def of(self, value: object) -> str:
        """Return the text of an argument; an empty one leaves the segment open."""
        if isinstance(value, str):
            return value if self.texts else ""
        is_number = self.integers and isinstance(value, (int, float)) and not isinstance(value, bool)
        return str(int(value)) if is_number and abs(value) < _LARGEST and value == int(value) else ""  # type: ignore[arg-type,call-overload]  # it is a number


OPEN: Final = ResourceSegment()


def by_annotation(schema: Mapping[str, Any], default: object) -> ResourceSegment:
    """Return the segment of a parameter with this core schema of pydantic."""
    return _segment(_kept(schema), default)


def by_schema(schema: object, whole: object, default: object) -> ResourceSegment:
    """Return the segment of a parameter with this JSON schema, which is a part of `whole`."""
    return _segment(_written(schema, whole, 0, set()), default)


def _segment(as_written: frozenset[object], default: object) -> ResourceSegment:
    """Return the segment of a parameter that leaves values of these types as written."""
    if _CONVERTED in as_written:
        return OPEN
    closing = ResourceSegment(texts=str in as_written, integers=int in as_written)
    value = default._value_ if isinstance(default, Enum) else default
    return ResourceSegment(closing.texts, closing.integers, closing.of(value))


def _kept(schema: Mapping[str, Any]) -> frozenset[object]:
    """Return the types whose values arrive as written, by a core schema."""
    match schema["type"]:
        case "any" | "literal":
            return frozenset({str})
        case "str":
            return frozenset({_CONVERTED if any(schema.get(change) for change in _CHANGES) else str})
        case "int":
            return frozenset({int})
        case "enum":
            return frozenset({str if _is_exact(schema["cls"]) else _CONVERTED})
        case "nullable" | "default":
            return _kept(schema["schema"])
        case "union":
            choices = (each[0] if isinstance(each, tuple) else each for each in schema["choices"])
            return _NOTHING.union(*map(_kept, choices))
        case name:
            return _NOTHING if name in _WITHOUT_TEXTS else frozenset({_CONVERTED})


def _is_exact(kind: type[Enum]) -> bool:
    """Whether each member of an enumeration is found by exactly one string."""
    is_lenient = getattr(kind._missing_, "__func__", None) is not Enum._missing_.__func__  # type: ignore[attr-defined]  # a class method
    return not is_lenient and all(isinstance(each._value_, str) for each in kind)


def _written(schema: object, whole: object, depth: int, seen: set[int]) -> frozenset[object]:
    """Return the types whose values the tool uses as written, by a JSON schema.

    A tool receives arguments as written, but a format suggests that it reads a string as something else.
    """
    if not isinstance(schema, Mapping):
        return frozenset({str})
    if id(schema) in seen:
        return _NOTHING  # its types are in the union already
    seen.add(id(schema))
    names = (
        [schema["type"]]
        if isinstance(schema.get("type"), str)
        else [name for name in listed(schema, "type") if isinstance(name, str)]
    )
    is_encoded = not _ENCODED.isdisjoint(schema) and (not names or "string" in names or "not" in schema)
    if is_encoded or depth == _DEEPEST:
        return frozenset({_CONVERTED})
    parts = [part for word in ("allOf", "anyOf", "oneOf") for part in listed(schema, word)]
    parts += [schema[word] for word in ("if", "then", "else") if word in schema]
    parts += [referred(whole, schema["$ref"])] if "$ref" in schema else []
    own = _NOTHING.union(*(_OF_TYPE.get(name, _NOTHING) for name in names)) if names else _NOTHING
    types = own.union(*(_written(part, whole, depth + 1, seen) for part in parts))
    return types if names or parts else frozenset({str})
