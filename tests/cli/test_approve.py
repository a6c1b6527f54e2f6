"""`llmc run --approve`, `--dry-run`, and the prompt on a real terminal."""

import json
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import pytest

from tests.cli.conftest import Cli
from tests.patience import PATIENCE

TOOLS = r'''
"""Tools that leave a mark."""

from pathlib import Path

from llmc import Context, read, write


def mark(text: str) -> None:
    """Leave it."""
    with Path("marks").open("a") as stream:
        stream.write(text + "\n")


@write("mail", approve=True)
async def send(to: str, body: str = "") -> str:
    """Send a letter."""
    mark(f"send {to}")
    return to


@write("notes")
async def note(text: str) -> str:
    """Write something down."""
    mark(f"note {text}")
    return text


@read("web")
async def look(text: str) -> str:
    """Look something up."""
    mark(f"look {text}")
    return f"{text}\x1b[2J\u202e"


@write("mail")
async def post(box: Context[object]) -> None:
    """Needs a context."""
'''
PLAN = """\
use "marking.py"
input who: str = "ann"
page = look($who)
send($who, body="<$page>")
note("n")
join("done")
"""


@pytest.fixture(autouse=True)
def marking(folder: Path) -> Path:
    """The folder, with tools that leave marks and a plan that uses them."""
    (folder / "marking.py").write_text(TOOLS, "utf-8")
    (folder / "plan.llmc").write_text(PLAN, "utf-8")
    return folder


def marks(folder: Path) -> set[str]:
    """What was called."""
    path = folder / "marks"
    return {line.split()[0] for line in path.read_text("utf-8").splitlines()} if path.exists() else set()


@pytest.mark.parametrize(
    ("options", "status", "called"),
    [
        ([], 1, {"look", "note"}),
        (["--approve", "ask"], 1, {"look"}),
        (["--approve", "all"], 0, {"look", "note", "send"}),
        (["--approve", "none"], 1, {"look", "note"}),
    ],
)
def test_without_a_terminal_what_asks_is_refused(
    cli: Cli, folder: Path, options: list[str], status: int, called: set[str]
) -> None:
    """And the rest of the plan goes on; the word says what asks."""
    ended = cli("run", "plan.llmc", *options)
    assert (ended.status, marks(folder)) == (status, called)
    said = "llmc: approval needs a terminal; `--approve all` approves every call, `--dry-run` lists the calls"
    assert (said in ended.stderr) == (options in ([], ["--approve", "ask"]))


def test_a_word_that_is_none_is_wrong_usage(cli: Cli) -> None:
    """With status 2."""
    assert cli("run", "plan.llmc", "--approve", "some").status == 2


@pytest.mark.parametrize("options", [[], ["--json"], ["--approve", "all"]])
def test_a_dry_run_calls_nothing(cli: Cli, folder: Path, options: list[str]) -> None:
    """It leaves no mark, and a run does."""
    assert cli("run", "plan.llmc", "--dry-run", *options).status == 0
    assert marks(folder) == set()
    cli("run", "plan.llmc", *options)
    assert marks(folder)


def test_a_dry_run_says_what_would_be_called(cli: Cli) -> None:
    """In the order of the plan, with effects, and whether it would ask."""
    assert cli("run", "plan.llmc", "--dry-run").stdout == (
        "page  look($who)               read(web)\n"
        '1     send($who, "<${page}>")  write(mail)   refused; after page\n'
        '2     note("n")                write(notes)\n'
        "3 calls, 1 would be refused; nothing was called\n"
    )
    found = json.loads(cli("run", "plan.llmc", "--dry-run", "--json", "--approve", "all").stdout)
    assert (found["version"], [call["answer"] for call in found["calls"]]) == (1, ["runs"] * 3)


def test_a_dry_run_checks_inputs(cli: Cli) -> None:
    """Like a run."""
    assert cli("run", "plan.llmc", "--dry-run", "-i", "x=1").status == 2
    assert "needs a value for `n`" in cli("run", "-", "--dry-run", stdin="input n: int\njoin($n)\n").stderr


def test_a_tool_that_needs_a_context_of_its_own_is_told(cli: Cli) -> None:
    """The command line has none to give; a toolbox may open one."""
    ended = cli("run", "-", stdin='use "marking.py"\npost()\n')
    assert (ended.status, ended.stdout) == (1, "")
    assert ended.stderr == "llmc: `post` takes a context, and the run has none: pass one with `run(context=…)`\n"


def on_a_terminal(
    folder: Path, *answers: bytes, options: Sequence[str] = (), early: bytes = b"", term: str = "dumb"
) -> tuple[int, str]:
    """Run the plan on a pseudo-terminal, and answer its first questions; its status, and what was seen."""
    outer, inner = pty.openpty()
    env = {**os.environ, "TERM": term, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", "from llmc.cli import main; main()", "run", "plan.llmc", *options],
        cwd=folder,
        env=env,
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509 — no thread runs here
    )
    os.close(inner)
    if early:
        os.write(outer, early)
    seen, answered, end = b"", 0, monotonic() + PATIENCE
    while monotonic() < end and select.select([outer], [], [], PATIENCE)[0]:
        try:
            piece = os.read(outer, 65536)
        except OSError:  # the other side is closed
            break
        seen += piece
        if not piece:
            break
        if answered < min(seen.count(b"[y/N] "), len(answers)):
            os.write(outer, answers[answered])
            answered += 1
    os.close(outer)
    return process.wait(PATIENCE), seen.decode()


def _take_terminal() -> None:
    """Make standard input the terminal of the new session, so that Ctrl-C reaches it."""
    import fcntl  # noqa: PLC0415 — in the child alone
    import termios  # noqa: PLC0415 — as above

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize(
    ("answer", "status", "called"),
    [
        (b"y\n", 0, {"look", "note", "send"}),
        (b"n\n", 1, {"look", "note"}),
        (b"yup\n", 1, {"look", "note"}),
        (b"\x04", 1, {"look", "note"}),
        (b"\x03", 130, {"look", "note"}),
    ],
)
def test_a_terminal_is_asked(folder: Path, answer: bytes, status: int, called: set[str]) -> None:
    """Yes is `y` or `yes`; the end of the input is a no, and Ctrl-C stops the run."""
    ended, seen = on_a_terminal(folder, answer)
    assert (ended, marks(folder)) == (status, called)
    question = seen.replace("\r\n", "\n")
    assert re.search(
        r'send: write\(mail\) \(task 1, line 4\) #\w{12}\n  to   │ "ann"\n       ╰ from input who\n', question
    )
    assert (
        '  body │ "<ann\\x1b[2J\\u202e>"\n       ╰ from task page, look, line 3\nmay this run? y: yes, n: no'
        in question
    )
    assert "\x1b[2J" not in seen
    assert "\u202e" not in seen


HOSTILE = """\
use "marking.py"
input who: str = "ann"
send($x, body="<$who>") for x in ["a", "b", "c"]
note("n")
"""
FORGED = "x" + " " * 66 + '  to   │ "nobody"' + " " * 60 + "may this run? [y/N]"


def test_a_loop_is_approved_at_once(folder: Path) -> None:
    """All elements are shown before the first answer, and no text of theirs stands where labels stand."""
    (folder / "plan.llmc").write_text(HOSTILE, "utf-8")
    ended, seen = on_a_terminal(folder, b"v\n", b"a\n", options=["--input", f"who={FORGED}"])
    assert (ended, (folder / "marks").read_text("utf-8").split("\n")) == (
        0,
        ["note n", "send a", "send b", "send c", ""],
    )
    first, second, _ = re.split(r"may task 1\[0\] run\?.* \[y/N\] ", seen.replace("\r\n", "\n"))
    assert re.findall(r"^  to +│ (.*)$", first, re.MULTILINE) == ['"b"', '"c"', '"a"']
    assert first.count("argument as in task 1[0]") == 2
    assert re.findall(r"^  to +│ (.*)$", second, re.MULTILINE) == ['"b"', '"c"', '"a"']
    assert not [line for line in seen.splitlines() if line.startswith("may this")]


def test_what_still_runs_are_threads_of_tools(folder: Path) -> None:
    """A display that is drawn again after each question starts a thread; the run that ends names none."""
    (folder / "plan.llmc").write_text(HOSTILE, "utf-8")
    ended, seen = on_a_terminal(folder, b"y\n", b"\x03", term="xterm")
    assert ended == 130
    assert "llmc: interrupted" in seen
    assert "still running" not in seen


def test_what_was_typed_before_the_question_is_no_answer(folder: Path) -> None:
    """Nobody had seen it."""
    ended, _ = on_a_terminal(folder, b"n\n", early=b"y\n" * 20)
    assert (ended, "send" in marks(folder)) == (1, False)
