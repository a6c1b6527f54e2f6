"""`--input @file.json`: inputs by name in a file."""

import json
import os
from pathlib import Path
from typing import Final

import pytest

from tests.cli.conftest import Cli

PLAN: Final = 'input n: int\ninput who: str = "me"\ninput rows: list[int]? = null\njoin([$n, $who, $rows])\n'


def value(stdout: str) -> object:
    """What a run printed."""
    return json.loads(stdout)


@pytest.fixture
def plan(folder: Path) -> Path:
    """A plan with three inputs."""
    (folder / "plan.llmc").write_text(PLAN, "utf-8")
    return folder


def test_a_file_has_inputs_by_name(cli: Cli, plan: Path) -> None:
    """With the values that JSON has for their types, of text too; a byte order mark is no part of it."""
    (plan / "in.json").write_text('\ufeff{"n": 2, "who": "3=x", "rows": [1]}', "utf-8")
    ended = cli("run", "plan.llmc", "--input", "@in.json")
    assert (ended.status, value(ended.stdout)) == (0, [2, "3=x", [1]])


def test_files_and_values_go_together(cli: Cli, plan: Path) -> None:
    """Each has some of the inputs; a dry run takes them too."""
    (plan / "in.json").write_text('{"n": 2}', "utf-8")
    (plan / "more.json").write_text('{"rows": null}', "utf-8")
    given = ("-i", "@in.json", "-i", "who=you", "-i", "@more.json")
    assert value(cli("run", "plan.llmc", *given).stdout) == [2, "you", None]
    assert cli("run", "plan.llmc", *given, "--dry-run").status == 0


def test_standard_input_has_inputs(cli: Cli, plan: Path) -> None:
    """`@-` is standard input, unless that is the plan."""
    assert value(cli("run", "plan.llmc", "-i", "@-", stdin='{"n": 5}').stdout)[0] == 5  # type: ignore[index]
    ended = cli("run", "-", "-i", "@-", stdin=PLAN)
    assert (ended.status, ended.stderr) == (2, "llmc: standard input is already the plan: put the inputs in a file\n")


def test_a_value_that_begins_with_an_at_is_text(cli: Cli, plan: Path) -> None:
    """Behind `name=` nothing is a file."""
    (plan / "in.json").write_text('{"n": 2}', "utf-8")
    assert value(cli("run", "plan.llmc", "-i", "n=1", "-i", "who=@in.json").stdout) == [1, "@in.json", None]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", 'in.json: the inputs must be a JSON object, such as {"city": "Oslo"}'),
        ("", "in.json: the inputs are not JSON (line 1, column 1)"),
        ('{"n": 1,\n]', "in.json: the inputs are not JSON (line 2, column 1)"),
        ('{"n": NaN}', "in.json: the inputs are not JSON"),
        ('{"n": 1e999}', "in.json: the inputs are not JSON"),
        ("\udcff", "in.json: the inputs are not JSON"),
        ('{"n": ' + "[" * 100_000 + "}", "in.json: the inputs are not JSON"),
        ('{"n": ' + "1" * 5000 + "}", "in.json: the inputs are not JSON"),
        ('{"n": 1, "n": 2}', "input `n` is given twice"),
        ('{"n": 1, "whoo": 2}', "the plan has no input `whoo`; did you mean `who`?"),
        ('{"n": 1, "x": 2}', "the plan has no input `x`; its inputs are: `n`, `who`, `rows`"),
        ('{"n": true}', "input `n`: true is not of type `int`"),
        ('{"n": 1, "who": 2}', "input `who`: 2 is not of type `str`"),
        ('{"n": 1, "who": "\\ud800"}', "input `who` is a text with a lone surrogate"),
        ('{"who": "x"}', "the plan needs a value for `n`"),
        ('{"' + "y" * 500_000 + '": 1}', "the plan has no input `yyyy"),
    ],
)
def test_a_wrong_file_is_wrong_usage(cli: Cli, plan: Path, text: str, words: str) -> None:
    """It is told in one short line, and nothing is run."""
    (plan / "in.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    ended = cli("run", "plan.llmc", "-i", "@in.json")
    assert (ended.status, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"llmc: {words}")
    assert len(ended.stderr) < 200


@pytest.mark.parametrize("given", [["@in.json", "n=1"], ["n=1", "@in.json"], ["@in.json", "@in.json"]])
def test_an_input_is_given_once(cli: Cli, plan: Path, given: list[str]) -> None:
    """Whichever way."""
    (plan / "in.json").write_text('{"n": 2}', "utf-8")
    ended = cli("run", "plan.llmc", *(word for each in given for word in ("-i", each)))
    assert (ended.status, ended.stderr) == (2, "llmc: input `n` is given twice\n")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "`--input @` does not name a file: write `--input @inputs.json`, or `--input @-` for standard input"),
        ("none.json", "none.json: no such file or directory"),
        (".", ".: is a directory"),
        ("/dev/zero", "/dev/zero: is a device; only /dev/stdin and /dev/null can be read"),
        ("large.json", "large.json: has more than 16 MiB"),
    ],
)
def test_a_file_that_cannot_be_read_is_wrong_usage(cli: Cli, plan: Path, path: str, words: str) -> None:
    """With its name and the fact."""
    with (plan / "large.json").open("wb") as large:
        os.truncate(large.fileno(), 16 * 1024**2 + 1)
    ended = cli("run", "plan.llmc", "-i", f"@{path}")
    assert (ended.status, ended.stderr) == (2, f"llmc: {words}\n")


SECRETS: Final = '''
from llmc import Secret, read

@read("bank")
def login(password: Secret[str]) -> str:
    """Log in."""
    return "in"
'''


@pytest.mark.parametrize(
    "text",
    [
        '{"key": {"password": "hunter2", "password": "hunter2"}, "key": 1}',
        '{"key": ["hunter2"]}',
        '{"key": "hunter2"}',
        '{"key": {"password": "hunter2"}, "other": "hunter2"}',
        '{"key": {"password": "hunter2}}',
        '{"key": {"password": "\\ud800hunter2"}}',
        '{"key": {"password": hunter2}}',
        '{"key": {"password": 1e999}, "n": "hunter2"}',
    ],
)
def test_a_secret_of_a_file_is_not_shown(cli: Cli, plan: Path, text: str) -> None:
    """Whatever is wrong with the file."""
    (plan / "bank.py").write_text(SECRETS, "utf-8")
    (plan / "in.json").write_text(text, "utf-8")
    source = 'use "bank.py"\ninput key: dict[str, str]\njoin(login($key.password))\n'
    ended = cli("run", "-", "-i", "@in.json", stdin=source)
    assert ended.status == 2
    assert "hunter2" not in ended.stderr
    assert "hunter2" not in cli("run", "-", "-i", "hunter2", stdin=source).stderr
    (plan / "in.json").write_text('{"key": {"password": "hunter2"}}', "utf-8")
    assert cli("run", "-", "-i", "@in.json", stdin=source).stdout == "in\n"
