"""`make bless`: texts in files are written anew where they are wrong, and nowhere else."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.compiler.cases import cases
from tests.golden import settle, settle_file, settle_part

ROOT: Final = Path(__file__).parent.parent
LEFT: Final = (".*", "__pycache__", "dist", "build")
PAGES: Final = (
    "grammar/llmc_grammar/errors/*.md",
    "compiler/llmc_compiler/diagnostics/*errors.md",
    "runtime/llmc/config/tool_files.md",
)
CASES: Final = ("tests/passes/*.md", "tests/compiler/*.md", "tests/compiler/golden/*.md", "tests/cli/golden/*.md")
TEXTS: Final = ("tests/golden/*.txt", "tests/cli/golden/*.txt", "examples/mistakes.txt", "docs/pictures/mistake.svg")
ONE_OF_MANY: Final = {
    "test_a_picture_shows_what_is_printed": "mistake",
    "test_a_graph_is_drawn_like_this": cases(ROOT / "tests/cli/golden/graph.md")[-1].title,
    "test_a_plan_is_told_like_this": cases(ROOT / "tests/cli/golden/explain.md")[-1].title,
}
"""Of tests that start the program each time, the case in which something is made wrong."""

CASE: Final = """\
# Page

## One

```llmc
1. f()
```

```text
old
```

## Two

```llmc
f()
```

```text
same
```
"""


def falsified(root: Path) -> dict[Path, str]:
    """Make one expectation wrong in each file that has some; the files with their right texts."""
    right: dict[Path, str] = {}
    for patterns, end in ((PAGES, "\n```\n\nInstead:"), (CASES, "```\n"), (TEXTS, "\n")):
        for path in (path for pattern in patterns for path in sorted(root.glob(pattern))):
            text = right[path] = path.read_text("utf-8")
            head, _, rest = text.rpartition(end)
            path.write_text(
                f"{head}\nwrong{end}{rest}" if patterns is not CASES else f"{head}wrong\n{end}{rest}", "utf-8"
            )
    for name, old, new in (
        ("docs/concepts/plans-and-effects.md", "| `opaque` | `read`", "| `opaque` | `pure`"),
        ("README.md", "$ llmc check late.llmc\n", "$ llmc check late.llmc\nwrong\n"),
    ):
        path = root / name
        text = right[path] = path.read_text("utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), "utf-8")
    return right


def golden() -> Iterator[str]:
    """The tests that are marked; of those that take long, one case."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        marked = r"^@pytest\.mark\.golden\n(?:(?!def ).*\n)*def (\w+)"
        for name in re.findall(marked, path.read_text("utf-8"), re.MULTILINE):
            case = f"[{ONE_OF_MANY[name]}]" if name in ONE_OF_MANY else ""
            yield f"{path.relative_to(ROOT)}::{name}{case}"


def test_blessing_mends_what_is_wrong_and_leaves_all_else(tmp_path: Path) -> None:
    """In a copy of the project in which each file has one wrong expectation, all files are then what they are here."""
    project = tmp_path / "project"
    shutil.copytree(ROOT, project, ignore=shutil.ignore_patterns(*LEFT))
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", project)
    right = falsified(project)
    assert len(right) > 30
    (options,) = re.findall(
        r"^\tLLMC_BLESS=1 \$\(BIN\)/python (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    run = subprocess.run(
        [sys.executable, *options.split(), "-p", "no:cacheprovider", *golden()],
        cwd=project,
        env={**os.environ, "LLMC_BLESS": "1", "LLMC_PAGES": "README.md", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert [path for path in right if path.read_text("utf-8") != right[path]] == []
    files = [path for path in project.rglob("*") if path.is_file() and ".hypothesis" not in path.parts]
    assert [path for path in files if path.read_bytes() != (ROOT / path.relative_to(project)).read_bytes()] == []


@pytest.fixture
def blessing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `make bless` runs tests."""
    monkeypatch.setenv("LLMC_BLESS", "1")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page of two cases."""
    path = tmp_path / "page.md"
    path.write_text(CASE)
    return path


def test_otherwise_a_wrong_text_fails(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is written."""
    monkeypatch.delenv("LLMC_BLESS", raising=False)
    settle("a", "a", pytest.fail)
    with pytest.raises(AssertionError):
        cases(page)[0].check(lambda _: "new\n")
    with pytest.raises(AssertionError):
        settle_file(page, "new\n")
    with pytest.raises(AssertionError):
        settle_part(page, "```text\n", "```", "new\n", "old\n")
    assert page.read_text() == CASE


def test_a_case_is_written_in_its_place(page: Path, blessing: None) -> None:
    """The other one stays."""
    for case in cases(page):
        case.check(lambda given: "new\n" if given.title == "One" else "same\n")
    assert page.read_text() == CASE.replace("old", "new")


def test_a_part_is_written_in_its_place(page: Path, blessing: None) -> None:
    """Where what surrounds it is there once."""
    settle_part(page, "```text\n", "```", "new\n", "old\n")
    assert page.read_text() == CASE.replace("old", "new")
    with pytest.raises(AssertionError, match="2 times"):
        settle_part(page, "", "```llmc", "new\n", "")


def test_a_file_that_is_not_there_is_made(tmp_path: Path, blessing: None) -> None:
    """And one that is right is not touched."""
    path = tmp_path / "new.txt"
    settle_file(path, "text\n")
    path.chmod(0o400)
    settle_file(path, "text\n")
    assert path.read_text() == "text\n"
    settle("a", "a", pytest.fail)
