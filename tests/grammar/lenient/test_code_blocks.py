"""Calls in blocks of code: the line that they depend on is no statement, so the plan is wrong."""

import pytest

from llmc_grammar import print_plan
from tests.grammar.lenient.samples import lenient

HEADERS = [
    "for page in pages:",
    "async for page in pages:",
    "for (const page of pages) {",
    "while True:",
    "if price > 3:",
    "if (price > 3) {",
    "elif price > 3:  # dear",
    "} else {",
    "try:",
    "except Exception as error:",
    "with session() as s:",
    "def main():",
    "function main() {",
    "class Plan:",
]
PROSE = ["For the hotel:", "The plan:", "If needed:", "In case of rain:", "for the hotel:", "trying:", "iffy:"]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("indent", ["", "    ", "\t"])
def test_a_call_in_a_block_is_refused(header: str, indent: str) -> None:
    """With its header; a call below the block, or without one, is made."""
    inside = lenient(f"{indent}{header}\n{indent}    1. f(2)\n{indent}2. g()\n")
    header_error, call_error = (found for found in inside.diagnostics if found.severity == "error")
    assert inside.source.at(header_error.span) in header
    assert "f(2)" in inside.source.at(call_error.span)
    assert (len(inside.lost), print_plan(inside.plan)) == (2, "2. g()\n")
    assert lenient(f"{indent}{header}\n{indent}2. g()\n").ok
    assert lenient(f"{indent}    1. f(2)\n").ok


@pytest.mark.parametrize("header", PROSE)
def test_prose_begins_no_block(header: str) -> None:
    """A heading may have an indented list below it."""
    assert lenient(f"{header}\n    1. f(2)\n    2. join($1)\n").ok
