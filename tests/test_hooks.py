"""The hooks for pre-commit name commands that work."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from llmc.cli import app

ROOT: Final = Path(__file__).parent.parent
COMMAND: Final = [sys.executable, "-c", "from llmc.cli import main; main()"]


def hooks() -> dict[str, dict[str, str]]:
    """The hooks of the file by their ids, each with its keys; the file keeps to a part of YAML that this reads."""
    parts = re.split(r"^- ", (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"), flags=re.MULTILINE)[1:]
    found = [dict(line.strip().split(": ", 1) for line in part.strip().splitlines()) for part in parts]
    return {hook["id"]: hook for hook in found}


def run(hook: str, plan: Path) -> "subprocess.CompletedProcess[str]":
    """The ended process of a hook, called as pre-commit calls it."""
    keys = hooks()[hook]
    program, *words = shlex.split(keys["entry"])
    assert program == "llmc"
    arguments = [word.strip() for word in keys.get("args", "[]").strip("[]").split(",") if word]
    command = [*COMMAND, *words, *arguments, plan.name]
    return subprocess.run(command, cwd=plan.parent, env=os.environ, capture_output=True, text=True, check=False)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A plan whose tools are not there."""
    path = tmp_path / "plan.llmc"
    path.write_text('use "none.py"\n1.f()\njoin($1)\n')
    return path


def test_there_are_two() -> None:
    """Their ids are on the page of services, and each is for plans, written in Python and a command of ours."""
    found = hooks()
    assert found.keys() == {"llmc-check", "llmc-fmt"}
    commands = {command.name or (command.callback and command.callback.__name__) for command in app.registered_commands}
    for name, hook in found.items():
        assert name in (ROOT / "docs/how-to/ci.md").read_text("utf-8")
        assert (hook["language"], hook["files"]) == ("python", r"\.llmc$")
        assert hook["entry"].split()[1] in commands


def test_check_finds_mistakes(plan: Path) -> None:
    """A plan is fine without its tools, and is not with a mistake of its own."""
    assert run("llmc-check", plan).returncode == 0
    plan.write_text("1. f($2)\n")
    assert run("llmc-check", plan).returncode == 1


def test_fmt_formats(plan: Path) -> None:
    """The file is changed, by which pre-commit knows that there was something to do."""
    assert run("llmc-fmt", plan).returncode == 0
    assert plan.read_text() == 'use "none.py"\n\n1. f()\njoin($1)\n'
