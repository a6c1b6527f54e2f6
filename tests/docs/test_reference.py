"""The tables of the reference have the names of the code, and its examples of configuration are read by it."""

import re
from pathlib import Path
from typing import Final

import llmc
from llmc.config.limit_syntax import read_limits
from llmc_runtime.limits import limit_fields

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = ROOT / "docs/reference"


def page(name: str) -> str:
    """The text of a page of the reference."""
    return (PAGES / f"{name}.md").read_text("utf-8")


def test_the_table_of_limits_is_that_of_the_code() -> None:
    """Each limit is there, with its default and what it bounds."""
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+(?:ms|s|m|h|MiB)?) \| (.*) \|$", page("limits"), re.MULTILINE)
    told = {name: (default.replace(",", ""), what) for name, default, what in rows}
    known = limit_fields()
    assert {name: what for name, (_, what) in told.items()} == {n: f.metadata["what"] for n, f in known.items()}
    defaults = [(name, default) for name, (default, _) in told.items()]
    least = llmc.Limits(**{name: f.metadata["least"] for name, f in known.items()})
    assert read_limits(defaults, least) == llmc.Limits()
