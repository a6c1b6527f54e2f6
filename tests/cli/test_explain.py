"""`llmc explain`."""

import pytest

from tests.cli.conftest import Cli

STORY = """\
W201 UnusedSlot: A `$name` in a string where nothing of that name is above.

A dollar sign with a number or a word is common in texts, so this is text; it could also be a
misspelt reference.

For example:

    1. search("under $100")
    join($1)

warning[W201]: `$100` stays as it is
 --> plan.llmc:1:18
  |
1 | 1. search("under $100")
  |                  ^^^^ no input or task above has this name
  = help: write `$$100` if it is meant as text

Instead:

    1. search("under $$100")
    join($1)
"""


@pytest.mark.parametrize("code", ["W201", "w201"])
def test_a_code_is_explained(cli: Cli, code: str) -> None:
    """What it is, why, an example with its report, and what to write instead; the letter may be small."""
    ended = cli("explain", code)
    assert (ended.status, ended.stdout, ended.stderr) == (0, STORY, "")


def test_how_an_example_is_read_is_told(cli: Cli) -> None:
    """A mistake that depends on bounds or on the way of reading says which."""
    assert "For example, read with tasks=1:" in cli("explain", "E106").stdout
    assert "For example, read with mode=lenient:" in cli("explain", "W110").stdout


def test_all_codes_are_listed(cli: Cli) -> None:
    """A line for each, sorted, with the codes of every layer."""
    lines = cli("explain", "--list").stdout.splitlines()
    assert lines == sorted(lines)
    assert lines[0] == "E101  Bytes that are no UTF-8."
    assert {"E163", "E201", "E220", "W301"} <= {line[:4] for line in lines}


@pytest.mark.parametrize(
    ("code", "suggestion"), [("E199", "E197"), ("W102", "E102"), ("E301", "W301"), ("W119", "W120")]
)
def test_an_unknown_code_suggests_one(cli: Cli, code: str, suggestion: str) -> None:
    """The nearest one."""
    ended = cli("explain", code)
    assert (ended.status, ended.stdout) == (2, "")
    assert ended.stderr == f"llmc: there is no mistake {code}; did you mean {suggestion}?\n"


@pytest.mark.parametrize("word", ["plan.llmc", "201", "E20", "E2011"])
def test_what_is_no_code_is_wrong_usage(cli: Cli, word: str) -> None:
    """Only codes are explained."""
    ended = cli("explain", word)
    assert ended.status == 2
    assert ended.stderr.startswith(f"llmc: `{word}` is no code: ")


@pytest.mark.parametrize("arguments", [[], ["E201", "--list"]])
def test_one_code_or_the_list(cli: Cli, arguments: list[str]) -> None:
    """Neither both nor none."""
    assert cli("explain", *arguments).status == 2
