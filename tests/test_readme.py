"""README.md fits on a screen, starts soon, and leads to pages that exist; tests/docs runs its blocks."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.docs.pages import DOCS, ROOT, blocks

README: Final = (ROOT / "README.md").read_text("utf-8")
EXAMPLES: Final = ROOT / "examples"
LINK: Final = re.compile(r"\]\(([^)#:]+)\)")

LINES: Final = 200
SOON: Final = 25
"""The line before which a reader finds the first command."""


def test_it_is_short() -> None:
    """A newcomer reads it to the end."""
    assert README.count("\n") <= LINES


def test_it_starts_soon() -> None:
    """The first block is a command that runs, near the top."""
    first = blocks(README)[0]
    assert first.kind == "sh"
    assert README.count("\n", 0, first.start) < SOON


def test_links_lead_to_files() -> None:
    """Every relative link, of pictures too, is a file of the repository."""
    assert [link for link in LINK.findall(README) if not (ROOT / link).is_file()] == []
    assert "docs/pictures/run.svg" in LINK.findall(README)


def test_every_example_is_shown() -> None:
    """Each plan in examples/ is on a page, letter by letter."""
    pages = [README, *(path.read_text("utf-8") for path in DOCS.rglob("*.md"))]
    shown = {block.text for page in pages for block in blocks(page) if block.kind == "llmc"}
    assert [path.name for path in sorted(EXAMPLES.glob("*.llmc")) if path.read_text("utf-8") not in shown] == []


def test_every_benchmark_is_listed() -> None:
    """Each program in benchmarks/ is in the table of that folder's page, with its command."""
    listed = re.findall(
        r"^\| .*?\b(\w+)(?:\.py)?`\)? \|", (ROOT / "benchmarks/README.md").read_text("utf-8"), re.MULTILINE
    )
    programs = [path.stem for path in (ROOT / "benchmarks").glob("*.py") if "__main__" in path.read_text("utf-8")]
    assert sorted(listed) == sorted(programs)


@pytest.mark.parametrize("way", ["asyncio by hand", "tool loop", "LangGraph", "code mode", "LLMCompiler", "llmc"])
def test_every_row_of_the_comparison_is_measured(way: str) -> None:
    """The benchmark has each row, and the README each way of the benchmark."""
    rows = re.findall(r"^\| ([^|]+?) \| \d+\.\d\d \|", README, re.MULTILINE)
    assert any(row.startswith(way) for row in rows)
    assert f'"{way}": ' in Path(ROOT / "benchmarks/comparison.py").read_text("utf-8")


def test_the_comparison_has_the_same_figures_on_its_page() -> None:
    """The table of the README and that of the page on comparisons agree."""

    def figures(page: str) -> list[list[str]]:
        rows = re.findall(r"^\| [^|]+ \| (\d+\.\d\d \|.*)$", page, re.MULTILINE)
        return [re.findall(r"[\d.]+", row) for row in rows]

    page = (DOCS / "start/comparisons.md").read_text("utf-8")
    assert len(figures(README)) == 6
    assert figures(page) == figures(README)
