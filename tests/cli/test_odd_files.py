"""Every command with every odd file in the place of each that it reads or writes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import llmc
from llmc.cli.terminal.file_writer import replace_file
from llmc_runtime import input_files
from tests.cli.conftest import TOOLS, Cli
from tests.patience import PATIENCE

PLAN: Final = 'use "tools.py"\na = add(1, 2)\njoin($a)\n'
CONFIG: Final = '[tools]\nmine = "tools.py"\n[limits]\nwidth = 8\n'

READING: Final = {
    "check": ("check", "{}"),
    "check --fix": ("check", "--fix", "{}"),
    "run": ("run", "{}"),
    "fmt": ("fmt", "{}"),
    "compile": ("compile", "{}"),
    "graph": ("graph", "{}"),
    "explain": ("explain", "{}"),
    "trace": ("trace", "{}"),
    "tools": ("tools", "./{}"),
    "run --tools": ("run", "plan.llmc", "--tools", "./{}"),
    "ask --tools": ("ask", "why", "--tools", "./{}"),
}
"""How a command is given a file to read."""

ODD: Final = {
    "gone": "no such file or directory",
    "folder": "is a directory",
    "fifo": "is a pipe that had no writer",
    "socket": "is a socket",
    "circle": "too many levels of symbolic links",
    "zero": "is a device; only /dev/stdin and /dev/null can be read",
    "full": "is a device; only /dev/stdin and /dev/null can be read",
    "plan.llmc/x": "not a directory",
    "x" * 300: "file name too long",
    "a\0b": "is not a valid file name",
}
OF_TOOLS: Final = {"gone": "the file gone does not exist", "folder": "folder is a folder, not a file"} | dict.fromkeys(
    ("plan.llmc/x",), "the file plan.llmc/x does not exist"
)
"""What is said of tools in other words."""

GOOD: Final = {"check": "plan.llmc", "trace": "good.jsonl", "tools": "tools.py"}


@pytest.fixture
def odd(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with a plan, a trace, and one of each odd file; nobody waits for a writer."""
    monkeypatch.setattr(input_files, "WRITER_SECONDS", 0.0)
    Path("plan.llmc").write_text(PLAN, "utf-8")
    os.mkfifo("fifo")
    Path("folder").mkdir()
    for link, target in (("circle", "circle"), ("zero", "/dev/zero"), ("full", "/dev/full")):
        Path(link).symlink_to(target)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    return folder


@pytest.mark.parametrize("file", ODD)
@pytest.mark.parametrize("command", READING)
def test_an_odd_file_is_told_in_one_line(cli: Cli, odd: Path, command: str, file: str) -> None:
    """With its name, the fact, and the status of a wrong usage; no traceback, and no wait."""
    if command == "explain" and file in {"gone", "plan.llmc/x", "x" * 300, "a\0b"}:
        pytest.skip("a word that is no file is no code either")
    ended = cli(*(part.format(file) for part in READING[command]))
    lines = [line for line in ended.stderr.splitlines() if line.startswith("llmc: ")]
    assert (ended.status, ended.stdout, len(lines)) == (2, "", 1)
    words = OF_TOOLS.get(file, ODD[file]) if "tools" in command else ODD[file]
    if file == "folder" and command in {"check", "check --fix", "fmt"}:
        words = "the folder contains no plans"
    assert file.partition("\0")[0] in lines[0]
    assert words in lines[0]
    assert Path("fifo").is_fifo()


@pytest.mark.parametrize("command", READING)
def test_a_good_file_is_read(cli: Cli, odd: Path, command: str) -> None:
    """The control: none of these commands has another reason to fail, but for a model that is not named."""
    assert cli("run", "plan.llmc", "--trace", "good.jsonl").status == 0
    Path("more.py").write_text(TOOLS.replace("def ", "def more_"), "utf-8")
    good = "more.py" if "--tools" in command else GOOD.get(command, "plan.llmc")
    ended = cli(*(part.format(good) for part in READING[command]))
    assert ended.status == (2 if command == "ask --tools" else 0)
    assert good not in ended.stderr or "model" in ended.stderr


@pytest.mark.parametrize("file", [*ODD, "/dev/null", "plan.llmc"])
def test_nothing_that_is_there_is_overwritten(cli: Cli, odd: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    """By a trace: a file of any kind stays as it is, and a name that none can have is told."""
    name = file if file != "gone" else "gone/out.jsonl"
    ended = cli("run", "plan.llmc", "--trace", name)
    assert (ended.status, ended.stdout) == (2, "")
    assert ended.stderr.endswith("nothing was run\n")
    assert (Path("plan.llmc").read_text("utf-8"), Path("fifo").is_fifo()) == (PLAN, True)


def test_only_a_regular_file_is_replaced(odd: Path) -> None:
    """A plan that was read from a pipe is not put in its place."""
    for name in ("fifo", "zero", "folder"):
        with pytest.raises(OSError, match="is not a regular file, and is left unchanged"):
            replace_file(Path(name), b"text")
    assert Path("fifo").is_fifo()
    replace_file(Path("plan.llmc"), b"text")
    assert Path("plan.llmc").read_bytes() == b"text"


@pytest.mark.parametrize(
    "data",
    [b"", b"\xef\xbb\xbf", b"\xff\xfe\x00", PLAN.encode("utf-16"), b"\0" * 100, b"(" * 5000, b"\r", b"\xed\xa0\x80"],
)
@pytest.mark.parametrize("command", ["check", "fmt", "run", "trace", "tools"])
def test_no_content_gives_a_traceback(cli: Cli, odd: Path, command: str, data: bytes) -> None:
    """Whatever bytes a file has."""
    Path("odd").write_bytes(data)
    cli(*(part.format("odd") for part in READING[command]))


def test_pipes_of_the_shell_are_read(odd: Path) -> None:
    """For a plan, tools and the configuration; `use` starts from the current folder, as for standard input."""
    Path("named.llmc").write_text("use mine\njoin(add(1, 1), more(1))\n", "utf-8")
    Path("config").write_text(CONFIG, "utf-8")
    script = """
        LLMC_CONFIG=<(cat config) "$PYTHON" -c 'from llmc.cli import main; main()' run <(cat named.llmc) --tools <(
            echo 'from llmc import pure'; echo '@pure'; echo 'def more(a: int) -> int: return a + 1'
        )
    """
    ended = subprocess.run(
        ["bash", "-c", script],  # noqa: S607 — the shell that has `<(…)`
        cwd=odd,
        env={**os.environ, "PYTHON": sys.executable, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (ended.returncode, json.loads(ended.stdout)) == (0, [2.0, 2])


def test_a_pipe_is_read_once(cli: Cli, odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that looks into the configuration twice gets from a pipe what it got before."""
    reading, writing = os.pipe()
    os.write(writing, CONFIG.encode())
    os.close(writing)
    monkeypatch.setenv("LLMC_CONFIG", f"/dev/fd/{reading}")
    assert cli("run", "-", stdin="use mine\njoin(add(1, 1))\n").stdout == "2.0\n"
    assert os.read(reading, 1) == b""
    os.close(reading)


@pytest.mark.parametrize("file", ["fifo", "zero", "folder", "socket", "gone", "a\0b"])
def test_load_raises_oserror(odd: Path, file: str) -> None:
    """In Python as on the command line."""
    with pytest.raises(OSError, match=r".") as caught:
        llmc.load(file)
    assert caught.value.filename == file
    assert llmc.load("plan.llmc").run_sync().value == 3
