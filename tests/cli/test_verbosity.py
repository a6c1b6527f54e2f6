"""What is told on stderr: a line a task in a pipe, errors alone with `-q`, every event with `-v`."""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Final

import pytest

from llmc.cli.progress.event_log import line
from llmc.cli.progress.task_lines import TaskLines
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_runtime.state.events import OF_RUNS, Event, Failed, Started
from tests.cli.conftest import Cli, Ended, Say
from tests.golden import settle_file
from tests.semantics.compared import WORLD, Trial
from tests.semantics.generator import random_sample

GOLDEN: Final = Path(__file__).parent / "golden" / "told.txt"
NUMBERS: Final = re.compile(r"(?<!\S) *[0-9]+\.[0-9]{2,3}(?=  | s\b)")

SUMS: Final = re.compile("; one after another.*|; longest chain.*")

GOOD: Final = """\
use "tools.py"
a = add(1, 2)
b = add($x, $a) for x in [1, 2, 3] if $x > 1
c = 2 * $a
d = add($c, $b[0])
join("$d")
"""
BAD: Final = """\
use "tools.py"
a = add(1, 2)
b = fail("$x on $a") for x in ["no such thing", "none"]
c = log(fail("inside $a"))
d = fail("$a") @fallback("nothing")
e = log("${b[0]}")
join([$e, $d])
"""
WRONG: Final = 'use "tools.py"\na = ad(1)\njoin($a)\n'
COMMANDS: Final = (
    "run good.llmc",
    "run good.llmc -q",
    "run good.llmc -v",
    "run bad.llmc",
    "run bad.llmc -q",
    "run wrong.llmc -q",
    "run good.llmc -q -v",
    "check plans",
    "check plans -q",
    "check empty",
    "fmt --check plans",
    "fmt --check plans -q",
    "trace killed.jsonl -q",
)
"""Each of them in a pipe."""


@pytest.fixture
def plans(folder: Path) -> Path:
    """Plans to run, and a folder of plans to check."""
    for name, text in (("good", GOOD), ("bad", BAD), ("wrong", WRONG)):
        (folder / f"{name}.llmc").write_text(text, "utf-8")
    (folder / "empty").mkdir()
    (folder / "plans" / "deep").mkdir(parents=True)
    (folder / "plans" / "b.llmc").write_text("a = 1 +\njoin($a)\n", "utf-8")
    (folder / "plans" / "deep" / "a.llmc").write_text("join( 1 )\n", "utf-8")
    head = '{"llmc":"trace","version":1,"language":1,"plan":"p","nodes":[]}\n'
    (folder / "killed.jsonl").write_text(head, "utf-8")
    return folder


def told(command: str, ended: Ended) -> str:
    """A command, its status, and what it wrote without times; lines of events are sorted, since calls have no order."""
    lines = SUMS.sub("", NUMBERS.sub(" #", ended.stderr)).splitlines()
    ordered = sorted(each for each in lines if each.startswith(" #"))
    rest = [each for each in lines if not each.startswith(" #")]
    return "\n".join((f"$ llmc {command}", *ordered, *rest, ended.stdout.rstrip("\n"), f"status {ended.status}", "\n"))


@pytest.mark.golden
def test_commands_tell_exactly_this(cli: Cli, plans: Path) -> None:
    """As in the golden file."""
    settle_file(GOLDEN, "".join(told(command, cli(*command.split())) for command in COMMANDS))


def events_of(seed: int) -> tuple[Event, ...]:
    """What happens in a run of a random plan."""
    trial = Trial.of(random_sample(Random(seed)), seed)
    WORLD.begin(seed)
    return asyncio.run(trial.program(PIPELINE if seed % 2 else ()).run(trial.sample.inputs)).events


def names(events: tuple[Event, ...], tells: TaskLines | None = None) -> Counter[str]:
    """How many lines each task has."""
    no_texts: Mapping[NodeId, str] = {}
    told_of = line if tells is None else tells
    lines = [(event, told_of(event, no_texts)) for event in events]
    return Counter(event.task for event, text in lines if text is not None and not isinstance(event, OF_RUNS))


def test_a_task_has_one_line_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the plan, each task that calls something has exactly one line, failures too, and no other has more.

    A line for each event, as `-v` has it, is more than that: the control.
    """
    monkeypatch.setattr("llmc_runtime.calls.backoff.FIRST_DELAY", 0.0)
    every = Counter[str]()
    for seed in range(16):
        happened = events_of(seed)
        found = names(happened, TaskLines())
        assert set(found.values()) <= {1}
        ended = {str(event.task) for event in happened if isinstance(event, Failed) and not event.key[1]}
        assert ended - {"join"} <= set(found)
        every |= names(happened)
    assert max(every.values()) > 4


def test_a_loop_is_a_line_with_counts(cli: Cli) -> None:
    """However many elements it has, and however many of them fail."""
    plan = 'use "tools.py"\ninput all: list[int]\nn = add($x, 1 / ($x % 50 - 7)) for x in $all\njoin($n)\n'
    given = ("-i", f"all={list(range(200))}")
    ended = cli("run", "-", *given, stdin=plan)
    assert ended.status == 1
    first, last = ended.stderr.splitlines()
    assert "failed    n  failed at element 7: " in first
    assert first.endswith("  (200 elements, 4 failed)")
    assert " calls in " in last
    assert len(cli("run", "-", *given, "-v", stdin=plan).stderr.splitlines()) > 390


def test_fallbacks_are_counted(cli: Cli) -> None:
    """Of elements, and of a call alone."""
    plan = 'a = fail("x") @fallback("no")\nb = fail($x) for x in ["1", "2"] @fallback("no")\njoin([$a, $b])\n'
    ended = cli("run", "-", stdin=f'use "tools.py"\n{plan}')
    assert ended.status == 0
    assert "by its fallback" in ended.stderr
    assert "2 elements, 2 by fallback" in ended.stderr


def test_a_loop_of_blocked_elements_is_blocked(cli: Cli) -> None:
    """As the last line counts it. One of which a call failed has failed: the control."""
    plan = 'use "tools.py"\na = log("x")\nb = log($x) for x in ["1", "2"]\nc = fail(fail($x)) for x in ["3"]\njoin(1)\n'
    told = cli("run", "-", "--no-optimize", "--approve", "ask", stdin=plan).stderr
    why = "waits for line 2: a write before it was not approved"
    assert f"blocked   b  blocked at element 0: {why}  (2 elements, 2 blocked)" in told
    assert "failed    c  failed at element 0: `fail` raised" in told
    assert "(1 element, 1 failed)" in told
    assert "1 failed, 1 blocked, 1 not approved" in told


def test_a_join_that_was_not_reached_has_no_line(cli: Cli) -> None:
    """It is no task; `-v` has one."""
    plan = 'use "tools.py"\na = fail("x")\njoin($a)\n'
    assert "join" not in cli("run", "-", "--fail-fast", stdin=plan).stderr
    assert "join" in cli("run", "-", "--fail-fast", "-v", stdin=plan).stderr


@pytest.mark.parametrize("options", [["-q"], ["--quiet"], ["--quiet", "--json"]])
def test_quiet_is_the_value_alone(cli: Cli, plans: Path, options: list[str]) -> None:
    """Nothing is on stderr, of warnings neither."""
    (plans / "warned.llmc").write_text('use "tools.py"\na = add(1, 2)\njoin("$nobody")\n', "utf-8")
    assert "warning" in cli("run", "warned.llmc").stderr
    ended = cli("run", "warned.llmc", *options)
    assert (ended.status, ended.stderr) == (0, "")
    assert "$nobody" in ended.stdout


def test_quiet_says_once_why_a_run_failed(cli: Cli, plans: Path) -> None:
    """Each failure has one line, and what only follows from it has none."""
    ended = cli("run", "bad.llmc", "-q")
    assert ended.status == 1
    assert ended.stderr.count("no such thing") == 1
    assert ended.stderr.count("inside 3.0") == 1
    assert "needs" not in ended.stderr
    assert all(line.startswith("llmc: ") for line in ended.stderr.splitlines())


def test_quiet_says_ten_failures_and_counts_the_others(cli: Cli) -> None:
    """A plan may have thousands of tasks."""
    plan = "".join(f'f{index} = fail("{index}")\n' for index in range(30))
    lines = cli("run", "-", "-q", "--no-optimize", stdin=f'use "tools.py"\n{plan}join(1)\n').stderr.splitlines()
    assert (len(lines), lines[-1]) == (11, "llmc: 20 more tasks failed")


def test_quiet_says_why_nobody_was_asked(cli: Cli) -> None:
    """The hint is part of the failure."""
    ended = cli("run", "-", "-q", "--approve", "ask", stdin='use "tools.py"\na = log("x")\njoin($a)\n')
    assert "the run has no approver" in ended.stderr
    assert "`--approve all` approves every call" in ended.stderr


def test_quiet_holds_for_one_command(cli: Cli, plans: Path) -> None:
    """The next one in the same process tells again what it does."""
    cli("run", "good.llmc", "-q")
    assert not logging.getLogger("llmc").isEnabledFor(logging.WARNING)
    assert cli("run", "good.llmc").stderr
    assert logging.getLogger("llmc").isEnabledFor(logging.WARNING)


@pytest.mark.parametrize(
    "command",
    [
        "check warned.llmc",
        "fmt good.llmc",
        "compile given.llmc",
        "graph warned.llmc",
        "explain warned.llmc",
        "trace killed.jsonl",
        "tools tools.py --prompt",
        "check --fix plans/deep/a.llmc",
    ],
)
def test_results_alone(cli: Cli, plans: Path, command: str) -> None:
    """Every command that tells something beside its result can leave that out."""
    (plans / "warned.llmc").write_text('use "tools.py"\na = add(1, 2)\njoin("$nobody")\n', "utf-8")
    (plans / "given.llmc").write_text("join($a)\n", "utf-8")
    (plans / "given.llmc").write_text('use "tools.py"\ninput a: any\nb = add($a, 1)\njoin($b)\n', "utf-8")
    loud = cli(*command.split())
    quiet = cli(*command.split(), "-q")
    assert (loud.status, loud.stderr != "") == (0, True)
    assert (quiet.status, quiet.stdout, quiet.stderr) == (0, loud.stdout, "")


PLAN: Final = "1. add(1, 2)\n2. join($1)\n"


def test_a_question_is_quiet_too(cli: Cli, say: Say) -> None:
    """The answer alone, or the error alone."""
    say(PLAN)
    ended = cli("ask", "How much?", "--tools", "tools.py", "-q")
    assert (ended.status, ended.stdout, ended.stderr) == (0, "3.0\n", "")
    say("1. nothing()", "1. nothing()", "1. nothing()")
    ended = cli("ask", "How much?", "--tools", "tools.py", "-q")
    assert (ended.status, ended.stdout) == (1, "")
    assert ended.stderr.startswith("llmc: ")


def test_a_question_tells_every_event(cli: Cli, say: Say) -> None:
    """With `-v`, and one line a task with `--show-plan`."""
    say(PLAN)
    every = cli("ask", "How much?", "--tools", "tools.py", "-v").stderr
    assert "started   1  add(1, 2)" in every
    assert "written   1. add(1, 2)" in every
    say(PLAN)
    assert "started" not in cli("ask", "How much?", "--tools", "tools.py", "--show-plan").stderr


def test_a_plan_is_quiet_too(cli: Cli, say: Say) -> None:
    """What `-o` says of the file is left out; `-v` shows what was repaired."""
    say("1. add(1, 2\n2. join($1)\n")
    ended = cli("plan", "How much?", "--tools", "tools.py", "-o", "out.llmc", "-q")
    assert (ended.status, ended.stdout, ended.stderr) == (0, "", "")
    say("1. add(1, 2\n2. join($1)\n")
    assert "warning[" in cli("plan", "How much?", "--tools", "tools.py", "-v").stderr


def test_both_are_wrong_usage(cli: Cli, plans: Path) -> None:
    """Nothing is run."""
    ended = cli("run", "good.llmc", "-q", "-v")
    words = "llmc: `--quiet` and `--verbose` contradict each other: use one of them\n"
    assert (ended.status, ended.stderr) == (2, words)


def test_what_a_run_begins_is_no_line() -> None:
    """A task under way is told at its end alone."""
    tells = TaskLines()
    assert all(tells(event, {}) is None for event in events_of(3) if isinstance(event, Started))
