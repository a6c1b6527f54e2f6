"""The pages of graphs and explanations name every key and kind of the JSON forms."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from llmc_compiler.explain.story import Story
from llmc_compiler.explain.story_json import story_json
from llmc_compiler.passes import remarks
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.serialization.graph_json import schema
from tests.compiler.compiling import compiled, read

REFERENCE: Final = Path(__file__).parents[2] / "docs" / "reference"
ABSTRACT: Final = {"Remark", "Missed", "Apart"}


def codes(page: str) -> set[str]:
    """Every piece of code on a page."""
    return set(re.findall(r"`([^`\n]+)`", (REFERENCE / page).read_text("utf-8")))


def keys(data: object) -> Iterator[str]:
    """The keys of JSON data, at all depths."""
    if isinstance(data, dict):
        yield from data
    for part in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from keys(part)


def kinds(kind: type[remarks.Remark]) -> Iterator[str]:
    """The kinds of remarks."""
    if kind.__name__ not in ABSTRACT:
        yield kind.__name__
    for each in kind.__subclasses__():
        yield from kinds(each)


def test_the_page_of_graphs_names_every_key() -> None:
    """Of the graph, its nodes, operations and terms, and the kinds of the last two."""
    form: dict[str, Any] = json.loads(schema())
    named = codes("graph.md")
    assert set(form["properties"]) <= named
    for name, part in form["$defs"].items():
        wanted = {*part.get("properties", {}), *([name] if "kind" in part.get("properties", {}) else [])}
        assert wanted - {"kind", "nested"} - ({"operation", "term"} & {name}) <= named, name


def test_the_page_of_explanations_names_every_key_and_kind() -> None:
    """A plan with remarks, an order, and a tool that could declare more."""
    text = "1. act(1)\n2. act(1)\n3. f(1 + 2)\n4. f(1 + 2)\njoin($1, $2, $3, $4)"
    data = story_json(Story.of(compiled(text), PIPELINE, read(text).source))
    assert data["remarks"], data["declarations"]
    named = codes("explanation.md")
    assert set(keys(data)) <= named
    assert set(kinds(remarks.Remark)) <= named
