"""The map of the runtime names what is there."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2] / "runtime"
TABLES: Final = {"Modules of `llmc_runtime`": "", "Models": "models/", "Agents": "agent/"}
"""The folder of the files that the table below a heading names."""


def test_every_module_is_introduced() -> None:
    """The tables of files name each module once, and no other."""
    parts = dict(part.split("\n", 1) for part in (ROOT / "README.md").read_text("utf-8").split("\n## ")[1:])
    named = [
        f"{folder}{name}" for title, folder in TABLES.items() for name in re.findall(r"`([\w/]+\.py)`", parts[title])
    ]
    package = ROOT / "llmc_runtime"
    files = (path.relative_to(package).as_posix() for path in package.rglob("*.py") if path.name != "__init__.py")
    assert sorted(named) == sorted(files)
