"""`llmc graph`."""

import json
from pathlib import Path

import pytest

from llmc.cli.terminal.ansi import painted
from tests.cli.conftest import Cli
from tests.cli.seen import seen
from tests.cli.test_main import HEAVY, imported, llmc, on_terminal
from tests.compiler.cases import Case, cases

PLAN = """\
use "tools.py"
a = add(1, 2)
b = add(1, 2)
c = log("$b so far")
d = entries()
e = add(3)
join($c, $d)
"""

CASES = cases(Path(__file__).with_name("golden") / "graph.md")


@pytest.fixture
def plan(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan with a merged and an unused task, and 80 columns."""
    monkeypatch.delenv("COLUMNS", raising=False)
    (folder / "plan.llmc").write_text(PLAN)
    return folder


@pytest.mark.golden
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_graph_is_drawn_like_this(case: Case, cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Piped it is plain; on a terminal the longest chain is bold and what is gone dim."""
    case.check(lambda given: seen(given, folder, cli, monkeypatch, "graph"))


def test_the_cases_have_all_that_is_drawn() -> None:
    """A level of several nodes, dim what is merged and left out, bold the longest chain, and what is beside it."""
    shown = "".join(case.after for case in CASES)
    for text in (" ┬ ", " ├ ", " └ ", "␛[1m● ", "○ ", "␛[2m      = 3 ", "␛[2m      - 9 ", "   ⇠ ", "   ← "):
        assert text in shown


def test_styles_are_codes_of_a_terminal() -> None:
    """Of pieces with a style and a text; without colour there is none, and no blank at the end of a line."""
    lines = ((("a", "bold"), (" ", "dim"), ("", "bold"), ("b", "")), (("c ", "dim"),))
    assert painted(lines, color=True) == "\x1b[1ma\x1b[0m\x1b[2m \x1b[0mb\n\x1b[2mc \x1b[0m"
    assert painted(lines, color=False) == "a b\nc"


def test_colour_can_be_refused(cli: Cli, plan: Path) -> None:
    """NO_COLOR leaves on a terminal the text that is piped, which is that of a process of its own too."""
    plain = cli("graph", "plan.llmc").stdout
    assert on_terminal(plan, "graph", "plan.llmc", NO_COLOR="1")[1].replace("\r\n", "\n") == plain
    assert llmc(plan, "graph", "plan.llmc").stdout == plain


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
