"""The reader of pages: it sees every block, and notices a page that promises something else."""

import json
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

from llmc.cli import app
from tests.docs.pages import DOCS, KINDS, README, ROOT, blocks, chosen, fences, run_page, untitled

PAGES = chosen([README, *sorted(DOCS.rglob("*.md"))])
NOT_RUN = frozenset(
    {".", "curl", "docker", "export", "git", "llmc", "make", "npm", "ollama", "pip", "pre-commit"}
    | {"python", "python3", "uv", "uvicorn", "vllm"}
)
"""The programs that `sh` blocks may start, since no test can: they need a network, a server, a key or a terminal."""

TRUE = """\
<!-- files: examples/atlas.py -->

```python title="tools.py"
from llmc import pure


@pure
def double(number: int) -> int:
    \"\"\"Return twice a number.\"\"\"
    return 2 * number
```

```llmc title="plan.llmc"
use "tools.py"
join(double(21))
```

```console
$ llmc run -q plan.llmc
42
$ ls examples; echo "$PWD" | grep -c /
atlas.py
1
```

```llmc
use "tools.py"
1. double(1)
join($1)
```

```python
from tools import double

print(double(4))  # 8
```
"""


def page(folder: Path, text: str) -> Path:
    """A page with a text."""
    path = folder / "page.md"
    path.write_text(text, "utf-8")
    return path


def run(folder: Path, text: str, shell: dict[str, str]) -> str:
    """Run a page in a folder beside it, and return its text afterwards."""
    path = page(folder, text)
    (folder / "work").mkdir()
    run_page(path, folder / "work", shell)
    return path.read_text("utf-8")


def test_a_true_page_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: dict[str, str]) -> None:
    """Files are written and copied, commands and programs are run, plans are checked."""
    monkeypatch.delenv("LLMC_BLESS", raising=False)
    assert run(tmp_path, TRUE, shell) == TRUE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n42\n", "\n43\n"),
        ("\n42\n", "\n"),
        ("return 2 * number", "return 3 * number"),
        ("# 8", "# 9"),
        ("print(double(4))  # 8", "print(double(4))"),
        ("print(double(4))  # 8", "print(double(4))  # 8\nprint(1)"),
        ("1. double(1)", "1. treble(1)"),
        ("atlas.py\n1\n", "1\n"),
        ("<!-- files: examples/atlas.py -->", ""),
        ('```python title="tools.py"', '```python title="examples/atlas.py"'),
    ],
)
def test_a_page_that_promises_something_else_fails(
    old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: dict[str, str]
) -> None:
    """A changed output, program, plan or file does not go unnoticed."""
    monkeypatch.delenv("LLMC_BLESS", raising=False)
    assert old in TRUE
    with pytest.raises(AssertionError):
        run(tmp_path, TRUE.replace(old, new, 1), shell)


def test_blessing_writes_each_output_to_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: dict[str, str]
) -> None:
    """Commands and calls of `print` that promise something else get their output."""
    monkeypatch.setenv("LLMC_BLESS", "1")
    assert run(tmp_path, TRUE.replace("\n42\n", "\nno\nnumber\n").replace("# 8", "# eight"), shell) == TRUE


def test_a_command_has_the_whole_environment(tmp_path: Path, shell: dict[str, str]) -> None:
    """Also if it is larger than a socket takes at once, and nothing of the folder of these tests is importable."""
    program = "import os, sys\nprint(len(os.environ['LARGE']), *sys.path, sep='\\n')\n"
    (tmp_path / "look.py").write_text(program, "utf-8")
    large = shell | {"LARGE": "x" * 100_000, "LARGER": "x" * 100_000, "LARGEST": "x" * 100_000}
    run = subprocess.run(["python", "look.py"], cwd=tmp_path, env=large, capture_output=True, text=True, check=True)  # noqa: S607
    length, *path = run.stdout.splitlines()
    assert length == "100000"
    assert Path(path[0]).samefile(tmp_path)
    assert str(Path(__file__).parent) not in path


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_block_is_of_a_known_kind(path: Path) -> None:
    """No block is passed over: each is read, has a language that a test knows, and data is sound."""
    text = path.read_text("utf-8")
    assert fences(text) == 2 * len(blocks(text))
    assert {block.kind for block in blocks(text) if not block.title} <= KINDS
    for kind, read in (("json", json.loads), ("toml", tomllib.loads), ("yaml", yaml.safe_load)):
        for block in blocks(text):
            if block.kind == kind:
                read(block.text)
    for block in blocks(text):
        if block.kind == "python":
            compile(block.text, path.name, "exec")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_command_that_is_not_run_exists(path: Path) -> None:
    """Targets are in the Makefile, and llmc knows its commands and their options."""
    for block in untitled(path.read_text("utf-8"), "sh"):
        for line in block.text.replace("\\\n", " ").splitlines():
            assert not known(line), line


def known(line: str) -> str:
    """The part of a command that does not exist, or nothing."""
    words = f" {line}".partition(" #")[0].split()
    if not words:
        return ""
    if words[0] == "make":
        makefile = (ROOT / "Makefile").read_text("utf-8")
        return next((word for word in words[1:] if "=" not in word and f"\n{word}:" not in makefile), "")
    if words[0] != "llmc":
        return "" if words[0] in NOT_RUN else words[0]
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group, which has no public type
    if len(words) == 1:
        return ""
    if words[1].startswith("-"):
        return "" if words[1] in {"--help", "--version", "--install-completion", "--show-completion"} else words[1]
    if words[1] not in commands:
        return words[1]
    options = {name for option in commands[words[1]].params for name in (*option.opts, *option.secondary_opts)}
    options.add("--help")
    return next((word for word in words[2:] if word.startswith("-") and word.split("=")[0] not in {*options, "-"}), "")


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("make check", ""),
        ("make nothing", "nothing"),
        ("llmc run plan.llmc --dry-run", ""),
        ("llmc run plan.llmc --fly", "--fly"),
        ("llmc walk", "walk"),
        ("llmc", ""),
        ("llmc --version", ""),
        ("pip install llmc-lang  # once published", ""),
        ("rm -rf plans", "rm"),
        ("# a comment", ""),
    ],
)
def test_an_unknown_command_is_noticed(line: str, unknown: str) -> None:
    """A target, command or option that does not exist is found."""
    assert known(line) == unknown
