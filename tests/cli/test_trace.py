"""`llmc run --trace` and `llmc trace`.

`LLMC_BLESS=1` writes the golden timelines anew; read the difference before keeping it.
"""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from importlib import import_module
from io import BytesIO
from pathlib import Path
from time import monotonic, sleep

import pytest

from llmc.cli.progress.run_tree import plain
from llmc.cli.tracing.timeline import ROWS, draw
from llmc.cli.tracing.trace_file import TraceFile
from llmc_compiler.terminal_cells import cells
from llmc_runtime.tracing.trace import read_trace
from llmc_runtime.tracing.trace_replay import replay
from tests.cli.conftest import Cli
from tests.patience import PATIENCE

GOLDEN = Path(__file__).parent / "golden"
PLAN = 'use "tools.py"\na = add(1, 2)\nb = add($a, 3)\nlog("x") if $b > 1\njoin($b)\n'


def node(key: str, text: str, *waits: str, loop: str | None = None) -> dict[str, object]:
    """A node of a trace."""
    task = key.partition("/")[0]
    return {"id": key, "task": task, "text": text, "waits": list(waits), "loop": loop, "carry": []}


NODES = [
    node("a", 'search("Mount Everest")'),
    node("pages", "search($name) for name in $a", "pages/each", "a"),
    node("pages/each", "search($name)", "a", loop="pages"),
    node("b", 'fetch("山の高さを調べる", $a)', "a"),
    node("send", 'send("ann", "it is $b \u202e and \x1b[2J so on, as the pages say")', "b", "pages"),
    node("more", "send($send)", "send"),
    node("rest", "tidy()"),
    node("join", "$send", "send"),
]
EVENTS: list[dict[str, object]] = [
    {"event": "RunStarted", "at": 0},
    {"event": "Started", "at": 0, "node": "a"},
    {"event": "Finished", "at": 1, "node": "a"},
    {"event": "Expanded", "at": 1, "node": "pages", "count": 2},
    {"event": "Started", "at": 1, "node": "pages/each", "indices": [0]},
    {"event": "Started", "at": 1, "node": "b"},
    {"event": "Finished", "at": 2, "node": "pages/each", "indices": [0]},
    {"event": "Started", "at": 2, "node": "pages/each", "indices": [1]},
    {"event": "Retried", "at": 2, "node": "b", "attempt": 2, "delay": 0.5, "error": {"type": "X", "message": "no"}},
    {"event": "Finished", "at": 3, "node": "pages/each", "indices": [1]},
    {"event": "Finished", "at": 3, "node": "pages"},
    {"event": "Finished", "at": 4, "node": "b"},
    {"event": "Asked", "at": 4, "node": "send"},
    {"event": "Answered", "at": 6, "node": "send", "approved": True},
    {"event": "Started", "at": 6.5, "node": "send"},
    {"event": "Started", "at": 7, "node": "rest"},
    {"event": "Failed", "at": 8, "node": "send", "error": {"type": "X", "message": "no"}},
    {"event": "Blocked", "at": 8, "node": "more", "cause": "send"},
    {"event": "Blocked", "at": 8, "node": "join", "cause": "send"},
]
END: dict[str, object] = {"event": "RunFinished", "at": 10, "complete": True, "abandoned": [], "sum_of_calls": 10.5}


def traced(events: list[dict[str, object]], nodes: list[dict[str, object]] | None = None) -> bytes:
    """A trace of these events."""
    head = {"llmc": "trace", "version": 1, "language": 1, "plan": "trip.llmc", "nodes": nodes or NODES}
    filled = [{"indices": [], **event} if "node" in event else event for event in events]
    return "".join(json.dumps(line) + "\n" for line in (head, *filled)).encode()


def drawn(data: bytes, width: int = 80) -> str:
    """The timeline of a trace, as text."""
    found = read_trace(BytesIO(data))
    return "".join(f"{plain(line).rstrip()}\n" for line in draw(found.plan, replay(found), width=width))


@pytest.mark.golden
@pytest.mark.parametrize(
    ("name", "events"),
    [("whole", [*EVENTS, END]), ("killed", EVENTS[:12]), ("empty", []), ("nothing", [EVENTS[0], END])],
)
def test_a_timeline_is_drawn_exactly(name: str, events: list[dict[str, object]]) -> None:
    """As in the golden file: queue, attempts, waiting, running, and the longest chain."""
    path = GOLDEN / f"timeline_{name}.txt"
    if os.environ.get("LLMC_BLESS"):
        path.write_text(drawn(traced(events)), "utf-8")
    assert drawn(traced(events)) == path.read_text("utf-8")


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
def test_no_line_is_wider_than_it_may_be(width: int) -> None:
    """In cells of a terminal, and without characters that control it."""
    for line in drawn(traced([*EVENTS, END]), width).splitlines():
        assert cells(line) <= width
        assert line.isprintable()


def test_a_call_that_is_asked_for_before_its_turn_does_not_queue_meanwhile() -> None:
    """It waits for an answer, then for what comes before it, and only then for its turn."""
    nodes = [node("a", "put(1)"), node("b", "put(2)", "a")]
    events: list[dict[str, object]] = [
        {"event": "Asked", "at": 0, "node": "b"},
        {"event": "Started", "at": 0, "node": "a"},
        {"event": "Answered", "at": 2, "node": "b", "approved": True},
        {"event": "Finished", "at": 6, "node": "a"},
        {"event": "Started", "at": 8, "node": "b"},
        {"event": "Finished", "at": 10, "node": "b"},
    ]
    (row,) = (line for line in drawn(traced(events, nodes)).splitlines() if "put(2)" in line)
    assert re.fullmatch(r"●✓  b  put\(2\)  (▒+)( +)(·+)(█+) +2.00 s", row)


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("seconds", [59.0, 60.0, 100_000.0, 1e7, 1e9])
def test_a_long_time_has_its_place(width: int, seconds: float) -> None:
    """However long a call took, its line is no wider than the others."""
    nodes = [node("a", "f()"), node("長い名前", "search($a)", "a")]
    events: list[dict[str, object]] = [
        {"event": "Started", "at": 0, "node": "a"},
        {"event": "Finished", "at": seconds, "node": "a"},
        END | {"at": seconds},
    ]
    lines = drawn(traced(events, nodes), width).splitlines()
    assert max(map(cells, lines)) <= width
    assert f"{seconds:.2f} s" in lines[3] or "min" in lines[3] or lines[3].endswith("…")


def test_of_a_long_run_the_first_rows_are_drawn() -> None:
    """And how many are left out is said."""
    nodes = [node(f"n{index}", "f()") for index in range(3000)]
    events: list[dict[str, object]] = [
        {"event": event, "at": index + (event == "Finished"), "node": f"n{index}"}
        for index in range(3000)
        for event in ("Started", "Finished")
    ]
    lines = drawn(traced(events, nodes)).splitlines()
    assert len(lines) == ROWS + 5
    assert lines[-2] == "… 2,800 more"


def test_a_run_is_recorded_and_drawn(cli: Cli, folder: Path) -> None:
    """For its owner alone; on stdout it is plain text of 80 columns."""
    assert cli("run", "-", "--trace", "out.jsonl", stdin=PLAN).status == 0
    assert stat.S_IMODE((folder / "out.jsonl").stat().st_mode) == 0o600
    ended = cli("trace", "out.jsonl")
    assert (ended.status, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("<stdin>: 3 calls in ")
    assert lines[1].startswith("longest chain ")
    assert [line[2:].split()[0] for line in lines[3:6]] == ["a", "b", "1"]
    assert all(cells(line) <= 80 for line in lines)


def test_a_trace_has_values_if_they_are_asked_for(cli: Cli, folder: Path) -> None:
    """Those of every task and of the join, and `llmc trace` shows them; without the option there are none."""
    assert cli("run", "-", "--trace", "out.jsonl", "--trace-values", stdin=PLAN).status == 0
    assert cli("run", "-", "--trace", "without.jsonl", stdin=PLAN).status == 0
    found = [json.loads(line) for line in (folder / "out.jsonl").read_text("utf-8").splitlines()]
    assert {event["task"]: event["value"] for event in found[1:] if event["event"] == "Finished"} == {
        "a": 3.0,
        "b": 6.0,
        "1": 1,
        "join": 6.0,
    }
    shown = cli("trace", "out.jsonl").stdout
    values = re.findall(r"^..  (\w+) .* → ([0-9.]+)", shown, re.MULTILINE)
    assert set(values) == {("a", "3.0"), ("b", "6.0"), ("1", "1"), ("join", "6.0")}
    assert "value" not in (folder / "without.jsonl").read_text("utf-8")
    assert "→" not in cli("trace", "without.jsonl").stdout
    ended = cli("run", "-", "--trace-values", stdin=PLAN)
    assert (ended.status, ended.stderr) == (2, "llmc: `--trace-values` needs `--trace FILE`: add it\n")


@pytest.mark.parametrize("width", [40, 60, 80])
def test_values_are_drawn_within_the_width(width: int) -> None:
    """A long text leaves half of the room to a long value; what a value holds controls nothing."""
    values = ["x" * 1000, "\u202e\x1b[2J" * 9, ["山"] * 99]
    events = [
        {**event, "value": values[at % 3]} if event["event"] == "Finished" else event for at, event in enumerate(EVENTS)
    ]
    lines = drawn(traced([*events, END]), width).splitlines()
    assert all(cells(line) <= width and line.isprintable() for line in lines)
    assert any("… → " in line for line in lines)


def test_a_trace_is_not_overwritten(cli: Cli, folder: Path) -> None:
    """Nor is a link followed; nothing is run then."""
    (folder / "out.jsonl").write_text("mine", "utf-8")
    (folder / "link.jsonl").symlink_to("elsewhere.jsonl")
    for name in ("out.jsonl", "link.jsonl"):
        ended = cli("run", "-", "--trace", name, stdin=PLAN)
        assert (ended.status, ended.stdout) == (2, "")
        assert ended.stderr == f"llmc: {name} already exists; nothing was run\n"
    assert (folder / "out.jsonl").read_text("utf-8") == "mine"
    assert not (folder / "elsewhere.jsonl").exists()
    ended = cli("run", "-", "--trace", "no/out.jsonl", stdin=PLAN)
    assert (ended.status, ended.stderr) == (2, "llmc: no/out.jsonl: no such file or directory; nothing was run\n")


def test_a_wrong_input_leaves_no_trace(cli: Cli, folder: Path) -> None:
    """The file is made when the run can begin."""
    assert cli("run", "-", "--trace", "out.jsonl", stdin="input n: int\njoin($n)\n").status == 2
    assert not (folder / "out.jsonl").exists()


def test_a_disk_that_is_full_ends_the_trace_and_not_the_run(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told once."""
    written: list[bytes] = []

    def write(descriptor: int, data: bytes) -> int:
        if written:
            raise OSError(28, "No space left on device")
        written.append(data)
        return len(data)

    monkeypatch.setattr(import_module(TraceFile.__module__).os, "write", write)
    ended = cli("run", "-", "--trace", "out.jsonl", stdin=PLAN)
    assert (ended.status, ended.stdout) == (0, "6.0\n")
    said = "llmc: out.jsonl: no space left on device; the trace ends here, the run continues"
    assert ended.stderr.splitlines().count(said) == 1


def test_a_run_that_is_killed_leaves_a_trace_that_can_be_read(cli: Cli, folder: Path) -> None:
    """Up to the last event: the call that was running goes on to the end."""
    (folder / "slow.py").write_text(
        "import time\nfrom llmc import nondet, pure\n\n@pure\ndef quick() -> int:\n    '''Quick.'''\n    return 1\n\n"
        "@nondet\nasync def block(x: int) -> None:\n    '''Block the loop.'''\n    time.sleep(60)\n",
        "utf-8",
    )
    (folder / "plan.llmc").write_text('use "slow.py"\na = quick()\nb = block($a)\njoin($b)\n', "utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", "from llmc.cli import main; main()", "run", "plan.llmc", "--trace", "out.jsonl"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.DEVNULL,
    )
    path, end = folder / "out.jsonl", monotonic() + PATIENCE
    while monotonic() < end and not (path.exists() and path.read_text("utf-8").count('"Started"') == 2):
        sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
    ended = cli("trace", "out.jsonl")
    assert ended.status == 0
    assert ended.stderr == "llmc: out.jsonl: the run did not end: it was killed, or is still running\n"
    assert "▸  b" in ended.stdout


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (None, 2, "out.jsonl: no such file or directory"),
        (b"", 1, "out.jsonl: line 1 is not the head of a trace"),
        (b"garbage\n", 1, "out.jsonl: line 1 is not JSON"),
        (b"\x00\xff\n" * 99, 1, "out.jsonl: line 1 is not JSON"),
        (b'{"llmc":"trace","version":9}\n', 1, "out.jsonl: the trace has version 9, and this llmc reads version 1"),
    ],
)
def test_a_bad_file_is_told_in_one_line(cli: Cli, folder: Path, data: bytes | None, status: int, words: str) -> None:
    """With the place, and without a traceback."""
    if data is not None:
        (folder / "out.jsonl").write_bytes(data)
    ended = cli("trace", "out.jsonl")
    assert (ended.status, ended.stdout, ended.stderr) == (status, "", f"llmc: {words}\n")


def test_a_last_line_that_was_cut_off_is_left_out(cli: Cli, folder: Path) -> None:
    """With a note, and the rest is drawn."""
    (folder / "out.jsonl").write_bytes(traced([*EVENTS, END])[:-10])
    ended = cli("trace", "out.jsonl")
    assert ended.status == 0
    assert ended.stderr.splitlines() == [
        "llmc: out.jsonl: the last line is incomplete, and is left out",
        "llmc: out.jsonl: the run did not end: it was killed, or is still running",
    ]
    assert ended.stdout.startswith("trip.llmc: 6 calls")


@pytest.mark.parametrize(("columns", "widest"), [("60", 60), ("200", 120), ("20", 40)])
def test_a_terminal_gets_colours_and_its_own_width(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch, columns: str, widest: int
) -> None:
    """Within reason."""
    (folder / "out.jsonl").write_bytes(traced([*EVENTS, END]))
    module = import_module("llmc.cli.commands.runs.trace")
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module, "_is_terminal", lambda: True)
    ended = cli("trace", "out.jsonl")
    assert ended.status == 0
    assert module._width() == widest  # noqa: SLF001 — what it draws depends on it
