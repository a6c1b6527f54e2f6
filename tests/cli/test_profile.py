"""`llmc run --profile` and `llmc explain --profile`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

TOOLS = '''
import asyncio

from llmc import nondet


@nondet
async def quick(name: str, after: str = "") -> str:
    """Take no time."""
    return name


@nondet(latency=0.001)
async def slow(name: str) -> str:
    """Take longer than it declares."""
    await asyncio.sleep(0.02)
    return name
'''
PLAN = """\
use "own.py"
a = quick("a")
b = quick("b", $a)
c = slow("c")
join($b, $c)
"""


@pytest.fixture(autouse=True)
def _plan(folder: Path) -> None:
    """A plan of which the chain of two calls seems longer."""
    (folder / "own.py").write_text(TOOLS)
    (folder / "plan.llmc").write_text(PLAN)


def starts(file: Path) -> list[str]:
    """The tasks of a traced run, in the order of their starts."""
    lines = [json.loads(line) for line in file.read_text().splitlines()[1:]]
    return [line["task"] for line in lines if line["event"] == "Started"]


def test_a_traced_run_ranks_the_next(cli: Cli, folder: Path) -> None:
    """The first run shows that `slow` is slow, and the next starts with it."""
    one, two = folder / "one.jsonl", folder / "two.jsonl"
    first = cli("run", "-q", "plan.llmc", "--limit", "width=1", "--trace", str(one))
    assert (first.status, starts(one)) == (0, ["a", "c", "b"])
    again = cli(
        "run",
        "-q",
        "plan.llmc",
        "--limit",
        "width=1",
        "--trace",
        str(two),
        "--profile",
        str(one),
        "--profile",
        str(one),
    )
    assert (again.status, starts(two)) == (0, ["c", "a", "b"])
    assert again.stdout == first.stdout


@pytest.mark.parametrize("command", [("run", "-q"), ("explain",)])
def test_a_file_that_is_no_trace_is_told(cli: Cli, folder: Path, command: tuple[str, ...]) -> None:
    """In one line with its name, before anything is run."""
    (folder / "bad.jsonl").write_text("nonsense\n")
    wrong = cli(*command, "plan.llmc", "--profile", "bad.jsonl")
    assert (wrong.status, wrong.stdout, wrong.stderr) == (2, "", "llmc: bad.jsonl: line 1 is not JSON\n")
    missing = cli(*command, "plan.llmc", "--profile", "none.jsonl")
    assert (missing.status, missing.stdout) == (2, "")
    assert missing.stderr == "llmc: none.jsonl: no such file or directory\n"


def test_an_explanation_uses_what_was_measured(cli: Cli, folder: Path) -> None:
    """Its times are those of the trace, and it says which."""
    file = folder / "one.jsonl"
    cli("run", "-q", "plan.llmc", "--trace", str(file))
    plain, measured = cli("explain", "plan.llmc"), cli("explain", "plan.llmc", "--profile", str(file))
    assert "the longest chain: a, b" in plain.stdout
    assert "the longest chain: c" in measured.stdout
    words = " ".join(measured.stdout.split())
    assert "estimated from recorded calls of `quick`, `slow`, and from the latencies that other tools declare" in words
    data = [
        json.loads(cli("explain", "plan.llmc", "--json", *more).stdout)["time"]
        for more in ((), ("--profile", str(file)))
    ]
    assert [(time["measured"], time["assumed"]) for time in data] == [([], ["quick"]), (["quick", "slow"], [])]
