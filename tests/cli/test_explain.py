"""`llmc explain`: of codes and of plans."""

import json
from pathlib import Path

import pytest

import llmc
from llmc_compiler.explain.story_json import story_json
from tests.cli.conftest import Cli
from tests.cli.seen import seen
from tests.compiler.cases import Case, cases
from tests.golden import settle_file

FOLDER = Path(__file__).with_name("golden")
CASES = cases(FOLDER / "explain.md")
PLAN = 'use "tools.py"\na = add(1, 2)\nb = add(1, 2)\nc = log("$b so far")\nd = entries()\njoin($c, $d)\n'


@pytest.mark.golden
@pytest.mark.parametrize("code", ["W201", "w201"])
def test_a_code_is_explained(cli: Cli, code: str) -> None:
    """What it is, why, an example with its report, and what to write instead; the letter may be small."""
    ended = cli("explain", code)
    assert (ended.status, ended.stderr) == (0, "")
    settle_file(FOLDER / "W201.txt", ended.stdout)


def test_how_an_example_is_read_is_told(cli: Cli) -> None:
    """A mistake that depends on bounds or on the way of reading says which."""
    assert "For example, read with tasks=1:" in cli("explain", "E106").stdout
    assert "For example, read with mode=lenient:" in cli("explain", "W110").stdout


def test_all_codes_are_listed(cli: Cli) -> None:
    """A line for each, sorted, with the codes of every layer."""
    lines = cli("explain", "--list").stdout.splitlines()
    assert lines == sorted(lines)
    assert lines[0].startswith("E100  ")
    assert lines[1] == "E101  Bytes that are not UTF-8."
    assert {"E164", "E201", "E220", "W301"} <= {line[:4] for line in lines}


@pytest.mark.parametrize(
    ("code", "suggestion"), [("W117", "E117"), ("W102", "E102"), ("E301", "W301"), ("W119", "E119")]
)
def test_an_unknown_code_suggests_one(cli: Cli, code: str, suggestion: str) -> None:
    """The nearest one."""
    ended = cli("explain", code)
    assert (ended.status, ended.stdout) == (2, "")
    assert ended.stderr == f"llmc: no mistake has the code {code}; did you mean {suggestion}?\n"


@pytest.mark.parametrize("word", ["plan", "201", "E20", "E2011", "a" * 300])
def test_what_is_no_code_and_no_file_is_wrong_usage(cli: Cli, word: str) -> None:
    """Only these are explained."""
    ended = cli("explain", word)
    assert ended.status == 2
    assert ended.stderr.startswith(f"llmc: `{word}` is neither a code nor a file: ")


@pytest.mark.parametrize("arguments", [[], ["E201", "--list"]])
def test_one_code_or_the_list(cli: Cli, arguments: list[str]) -> None:
    """Neither both nor none."""
    assert cli("explain", *arguments).status == 2


def test_codes_as_json(cli: Cli) -> None:
    """All that there is to say about one; of the list, a line's worth for each."""
    entry = json.loads(cli("explain", "W201", "--format", "json").stdout)
    assert (entry["code"], entry["name"], entry["instead"]) == (
        "W201",
        "UnusedSlot",
        '1. search("under $$100")\njoin($1)',
    )
    listed = json.loads(cli("explain", "--list", "--format", "json").stdout)
    assert {"code": entry["code"], "name": entry["name"], "what": entry["what"]} in listed


@pytest.mark.golden
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_plan_is_told_like_this(case: Case, cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Piped it is plain; on a terminal headings, ids and the longest chain are bold."""
    case.check(lambda given: seen(given, folder, cli, monkeypatch, "explain", "--width", "2"))


def test_the_cases_have_all_that_is_told() -> None:
    """Each section, in each of the two forms."""
    shown = "".join(case.after for case in CASES)
    for title in (
        "Done",
        "Not done, and why",
        "Order",
        "Gains from declarations",
        "Calls that run together",
        "Time",
    ):
        assert f"\n{title}\n" in shown
        assert f"\n␛[1m{title}␛[0m\n" in shown


def test_a_plan_as_json(cli: Cli, folder: Path) -> None:
    """The same story as from Python."""
    (folder / "plan.llmc").write_text(PLAN)
    found = json.loads(cli("explain", "plan.llmc", "--format", "json", "--width", "3").stdout)
    assert found == json.loads(json.dumps(story_json(llmc.load("plan.llmc").explain(3))))
    assert found["calls"] == {"written": 4, "left": 3}
    assert (found["time"]["width"], found["time"]["unit"]) == (3, "s")


def test_a_plan_may_come_from_standard_input(cli: Cli) -> None:
    """Which is called so."""
    told = cli("explain", "-", stdin=PLAN)
    assert (told.status, told.stdout.startswith("<stdin>: 4 calls written, 3 left after fold, ")) == (0, True)


def test_the_passes_can_be_chosen(cli: Cli) -> None:
    """Only what those did is told; without any, nothing was done."""
    told = cli("explain", "-", "--passes", "hoist", stdin=PLAN).stdout
    assert "4 left after hoist" in told
    assert "\nDone\n" not in told
    assert "4 left; no passes ran" in cli("explain", "-", "--no-optimize", stdin=PLAN).stdout


def test_a_missing_plan_and_one_with_mistakes(cli: Cli) -> None:
    """The one is wrong usage, the other has its mistakes told."""
    assert cli("explain", "plan.llmc").stderr == "llmc: plan.llmc: no such file or directory\n"
    ended = cli("explain", "-", stdin="a = nothing()\njoin($a)\n")
    assert (ended.status, ended.stdout) == (1, "")
    assert "error[E201]" in ended.stderr


def test_lines_are_as_wide_as_the_terminal(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or forty columns, which a story needs."""
    for columns, widest in (("60", 60), ("10", 40)):
        monkeypatch.setenv("COLUMNS", columns)
        assert max(map(len, cli("explain", "-", stdin=PLAN).stdout.splitlines())) <= widest
