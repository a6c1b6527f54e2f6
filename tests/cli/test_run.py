"""`llmc run`."""

import json
import signal
import sys
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest

import llmc
from llmc.cli.progress.event_log import EventLog
from llmc.cli.progress.live_tree import LiveTree
from tests.cli.conftest import Cli

ADD = 'use "tools.py"\ninput n: int = 1\ninput who: str = "me"\na = add($n, 2)\njoin($a)\n'
FAILING = 'use "tools.py"\na = fail("no")\nb = add(1, 2)\njoin($b)\n'


def test_the_value_goes_to_stdout_and_the_rest_to_stderr(cli: Cli) -> None:
    """Without a terminal stderr has a line for each task, and the summary last."""
    ended = cli("run", "-", stdin=ADD)
    assert (ended.status, ended.stdout) == (0, "3.0\n")
    lines = ended.stderr.splitlines()
    assert [line.split()[1:3] for line in lines[:-1]] == [["finished", "a"]]
    assert lines[-1].startswith("1 call in ")


@pytest.mark.parametrize(
    ("join", "stdout"),
    [('"$n: text"', "1: text\n"), ("[$n, true]", "[\n  1,\n  true\n]\n"), ("null", "null\n"), ('"a\\nb"', "a\nb\n")],
)
def test_a_text_is_printed_as_it_is_and_all_else_as_json(cli: Cli, join: str, stdout: str) -> None:
    """A value that is a text has no quotes around it."""
    assert cli("run", "-", stdin=f"input n: int = 1\njoin({join})\n").stdout == stdout


def test_inputs_are_text_or_json(cli: Cli) -> None:
    """`str` takes the text as it is, even one that looks like JSON; every other type takes JSON."""
    plan = "input n: float\ninput who: str\ninput rows: list[int]? = null\njoin([$n, $who, $rows])\n"
    ended = cli("run", "-", "--input", "n=2.5", "-i", "who=3=x", "-i", "rows=[1]", "--json", stdin=plan)
    assert json.loads(ended.stdout)["value"] == [2.5, "3=x", [1]]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["n=x"], "input `n`: 'x' is not JSON"),
        (["n=NaN"], "input `n`: 'NaN' is not JSON"),
        (["n=true"], "input `n`: true is not of type `int`"),
        (["n"], "`--input n` has no value: write `--input n=…`"),
        (["m=1"], "the plan has no input `m`; its inputs are: `n`, `who`"),
        (["n=1", "n=2"], "input `n` is given twice"),
        (["who=\udcff"], "input `who` is a text with a lone surrogate"),
    ],
)
def test_a_wrong_input_is_wrong_usage(cli: Cli, given: list[str], words: str) -> None:
    """A missing, unknown or badly typed input has status 2 and says which; nothing is run."""
    ended = cli("run", "-", *(word for pair in given for word in ("--input", pair)), stdin=ADD)
    assert (ended.status, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"llmc: {words}")


def test_a_missing_input_is_wrong_usage(cli: Cli) -> None:
    """An input without a default must be given."""
    ended = cli("run", "-", stdin="input n: int\njoin($n)\n")
    assert (ended.status, ended.stderr) == (2, "llmc: the plan needs a value for `n`\n")
    assert "has no input `m`; its inputs are: none" in cli("run", "-", "-i", "m=1", stdin="join(1)\n").stderr


def test_a_failed_task_has_status_1_and_the_value_is_printed(cli: Cli) -> None:
    """Where the join does not need what failed, its value is there all the same."""
    plan = (
        'use "tools.py"\nlog("x") @timeout(5s)\na = entries()\nb = fail("no") if $a == ["x"]\nlog($b)\njoin("done")\n'
    )
    ended = cli("run", "-", stdin=plan)
    assert (ended.status, ended.stdout) == (1, "done\n")
    assert "failed" in ended.stderr


def test_without_a_value_nothing_is_on_stdout(cli: Cli) -> None:
    """A join that needs a failed task has no value."""
    ended = cli("run", "-", stdin='use "tools.py"\na = fail("no")\njoin($a)\n')
    assert (ended.status, ended.stdout) == (1, "")
    assert "`fail` raised RuntimeError: no" in ended.stderr


def test_json_is_one_document(cli: Cli) -> None:
    """--json prints everything there is to know about a run."""
    ended = cli("run", "-", "--json", "--no-optimize", stdin=FAILING)
    assert ended.status == 1
    document = json.loads(ended.stdout)
    assert document["value"] == 3
    assert document["results"] == {"b": 3}
    assert document["errors"] == {
        "a": {
            "type": "ToolFailed",
            "message": "task a failed: `fail` raised RuntimeError: no",
            "line": 2,
            "file": "tools.py",
            "line_in_file": 34,
            "tool": "fail",
            "attempt": 1,
            "in_doubt": False,
        }
    }
    assert (document["version"], document["language"], document["has_value"]) == (1, 1, True)
    assert document["skipped"] == []
    assert document["calls"] == 2
    assert document["sum_of_calls"] is None or document["sum_of_calls"] >= document["longest_chain"] >= 0
    assert document["processor_seconds"] > 0
    assert document["seconds"] > 0
    assert set(document["chain"]) <= {"a", "b"}


def test_mistakes_end_before_anything_runs(cli: Cli, folder: Path) -> None:
    """A plan with a mistake in its last line has not called its first tool."""
    (folder / "tools.py").write_text("from llmc import write\n\n@write\ndef touch() -> None:\n    open('ran', 'w')\n")
    ended = cli("run", "-", stdin='use "tools.py"\ntouch()\na = nothing()\njoin($a)\n')
    assert (ended.status, ended.stdout) == (1, "")
    assert not (folder / "ran").exists()


def test_a_wrong_use_is_told_with_all_else_that_is_wrong(cli: Cli) -> None:
    """A plan without its tools is not run, and its other mistakes are reported as well."""
    ended = cli("run", "-", stdin='use "none.py"\na = f($b)\njoin($a)\n')
    assert (ended.status, ended.stdout) == (1, "")
    assert "error[E220]" in ended.stderr
    assert "error[E202]" in ended.stderr


def test_a_missing_file_is_wrong_usage(cli: Cli) -> None:
    """A plan that is not there has status 2."""
    ended = cli("run", "none.llmc")
    assert (ended.status, ended.stderr) == (2, "llmc: none.llmc: no such file or directory\n")


def test_warnings_are_told_and_the_plan_runs(cli: Cli) -> None:
    """A warning is on stderr and changes nothing else."""
    ended = cli("run", "-", stdin='join("$nobody")\n')
    assert (ended.status, ended.stdout) == (0, "$nobody\n")
    assert "warning[W201]" in ended.stderr


class Terminal(StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """It says so."""
        return True


@pytest.mark.parametrize(("term", "kind"), [("xterm", LiveTree), ("dumb", EventLog)])
def test_a_terminal_gets_a_tree(monkeypatch: pytest.MonkeyPatch, term: str, kind: type) -> None:
    """How a run is shown depends on what stderr is."""
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stderr", Terminal())
    progress = import_module("llmc.cli.commands.runs.run")._progress  # noqa: SLF001 — the command itself needs a real terminal
    with progress(llmc.compile("join(1)", llmc.Toolbox())) as shown:
        assert type(shown) is kind


PRESSED = """
import asyncio, signal
from llmc import write

@write("r")
async def press() -> None:
    signal.raise_signal(signal.SIGINT)
    await asyncio.Event().wait()
"""


def test_an_interrupt_has_status_130(cli: Cli, folder: Path) -> None:
    """Ctrl-C ends the run without a traceback, and says which writes were under way."""
    (folder / "tools.py").write_text(PRESSED)
    before = signal.getsignal(signal.SIGINT)
    ended = cli("run", "-", stdin='use "tools.py"\na = press()\njoin($a)\n')
    assert (ended.status, ended.stdout) == (130, "")
    assert ended.stderr.splitlines()[-1] == "llmc: interrupted; in doubt: a"
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("width=0", "limit `width` must be a whole number from 1 to 1,000,000,000,000, not 0"),
        ("width=-3", "limit `width` must be a whole number, such as 8, not '-3'"),
        ("run-time=60", "limit `run-time` must be a time with its unit, such as 500ms, 60s, 5m or 1h, not '60'"),
        ("run-time=60MiB", "limit `run-time` must be a time with its unit"),
        ("result-bytes=5s", "limit `result-bytes` must be a size, such as 65536, 64KiB or 1MiB"),
        ("result-depth=101", "limit `result_depth` must be a whole number from 1 to 100, not 101"),
        ("add.rate=10", "limit `add.rate` must be calls per time, such as 10/s or 600/m, not '10'"),
        ("add.rate=10/0s", "limit `seconds` must be a number of seconds from 0.001"),
        ("cost=nan", "limit `cost` must be a number, such as 2.5, not 'nan'"),
        ("widht=3", "no limit is called `widht`: did you mean `width`?"),
        ("speed=3", "no limit is called `speed`: there are: `width`, "),
        ("width", "`--limit width` has no value: write `--limit width=…`"),
    ],
)
def test_a_wrong_limit_is_wrong_usage(cli: Cli, given: str, words: str) -> None:
    """A name, a value or a unit that a limit cannot have has status 2 and says what it may be; nothing is run."""
    ended = cli("run", "-", "--limit", given, stdin=ADD)
    assert (ended.status, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"llmc: {words}")


def test_limits_of_the_command_line_go_before_those_of_the_configuration(cli: Cli, folder: Path) -> None:
    """Both hold; where they speak of the same limit, the command line has the last word."""
    (folder / "llmc.toml").write_text('[limits]\ncalls = 1\nelements = 1\n[limits.tools.add]\nrate = "1000/s"\n')
    plan = 'use "tools.py"\na = add($x, 1) for x in [1, 2]\nb = add(1, 2)\nc = add(3, 4)\n'
    ended = cli("run", "-", "--json", "--limit", "calls=2", stdin=plan)
    errors = json.loads(ended.stdout)["errors"]
    assert "at most 1 are allowed" in errors["a"]["message"]
    assert set(errors) == {"a"}
    errors = json.loads(cli("run", "-", "--json", stdin=plan).stdout)["errors"]
    assert errors["c"]["message"] == "task c was not done: the run has made 1 calls (limit `calls`)"
    assert errors["c"]["type"] == "LimitReached"


def test_a_plan_with_more_tasks_than_allowed_is_wrong_usage(cli: Cli) -> None:
    """Nothing of it is begun."""
    ended = cli("run", "-", "--limit", "tasks=1", stdin=ADD)
    assert (ended.status, ended.stdout) == (2, "")
    assert ended.stderr == "llmc: the run would have 2 tasks; at most 1 are allowed (limit `tasks`)\n"


def test_fail_fast_stops_at_the_first_failure(cli: Cli) -> None:
    """What was not begun is told as stopped."""
    plan = 'use "tools.py"\na = fail("no")\nb = fail($a)\nc = fail($b)\njoin($b)\n'
    ended = cli("run", "-", "--json", "--no-optimize", "--fail-fast", stdin=plan)
    errors = json.loads(ended.stdout)["errors"]
    assert ended.status == 1
    assert errors["a"]["type"] == "ToolFailed"
    assert errors["c"]["type"] in {"Blocked", "Stopped"}


def test_what_tools_print_is_no_result(cli: Cli, folder: Path) -> None:
    """What a tools file and its tools print goes to stderr: what is on stdout can be read by a program."""
    loud = "from llmc import pure\nprint('loaded')\n@pure\ndef f() -> int:\n    print('called')\n    return 1\n"
    (folder / "loud.py").write_text(loud)
    (folder / "p.llmc").write_text('use "loud.py"\n1. f()\njoin($1)\n')
    ended = cli("run", "p.llmc")
    assert ended.stdout == "1\n"
    assert "loaded\n" in ended.stderr
    assert "called\n" in ended.stderr
    for command in ("run p.llmc --json", "graph p.llmc --format json", "tools loud.py --json"):
        ended = cli(*command.split())
        assert json.loads(ended.stdout)
        assert "loaded\n" in ended.stderr
