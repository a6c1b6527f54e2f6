"""Pages of Markdown whose blocks are run; `docs/inside/documentation.md` has the rules."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests import patient
from tests.golden import settle
from tests.patience import PATIENCE

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
README: Final = ROOT / "README.md"
_HERE: Final = Path(__file__).parent

KINDS: Final = frozenset({"console", "json", "llmc", "python", "sh", "text", "toml", "yaml"})
"""The languages of blocks that a page may have without a title."""

_BLOCK: Final = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE: Final = re.compile(r'\btitle="([^"]+)"')
_FILES: Final = re.compile(r"^<!-- files: (.*) -->$", re.MULTILINE)
_PRINT: Final = re.compile(r"^( *(?:print\(.*)?\) +# )(.*)$", re.MULTILINE)
_COMMAND: Final = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the file that it shows, its text, and the offset of the text in the page."""

    kind: str
    title: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A text that a page promises, with the place of the promise: an offset in the page."""

    cause: str
    output: str
    start: int


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in order."""
    return [
        Block(kind, (_TITLE.findall(rest) or [""])[0], text, match.start(3))
        for match in _BLOCK.finditer(page)
        for kind, rest, text in [match.groups()]
    ]


def fences(page: str) -> int:
    """The number of lines that open or close a block, indented ones included."""
    return len(re.findall(r"^\s*```", page, re.MULTILINE))


def untitled(page: str, kind: str) -> list[Block]:
    """The blocks of a language that name no file."""
    return [block for block in blocks(page) if block.kind == kind and not block.title]


def copied(page: str) -> list[str]:
    """The files and folders of the repository that a page begins with."""
    return [name for names in _FILES.findall(page) for name in names.split()]


def commands(block: Block) -> Iterator[Shown]:
    """The commands of a console block, each with its output."""
    for match in _COMMAND.finditer(block.text):
        yield Shown(match[1], match[2], block.start + match.start(2))


def prints(block: Block) -> Iterator[Shown]:
    """The calls of `print` in a Python block, each with the line that it promises."""
    for match in _PRINT.finditer(block.text):
        yield Shown(match[1], match[2], block.start + match.start(2))


def run_page(path: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """Do everything that a page shows in a folder, and require its output; or write it down, when blessing."""
    page = path.read_text("utf-8")
    for name in copied(page):
        _copy(ROOT / name, folder / name)
    shown, found = [], []
    for block in blocks(page):
        if block.title:
            _write(folder, block, page)
        elif block.kind == "console":
            for command in commands(block):
                shown.append(command)
                found.append(_output(["sh", "-c", command.cause], folder, environment))
    _check(folder, untitled(page, "llmc"), environment)
    if program := untitled(page, "python"):
        expected = [printed for block in program for printed in prints(block)]
        (folder / "page.py").write_text("\n".join(block.text for block in program), "utf-8")
        lines = _output(["python", "page.py"], folder, environment).splitlines()
        assert len(lines) == len(expected), "\n".join(lines)
        shown += expected
        found += lines
    _settle(path, page, shown, found)


def _settle(path: Path, page: str, shown: list[Shown], found: list[str]) -> None:
    """Compare what was found with what is shown, and say which command it is from."""

    def write() -> None:
        text = page
        for promise, output in sorted(zip(shown, found, strict=True), key=lambda pair: -pair[0].start):
            text = f"{text[: promise.start]}{output}{text[promise.start + len(promise.output) :]}"
        path.write_text(text, "utf-8")

    settle(_listing(shown, found), _listing(shown, [promise.output for promise in shown]), write)


def _listing(shown: list[Shown], outputs: list[str]) -> str:
    """The promises with outputs, in one text that pytest can show the difference of."""
    return "\n".join(f"{promise.cause}\n{output}" for promise, output in zip(shown, outputs, strict=True))


def _output(command: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    """The standard output and error of a command, in the order of a terminal."""
    run = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE,
    )
    return run.stdout


def _write(folder: Path, block: Block, page: str) -> None:
    """Write a file that a page shows; a copied one is there, and must be the same."""
    path = folder / block.title
    if any(block.title == name or block.title.startswith(f"{name}/") for name in copied(page)):
        assert block.text == path.read_text("utf-8"), f"{block.title} is not as the page shows it"
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, "utf-8")


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a folder of the repository."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _check(folder: Path, plans: list[Block], environment: Mapping[str, str]) -> None:
    """Require that every plan without a title has no mistake."""
    names = [f"untitled-{number}.llmc" for number in range(1, len(plans) + 1)]
    for name, plan in zip(names, plans, strict=True):
        (folder / name).write_text(plan.text, "utf-8")
    if names:
        report = _output(["sh", "-c", f"llmc check -q {' '.join(names)} && echo sound"], folder, environment)
        assert report.endswith("sound\n"), report


def page_environment() -> dict[str, str]:
    """The environment of a page's commands: simulated time, our commands on PATH, and no settings of a user."""
    kept = {name: value for name, value in patient.environment().items() if not _is_setting(name)}
    return {**kept, "ATLAS_PACE": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "COLUMNS": "80"}


def _is_setting(name: str) -> bool:
    """Whether a variable of the environment changes how llmc or pytest behaves."""
    return name.startswith(("LLMC_", "OPENAI_", "AZURE_", "NO_COLOR", "FORCE_COLOR", "COV_", "PYTEST_", "PY_COLORS"))


@contextmanager
def forking(environment: Mapping[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """An environment in which `llmc` and `python FILE.py` are forks of a process that has imported llmc already."""
    python = shutil.which("python", path=environment["PATH"])
    assert python is not None
    client = shlex.join([python, "-IS", str(_HERE / "fork_client.py")])
    scripts = {
        "llmc": f'exec {client} llmc "$@"',
        "pytest": f'exec {client} pytest "$@"',
        "python": f'case "$1" in *.py) exec {client} python "$@";; *) exec {shlex.quote(python)} "$@";; esac',
    }
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        (folder / name).chmod(0o755)
    command = [python, "-P", str(_HERE / "fork_server.py")]
    pipe = subprocess.PIPE  # leaving the block closes its input, and so ends the server
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, cwd=folder) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        path = os.pathsep.join([str(folder), environment["PATH"]])
        yield {**environment, "PATH": path, "LLMC_FORK_SERVER": str(folder)}


def section(*folders: str) -> list[Path]:
    """The pages of some folders of `docs/`, or those of them that LLMC_PAGES names."""
    found = sorted(path for folder in folders for path in (DOCS / folder).glob("*.md"))
    return chosen(found)


def chosen(pages: list[Path]) -> list[Path]:
    """The pages that LLMC_PAGES names, or all of them."""
    names = os.environ.get("LLMC_PAGES", "").split()
    return [path for path in pages if not names or any(str(path).endswith(name) for name in names)]
