"""`llmc graph`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_main import HEAVY, imported, llmc, on_terminal

PLAN = """\
use "tools.py"
a = add(1, 2)
b = add(1, 2)
c = log("$b so far")
d = entries()
e = add(3)
join($c, $d)
"""

PLAIN = """\
1 ─ ● a     add(1, 2)
2 ─ ● c     log("$a so far")   ← a
3 ─ ● d     entries()          ⇠ c
4 ─ ● join  [$c, $d]           ← c d
    = b     add(1, 2)          = a
    - e     add(3)
3 calls on 3 levels, at most 1 on one
longest chain 0.50 of 0.50 s: a, c, d
● longest chain   ← needs the value of   ⇠ waits for the end of   = merged
- left out
"""

COLOURED = """\
<2>1 ─ <0><1>● a     add(1, 2)<0>
<2>2 ─ <0><1>● c     log("$a so far")<0><2>   ← a<0>
<2>3 ─ <0><1>● d     entries()       <0><2>   ⇠ c<0>
<2>4 ─ <0><1>● join  [$c, $d]        <0><2>   ← c d<0>
<2>    = b     add(1, 2)          = a<0>
<2>    - e     add(3)<0>
3 calls on 3 levels, at most 1 on one
longest chain 0.50 of 0.50 s: a, c, d
<2>● longest chain   ← needs the value of   ⇠ waits for the end of   = merged<0>
<2>- left out<0>
"""


@pytest.fixture
def plan(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan with a merged and an unused task, and 80 columns."""
    monkeypatch.delenv("COLUMNS", raising=False)
    (folder / "plan.llmc").write_text(PLAN)
    return folder


def test_piped_the_picture_is_plain(cli: Cli, plan: Path) -> None:
    """Levels from top to bottom, then what is gone, what it takes, and what the signs mean."""
    ended = cli("graph", "plan.llmc")
    assert (ended.status, ended.stderr) == (0, "")
    assert ended.stdout == PLAIN


def test_on_a_terminal_the_longest_chain_is_bold(plan: Path) -> None:
    """And what is gone is dim; NO_COLOR leaves the same text without that."""
    status, shown = on_terminal(plan, "graph", "plan.llmc")
    for code in "012":
        shown = shown.replace(f"\x1b[{code}m", f"<{code}>")
    assert (status, shown.replace("\r\n", "\n")) == (0, COLOURED)
    assert on_terminal(plan, "graph", "plan.llmc", NO_COLOR="1")[1].replace("\r\n", "\n") == PLAIN
    assert llmc(plan, "graph", "plan.llmc").stdout == PLAIN


def test_the_width_is_that_of_the_terminal_or_as_given(cli: Cli, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are cut to it."""
    assert max(map(len, cli("graph", "plan.llmc", "--width", "30").stdout.splitlines())) == 30
    monkeypatch.setenv("COLUMNS", "40")
    assert max(map(len, cli("graph", "plan.llmc").stdout.splitlines())) <= 40


def test_without_the_passes_nothing_is_gone(cli: Cli, plan: Path) -> None:
    """--no-optimize draws the plan as it is written."""
    found = cli("graph", "plan.llmc", "--no-optimize").stdout
    assert "5 calls on 3 levels, at most 3 on one" in found
    assert "merged" not in found


def test_other_formats(cli: Cli, plan: Path) -> None:
    """Graphviz' language, Mermaid's, and the graph as JSON, which is that of `llmc compile`."""
    assert cli("graph", "plan.llmc", "--format", "dot").stdout.startswith("digraph plan {\n")
    assert cli("graph", "plan.llmc", "--format", "mermaid").stdout.startswith("flowchart TD\n")
    drawn = cli("graph", "plan.llmc", "--format", "json").stdout
    assert json.loads(drawn)["tasks"] == {"a": "a", "b": "a", "c": "c", "d": "d"}
    assert drawn == cli("compile", "plan.llmc", "--emit", "json").stdout


def test_svg_needs_graphviz(cli: Cli, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the package is named, and the status is that of wrong usage."""
    monkeypatch.setenv("PATH", str(plan))
    ended = cli("graph", "plan.llmc", "--format", "svg")
    assert (ended.status, ended.stdout) == (2, "")
    assert ended.stderr == (
        "llmc: drawing SVG needs Graphviz' program `dot`: install the package `graphviz`, or use another format\n"
    )


def test_svg_is_what_graphviz_draws(cli: Cli, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphviz' `dot` gets the graph in its language."""
    (plan / "dot").write_text('#!/bin/sh\necho "<svg>$1"\nread line\necho "$line"\n')
    (plan / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", f"{plan}:/usr/bin:/bin")
    assert cli("graph", "plan.llmc", "--format", "svg").stdout == "<svg>-Tsvg\ndigraph plan {\n"


def test_help_is_light(folder: Path) -> None:
    """The help imports nothing that only a picture needs."""
    assert not HEAVY & imported(folder, "graph", "--help")


def test_mistakes_are_told(cli: Cli, plan: Path) -> None:
    """A plan with mistakes has no picture."""
    ended = cli("graph", "-", stdin="a = nothing()\njoin($a)\n")
    assert (ended.status, ended.stdout) == (1, "")
    assert "error[E201]" in ended.stderr
