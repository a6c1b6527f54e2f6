"""functions.md has the functions of the table, and its rows are true."""

import json
import re
import statistics
from pathlib import Path
from typing import Final

import pytest

from llmc_compiler.expressions.compact_json import compact
from llmc_compiler.expressions.functions import table
from llmc_compiler.expressions.functions.table import FUNCTIONS, names_line
from llmc_compiler.expressions.operators import OperandError
from llmc_grammar.ast import FUNCTION_NAMES
from tests.compiler.functions.written import read
from tests.golden import settle_part

PAGE: Final = Path(table.__file__).with_name("functions.md")
HEAD: Final = "| function | value | example | |\n| --- | --- | --- | --- |\n"
CELLS: Final = re.compile(r"^\| `(.+?)` \| (?:`(.+?)`|an error) \| `(.+?)` \| `(.+?)` \|$", re.MULTILINE)
_, _, DIFFERENCES = PAGE.read_text("utf-8").partition("## Differences from Python\n")
ROWS: Final = CELLS.findall(DIFFERENCES)


def rows() -> str:
    """The rows of the table, as they are now."""
    return "".join(
        f"| `{each.signature}` | {each.description} | `{each.example[0]}` | `{each.example[1]}` |\n"
        for each in FUNCTIONS.values()
    )


@pytest.mark.golden
def test_the_page_has_every_function() -> None:
    """In the order of the table."""
    _, line, rest = PAGE.read_text("utf-8").partition(HEAD)
    expected = "".join(re.findall(r"\A(?:\|.*\n)*", rest)[:1])
    settle_part(PAGE, line, "\n", rows(), expected)


def test_the_grammar_knows_their_names() -> None:
    """It needs them for fallbacks, which hold no calls of tools, and for highlighting."""
    assert FUNCTIONS.keys() == FUNCTION_NAMES


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_example_has_its_value(name: str) -> None:
    """And is an example of its function."""
    text, value = FUNCTIONS[name].example
    function, arguments = read(text)
    assert function.name == name
    assert compact(function.call(arguments)) == value


def evaluated(text: str) -> str:
    """The value of a call, empty if it has none."""
    function, arguments = read(text)
    try:
        return compact(function.call(arguments))
    except OperandError:
        return ""


def by_python(text: str) -> str:
    """The value in Python, or the name of the error."""
    try:
        return repr(eval(text, {"json": json, "statistics": statistics}))  # noqa: S307 — a row of our page
    except Exception as error:  # noqa: BLE001 — its name is the answer
        return type(error).__name__


@pytest.mark.parametrize(("plan", "value", "python", "python_value"), ROWS, ids=[row[0] for row in ROWS])
def test_a_difference_is_one(plan: str, value: str, python: str, python_value: str) -> None:
    """Both values are as written, and they differ."""
    assert evaluated(plan) == value
    assert by_python(python) == python_value
    assert value != python_value


def test_every_row_is_read() -> None:
    """A row that the pattern does not match would not be tested."""
    assert len(ROWS) == len(re.findall(r"^\| `", DIFFERENCES, re.MULTILINE)) > 40
    assert evaluated("abs(-2)") == "2" != by_python("abs(-3)")


def test_the_names_stand_in_one_line() -> None:
    """For the language's card."""
    assert names_line().split() == list(FUNCTIONS)
    assert len(names_line()) < 260
