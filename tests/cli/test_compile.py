"""`llmc compile`."""

import json
from pathlib import Path

from tests.cli.conftest import Cli

TWICE = 'use "tools.py"\na = add(1, 2)\nb = add(1, 2)\njoin($a, $b)\n'


def test_the_optimised_plan_is_a_plan(cli: Cli, folder: Path) -> None:
    """What is printed can be compiled again, and says the same."""
    (folder / "plan.llmc").write_text(TWICE)
    ended = cli("compile", "plan.llmc")
    assert (ended.status, ended.stderr) == (0, "")
    assert ended.stdout.count("add(") == 1
    assert cli("compile", "-", stdin=ended.stdout).stdout == ended.stdout


def test_no_optimize_leaves_every_call(cli: Cli, folder: Path) -> None:
    """Without the passes nothing is merged."""
    (folder / "plan.llmc").write_text(TWICE)
    assert cli("compile", "plan.llmc", "--no-optimize").stdout.count("add(") == 2


def test_json_is_the_graph(cli: Cli, folder: Path) -> None:
    """--emit json prints one JSON document."""
    (folder / "plan.llmc").write_text(TWICE)
    assert isinstance(json.loads(cli("compile", "plan.llmc", "--emit", "json").stdout), dict)


def test_checks_that_remain_are_told(cli: Cli, folder: Path) -> None:
    """How many arguments have to be looked at when they arrive, with their lines; the first few are named."""
    (folder / "plan.llmc").write_text('use "tools.py"\ninput n: float?\na = add($n, 1)\nb = add(1, $a)\njoin($b)\n')
    ended = cli("compile", "plan.llmc")
    assert ended.stderr == (
        "1 argument is checked on arrival, since their types do not say that they fit:\n"
        "  line 3: `a` of `add` takes float and is given float?\n"
    )
    many = "".join(f"add($n, {number})\n" for number in range(7))
    (folder / "plan.llmc").write_text(f'use "tools.py"\ninput n: any\n{many}join()\n')
    first, *others, last = cli("compile", "plan.llmc").stderr.splitlines()
    assert (first[:2], len(others), last) == ("7 ", 5, "  and 2 more")


def test_mistakes_go_to_stderr(cli: Cli, folder: Path) -> None:
    """A plan with mistakes prints nothing on stdout, and the status is 1."""
    (folder / "plan.llmc").write_text("a = nothing()\njoin($a)\n")
    ended = cli("compile", "plan.llmc")
    assert (ended.status, ended.stdout) == (1, "")
    assert "error[E201]: no tool is called `nothing`" in ended.stderr


def test_tools_named_twice_are_an_error(cli: Cli, folder: Path) -> None:
    """--tools may not bring what the plan's `use` brings."""
    (folder / "plan.llmc").write_text(TWICE)
    ended = cli("compile", "plan.llmc", "--tools", "tools.py")
    assert (ended.status, ended.stdout) == (2, "")
    assert "two tools are called `add`" in ended.stderr


def test_use_of_a_name_reads_the_configuration(cli: Cli, folder: Path) -> None:
    """`use name` finds its file through llmc.toml, and a mistake there is told."""
    (folder / "llmc.toml").write_text('[tools]\nmine = "tools.py"\n')
    assert cli("compile", "-", stdin="use mine\na = add(1)\njoin($a)\n").status == 0
    (folder / "llmc.toml").write_text("tools = 1\n")
    ended = cli("compile", "-", stdin="use mine\na = add(1)\njoin($a)\n")
    assert ended.status == 2
    assert "must be a table" in ended.stderr
    assert cli("compile", "-", stdin='use "tools.py"\na = add(1)\njoin($a)\n').status == 0
