"""The layer's README shows what is there."""

import re
from pathlib import Path

from llmc_grammar import parse
from llmc_grammar.errors import CATALOGUE

FOLDER = Path(__file__).parent.parent.parent / "grammar"
README = (FOLDER / "README.md").read_text("utf-8")


def test_the_catalogue_is_whole() -> None:
    """Every mistake has its row, with its class's words."""
    rows = [
        f"| {code} | {mistake.__name__} | {(mistake.__doc__ or '').replace('|', chr(92) + '|')} |"
        for code, mistake in CATALOGUE.items()
    ]
    assert [line for line in README.splitlines() if re.match(r"\| [EW][0-9]", line)] == rows


def test_the_example_is_a_plan() -> None:
    """The syntax in brief is read without a mistake."""
    (example,) = re.findall(r"```\n(# a comment\n.*?)```", README, re.DOTALL)
    assert parse(example).diagnostics == ()


def test_every_file_is_named() -> None:
    """Each module and folder of the layer is in the table."""
    names = {path.name for path in (FOLDER / "llmc_grammar").iterdir()} - {"__init__.py", "__pycache__", "py.typed"}
    for name in names:
        assert f"`{name}`" in README or f"`{name}/`" in README, name
