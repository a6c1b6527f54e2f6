"""The command line in this process, in a folder of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

import llmc
from llmc import Toolbox
from llmc.cli import app
from llmc_grammar.ast import Use
from llmc_runtime.models.messages import ChatModel
from tests.agent.fakes import Reply, Script

TOOLS = '''
"""Tools to test with."""

from llmc import nondet, pure, read, write

LOG: list[str] = []


@pure
def add(a: float, b: float = 1) -> float:
    """The sum of two numbers.

    More about it.
    """
    return a + b


@read("log", latency=0.25)
async def entries(last: int | None = None) -> list[str]:
    """The entries of the log."""
    return LOG[-last:] if last else LOG


@write("log")
def log(text: str) -> int:
    """Write an entry."""
    LOG.append(text)
    return len(LOG)


@nondet
def fail(text: str) -> str:
    """Raise an error."""
    raise RuntimeError(text)
'''


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str


Cli = Callable[..., Ended]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with tools.py, in which commands run."""
    (tmp_path / "tools.py").write_text(TOOLS, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path


@pytest.fixture
def cli(folder: Path) -> Cli:
    """Runs a command; an exception that would be a traceback fails the test."""

    def run(*arguments: str, stdin: str | bytes | None = None) -> Ended:
        result = CliRunner().invoke(app, arguments, input=stdin, catch_exceptions=False)
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


Say = Callable[..., Script]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Say:
    """Lets the model of whatever name say these things; what was named is in `named`."""

    def script(*replies: Reply, **options: Sequence[str]) -> Script:
        model = Script(replies, **options)  # type: ignore[arg-type]  # the options of a script

        def named(kind: str) -> Callable[..., ChatModel]:
            def chat_model(name: str = "", *, base_url: str | None = None) -> ChatModel:
                model.name = f"{kind} {name} {base_url}"
                return model

            return chat_model

        for kind in ("load_model", "local_model", "Model"):
            monkeypatch.setattr(llmc, kind, named(kind))
        monkeypatch.setenv("LLMC_MODEL", "some")
        return model

    return script


def no_plans(path: Path, use: Use) -> Toolbox:
    """Refuse a plan file of a `use` line, where a test has none."""
    raise AssertionError(f"{use.target} loads {path}")
