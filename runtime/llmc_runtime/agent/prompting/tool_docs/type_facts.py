"""Bounds, formats and patterns of a type: `1..100`, `≤64 chars`, `(date-time)`, `/^z+$/`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_./+-]")

_LONGEST_PATTERN: Final = 40
_LONGEST_NUMBER: Final = 24
_LARGEST_SAFE: Final = 2**53 - 1
"""The bound that generators write for integers without a bound (ECMA-262, Number.MAX_SAFE_INTEGER)."""

_FORMATS_OF_TYPES: Final = frozenset({"int32", "int64", "float", "double", "string", "text"})


def facts(kind: str, schema: Mapping[str, Any]) -> str:
    """Write the bounds, formats and patterns of one of JSON's types, with a blank before each."""
    return "".join(f" {fact}" for fact in _FACTS[kind](schema)) if kind in _FACTS else ""


def _of_numbers(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the facts of numbers."""
    least, above = _number(schema, "minimum"), _number(schema, "exclusiveMinimum")
    most, below = _number(schema, "maximum"), _number(schema, "exclusiveMaximum")
    if schema.get("exclusiveMinimum") is True:  # draft 4
        least, above = None, least
    if schema.get("exclusiveMaximum") is True:
        most, below = None, most
    if above is None and below is None:
        yield from _range(least, most)
    else:
        bounds = ((">", above), ("≥", least), ("<", below), ("≤", most))
        yield from (f"{sign}{bound}" for sign, bound in bounds if bound is not None)
    if (step := _number(schema, "multipleOf")) not in {None, "1"}:
        yield f"(multiple of {step})"


def _of_texts(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the facts of texts."""
    yield from _sizes(_number(schema, "minLength"), _number(schema, "maxLength"), "chars")
    for word in ("format", "contentEncoding", "contentMediaType"):
        value = schema.get(word)
        if isinstance(value, str) and value not in _FORMATS_OF_TYPES and (name := _NO_NAME.sub("", value[:40])):
            yield f"({name})"
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and len(pattern) <= _LONGEST_PATTERN and pattern.isascii() and pattern.isprintable():
        yield f"/{pattern}/"


def _of_lists(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the facts of lists."""
    yield from _sizes(_number(schema, "minItems"), _number(schema, "maxItems"), "items")
    if schema.get("uniqueItems") is True:
        yield "(unique)"


def _sizes(least: str | None, most: str | None, unit: str) -> Iterator[str]:
    """Yield the bounds of a length, in characters or items."""
    if least == "1" and most is None:
        yield "(not empty)"
    else:
        yield from (f"{bound} {unit}" for bound in _range(None if least == "0" else least, most))


_FACTS: Final = {"integer": _of_numbers, "number": _of_numbers, "string": _of_texts, "array": _of_lists}


def _range(least: str | None, most: str | None) -> Iterator[str]:
    """Yield the text of both bounds or of one, if any is given."""
    if least is not None and most is not None:
        yield least if least == most else f"{least}..{most}"
    elif least is not None or most is not None:
        yield f"≤{most}" if least is None else f"≥{least}"


def _number(schema: Mapping[str, Any], word: str) -> str | None:
    """Return a bound as text, None if it is missing or does not restrict anything."""
    value = schema.get(word)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _LARGEST_SAFE:
        return None  # the comparison also excludes NaN
    text = f"{int(value)}" if value == int(value) else f"{value!r}"
    return text if len(text) <= _LONGEST_NUMBER else None
