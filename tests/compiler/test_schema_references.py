"""References inside one JSON schema."""

from typing import Any

import pytest

from llmc_compiler.expressions.types import describe
from llmc_compiler.json_schema.schema_references import NOWHERE, referred
from llmc_compiler.json_schema.schema_types import at_most

INTEGER: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {
    "$id": "https://example.com/tool.json",
    "definitions": {"a b/c~d": INTEGER, "{x}": INTEGER, "list": {"prefixItems": [{}, INTEGER]}},
    "$defs": {"anchored": {"$anchor": "here", **INTEGER}, "inner": {"$id": "inner.json", "$defs": {"y": INTEGER}}},
    "properties": {"x": INTEGER},
}


@pytest.mark.parametrize(
    "reference",
    [
        "#/properties/x",
        "#/definitions/a%20b~1c~0d",
        "#/definitions/a b~1c~0d",
        "#/definitions/%7Bx%7D",
        "#/definitions/list/prefixItems/1",
        "#here",
        "https://example.com/tool.json#/properties/x",
        "https://example.com/tool.json#here",
        "inner.json#/$defs/y",
        "https://example.com/inner.json#/$defs/y",
    ],
)
def test_a_reference_leads_to_its_schema(reference: str) -> None:
    """By pointer, percent-encoded or not, by anchor, by `$id`; types are read through it."""
    assert referred(WHOLE, reference)["type"] == "string"  # type: ignore[index]  # a schema
    assert describe(at_most({"$ref": reference}, WHOLE)) == "str"


@pytest.mark.parametrize(
    "reference",
    [
        "#/nothing",
        "#nothing",
        "other.json",
        "#/properties/x/type/0",
        "#/definitions/list/prefixItems/2",
        5,
        "http://[#",
    ],
)
def test_a_reference_to_nothing_is_told(reference: object) -> None:
    """Nothing is fetched."""
    assert referred(WHOLE, reference) is NOWHERE


def test_the_whole_is_referred_to() -> None:
    """By an empty fragment."""
    assert referred(WHOLE, "#") is WHOLE
    assert referred(WHOLE, "https://example.com/tool.json") is WHOLE
