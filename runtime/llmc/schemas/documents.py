"""Which types the documents have, and schemas made of types."""

from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema

from llmc.schemas.plans import Codes, Diagnostics, Explanation, Formatted, Grammar, NewPlan, Tools, WrittenPlan
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
    "fmt": Formatted,
    "grammar": Grammar,
    "new": NewPlan,
}
_MADE: Final = {"events": told, "trace": trace}


def document(name: str) -> dict[str, Any]:
    """The schema of a document's type."""
    kind: Any = _MADE[name]() if name in _MADE else _TYPES[name]
    return TypeAdapter(kind).json_schema(mode="serialization", schema_generator=_Untitled)


class _Untitled(GenerateJsonSchema):
    """Schemas whose keys have no titles, which would repeat their names."""

    def field_title_should_be_set(self, schema: CoreSchema) -> bool:  # noqa: ARG002 — what pydantic gives
        """No."""
        return False
