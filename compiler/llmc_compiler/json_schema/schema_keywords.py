"""Keywords of JSON schemas, read in the same way wherever schemas are read."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Final, TypeGuard

WORDLESS: Final = frozenset(
    {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$schema", "$id"}
)
"""The words that say nothing of a value."""


def listed(schema: Mapping[str, Any], word: str) -> list[Any]:
    """The list of a keyword; empty where it is of another kind, since drafts let stand what they do not know."""
    found = schema.get(word)
    return found if isinstance(found, list) else []


def mapped(schema: Mapping[str, Any], word: str) -> Mapping[str, Any]:
    """The mapping of a keyword; empty where it is of another kind."""
    found = schema.get(word)
    return found if isinstance(found, Mapping) else {}


def required_in(schema: Mapping[str, Any]) -> Iterator[str]:
    """The keys that a schema requires; in draft 3 a property says so itself."""
    yield from (name for name in listed(schema, "required") if isinstance(name, str))
    for name, inside in mapped(schema, "properties").items():
        if isinstance(inside, Mapping) and inside.get("required") is True:
            yield name


def is_nullable(schema: Mapping[str, Any]) -> bool:
    """Whether a schema takes null beside its type, in the way of OpenAPI 3.0."""
    return schema.get("nullable") is True and "type" in schema


def refers_alone(draft: object) -> bool:
    """Whether `$ref` leaves no meaning to the words beside it under this `$schema`, as in drafts 3 to 7."""
    return "/draft-0" in str(draft)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a finite number; `1e999` in JSON is infinite."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and isfinite(value))
