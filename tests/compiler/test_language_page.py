"""The page of the language: each expression of its tables has its value, and each mistake its error."""

import re
from pathlib import Path
from typing import Final

import pytest

import llmc
from llmc.cli.commands.files.explain import catalogue
from llmc_compiler.expressions.compact_json import compact
from llmc_grammar import Bounds
from llmc_grammar.ast import KEYWORDS, TYPE_NAMES

PAGE: Final = (Path(__file__).parents[2] / "docs/reference/language.md").read_text("utf-8")
CONTEXT: Final = """\
city = "Rome"
n = 1234.5
hotel = {"name": "Inn", "stars": [4, 5]}
1. len("Rome")
"""


def rows(*head: str) -> list[list[str]]:
    """The rows of all tables with this head."""
    found = re.findall(rf"^\| {re.escape(' | '.join(head))} \|\n\|[- |]*\|\n((?:\|.*\|\n)+)", PAGE, re.MULTILINE)
    return [line[2:-2].split(" | ") for table in found for line in table.splitlines()]


def code(cell: str) -> str:
    """The text of a cell that is one piece of code."""
    return cell.removeprefix("`").removesuffix("`")


MISTAKES: Final = [(code(text), link) for text, link in rows("written", "error")]
VALUES: Final = [(code(text), code(value)) for text, value in rows("expression", "value")]
TEXTS: Final = [(code(text), code(value)) for text, value in rows("text", "value")]


@llmc.pure
def search(query: str) -> str:
    """Return the query."""
    return query


TOOLS: Final = llmc.Toolbox([search])


@pytest.mark.parametrize(("expression", "value"), VALUES)
def test_an_expression_has_this_value(expression: str, value: str) -> None:
    """As a task of a plan."""
    assert compact(llmc.compile(f"join({expression})", TOOLS).run_sync().value) == value


@pytest.mark.parametrize(("text", "value"), TEXTS)
def test_a_text_has_this_value(text: str, value: str) -> None:
    """With the values that the page names."""
    assert all(f"`{line}`" in PAGE for line in CONTEXT.splitlines())
    assert compact(llmc.compile(f"{CONTEXT}join({text})", TOOLS).run_sync().value) == value


@pytest.mark.parametrize(("text", "link"), MISTAKES)
def test_a_mistake_has_this_error(text: str, link: str) -> None:
    """And no other one."""
    with pytest.raises(llmc.CompileError) as raised:
        llmc.compile(f'city = "Rome"\n{text}\n' if "$" in text or "city" in text else f"{text}\n", TOOLS)
    codes = {found.code for found in raised.value.diagnostics if found.severity == "error"}
    assert {f"[{code}](errors/{code}.md)" for code in codes} == {link}


def test_every_error_is_linked() -> None:
    """From this page, if it is not one of models' text."""
    errors = [code for code in catalogue() if code.startswith("E")]
    assert [code for code in errors if f"(errors/{code}.md)" not in PAGE] == ["E125", "E126", "E127", "E134"]


def test_the_tables_are_read() -> None:
    """None is passed over."""
    assert [len(VALUES) > 40, len(TEXTS) > 10, len(MISTAKES) > 70] == [True] * 3
    assert PAGE.count("| error |\n") == PAGE.count("| written | error |\n") + 2


def test_bounds_words_and_types_are_those_of_the_grammar() -> None:
    """The table of bounds, the reserved words and the types of inputs."""
    for cell, file, model, _ in rows("bound", "plan file", "model's text", "error"):
        name = code(cell.split(":")[0])
        assert (file, model) == (f"{getattr(Bounds.FILE, name):,}", f"{getattr(Bounds.MODEL, name):,}"), name
    listed = PAGE.partition("These words are reserved")[2].partition("Arguments may")[0].partition("): ")[2]
    assert set(re.findall(r"`(\w+)`", listed)) == KEYWORDS
    assert {code(cell).partition("[")[0] for cell, _ in rows("type", "values")} == {*TYPE_NAMES, "T?"}
