"""`llmc new`: write a plan, tools, an agent or tests as a starting point."""

import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from llmc.cli.arguments.options import AsJson
from llmc.cli.terminal.output import fail, note, print_json, reason
from llmc.cli.terminal.screen import put_name

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class StartKind(StrEnum):
    """The files that `llmc new` writes."""

    PLAN = "plan"
    TOOLS = "tools"
    AGENT = "agent"
    TEST = "test"


class _Files(NamedTuple):
    """The paths of the files that belong to a name."""

    folder: Path
    name: str

    @staticmethod
    def of(given: str, kind: StartKind) -> "_Files":
        """Return the files for the name on the command line, which may be that of a file; exit if it is invalid."""
        path = Path(given.removesuffix(".llmc"))
        name = path.name if kind is StartKind.PLAN else path.name.removesuffix(".py")
        if kind is StartKind.TOOLS:
            name = name.removesuffix("_tools")
        elif kind is StartKind.TEST:
            name = name.removeprefix("test_")
        if not _NAME.fullmatch(name):
            fail(f"`{name}` is not a valid plan name: use letters, digits, `_` and `-`, and begin with a letter")
        return _Files(path.parent, name)

    @property
    def module(self) -> str:
        """The name in Python."""
        return self.name.replace("-", "_")

    @property
    def plan(self) -> Path:
        """The plan."""
        return self.folder / f"{self.name}.llmc"

    @property
    def tools(self) -> Path:
        """The tools."""
        return self.folder / f"{self.module}_tools.py"

    @property
    def agent(self) -> Path:
        """The program with an agent."""
        return self.folder / f"{self.module}.py"

    @property
    def test(self) -> Path:
        """The tests of the plan."""
        return self.folder / f"test_{self.module}.py"

    def text(self, template: str) -> str:
        """Return the text of a template for this name."""
        from importlib import resources

        text = resources.files("llmc.cli").joinpath("templates", f"{template}.txt").read_text("utf-8")
        return text.replace("{plan}", self.name).replace("{module}", self.module)


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the files, without an extension.")],
    *,
    kind: Annotated[
        StartKind,
        typer.Option(
            help="plan: a plan and its tools; tools: example tools with their effects; "
            "agent: a program that asks a model; test: tests of the plan with fakes."
        ),
    ] = StartKind.PLAN,
    json_: AsJson = False,
) -> None:
    """Write a plan, tools, an agent or tests as a starting point. Nothing is overwritten."""
    files = _Files.of(name, kind)
    written, command = _KINDS[kind](files)
    if json_:
        print_json({"version": 1, "kind": kind.value, "files": [str(file) for file in written], "next": command})
        return
    for file in written:
        put_name(str(file))
    note(f"next: {command}")


Written = tuple[Sequence[Path], str]
"""The files that were written, and the next command to type."""


def _new_plan(files: _Files) -> Written:
    """Write a plan and its tools."""
    _write({files.plan: files.text("plan.llmc"), files.tools: files.text("plan_tools.py")})
    return (files.plan, files.tools), _command("llmc", "run", files.plan)


def _new_tools(files: _Files) -> Written:
    """Write tools of every effect."""
    _write({files.tools: files.text("tools.py")})
    return (files.tools,), _command("llmc", "tools", files.tools)


def _new_agent(files: _Files) -> Written:
    """Write an agent and its tools; the tools of a plan are its tools too, if they are unchanged."""
    _refuse_hiding(files)
    texts = {files.agent: files.text("agent.py"), files.tools: files.text("plan_tools.py")}
    if _has_text(files.tools, texts[files.tools]):
        del texts[files.tools]
    _write(texts)
    return tuple(texts), _command("python", files.agent)


def _new_test(files: _Files) -> Written:
    """Write tests of a plan that `llmc new` wrote."""
    for file in (files.plan, files.tools):
        if not os.path.lexists(file):
            fail(f"{file} does not exist: write it first, with `{_command('llmc', 'new', files.folder / files.name)}`")
    _write({files.test: files.text("test.py")})
    for file, template in ((files.plan, "plan.llmc"), (files.tools, "plan_tools.py")):
        if not _has_text(file, files.text(template)):
            note(f"{file} differs from the file that `llmc new` writes: change the fakes and values in {files.test}")
            break
    return (files.test,), _command("python", "-m", "pytest", files.test)


_KINDS: Final[dict[StartKind, Callable[[_Files], Written]]] = {
    StartKind.PLAN: _new_plan,
    StartKind.TOOLS: _new_tools,
    StartKind.AGENT: _new_agent,
    StartKind.TEST: _new_test,
}


def _refuse_hiding(files: _Files) -> None:
    """Exit with a message if Python would import the agent's file instead of a module that is installed."""
    from importlib.util import find_spec

    is_new = not os.path.lexists(files.agent)
    try:
        hides = files.module in sys.stdlib_module_names or (is_new and find_spec(files.module) is not None)
    except ValueError:  # `__main__`, which has no spec
        hides = True
    if hides:
        fail(f"{files.agent} would hide the Python module `{files.module}`: choose another name")


def _command(*words: str | Path) -> str:
    """Return a command as it is typed in a shell."""
    return shlex.join(map(str, words))


def _has_text(file: Path, text: str) -> bool:
    """Whether a file exists and has exactly this text."""
    try:
        return file.is_file() and file.read_bytes() == text.encode()
    except (OSError, ValueError):
        return False


def _write(texts: dict[Path, str]) -> None:
    """Write new files, or exit with a message if one of them exists or cannot be written."""
    for file in texts:
        if os.path.lexists(file):  # returns False instead of raising for a name that is too long
            fail(f"{file} already exists; nothing was written")
    for file, text in reversed(texts.items()):  # the longest name first: if it is too long, nothing is written
        try:
            with file.open("x", encoding="utf-8") as stream:
                stream.write(text)
        except (OSError, ValueError) as error:
            fail(f"{file}: {reason(error)}")
