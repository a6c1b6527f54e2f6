"""`llmc compile`."""

import json
from pathlib import Path

import pytest

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
        "1 argument is checked on arrival, since their types may not fit:\n"
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


STAGES = 'use "tools.py"\na = add(1, 1 + 1)\nb = add(1, 2)\nc = add(5)\njoin($a, $b)\n'
DEDUP = '# after dedup\nuse "tools.py"\n\na = add(1, 2)\nb = $a\nc = add(5)\njoin($a, $a)\n\n'


def test_the_passes_can_be_chosen(cli: Cli) -> None:
    """Only these are run, in the order in which they are named; blanks do not count."""
    assert cli("compile", "-", "--passes", "prune", stdin=STAGES).stdout.count("add(") == 2
    assert cli("compile", "-", "--passes", "fold , dedup", stdin=STAGES).stdout.count("add(") == 2
    assert cli("compile", "-", "--passes", "dedup,fold", stdin=STAGES).stdout.count("add(") == 3
    none = cli("compile", "-", "--passes", "", stdin=STAGES).stdout
    assert none == cli("compile", "-", "--no-optimize", stdin=STAGES).stdout


@pytest.mark.parametrize("command", ["compile", "graph", "run", "explain"])
def test_a_pass_that_is_none_is_wrong_usage(cli: Cli, command: str) -> None:
    """The right name is suggested; to name passes and to run none is a contradiction."""
    ended = cli(command, "-", "--passes", "fold,dedupe", stdin=STAGES)
    assert (ended.status, ended.stdout) == (2, "")
    assert ended.stderr == "llmc: no pass is called `dedupe`: did you mean `dedup`?\n"
    ended = cli(command, "-", "--passes", "fold", "--no-optimize", stdin=STAGES)
    assert ended.status == 2
    assert ended.stderr.startswith("llmc: `--no-optimize` runs no passes, ")


def test_a_plan_after_a_pass_goes_to_stderr(cli: Cli) -> None:
    """Under a heading that is a comment, so that it is a plan; what goes to stdout is the result all the same."""
    ended = cli("compile", "-", "--print-after", "dedup", stdin=STAGES)
    assert (ended.status, ended.stderr) == (0, DEDUP)
    assert ended.stdout == cli("compile", "-", stdin=STAGES).stdout
    assert cli("compile", "-", "--passes", "", stdin=DEDUP).stdout == DEDUP.partition("\n")[2].rstrip() + "\n"


def test_a_plan_after_each_pass(cli: Cli) -> None:
    """All that are run, in their order; none where none is run."""
    told = cli("compile", "-", "--print-after", "all", stdin=STAGES).stderr
    assert [line for line in told.splitlines() if line.startswith("#")] == [
        "# after fold",
        "# after hoist",
        "# after dedup",
        "# after prune",
    ]
    assert DEDUP in told
    assert cli("compile", "-", "--print-after", "all", "--no-optimize", stdin=STAGES).stderr == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--print-after", "prun"], "llmc: no pass is called `prun`: did you mean `prune`?\n"),
        (["--print-after", "fold", "--passes", "prune"], "llmc: `fold` is not one of the passes that run\n"),
    ],
)
def test_a_pass_to_print_after_must_be_run(cli: Cli, options: list[str], message: str) -> None:
    """Nothing is printed otherwise."""
    ended = cli("compile", "-", *options, stdin=STAGES)
    assert (ended.status, ended.stdout, ended.stderr) == (2, "", message)
