"""T9: Ctrl-C by the user."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE

TOOLS = """
import asyncio, threading, time
from llmc import read, write

@write("orders")
async def order() -> str:
    print("called", flush=True)
    await asyncio.Event().wait()

@read("r")
async def stubborn() -> str:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass

@read("r")
async def block() -> None:
    print("called", flush=True)
    while True:
        time.sleep(0.01)

@read("r")
async def in_a_pool() -> None:
    print("called", flush=True)
    await asyncio.to_thread(threading.Event().wait)
"""


def started(folder: Path, plan: str) -> "subprocess.Popen[str]":
    """`llmc run` of a plan, once its tool was called."""
    (folder / "tools.py").write_text(TOOLS)
    (folder / "plan.llmc").write_text(f'use "tools.py"\n{plan}')
    process = subprocess.Popen(
        [sys.executable, "-c", "from llmc.cli import main; main()", "run", "plan.llmc"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "called\n" in iter(process.stderr.readline, "")  # what tools print goes there
    return process


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("order()\njoin(1)", "llmc: interrupted; in doubt: 1"),
        ("b = stubborn()\norder()\njoin($b)", "llmc: interrupted; in doubt: 1; still running: stubborn (task b)"),
        (
            "a = in_a_pool()\njoin($a)",
            "llmc: interrupted; still running: thread asyncio_0, started by in_a_pool (task a)",
        ),
    ],
)
def test_once_it_stops_and_says_what_is_open(tmp_path: Path, plan: str, said: str) -> None:
    """Status 130, though no tool ends by itself; writes that ran are in doubt, and what cannot be stopped is named."""
    with started(tmp_path, plan) as process:
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert stderr.splitlines()[-1] == said


def test_twice_it_ends_at_once(tmp_path: Path) -> None:
    """Even where a tool blocks the loop, so that nothing can be stopped."""
    with started(tmp_path, "a = block()\njoin($a)") as process:
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while "press Ctrl-C again" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
