"""Notes on the parts of a tool's JSON schemas that are not checked, shown with the tool."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from llmc_compiler.json_schema.everyday_schemas import valid_words
from llmc_compiler.json_schema.schema_validation import checking, longest_checked

_MOST_NOTES: Final = 20
_LONGEST: Final = 60
"""Maximum number of characters shown of a pattern, or of a place in a schema."""
_EVERYDAY: Final = 1_000_000
"""A length in characters that texts rarely reach."""

_NAMED: Final = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"}
)
"""Keywords whose value maps names to schemas."""
_DATA: Final = frozenset({"const", "enum", "default", "examples", "required"})
"""Keywords whose value is not a schema."""


def notes_of(parameters: Mapping[str, Any], returns: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the notes on the schemas of the arguments and of the result."""
    notes = [*_notes(parameters, "parameters"), *_notes(returns, "result")]
    rest = len(notes) - _MOST_NOTES
    return tuple(notes) if rest <= 0 else (*notes[:_MOST_NOTES], f"{rest} more parts of the schema are not checked")


def _notes(schema: Mapping[str, Any], what: str) -> Iterator[str]:
    """Yield the notes on a schema."""
    if (known := valid_words(schema)) is not None and "pattern" not in known:
        return
    with checking(None):
        for place, words in _schemas(schema, what):
            where = f"of `{_cut(place)}`"
            if isinstance(pattern := words.get("pattern"), str):
                longest = longest_checked(pattern)
                if longest == 0:
                    yield f"the pattern `{_cut(pattern)}` {where} is not checked"
                elif longest < _EVERYDAY:
                    yield f"the pattern `{_cut(pattern)}` {where} is not checked beyond {longest:,} characters"
            if "patternProperties" in words:
                yield f"`patternProperties` {where}, and keywords that depend on it, are not checked"


def _schemas(schema: object, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the schemas in a schema with their places, in order; without recursion, since data in it may be deep."""
    open_ = [(place, schema, True)]
    while open_:
        place, current, is_schema = open_.pop()
        if isinstance(current, Mapping) and is_schema:
            yield place, current
        inside = (
            current.items() if isinstance(current, Mapping) else enumerate(current) if isinstance(current, list) else ()
        )
        open_ += reversed(
            [
                (f"{_cut(place)}/{name}", part, not (is_schema and name in _NAMED))
                for name, part in inside
                if not (is_schema and name in _DATA)
            ]
        )


def _cut(text: str) -> str:
    """Return a text, cut if it is too long to read."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
