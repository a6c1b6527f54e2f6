"""The extension for VS Code, as `make vscode` packs it: what its parts name exists, and they agree."""

import json
import re
import shlex
from pathlib import Path
from typing import Any, Final

import pytest

from llmc_grammar.terminals import terminals
from tests.test_highlighting import TEXTMATE
from tests.test_packaging import PYPROJECT

ROOT: Final = Path(__file__).parent.parent
FOLDER: Final = ROOT / "editors" / "vscode"
PACKAGE: Final[dict[str, Any]] = json.loads((FOLDER / "package.json").read_text("utf-8"))
CONFIGURATION: Final[dict[str, Any]] = json.loads((FOLDER / "language-configuration.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def packed() -> set[str]:
    """The names of the files that the target copies together."""
    (line,) = re.findall(r"^\tcp (.*) build/vscode$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    return {path.name for pattern in shlex.split(line) for path in ROOT.glob(pattern)}


def test_it_has_the_version_and_licence_of_the_project() -> None:
    """So that a release of one is a release of both; the page of editors names the file."""
    project = PYPROJECT["project"]
    assert (PACKAGE["version"], PACKAGE["license"]) == (project["version"], project["license"])
    assert f"dist/llmc-{PACKAGE['version']}.vsix" in (ROOT / "editors/README.md").read_text("utf-8")


def test_every_file_that_is_named_is_packed(packed: set[str]) -> None:
    """The grammar is the one that other editors read, and nothing is packed in vain."""
    (language,), (grammar,) = PACKAGE["contributes"]["languages"], PACKAGE["contributes"]["grammars"]
    named = {language["configuration"], grammar["path"]}
    assert {path.removeprefix("./") for path in named} <= set(PACKAGE["files"])
    assert packed == {*PACKAGE["files"], "package.json"}
    assert not (FOLDER / "llmc.tmLanguage.json").exists()


def test_language_and_grammar_belong_together() -> None:
    """The language has the grammar's scope and the endings of our files."""
    (language,), (grammar,) = PACKAGE["contributes"]["languages"], PACKAGE["contributes"]["grammars"]
    assert (grammar["language"], grammar["scopeName"]) == (language["id"], TEXTMATE["scopeName"])
    assert language["extensions"] == [f".{ending}" for ending in TEXTMATE["fileTypes"]] == [".llmc"]
    assert set(PACKAGE["contributes"]["configurationDefaults"]) == {f"[{language['id']}]"}


def test_brackets_and_quotes_are_those_of_the_language() -> None:
    """Each bracket and each quote closes by itself, and the comment begins as comments do."""
    brackets = {"(": ")", "[": "]", "{": "}"}
    quotes = {mark: mark for mark in ('"', "'", '"""')}
    assert dict(CONFIGURATION["brackets"]) == brackets
    assert {pair["open"]: pair["close"] for pair in CONFIGURATION["autoClosingPairs"]} == brackets | quotes
    assert dict(CONFIGURATION["surroundingPairs"]).items() <= (brackets | quotes).items()
    comment = CONFIGURATION["comments"]["lineComment"]
    assert re.match(str(terminals()["COMMENT"]), f"{comment} a comment")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a_1 = f($a_1.b, x=1.5)", ["a_1", "f", "a_1", "b", "x", "1.5"]),
        ("10. search($9)", ["10", "search", "9"]),
        ('"${total:,.2f}"', ["total", "2", "f"]),
    ],
)
def test_a_name_is_a_word_with_and_without_its_dollar(text: str, words: list[str]) -> None:
    """A double click on either selects the same, and editors find both."""
    assert re.findall(CONFIGURATION["wordPattern"], text) == words


@pytest.mark.parametrize(
    ("line", "deeper"),
    [("a = f(", True), ("a = [  # of these", True), ("a = f(1)", False), ("# f(1", False), ('a = f("x",', False)],
)
def test_a_line_that_leaves_a_bracket_open_indents_the_next(line: str, deeper: bool) -> None:
    """Its last mark is the bracket."""
    rules = CONFIGURATION["indentationRules"]
    assert bool(re.search(rules["increaseIndentPattern"], line)) is deeper
    assert re.search(rules["decreaseIndentPattern"], "  ])")


def test_a_region_folds() -> None:
    """Its marks are comments."""
    markers = CONFIGURATION["folding"]["markers"]
    assert re.match(markers["start"], "# region prices")
    assert re.match(markers["end"], "  #endregion")
    assert not re.match(markers["start"], "region = f()")
