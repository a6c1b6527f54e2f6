"""The types of the documents, and schemas generated from them."""

from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema

from llmc.schemas.plans import (
    Codes,
    Diagnostics,
    Explanation,
    Formatted,
    Functions,
    Grammar,
    NewPlan,
    Tools,
    WrittenPlan,
)
from llmc.schemas.runs import Answer, DryRun, Run
from llmc.schemas.traces import told, trace

_TYPES: Final = {
    "run": Run,
    "dry-run": DryRun,
    "answer": Answer,
    "plan": WrittenPlan,
    "explanation": Explanation,
    "codes": Codes,
    "diagnostics": Diagnostics,
    "tools": Tools,
    "functions": Functions,
    "fmt": Formatted,
    "grammar": Grammar,
    "new": NewPlan,
}
_MADE: Final = {"events": told, "trace": trace}


def document(name: str) -> dict[str, Any]:
    """Return the schema of a document."""
    kind: Any = _MADE[name]() if name in _MADE else _TYPES[name]
    return TypeAdapter(kind).json_schema(mode="serialization", schema_generator=_Untitled)


class _Untitled(GenerateJsonSchema):
    """Generates schemas without titles of keys, which would only repeat their names."""

    def field_title_should_be_set(self, schema: CoreSchema) -> bool:  # noqa: ARG002 — the signature of pydantic
        """Return False for every field."""
        return False
