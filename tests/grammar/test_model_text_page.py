"""The page about models' text: each row of its tables is read as it says."""

import re
from pathlib import Path
from typing import Final

import pytest

from llmc_grammar import parse, print_plan
from llmc_grammar.errors import CATALOGUE
from llmc_grammar.reasoning import NAMES

PAGE: Final = (Path(__file__).parents[2] / "docs/reference/model-text.md").read_text("utf-8")
TOOLS: Final = frozenset({"send", "search", "price", "height"})


def rows(*head: str) -> list[list[str]]:
    """The rows of all tables with this head whose first cell is one piece of code."""
    found = re.findall(rf"^\| {re.escape(' | '.join(head))} \|\n\|[- |]*\|\n((?:\|.*\|\n)+)", PAGE, re.MULTILINE)
    cells = [line[2:-2].split(" | ") for table in found for line in table.splitlines()]
    return [row for row in cells if re.fullmatch(r"`[^`]+`", row[0])]


def code(cell: str) -> str:
    """The text of a cell that is one piece of code, or nothing for one in words."""
    return cell[1:-1] if cell.startswith("`") else ""


READ: Final = [row for row in rows("text", "read as", "warning") if row[1] == "nothing" or row[1].startswith("`")]
REFUSED: Final = rows("text", "error")


@pytest.mark.parametrize(("text", "meaning", "link"), READ)
def test_a_text_is_read_as_the_page_says(text: str, meaning: str, link: str) -> None:
    """With this warning alone."""
    parsed = parse(f"{code(text)}\n", mode="lenient", tools=TOOLS)
    assert print_plan(parsed.plan).strip() == code(meaning)
    assert {f"[{found.code}](errors/{found.code}.md)" for found in parsed.diagnostics} == {link}


@pytest.mark.parametrize(("text", "link"), REFUSED)
def test_a_text_is_refused_as_the_page_says(text: str, link: str) -> None:
    """With this error."""
    found = [each for each in parse(f"{code(text)}\n", mode="lenient", tools=TOOLS).diagnostics if each.code[0] == "E"]
    assert {f"[{each.code}](errors/{each.code}.md)" for each in found} == {link}


def test_every_repair_and_tag_is_named() -> None:
    """The page links every warning of a repair, and lists the tags of reasoning."""
    assert len(READ) > 30
    assert len(REFUSED) > 5
    repairs = [each for each in CATALOGUE if "W110" <= each <= "W199"]
    assert [each for each in repairs if f"errors/{each}.md" not in PAGE] == []
    assert [name for name in NAMES if f"`{name}`" not in PAGE] == []
