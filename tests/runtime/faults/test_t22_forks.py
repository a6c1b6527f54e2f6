"""T22: a tool forks, and the child comes back from it."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

TOOLS = """
import asyncio, multiprocessing, os, sys
from llmc import Program, Toolbox, compile, read, write

def note(text: str) -> None:
    with open("log", "a") as file:
        file.write(text + "\\n")

def fork() -> int:
    child = os.fork()
    if child:
        note(f"child {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}")
    return child

@write("file")
async def second() -> int:
    note("second")
    return 2

@write("file")
async def returns() -> int:
    note("first")
    fork()
    return 1

@write("file")
async def raises() -> int:
    note("first")
    if not fork():
        raise SystemExit(0)
    return 1

@write("file")
async def awaits() -> int:
    note("first")
    fork()
    await asyncio.sleep(0)
    note("after")
    return 1

@write("beside")
async def beside() -> int:
    note("before")
    await asyncio.sleep(0)
    note("beside")
    return 1

@write("file")
def in_a_thread() -> int:
    note("first")
    fork()
    return 1

@write("file")
async def in_a_pool() -> int:
    note("first")
    await asyncio.to_thread(fork)
    return 1

@write("file")
async def ends_itself() -> int:
    note("first")
    if not fork():
        note("itself")
        os._exit(7)
    return 1

@write("file")
def executes() -> int:
    note("first")
    if not fork():
        os.execv(sys.executable, [sys.executable, "-c", "open('log', 'a').write('executed\\\\n')"])
    return 1

def worked(pipe) -> None:
    note("worked")
    pipe.send(compile("1. second()\\njoin($1)", Toolbox([second])).run_sync().value)

def work() -> int:
    note("first")
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(target=worked, args=[theirs])
    process.start()
    value = ours.recv()
    process.join()
    note(f"child {process.exitcode} {value}")
    return 1

@write("file")
async def multiprocesses() -> int:
    return work()

@write("file")
def multiprocesses_in_a_thread() -> int:
    return work()

@write("file")
async def terminates() -> int:
    note("first")
    process = multiprocessing.get_context("fork").Process(target=multiprocessing.Event().wait)
    process.start()
    process.terminate()
    process.join()
    note(f"child {process.exitcode}")
    return 1
"""

COMMAND = "from llmc.cli import main; main()"
PYTHON = "import llmc; print(llmc.load('plan.llmc').run_sync().value)"
UNGUARDED = f"from llmc_runtime.concurrency import active_runs; active_runs.begin = lambda run: None; {PYTHON}"


def ran(folder: Path, tool: str, program: str, *arguments: str) -> tuple[Counter[str], str]:
    """The lines that tools and their children wrote in a run of a plan, and the output."""
    (folder / "tools.py").write_text(TOOLS)
    (folder / "plan.llmc").write_text(f'use "tools.py"\n1. {tool}()\nb = beside()\n2. second()\njoin([$1, $b, $2])')
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=True
    )
    return Counter((folder / "log").read_text().split("\n")[:-1]), ended.stdout


def in_python(folder: Path, tool: str) -> Counter[str]:
    """What is written where a program runs the plan, which prints its value once."""
    log, output = ran(folder, tool, PYTHON)
    assert output == "[1, 1, 2]\n"
    return log


def in_a_command(folder: Path, tool: str) -> Counter[str]:
    """What is written where `llmc run` runs it; the value, and the trace, are those of one run."""
    log, output = ran(folder, tool, COMMAND, "run", "plan.llmc", "--trace", "trace", "--json")
    assert json.loads(output)["value"] == [1, 1, 2]
    trace = (folder / "trace").read_text().splitlines()
    assert len(trace) == len(set(trace)) == 10
    return log


Way = Callable[[Path, str], Counter[str]]
ONCE = {"first": 1, "second": 1, "before": 1, "beside": 1}


@pytest.mark.parametrize("way", [in_python, in_a_command])
@pytest.mark.parametrize("tool", ["returns", "raises", "awaits", "in_a_thread", "in_a_pool"])
def test_the_child_does_not_go_on_with_the_run(tmp_path: Path, tool: str, way: Way) -> None:
    """Where it would come back from the tool, or to the loop, it ends; everything is written once."""
    log = way(tmp_path, tool)
    assert log == ONCE | {"child 1": 1} | ({"after": 1} if tool == "awaits" else {})


@pytest.mark.parametrize(
    ("tool", "twice"), [("returns", {"second", "beside"}), ("awaits", {"after", "second", "beside"})]
)
def test_a_child_that_is_not_cut_off_writes_all_again(tmp_path: Path, tool: str, twice: set[str]) -> None:
    """The control: without the guard the child is a second run."""
    log, _ = ran(tmp_path, tool, UNGUARDED)
    assert twice <= {line for line, number in log.items() if number == 2}


@pytest.mark.parametrize(
    ("tool", "more"),
    [
        ("ends_itself", {"itself": 1, "child 7": 1}),
        ("executes", {"executed": 1, "child 0": 1}),
        ("multiprocesses", {"worked": 1, "second": 2, "child 0 2": 1}),
        ("multiprocesses_in_a_thread", {"worked": 1, "second": 2, "child 0 2": 1}),
        ("terminates", {"child -15": 1}),
    ],
)
def test_a_child_that_ends_by_itself_is_not_disturbed(tmp_path: Path, tool: str, more: dict[str, int]) -> None:
    """One that leaves, executes a program, or works and ends: with a run of its own too, and by a signal."""
    assert in_a_command(tmp_path, tool) == ONCE | more
