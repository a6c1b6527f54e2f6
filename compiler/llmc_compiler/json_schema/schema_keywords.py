"""Keywords of JSON schemas, read in the same way everywhere."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Final, TypeGuard

WORDLESS: Final = frozenset(
    {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$schema", "$id"}
)
"""Keywords that do not restrict values."""


def listed(schema: Mapping[str, Any], word: str) -> list[Any]:
    """Return the list of a keyword; empty for any other value, since drafts ignore keywords that they do not know."""
    value = schema.get(word)
    return value if isinstance(value, list) else []


def mapped(schema: Mapping[str, Any], word: str) -> Mapping[str, Any]:
    """Return the mapping of a keyword; empty for any other value."""
    value = schema.get(word)
    return value if isinstance(value, Mapping) else {}


def required_in(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys that a schema requires; in draft 3 each property has its own `required`."""
    yield from (name for name in listed(schema, "required") if isinstance(name, str))
    for name, inside in mapped(schema, "properties").items():
        if isinstance(inside, Mapping) and inside.get("required") is True:
            yield name


def is_nullable(schema: Mapping[str, Any]) -> bool:
    """Whether a schema accepts null beside its type, as in OpenAPI 3.0."""
    return schema.get("nullable") is True and "type" in schema


def refers_alone(draft: object) -> bool:
    """Whether this `$schema` ignores the keywords beside a `$ref`, as drafts 3 to 7 do."""
    return "/draft-0" in str(draft)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a finite number; `1e999` in JSON is infinite."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and isfinite(value))
