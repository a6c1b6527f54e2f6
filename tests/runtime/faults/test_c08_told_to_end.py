"""C8: SIGTERM, SIGHUP, a listener or stderr that fails."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

TOOLS = """
import asyncio, os, signal, sys, threading
from contextlib import asynccontextmanager
from llmc import Context, Toolbox, read, write

def note(text: str) -> None:
    with open("log", "a") as file:
        file.write(text + "\\n")

def say_called() -> None:
    with open("called", "w"):
        pass

class Shop:
    pass

@asynccontextmanager
async def shop():
    try:
        yield Shop()
    finally:
        note("closed")

@write("orders")
async def order(shop: Context[Shop]) -> int:
    note("order")
    await asyncio.to_thread(say_called)
    await asyncio.Event().wait()

@write("orders")
def again() -> int:
    note("again")
    return 1

@write("beside")
async def beside() -> int:
    note("beside")
    await asyncio.Event().wait()

@read("r")
async def seen() -> int:
    await asyncio.to_thread(open, "called")
    return 1

@read("r")
async def waits(shop: Context[Shop]) -> int:
    say_called()
    with open("release"):
        pass
    return 1
"""
TOOLBOX = "tools = Toolbox([order, again, waits, beside, seen], context=shop)\n"

MAIN = "from llmc.cli import main; main()"
MODEL = "import llmc; llmc.load_model = lambda *_, **__: llmc.ScriptedModel([open('plan').read()]); "
ORDERS = "1. order()\n2. again()\njoin([$1, $2])"
WAITS = "1. waits()\n2. again() if $1 > 0\njoin($2)"

Command = tuple[str, ...]

TELLING = re.compile(r"; still running: thread asyncio_0, started by \w+ \(task 1\)$")
"""What may be said of the thread that has just told that a tool is called: it may still be about to end."""


def last_line(stderr: str) -> str:
    """The last line of what a command said, without that."""
    return TELLING.sub("", (stderr.splitlines() or [""])[-1])


RUN: Command = (MAIN, "run", "plan.llmc", "--trace", "trace")
ASK: Command = (MODEL + MAIN, "ask", "?", "--tools", "tools.py", "--model", "m", "--show-plan")
COMMANDS = pytest.mark.parametrize("command", [RUN, ASK], ids=["run", "ask"])

STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
SAID = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
SIGNALS = pytest.mark.parametrize("number", STATUS)


class Started:
    """A command on a plan, which has got as far as its first tool."""

    def __init__(self, folder: Path, command: Command, plan: str, ignored: str = "") -> None:
        self.folder = folder
        (folder / "tools.py").write_text(TOOLS + TOOLBOX)
        (folder / "plan.llmc").write_text(f'use "tools.py"\n{plan}')
        (folder / "plan").write_text(plan)
        for name in ("called", "release"):
            os.mkfifo(folder / name)
        program = [sys.executable, "-c", *command]
        if ignored:
            program = ["/bin/sh", "-c", f'trap "" {ignored}; exec "$@"', "sh", *program]
        self.process = subprocess.Popen(program, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with (folder / "called").open():
            pass

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def release(self) -> None:
        """Let the tool go on that waits."""
        with (self.folder / "release").open("w"):
            pass

    def end(self) -> tuple[int, str, list[str]]:
        """The status, the last line on stderr, and what tools have noted."""
        _, stderr = self.process.communicate(timeout=60)
        assert "Traceback" not in stderr
        return self.process.returncode, last_line(stderr), self.noted()

    def noted(self) -> list[str]:
        """What tools have noted."""
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []


@SIGNALS
@COMMANDS
def test_a_signal_stops_the_run(tmp_path: Path, command: Command, number: signal.Signals) -> None:
    """Nothing more is begun, the write in doubt is named, contexts are closed; the status is that of the signal."""
    started = Started(tmp_path, command, ORDERS)
    started.send(number)
    assert started.end() == (STATUS[number], f"llmc: {SAID[number]}; in doubt: 1", ["order", "closed"])
    if command is RUN:
        assert json.loads((tmp_path / "trace").read_text().splitlines()[-1])["event"] == "RunFinished"


@SIGNALS
def test_a_second_signal_ends_the_process_at_once(tmp_path: Path, number: signal.Signals) -> None:
    """Where a tool blocks the loop, so that nothing can be stopped."""
    started = Started(tmp_path, RUN, WAITS)
    started.send(signal.SIGTERM)
    assert started.process.stderr is not None
    assert "llmc: stopping; a second signal ends it at once\n" in iter(started.process.stderr.readline, "")
    while started.process.poll() is None:
        # Python runs no handler for a signal that arrives right before the tool blocks again.
        started.send(number)
        with suppress(subprocess.TimeoutExpired):
            started.process.wait(0.5)
    assert started.end()[0] == STATUS[number]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
@COMMANDS
def test_a_signal_that_is_ignored_at_the_start_stays_so(
    tmp_path: Path, command: Command, number: signal.Signals
) -> None:
    """As under nohup, and in the background of a shell: the run goes on to its end."""
    started = Started(tmp_path, command, WAITS, ignored=number.name.removeprefix("SIG"))
    started.send(number)
    started.release()
    status, _, noted = started.end()
    assert (status, noted) == (0, ["again", "closed"])


@pytest.mark.parametrize(("guard", "is_begun"), [("", False), ("active_runs.close = lambda: None; ", True)])
def test_what_a_blocked_loop_would_begin_next_is_not_begun(tmp_path: Path, guard: str, is_begun: bool) -> None:
    """The signal comes while a tool blocks the loop. The control: where only the owner is told, the write begins."""
    program = f"from llmc_runtime.concurrency import active_runs; {guard}{MAIN}"
    started = Started(tmp_path, (program, *RUN[1:], "-v"), WAITS)
    started.send(signal.SIGTERM)
    assert started.process.stderr is not None
    assert any("stopping" in line for line in iter(started.process.stderr.readline, ""))
    started.release()
    _, stderr = started.process.communicate(timeout=60)
    assert started.process.returncode == 143
    assert ("started   2  again()" in stderr) == is_begun


@COMMANDS
def test_a_closed_stderr_ends_the_run(tmp_path: Path, command: Command) -> None:
    """A reader that goes away while a tool works: nothing more is begun, status 1 without a word."""
    started = Started(tmp_path, command, WAITS)
    assert started.process.stderr is not None
    started.process.stderr.close()
    started.release()
    assert started.process.stdout is not None
    assert started.process.stdout.read() == ""
    assert started.process.wait(60) == 1
    assert started.noted() == ["closed"]
    started.process.stdout.close()


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full"])
@COMMANDS
def test_a_stderr_that_cannot_be_written_from_the_start(tmp_path: Path, command: Command, redirected: str) -> None:
    """Nothing is begun, and no file takes its place."""
    (tmp_path / "tools.py").write_text(TOOLS + TOOLBOX)
    (tmp_path / "plan.llmc").write_text(f'use "tools.py"\n{ORDERS}')
    (tmp_path / "plan").write_text(ORDERS)
    told = [*command, "-v"]  # else the first line comes at the end of a task
    program = ["/bin/sh", "-c", f'exec "$@" {redirected}', "sh", sys.executable, "-c", *told]
    ended = subprocess.run(program, cwd=tmp_path, stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert not (tmp_path / "log").exists() or (tmp_path / "log").read_text() == "closed\n"


BROKEN = """
from llmc.cli.progress import event_log
def apply(self, event, before=event_log.EventLog.apply):
    before(self, event)
    if type(event).__name__ == "Started" and event.tool == "beside":
        raise LookupError("no such line")
event_log.EventLog.apply = apply
"""


def test_a_display_that_fails_ends_the_run(tmp_path: Path) -> None:
    """It is told why, and the writes in doubt; the call of which it was to tell is not made."""
    plan = "1. order()\n2. again()\nb = beside() if seen() > 0\njoin([$1, $2, $b])"
    os.mkfifo(tmp_path / "called")
    (tmp_path / "tools.py").write_text(TOOLS + TOOLBOX)
    (tmp_path / "plan.llmc").write_text(f'use "tools.py"\n{plan}')
    program = [sys.executable, "-c", f"{BROKEN}{MAIN}", *RUN[1:]]
    ended = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert last_line(ended.stderr) == "llmc: progress cannot be shown: LookupError: no such line; in doubt: 1"
    assert "Traceback" not in ended.stderr
    assert (tmp_path / "log").read_text() == "order\nclosed\n"
    events = [json.loads(line).get("event") for line in (tmp_path / "trace").read_text().splitlines()]
    assert events[-4:] == ["Started", "Cancelled", "Cancelled", "RunFinished"]
