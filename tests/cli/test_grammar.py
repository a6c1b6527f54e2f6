"""`llmc grammar`."""

from pathlib import Path

import pytest

from llmc import decoder_grammar
from llmc.config.tool_files import load_file
from llmc_compiler.decoder.decoder_grammar import Level
from llmc_compiler.decoder.syntaxes import Syntax
from tests.cli.conftest import Cli


def test_a_full_grammar_is_printed(cli: Cli, folder: Path) -> None:
    """In the Lark syntax, of 16 tasks, unless something else is asked for."""
    ended = cli("grammar", "--tools", "tools.py")
    assert (ended.status, ended.stderr) == (0, "")
    assert ended.stdout == decoder_grammar(load_file(folder / "tools.py"), level="full")


@pytest.mark.parametrize("syntax", ["lark", "gbnf"])
@pytest.mark.parametrize("level", ["full", "sound", "tools", "plain"])
def test_syntax_level_and_tasks_are_options(cli: Cli, folder: Path, syntax: Syntax, level: Level) -> None:
    """Each is that of the function."""
    ended = cli("grammar", "--tools", "tools.py", "--syntax", syntax, "--level", level, "--tasks", "3")
    assert ended.stdout == decoder_grammar(load_file(folder / "tools.py"), syntax=syntax, level=level, tasks=3)


def many_tools(folder: Path, count: int) -> None:
    """A file with so many tools."""
    lines = (f"@pure\ndef f{number}(a: str, b: str = '') -> str:\n    return a\n" for number in range(count))
    (folder / "many.py").write_text("\n".join(["from llmc import pure", *lines]), "utf-8")


def test_a_grammar_that_would_be_too_large_says_less(cli: Cli, folder: Path) -> None:
    """And a line on stderr tells so."""
    many_tools(folder, 60)
    ended = cli("grammar", "--tools", "many.py", "--tasks", "60")
    assert (ended.status, ended.stderr.count("\n")) == (0, 1)
    assert "this one has level `tools`" in ended.stderr
    assert ended.stdout.startswith("start: line~0..60")


def test_a_level_that_does_not_fit_is_wrong_usage(cli: Cli, folder: Path) -> None:
    """What was asked for cannot be had."""
    many_tools(folder, 60)
    ended = cli("grammar", "--tools", "many.py", "--tasks", "60", "--level", "sound")
    assert (ended.status, ended.stdout) == (2, "")
    assert ended.stderr == (
        "llmc: a grammar at level `sound` would be larger than 262144 characters: "
        "allow fewer tasks, or take a lower level\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--tools", "none.py"),
        ("--tools", "tools.py", "--syntax", "ebnf"),
        ("--tools", "tools.py", "--level", "best"),
        ("--tools", "tools.py", "--tasks", "0"),
        ("--tools", "tools.py", "--tasks", "257"),
    ],
)
def test_wrong_input_is_wrong_usage(cli: Cli, arguments: tuple[str, ...]) -> None:
    """Without a traceback, and with nothing on stdout."""
    ended = cli("grammar", *arguments)
    assert (ended.status, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr
