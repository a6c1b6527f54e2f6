"""Flatten a schema: join it with its references and `allOf` into one mapping."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from llmc_compiler.json_schema.schema_keywords import WORDLESS, listed
from llmc_compiler.json_schema.schema_references import NOWHERE, referred

_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_MOST_PARTS: Final = 50
_LARGER: Final = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems"})
_SMALLER: Final = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems"})

ANNOTATIONS: Final = WORDLESS | {"example", "id", "$anchor", "$dynamicAnchor", "$defs", "definitions"}
"""The keywords of a schema that restrict no value."""


@dataclass(slots=True)
class FlatSchema:
    """The keywords of a schema and of all schemas that it includes; `references` are those that were followed."""

    whole: object
    schema: dict[str, Any] = field(default_factory=dict)
    references: list[str] = field(default_factory=list)
    left: int = _MOST_PARTS
    is_nothing: bool = False

    def take(self, schema: object) -> "FlatSchema":
        """Add a schema."""
        for part in self._parts(schema):
            for word, value in part.items():
                self.schema[word] = _joined(word, self.schema[word], value) if word in self.schema else value
        return self

    def _parts(self, schema: object) -> Iterator[Mapping[str, Any]]:
        """Yield the schema without inclusions, and the schemas that it includes."""
        open_ = [schema]
        while open_ and self.left > 0:
            self.left -= 1
            part = open_.pop()
            self.is_nothing = self.is_nothing or part is False
            if not isinstance(part, Mapping):
                continue
            inside = [self._followed(part[word]) for word in _REFERENCES if word in part]
            inside += listed(part, "allOf")[: self.left]
            yield {word: value for word, value in part.items() if word not in {*_REFERENCES, "allOf"}}
            open_ += reversed(inside)

    def _followed(self, reference: object) -> object:
        """Return the schema of a reference; return an empty one if the reference was followed before."""
        if not isinstance(reference, str) or reference in self.references:
            return {}
        schema = referred(self.whole, reference)
        if schema is NOWHERE:
            return {}
        self.references.append(reference)
        return schema


def _joined(word: str, first: Any, second: Any) -> Any:  # noqa: ANN401 — any JSON
    """Combine the values of a keyword in two schemas."""
    if word == "properties" and isinstance(first, Mapping) and isinstance(second, Mapping):
        both = {name: {"allOf": [first[name], part]} for name, part in second.items() if name in first}
        return {**first, **second, **both}
    if word == "required" and isinstance(first, list) and isinstance(second, list):
        return [*first, *second]
    if word == "type":
        return _common(first, second)
    if word in _LARGER | _SMALLER and _is_number(first) and _is_number(second):
        return max(first, second) if word in _LARGER else min(first, second)
    return first or second if word == "nullable" else first


def _common(first: object, second: object) -> object:
    """Return the types that both schemas allow."""
    firsts, seconds = (value if isinstance(value, list) else [value] for value in (first, second))
    if "number" in firsts and "integer" in seconds:
        firsts = [*firsts, "integer"]
    if "number" in seconds and "integer" in firsts:
        seconds = [*seconds, "integer"]
    both = [name for name in firsts[:10] if name in seconds]
    return [name for name in both if name != "number" or "integer" not in both] or first


def _is_number(value: object) -> bool:
    """Whether a value is a JSON number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def says(schema: object) -> bool:
    """Whether a schema excludes any value."""
    return schema is False or (isinstance(schema, Mapping) and not schema.keys() <= ANNOTATIONS)
