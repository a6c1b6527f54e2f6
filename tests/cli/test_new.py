"""`llmc new`."""

from pathlib import Path

import pytest

from tests.cli.conftest import Cli


def test_the_starter_runs_at_once(cli: Cli, folder: Path) -> None:
    """The two files that are written are a plan without mistakes and its tools."""
    ended = cli("new", "my-plan")
    assert ended.stdout == "my-plan.llmc\nmy_plan_tools.py\n"
    assert cli("check", "my-plan.llmc").stderr == "1 plan: no mistakes\n"
    tools = folder / "my_plan_tools.py"
    tools.write_text(tools.read_text("utf-8").replace("sleep(0.3)", "sleep(0)"), "utf-8")
    ended = cli("run", "my-plan.llmc", "--input", "city=Lisbon")
    assert ended.status == 0
    assert ended.stdout == "Lisbon: 6 degrees. Nairobi is warmer by 25.\n"


@pytest.mark.parametrize("there", ["plan.llmc", "plan_tools.py"])
def test_nothing_is_overwritten(cli: Cli, folder: Path, there: str) -> None:
    """If one of the files is there, none is written."""
    (folder / there).write_text("mine")
    ended = cli("new", "plan")
    assert (ended.status, ended.stdout) == (2, "")
    assert ended.stderr == f"llmc: {there} already exists; nothing was written\n"
    assert (folder / there).read_text() == "mine"
    assert len({*folder.glob("plan*")}) == 1


def test_a_name_may_have_a_folder_and_an_ending(cli: Cli, folder: Path) -> None:
    """`sub/plan.llmc` is the plan called plan in the folder sub, which must be there."""
    assert cli("new", "sub/plan.llmc").status == 2
    (folder / "sub").mkdir()
    assert cli("new", "sub/plan.llmc").stdout == "sub/plan.llmc\nsub/plan_tools.py\n"
    assert cli("check", "sub/plan.llmc").status == 0


@pytest.mark.parametrize("name", ["", "a b", "1", "é", "..", "-"])
def test_a_name_that_is_none_is_wrong_usage(cli: Cli, name: str) -> None:
    """Names of plans are those of identifiers, with dashes."""
    assert cli("new", "--", name).status == 2


def test_a_name_that_is_too_long_is_wrong_usage(cli: Cli, folder: Path) -> None:
    """Nothing is written, also where only the name of the tools would be too long."""
    there = {*folder.iterdir()}
    for length in (250, 300):
        ended = cli("new", "a" * length)
        assert (ended.status, ended.stdout) == (2, "")
        assert ended.stderr.endswith("file name too long\n")
    assert {*folder.iterdir()} == there
