"""What a command prints for a plan, piped and on a terminal, as cases show it."""

from pathlib import Path
from typing import Final

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_main import on_terminal
from tests.compiler.cases import Case

_TOOLS: Final = "from llmc import Tool, Toolbox\n\ntools = Toolbox([{tools}])\n"
_TOOL: Final = "Tool.from_schema({name!r}, '', {{}}, {effect!r}, print)"


def seen(case: Case, folder: Path, cli: Cli, patch: pytest.MonkeyPatch, command: str, *options: str) -> str:
    """What a command shows of a case's plan in 80 columns, piped and then on a terminal, with `␛` for escapes."""
    patch.setenv("COLUMNS", "80")
    (folder / "plan.llmc").write_text(case.before, "utf-8")
    if case.tools:
        tools = ", ".join(_TOOL.format(name=name, effect=effect) for name, effect in case.tools.items())
        (folder / "tools.py").write_text(_TOOLS.format(tools=tools), "utf-8")
    piped = cli(command, "plan.llmc", *options)
    status, shown = on_terminal(folder, command, "plan.llmc", *options)
    assert (piped.status, piped.stderr, status) == (0, "", 0)
    assert "\x1b" not in piped.stdout
    shown = shown.replace("\r\n", "\n")
    assert shown.replace("\x1b[0m", "").replace("\x1b[1m", "").replace("\x1b[2m", "") == piped.stdout
    return f"{piped.stdout}\n── on a terminal\n{shown.replace(chr(27), '␛')}"
