"""How failures are told: lines, tree, the last line, tracebacks; exactly as in the golden file."""

import re
from io import StringIO
from pathlib import Path

import pytest

import llmc
from llmc.cli.progress.event_log import EventLog
from llmc.cli.progress.run_state import RunState
from llmc.cli.progress.run_tree import draw, plain
from llmc.cli.terminal.traceback_output import tracebacks
from llmc.config.tool_files import load_file
from llmc_runtime.program.run_result import Run
from llmc_runtime.state.events import Blocked
from tests.cli.conftest import Cli
from tests.golden import settle_file
from tests.runtime import clock

GOLDEN = Path(__file__).parent / "golden" / "failures.txt"

TOOLS = """
from llmc import nondet, pure, read, write


def fetched(name):
    link = f"https://example.org/{name}/{'0123456789' * 9}"
    raise ConnectionError(f"403 for url '{link}' of a server that {'is busy ' * 30}")


@pure
async def get(x: str) -> str:
    return x


@nondet
async def fetch(x: str) -> str:
    if x == "good":
        return x
    return fetched(x)


@read("r")
async def look() -> str:
    return "seen"


@write("r")
async def put(x: str) -> str:
    if x == "bad":
        raise RuntimeError("the disk is full")
    return x


@write("mail", approve=True)
async def send(x: str) -> str:
    return x
"""

PLANS = {
    "a failed call, and what needs it": """\
1. get("one")
2. get("two")
3. fetch("bad")
4. get($3)
5. get($4)
6. get("six") if $1 == "two"
7. get($2)
8. get($7)
9. get("nine")
10. get("ten")
join([$1, $2, $7, $8, $9, $10])
""",
    "a failed write, and what comes after it": """\
first = put("good")
second = put("bad")
third = put("good")
seen = look()
join([$first, $third, $seen])
""",
    "calls inside of others": """\
body = get(get(fetch("inner")) + get(fetch("good") + get("x")))
more = put(get(fetch("bad")))
last = put("good")
join([get(get(get($body))), $more, $last])
""",
    "loops": """\
list = fetch($x) for x in ["good", "bad", "good"]
wrote = put(get($x)) for x in ["good", "bad", "good"]
after = put(get($x) + get(get($x))) for x in ["1", "2"]
join([$list, $wrote, $after])
""",
    "fallbacks and attempts": """\
value = fetch("bad") @retry(1) @fallback("other")
kept = put("bad") @fallback("other")
next = put($value)
join([$value, $kept, $next])
""",
    "what is not approved": """\
sent = send("x")
also = send($x) for x in ["a", "b"]
after = get($sent)
join([$sent, $also, $after])
""",
    "the join itself": """\
good = get("x")
join([$good, get(fetch("bad"))])
""",
}


_PLAIN = {
    "a failed call, and what needs it",
    "a failed write, and what comes after it",
    "fallbacks and attempts",
}


def run(folder: Path, text: str, **terms: object) -> tuple[llmc.Program, Run]:
    """A run of a plan in virtual time."""
    (folder / "failing.py").write_text(TOOLS, "utf-8")
    found = llmc.compile(text, load_file(folder / "failing.py"), passes=())
    return found, clock.run(found.run(approve="none", **terms))  # type: ignore[arg-type]  # terms of a run


def told(program: llmc.Program, done: Run) -> str:
    """Everything that is told of a run, without times."""
    stream, tree = StringIO(), RunState(program.graph, program.source)
    lines = EventLog(program.graph, program.source, stream)
    for event in done.events:
        lines.apply(event)
        tree.apply(event)
    rows = "\n".join(plain(row).rstrip() for row in draw(tree, 0.0, width=100, height=50))
    stacks = "\n".join(f"{title}\n{text}" for title, text in tracebacks(done))
    text = f"{stream.getvalue()}\n{rows}\n\n{stacks}\n\n{done.summary()}"
    # Whether the sum is shown depends on the processor, and has tests of its own.
    text = re.sub(r"; one after another [\d.]+ s", "", text)
    return re.sub(r"\d+\.\d\d+( s)?", "#", text.replace(f"{Path.cwd()}/", ""))


@pytest.mark.golden
def test_failures_are_told_exactly(folder: Path) -> None:
    """Each plan with its lines, its tree, its tracebacks and its last line."""
    shown = [f"== {title}\n\n{text}\n{told(*run(folder, text))}\n\n" for title, text in PLANS.items()]
    text = PLANS["a failed call, and what needs it"]
    shown.append(f"== fail fast\n\n{told(*run(folder, text, policy='fail_fast'))}\n\n")
    shown.append(f"== a limit\n\n{told(*run(folder, PLANS['loops'], limits=llmc.Limits(calls=3)))}\n")
    settle_file(GOLDEN, "".join(shown))


@pytest.mark.parametrize("title", PLANS)
def test_nothing_that_is_told_has_an_inner_id(folder: Path, title: str) -> None:
    """As a node has one that stands inside of a task."""
    program, done = run(folder, PLANS[title])
    inner = [str(event.key[0]) for event in done.events if hasattr(event, "key") and "/" in event.key[0]]
    assert bool(inner) == (title not in _PLAIN)
    assert not [node for node in inner if node in told(program, done)]


def test_the_last_line_counts_tasks(folder: Path) -> None:
    """As they ended."""
    text = PLANS["a failed call, and what needs it"]
    assert run(folder, text)[1].summary().startswith("6 done, 1 failed, 2 blocked, 1 skipped; 7 calls in ")
    assert run(folder, 'a = get("x")\njoin($a)\n')[1].summary().startswith("1 call in ")


def test_what_blocked_names_its_line(folder: Path) -> None:
    """In events, in errors and in JSON."""
    program, done = run(folder, PLANS["a failed write, and what comes after it"])
    (event, *_) = (event for event in done.events if isinstance(event, Blocked))
    assert (event.cause, event.cause_line, event.by_order) == ("second", 2, True)
    assert event.reason == "waits for line 2: a write before it failed"
    error = done.to_json()["errors"]["third"]
    assert (error["line"], error["cause"], error["cause_line"]) == (3, "second", 2)
    assert program.source.name == "<plan>"


def test_the_command_shows_tracebacks_and_places(cli: Cli, folder: Path) -> None:
    """On stderr, before the last line, and only with `--traceback`."""
    (folder / "failing.py").write_text(TOOLS, "utf-8")
    plan = 'use "failing.py"\na = fetch("bad")\njoin($a)\n'
    line = next(at for at, text in enumerate(TOOLS.splitlines(), 1) if "raise ConnectionError" in text)
    for options in ([], ["--traceback"]):
        ended = cli("run", "-", *options, stdin=plan)
        assert ended.status == 1
        assert f"(failing.py:{line})\n" in ended.stderr
        assert ("Traceback (most recent call last):\n" in ended.stderr) == bool(options)
        assert ended.stderr.splitlines()[-1].startswith("1 failed; 1 call in ")
        assert ended.stderr.count("in fetched\n") == len(options)
        assert "llmc_runtime" not in ended.stderr
        assert "0123456789" * 9 in ended.stderr


def test_a_recorded_run_says_why_something_was_blocked(cli: Cli, folder: Path) -> None:
    """By the line, and without ids that nobody wrote."""
    (folder / "failing.py").write_text(TOOLS, "utf-8")
    plan = f'use "failing.py"\n{PLANS["calls inside of others"]}'
    assert cli("run", "-", "--trace", "out.jsonl", "--no-optimize", stdin=plan).status == 1
    shown = cli("trace", "out.jsonl").stdout
    assert "needs line 2, which failed" in shown
    assert "needs another call of" in shown
    assert "/" not in shown.replace("https://", "")


def test_what_would_be_done_is_told_without_inner_ids(cli: Cli, folder: Path) -> None:
    """By `--dry-run` and by `explain`."""
    (folder / "failing.py").write_text(TOOLS, "utf-8")
    (folder / "plan.llmc").write_text(f'use "failing.py"\n{PLANS["loops"]}', "utf-8")
    for command in ("run plan.llmc --dry-run", "explain plan.llmc"):
        ended = cli(*command.split())
        assert ended.status == 0
        assert "after" in ended.stdout
        assert "/" not in ended.stdout
