"""Completion in the shell: what is offered, that nothing of the user is executed, and that it never complains."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, get_args

import pytest
import typer
from typer.testing import CliRunner

from llmc import PIPELINE
from llmc.cli import app, main
from llmc.cli.arguments.shell_completion import BUDGETS, LEVELS, PASSES, VARIABLE, completion
from llmc.cli.commands.files.explain import catalogue
from llmc.cli.commands.reference.grammar import Level
from llmc.schemas import ABOUT
from llmc_compiler.decoder.decoder_grammar import LEVELS as GRAMMAR_LEVELS
from llmc_runtime.agent.budget import Budget
from llmc_runtime.limits import limit_fields

COMMAND: Final = "import sys; sys.argv[0] = 'llmc'; from llmc.cli import main; main()"
PLAN: Final = """\
use "tools.py"
input city: str = "Oslo"
input least: list[int]
a = entries(1)
b = [add(len($city), $n) for n in $least]
join($a, $b)
"""

OPTIONS: Final = {
    name: [option for parameter in command.params for option in parameter.opts]
    for name, command in getattr(typer.main.get_command(app), "commands", {}).items()
}
"""The options and arguments of each command."""

Complete = Callable[..., list[str]]


def asked(words: tuple[str, ...], shell: str = "bash") -> dict[str, str]:
    """The environment in which a shell asks for the last of the words."""
    if shell == "bash":
        return {VARIABLE: "complete_bash", "COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    return {
        VARIABLE: f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": " ".join(words),
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": words[-1],
    }


@pytest.fixture
def complete(folder: Path) -> Complete:
    """Completes a line in this process, in a folder with a plan whose tools must not be loaded."""
    (folder / "plan.llmc").write_text(PLAN)
    (folder / "tools.py").write_text("raise SystemExit('executed')")
    (folder / "llmc.toml").write_text('[models.planner]\nname = "gpt-5"\n[models.cheap]\nname = "local"\n')

    def run(*line: str, shell: str = "bash") -> list[str]:
        words = ("llmc", *line)
        result = CliRunner().invoke(app, [], env=asked(words, shell), prog_name="llmc", catch_exceptions=False)
        assert (result.exit_code, result.stderr) == (0, "")
        return [word for word in result.stdout.splitlines() if word]

    return run


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("ex", ["explain"]),
        ("explain E20", [f"E20{number}" for number in range(1, 10)]),
        ("explain w20", [f"w20{number}" for number in range(1, 7)]),
        ("explain p", ["plan.llmc"]),
        ("run ", ["plan.llmc"]),
        ("check plan.llmc ", ["plan.llmc"]),
        ("run --tools ", ["plan.llmc", "tools.py"]),
        ("tools t", ["tools.py"]),
        ("compile plan.llmc --passes ", ["fold", "hoist", "dedup", "prune"]),
        ("compile plan.llmc --passes fold,dedup,", ["fold,dedup,hoist", "fold,dedup,prune"]),
        ("compile plan.llmc --passes fold,h", ["fold,hoist"]),
        ("compile --print-after ", ["fold", "hoist", "dedup", "prune", "all"]),
        ("run plan.llmc --limit run-", ["run-time=", "run-bytes="]),
        ("run plan.llmc --limit wid", ["width=", "width=VALUE"]),
        ("run plan.llmc --limit add.", ["add.width=", "add.rate="]),
        ("run plan.llmc --limit entries.r", ["entries.rate=", "entries.rate=VALUE"]),
        ("run plan.llmc --limit len.", []),  # a standard function
        ("run plan.llmc --input ", ["city=", "least="]),
        ("run plan.llmc -i l", ["least=", "least=VALUE"]),
        ("run plan.llmc --input city=Rome --input ", ["least=", "least=VALUE"]),
        ("run --input city = Rome plan.llmc --input ", ["least=", "least=VALUE"]),  # as bash splits it
        ("run --input ", []),
        ("run none.llmc --input ", []),
        ("ask why --model ", ["local", "planner", "cheap"]),
        ("plan why --model pl", ["planner"]),
        ("ask why --model-option max_t", ["max_tokens=", "max_tokens=VALUE"]),
        ("ask why --model-option extra", ["extra_body.", "extra_body.VALUE"]),
        ("ask why --budget ", ["tokens=", "cost="]),
        ("ask why --grammar ", ["full", "sound", "tools", "plain"]),
        ("grammar --level ", ["full", "sound", "tools", "plain"]),
        ("grammar --syntax ", ["lark", "gbnf"]),
        ("schema d", ["dry-run", "diagnostics"]),
        ("new trip --kind ", ["plan", "tools", "agent", "test"]),
        ("run plan.llmc --approve ", ["ask", "all", "none"]),
        ("graph plan.llmc --format ", ["text", "dot", "mermaid", "json", "svg"]),
        ("compile plan.llmc --emit ", ["llmc", "json"]),
        ("check --format ", ["text", "json", "github"]),
        ("run plan.llmc --max-tasks nonsense --limit wid", ["width=", "width=VALUE"]),
        ("run plan.llmc --unknown --limit wid", ["width=", "width=VALUE"]),
    ],
)
def test_a_word_is_completed(complete: Complete, line: str, offered: list[str]) -> None:
    """The last word of the line gets these candidates."""
    assert complete(*line.split(" ")) == offered


def test_the_words_are_those_of_the_product(complete: Complete) -> None:
    """Lists that are written twice, so that completion starts fast, agree; each code and document is offered."""
    assert tuple(PASSES) == tuple(each.name for each in PIPELINE)
    assert tuple(LEVELS) == GRAMMAR_LEVELS == get_args(Level)
    assert set(BUDGETS) <= set(Budget.__dataclass_fields__)
    assert complete("schema", "") == list(ABOUT)
    assert complete("explain", "") == ["plan.llmc", *catalogue()]
    names = [name.replace("_", "-") for name in limit_fields()]
    assert complete("run", "--limit", "") == [f"{name}=" for name in names]


def test_files_and_folders_are_completed(complete: Complete, folder: Path) -> None:
    """Folders are offered beside files; without a file, the shell completes folders itself, and well."""
    for name in ("plans/deep", "plans/.hidden", "other"):
        (folder / name).mkdir(parents=True)
    (folder / "plans" / "a.llmc").touch()
    (folder / "plans" / "in.json").touch()
    assert complete("run", "p") == ["plan.llmc", "plans/"]
    assert complete("run", "plans/") == ["plans/a.llmc", "plans/deep/"]
    assert complete("run", "plans/d") == complete("run", "o") == complete("run", "none/") == []
    assert complete("run", "plan.llmc", "--input", "@plans/") == ["@plans/in.json", "@plans/deep/"]


HARMFUL: Final = (
    "$(touch harm).llmc",
    "a;touch harm.llmc",
    "a\\$(touch harm).llmc",
    "a`b`.llmc",
    "a b.llmc",
    "a\nb.llmc",
)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "pwsh"])
def test_only_harmless_words_are_offered(complete: Complete, folder: Path, shell: str) -> None:
    """Zsh evaluates candidates and their descriptions: names of files and texts of plans cannot be commands."""
    for name in (*HARMFUL, "ab.llmc"):
        (folder / name).touch()
    (folder / "ab.llmc").write_text('input city: str = "[/x] \\\\$(touch harm)`touch harm`\'\\""\njoin($city)\n')
    (folder / "llmc.toml").write_text('[models."$(touch harm)"]\nname = "x"\n')
    lines = "\n".join(
        (
            *complete("run", "a", shell=shell),
            *complete("run", "ab.llmc", "--input", "c", shell=shell),
            *complete("ask", "why", "--model", "", shell=shell),
        )
    ).replace("\\\\:", "")  # the colon of zsh
    assert all(word in lines for word in ("ab.llmc", "city=", "local"))
    assert not [word for word in ("$", "`", "\\", "a b", ";touch", "a;") if word in lines]


@pytest.mark.parametrize("command", OPTIONS)
def test_every_place_is_completed_without_a_complaint(complete: Complete, command: str) -> None:
    """Nothing fails behind any option of any command, nor where options are listed, in each shell."""
    for option in OPTIONS[command]:
        complete(command, option, "")
    for shell in ("bash", "zsh", "fish", "powershell"):
        listed = complete(command, "--", shell=shell)
        assert any("--help" in line for line in listed)


def test_a_broken_file_is_no_complaint(complete: Complete, folder: Path) -> None:
    """A configuration, a plan or a pipe that cannot be read gives fewer candidates."""
    (folder / "llmc.toml").write_text("[models")
    assert complete("ask", "why", "--model", "") == ["local"]
    (folder / "plan.llmc").write_bytes(b"input a: \xff\ninput = 3\ninput b: int\n1. f((\n" + b"(" * 3000)
    assert "b=" in complete("run", "plan.llmc", "--input", "")
    os.mkfifo(folder / "pipe.llmc")
    assert complete("run", "pipe.llmc", "--input", "") == []


def test_what_fails_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    """An error in the middle ends the candidates; prints go nowhere."""

    @completion
    def broken(_: typer.Context, __: str) -> "list[tuple[str, str]]":
        sys.stdout.write("out")
        sys.stderr.write("err")
        raise RuntimeError

    assert broken(None, "") == []  # type: ignore[arg-type]  # the context is not used
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("error", [RuntimeError("typer"), KeyboardInterrupt()])
def test_an_error_of_typer_is_silent(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], error: BaseException
) -> None:
    """The command line of the user is not interrupted by a traceback."""

    def failing() -> None:
        raise error

    monkeypatch.setattr("llmc.cli.app", failing)
    monkeypatch.setenv(VARIABLE, "complete_bash")
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 0
    assert capfd.readouterr() == ("", "")


def test_a_process_completes(complete: Complete, folder: Path) -> None:
    """As the script of bash asks; the libraries of a run are not imported, nor the tools of the plan."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", COMMAND],
        cwd=folder,
        env=os.environ | asked(("llmc", "run", "plan.llmc", "--input", "")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "city=\nleast=\n")
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert "lark" in imported
    assert not {"rich", "networkx", "asyncio", "openai", "tools"} & imported


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_installed(folder: Path, shell: str) -> None:
    """`llmc --install-completion` writes the script of a shell into the home of the user."""
    ended = subprocess.run(
        [sys.executable, "-c", COMMAND, "--install-completion", shell],
        cwd=folder,
        env=os.environ | {"HOME": str(folder), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"{shell} completion installed in {folder}" in ended.stdout
    written = (path for path in folder.rglob("*") if path.is_file() and "llmc" in path.name and path.suffix != ".toml")
    assert any(VARIABLE in path.read_text() for path in written)
