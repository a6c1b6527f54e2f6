"""The command as a process: what it imports, what a terminal sees, how it is interrupted."""

import io
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from llmc.cli import main
from tests.patience import PATIENCE

COMMAND: Final = [sys.executable, "-c", "from llmc.cli import main; main()"]
HEAVY: Final = {"asyncio", "jinja2", "jsonschema", "lark", "llmc_compiler", "networkx", "openai", "rich"}
"""Less pydantic, which typer itself imports where a command has parameters."""

HANGING: Final = """
import asyncio
import threading
from llmc import read

@read
async def hang_on_the_loop() -> None:
    print("called", flush=True)
    await asyncio.Event().wait()

@read
def hang_in_a_thread() -> None:
    print("called", flush=True)
    threading.Event().wait()
"""

PROBE: Final = """
import sys
from llmc.cli import app
try:
    app(sys.argv[1:])
finally:
    print("MODULES", *sys.modules)
"""


def llmc(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The ended process of a command."""
    env = {**os.environ, **environment}
    return subprocess.run([*COMMAND, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False)


def imported(folder: Path, *arguments: str) -> set[str]:
    """The modules that a command has imported when it ends."""
    run = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return set(run.stdout.partition("MODULES")[2].split())


def on_terminal(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Exit status of a command and what a terminal of 80 columns shows of it."""
    leader, follower = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24", **environment}
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=folder, env=env, stdin=follower, stdout=follower, stderr=follower
    )
    os.close(follower)
    output = b""
    try:
        while piece := os.read(leader, 65536):
            output += piece
    except OSError:
        pass  # how Linux tells that nobody has the other end any more
    os.close(leader)
    return process.wait(), output.decode()


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--version"], ["run", "--help"], ["check", "--help"]])
def test_help_imports_nothing_heavy(folder: Path, arguments: Sequence[str]) -> None:
    """Help and version do not import the libraries that commands need."""
    assert not HEAVY & imported(folder, *arguments)


def test_check_does_not_import_what_only_a_run_needs(folder: Path) -> None:
    """A plan without tools is checked without asyncio, rich, jsonschema, and what speaks to models."""
    (folder / "plan.llmc").write_text("1. f()\njoin($1)\n")
    modules = imported(folder, "check", "plan.llmc")
    assert "lark" in modules
    assert not {"asyncio", "jinja2", "jsonschema", "llmc_runtime.errors", "openai", "rich"} & modules


def test_check_imports_neither_passes_nor_graph_json(folder: Path) -> None:
    """Also with tools; `compile` needs both, and a mistake the modules that find its cause: the controls."""
    (folder / "plan.llmc").write_text("1. now()\njoin($1)\n")
    (folder / "broken.llmc").write_text("1. now(a b)\njoin($1)\n")
    (folder / "tools.py").write_text("from llmc import read\n@read\ndef now() -> str:\n    return 'x'\n")
    compiling = {
        "llmc_compiler.passes.pipeline",
        "llmc_compiler.passes.remarks",
        "llmc_compiler.serialization.node_json",
    }
    diagnosing = {"llmc_grammar.diagnose.loops", "llmc_grammar.diagnose.misplaced_values"}
    modules = imported(folder, "check", "plan.llmc", "--tools", "tools.py")
    assert "tools" in {name.partition(".")[0].removeprefix("_llmc_").partition("_")[0] for name in modules}
    assert not (compiling | diagnosing) & modules
    assert compiling <= imported(folder, "compile", "plan.llmc", "--tools", "tools.py")
    ended = subprocess.run(
        [sys.executable, "-c", PROBE, "check", "broken.llmc"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert diagnosing <= set(ended.stdout.partition("MODULES")[2].split())


def test_a_run_does_not_import_what_explains(folder: Path) -> None:
    """What each pass did is found and told by `explain` alone, the control."""
    (folder / "plan.llmc").write_text("join(1)\n")
    explaining = {"llmc_compiler.explain.story", "llmc_compiler.explain.story_text"}
    assert not explaining & imported(folder, "run", "plan.llmc")
    assert explaining <= imported(folder, "explain", "plan.llmc")


def test_the_version_is_that_of_the_program_and_of_the_language(folder: Path) -> None:
    """Both are in one line."""
    assert llmc(folder, "--version").stdout == "llmc 0.1.0, language 1\n"


def test_the_package_is_the_command_too(folder: Path) -> None:
    """`python -m llmc`, for where no script is installed."""
    run = subprocess.run(
        [sys.executable, "-m", "llmc", "check", "none.llmc"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert "none.llmc: no such file or directory" in run.stderr


def printing(folder: Path, stdout: int, unbuffered: str) -> "subprocess.CompletedProcess[str]":
    """A command that prints to this file."""
    return subprocess.run(
        [*COMMAND, "tools", "tools.py"],
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only some systems have a disk that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_said(folder: Path, unbuffered: str) -> None:
    """When the result is printed, or when it is written out at the end."""
    with Path("/dev/full").open("w") as full:
        run = printing(folder, full.fileno(), unbuffered)
    assert (run.returncode, run.stderr) == (1, "llmc: standard output: no space left on device\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("run plan.llmc --tools tools.py", 1),
        ("run plan.llmc --tools tools.py --json", 1),
        ("run plan.llmc --tools tools.py --dry-run", 1),
        ("compile plan.llmc --tools tools.py", 1),
        ("graph plan.llmc --tools tools.py", 1),
        ("tools tools.py", 1),
        ("explain E230", 1),
        ("--version", 1),
        ("check plan.llmc --tools tools.py", 0),
    ],
)
def test_a_closed_stdout_is_said_where_something_was_to_be_written(
    folder: Path, command: str, status: int, unbuffered: str
) -> None:
    """Status 1, as for a full disk; a command that prints nothing there is fine."""
    (folder / "plan.llmc").write_text("1. now()\njoin($1)\n")
    (folder / "tools.py").write_text("from llmc import pure\n@pure\ndef now() -> str:\n    return 'x'\n")
    run = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, *command.split()],
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert run.returncode == status
    assert run.stderr.count("llmc: standard output: bad file descriptor\n") == status
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_who_reads_no_further_is_told_nothing(folder: Path, unbuffered: str) -> None:
    """A pipe that is closed at the other end is status 1."""
    reader, writer = os.pipe()
    os.close(reader)
    run = printing(folder, writer, unbuffered)
    os.close(writer)
    assert (run.returncode, run.stderr) == (1, "")


def test_main_escapes_what_a_stream_cannot_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry point prepares the streams and ends with the status of the command."""
    stream = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "argv", ["llmc", "--version"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 0
    assert stream.errors == "backslashreplace"


def test_an_interrupt_anywhere_has_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C before or after a run is no traceback either."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("llmc.cli.app", interrupted)
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 130


WELCOME: Final = """\
llmc checks, compiles and runs plans of tool calls.

  llmc new trip         write a plan and its tools
  llmc run trip.llmc    run the plan
  llmc --help           list all commands
"""


def test_no_command_shows_three_to_try(folder: Path) -> None:
    """Without a command, a short text goes to standard output, piped and on a terminal; that is no mistake."""
    run = llmc(folder)
    assert (run.returncode, run.stdout, run.stderr) == (0, WELCOME, "")
    assert on_terminal(folder) == (0, WELCOME.replace("\n", "\r\n"))


def test_a_command_that_does_not_exist_is_wrong_usage(folder: Path) -> None:
    """The short text is for no command at all."""
    run = llmc(folder, "rnu")
    assert (run.returncode, run.stdout) == (2, "")
    assert "No such command 'rnu'" in run.stderr


def test_a_terminal_sees_a_tree(folder: Path) -> None:
    """On a terminal the run is a tree in colour, whose last picture stays, with values, before the summary."""
    (folder / "plan.llmc").write_text('use "tools.py"\na = add(1, 2)\nb = entries() if $a > 5\njoin($a, $b)\n')
    status, output = on_terminal(folder, "run", "plan.llmc")
    assert status == 0
    assert "\x1b[" in output
    assert "add(1, 2)" in output
    assert "→ 3.0" in output
    assert "skipped" in output
    assert output.rindex("→ 3.0") < output.index("1 call in")
    assert output.endswith("[\r\n  3.0,\r\n  null\r\n]\r\n")


def test_colour_can_be_refused(folder: Path) -> None:
    """NO_COLOR takes the colour from mistakes and trees; without a terminal there is none."""
    (folder / "plan.llmc").write_text("a = 1 +\njoin($a)\n")
    assert "\x1b[" in on_terminal(folder, "check", "plan.llmc")[1]
    assert "\x1b[" not in on_terminal(folder, "check", "plan.llmc", NO_COLOR="1")[1]
    assert "\x1b[" not in llmc(folder, "check", "plan.llmc").stdout


def test_a_plain_terminal_sees_lines(folder: Path) -> None:
    """A terminal that cannot move its cursor gets a line for each task."""
    (folder / "plan.llmc").write_text('use "tools.py"\na = add(1, 2)\njoin($a)\n')
    _, output = on_terminal(folder, "run", "plan.llmc", TERM="dumb")
    assert "finished  a  add(1, 2)  after" in output


def test_what_a_terminal_cannot_write_is_escaped(folder: Path) -> None:
    """An output without Unicode gets escapes, not a traceback."""
    (folder / "plan.llmc").write_text('join("→")\n', "utf-8")
    run = llmc(folder, "run", "plan.llmc", PYTHONIOENCODING="ascii")
    assert (run.returncode, run.stdout) == (0, "\\u2192\n")


@pytest.mark.parametrize("tool", ["hang_on_the_loop", "hang_in_a_thread"])
def test_ctrl_c_ends_a_run(folder: Path, tool: str) -> None:
    """SIGINT while a tool is running: status 130, and no traceback."""
    (folder / "tools.py").write_text(HANGING)
    (folder / "plan.llmc").write_text(f'use "tools.py"\na = {tool}()\njoin($a)\n')
    with subprocess.Popen(
        [*COMMAND, "run", "plan.llmc"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert "called\n" in process.stderr  # what tools print goes to stderr
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert stderr.splitlines()[-1].startswith("llmc: interrupted")


def test_a_closed_pipe_is_no_traceback(folder: Path) -> None:
    """Whoever stops reading the output gets no complaint."""
    run = subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -c 'from llmc.cli import main; main()' tools tools.py | true"],  # noqa: S607
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in run.stderr
