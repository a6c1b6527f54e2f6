"""A secret on the command line: it is given once, and shown nowhere."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

SECRET = "correct horse battery"
TOOLS = '''
"""Tools with a secret parameter, or a plain one."""

from llmc import Secret, nondet, pure, read, write


@read("bank")
async def login(user: str, password: Secret[str]) -> str:
    """Log in."""
    return f"{user} came with {password}"


@write("mail", approve=True)
async def send(body: Secret[str]) -> str:
    """Send a letter."""
    return body


@nondet
def refuse(words: Secret[str]) -> str:
    """Fail."""
    raise ValueError(f"not {words}")
'''
PLAN = """\
use "bank.py"
input password: str
a = login("ann", $password)
b = refuse("with $password")
c = send("as $password")
d = refuse("again $password") @fallback("because $password") @retry(1)
join("$a and $d")
"""


def shown(cli: Cli, folder: Path, secret: str, *options: str) -> dict[str, str]:
    """Everything that the command line shows of a run, by name."""
    (folder / "bank.py").write_text(TOOLS.replace("Secret[str]", secret), "utf-8")
    (folder / "plan.llmc").write_text(PLAN, "utf-8")
    trace = folder / "out.jsonl"
    trace.unlink(missing_ok=True)
    given = ("--input", f"password={SECRET}")
    ended = cli("run", "plan.llmc", *given, "--trace", "out.jsonl", *options)
    dry = cli("run", "plan.llmc", *given, "--dry-run", *options)
    drawn = cli("trace", "out.jsonl")
    graph = cli("graph", "plan.llmc")
    return {
        "stdout": ended.stdout,
        "stderr": ended.stderr,
        "trace": trace.read_text("utf-8"),
        "timeline": drawn.stdout + drawn.stderr,
        "dry run": dry.stdout + dry.stderr,
        "graph": graph.stdout + graph.stderr,
    }


@pytest.mark.parametrize("options", [["-v"], ["--json", "-v"], ["--approve", "all", "-v"]])
def test_a_secret_is_shown_nowhere(cli: Cli, folder: Path, options: list[str]) -> None:
    """Not in what the plan gives, not in what is told on the way, and not in the trace."""
    found = shown(cli, folder, "Secret[str]", *options)
    assert [name for name, text in found.items() if SECRET in text] == []
    assert "[secret]" in found["stdout"]
    assert "[secret]" in found["stderr"]
    assert "[secret]" in found["trace"]


@pytest.mark.parametrize("options", [[], ["-q"], ["--json", "--approve", "all"]])
def test_a_secret_is_not_told_in_fewer_words(cli: Cli, folder: Path, options: list[str]) -> None:
    """Where tasks have a line, or nothing is told but failures."""
    found = shown(cli, folder, "Secret[str]", *options)
    assert [name for name, text in found.items() if SECRET in text] == []


def test_what_is_no_secret_is_shown(cli: Cli, folder: Path) -> None:
    """The search above is not blind."""
    found = shown(cli, folder, "str", "--json", "-v")
    assert {name for name, text in found.items() if SECRET in text} == {"stdout", "stderr", "trace"}
    assert json.loads(found["stdout"])["results"]["a"] == f"ann came with {SECRET}"


def test_a_secret_input_that_is_wrong_is_not_repeated(cli: Cli, folder: Path) -> None:
    """It says which input it is, and no more."""
    (folder / "bank.py").write_text(TOOLS, "utf-8")
    plan = 'use "bank.py"\ninput key: dict[str, str]\nlogin("ann", $key.password)\n'
    ended = cli("run", "-", "--input", f"key={SECRET}", stdin=plan)
    assert (ended.status, ended.stderr) == (2, "llmc: input `key`: the value is not of its type\n")


def test_a_secret_that_is_short_is_said_to_be(cli: Cli, folder: Path) -> None:
    """On stderr, at the end."""
    (folder / "bank.py").write_text(TOOLS, "utf-8")
    plan = 'use "bank.py"\ninput pin: str\na = login("ann", $pin)\njoin($a)\n'
    ended = cli("run", "-", "--input", "pin=123", stdin=plan)
    assert "llmc: input pin is a secret of fewer than 4 characters" in ended.stderr


def test_tools_are_listed_with_what_they_ask(cli: Cli, folder: Path) -> None:
    """And with the parameters that are secret."""
    (folder / "bank.py").write_text(TOOLS, "utf-8")
    assert "send(body: Secret[str]) -> str  [write(mail), asks first]" in cli("tools", "bank.py").stdout
    listed = {tool["name"]: tool for tool in json.loads(cli("tools", "bank.py", "--json").stdout)}
    assert (listed["send"]["approve"], listed["login"]["secrets"]) == (True, ["password"])
