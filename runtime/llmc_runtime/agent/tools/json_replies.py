"""Replies that are JSON and follow a schema: request them, find the JSON in a text, and validate it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

from pydantic import TypeAdapter

from llmc_compiler.tools.schema_signature import SchemaSignature
from llmc_compiler.tools.signature import ResultError, ToolboxError
from llmc_grammar.portable import Portable
from llmc_runtime.foreign_errors import shortened

LARGEST: Final = 64 * 1024
"""Maximum number of characters in a schema, which is part of each request."""

_DEFINITIONS: Final[tuple[str, ...]] = ("$schema", "$defs", "definitions")
_POINTER: Final = re.compile(r'"\$(?:ref|dynamicRef|recursiveRef)": "#(?!/\$defs/|/definitions/)')
_FENCE: Final = re.compile(r"```\w*[ \t]*\n(.*?)```", re.DOTALL)


class NoJsonError(Portable, ValueError):
    """A reply has no JSON, or its JSON does not follow the schema."""


class JsonForm:
    """A form of replies: JSON that follows a schema or is of a type; raises ToolboxError for an invalid schema."""

    def __init__(self, tool: str, form: Mapping[str, Any] | object) -> None:
        self.schema: dict[str, Any] = dict(form) if isinstance(form, Mapping) else _of_type(tool, form)
        self._signature = SchemaSignature(tool, {}, self.schema)
        self._text = _written(tool, self.schema)

    @property
    def request(self) -> str:
        """The addition to a prompt, for servers that cannot constrain a reply to a schema."""
        return f"Answer with JSON alone, without any other text. It follows this JSON Schema:\n{self._text}"

    def listed(self, tool: str) -> dict[str, Any]:
        """Return the schema of a list of such values; raises ToolboxError if the schema points into itself."""
        if _POINTER.search(self._text):
            message = f"the schema of `{tool}` points into itself and cannot be the schema of a list: leave `n` out"
            raise ToolboxError(message)
        definitions = {name: value for name, value in self.schema.items() if name in _DEFINITIONS}
        inside = {name: value for name, value in self.schema.items() if name not in _DEFINITIONS}
        return {**definitions, "type": "array", "items": inside}

    def read(self, text: str) -> object:
        """Return the value in a reply; raises NoJsonError."""
        why: str | None = None
        for value in _values(text):
            try:
                return self._signature.accept(value)
            except ResultError as error:
                why = why or shortened(error)
        raise NoJsonError(why or "there is no JSON in it")


def _of_type(tool: str, form: Any) -> dict[str, Any]:  # noqa: ANN401 — a type, or anything
    """Return the schema of a type; raises ToolboxError for a value that is not a type."""
    try:
        return TypeAdapter(form).json_schema()
    except Exception as error:
        message = f"the `schema` of `{tool}` is neither a JSON schema nor a type: {shortened(error)}"
        raise ToolboxError(message) from error


def _written(tool: str, schema: Mapping[str, Any]) -> str:
    """Write a schema as JSON; raises ToolboxError if it is not JSON data or too long."""
    try:
        text = json.dumps(schema, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        message = f"the `schema` of `{tool}` is not JSON data: {shortened(error)}"
        raise ToolboxError(message) from error
    if len(text) > LARGEST:
        message = f"the `schema` of `{tool}` has {len(text):,} characters; at most {LARGEST:,} are allowed"
        raise ToolboxError(message)
    return text


def _values(text: str) -> Iterator[object]:
    """Yield the values that a reply may mean: the whole text, its last fence, the part in brackets; else a string."""
    fences = _FENCE.findall(text)
    start = min((place for place in (text.find("{"), text.find("[")) if place >= 0), default=0)
    end = max(text.rfind("}"), text.rfind("]")) + 1
    for candidate in (text, *fences[-1:], text[start:end]):
        try:
            yield json.loads(candidate, parse_constant=_refuse)
        except (ValueError, RecursionError):
            continue
    yield text.strip()


def _refuse(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise ValueError(constant)
