"""What of a tool's JSON schemas is not checked, in words for whoever looks at the tool."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from llmc_compiler.json_schema.schema_validation import checking, longest_checked

_MOST_NOTES: Final = 20
_LONGEST: Final = 60
"""Characters of a pattern, or of a place in a schema, that are shown."""
_EVERYDAY: Final = 1_000_000
"""Characters that texts seldom have."""

_NAMED: Final = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"}
)
"""Words with schemas under names of their own."""
_DATA: Final = frozenset({"const", "enum", "default", "examples", "required"})
"""Words with what is no schema."""


def notes_of(parameters: Mapping[str, Any], returns: Mapping[str, Any]) -> tuple[str, ...]:
    """The notes on the schemas of the arguments and of the result."""
    found = [*_notes(parameters, "parameters"), *_notes(returns, "result")]
    rest = len(found) - _MOST_NOTES
    return tuple(found) if rest <= 0 else (*found[:_MOST_NOTES], f"{rest} more parts of the schema are not checked")


def _notes(schema: Mapping[str, Any], what: str) -> Iterator[str]:
    """The notes on a schema."""
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
                yield f"`patternProperties` {where}, and what depends on it, is not checked"


def _schemas(schema: object, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The schemas in a schema, in its order, with their places; without recursion, since data in it may be deep."""
    open_ = [(place, schema, True)]
    while open_:
        place, each, is_schema = open_.pop()
        if isinstance(each, Mapping) and is_schema:
            yield place, each
        inside = each.items() if isinstance(each, Mapping) else enumerate(each) if isinstance(each, list) else ()
        open_ += reversed(
            [
                (f"{_cut(place)}/{name}", part, not (is_schema and name in _NAMED))
                for name, part in inside
                if not (is_schema and name in _DATA)
            ]
        )


def _cut(text: str) -> str:
    """A text that is not too long to read."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
