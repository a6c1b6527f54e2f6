"""`llmc new`."""

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from tests.cli.conftest import Cli

ROOT: Final = Path(__file__).parents[2]
RULES: Final = "E,F,W,I,B,UP,N,D1,ANN,PT,SIM,RUF"


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
    for length, kind in product((250, 300), ("plan", "tools", "agent")):
        ended = cli("new", "a" * length, "--kind", kind)
        assert (ended.status, ended.stdout) == (2, "")
        assert ended.stderr.endswith("file name too long\n")
    assert cli("new", "a" * 300, "--kind", "test").status == 2
    assert {*folder.iterdir()} == there


def test_every_kind_ends_with_the_next_command(cli: Cli, folder: Path) -> None:
    """Standard output lists the files, standard error says what to type; the commands work."""
    ended = cli("new", "trip")
    assert (ended.stdout, ended.stderr) == ("trip.llmc\ntrip_tools.py\n", "next: llmc run trip.llmc\n")
    ended = cli("new", "trip", "--kind", "test")
    assert (ended.stdout, ended.stderr) == ("test_trip.py\n", "next: python -m pytest test_trip.py\n")
    ended = cli("new", "a-guide", "--kind", "agent")
    assert (ended.stdout, ended.stderr) == ("a_guide.py\na_guide_tools.py\n", "next: python a_guide.py\n")
    ended = cli("new", "more", "--kind", "tools")
    assert (ended.stdout, ended.stderr) == ("more_tools.py\n", "next: llmc tools more_tools.py\n")
    listed = cli("tools", "more_tools.py").stdout
    assert [effect for effect in ("pure", "nondet", "read(", "write(") if f"[{effect}" not in listed] == []


def test_python_and_pytest_run_what_is_written(cli: Cli, folder: Path) -> None:
    """The agent answers without a key or a network, and the tests pass."""
    cli("new", "trip")
    assert cli("new", "trip", "--kind", "agent").stdout == "trip.py\n"  # its tools are those of the plan
    cli("new", "trip", "--kind", "test")
    asked = subprocess.run([sys.executable, "trip.py"], capture_output=True, text=True, check=False)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert asked.stdout.splitlines()[-1] == "Nairobi is warmer than Oslo by 27 degrees."
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "test_trip.py"]
    ran = subprocess.run(tests, capture_output=True, text=True, check=False)
    assert (ran.returncode, "4 passed" in ran.stdout) == (0, True), ran.stdout


def test_what_is_written_is_clean(cli: Cli, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Ruff and mypy find nothing to say, and plans are formatted."""
    starts = tmp_path_factory.mktemp("starts")
    for name, kind in (("trip", "plan"), ("trip", "agent"), ("trip", "test"), ("other", "tools")):
        assert cli("new", str(starts / name), "--kind", kind).status == 0
    assert cli("fmt", "--check", str(starts / "trip.llmc")).status == 0
    for place, command in (
        (starts, ["ruff", "check", "--isolated", "--no-cache", "--select", RULES, "."]),
        (starts, ["ruff", "format", "--isolated", "--no-cache", "--check", "."]),
        (ROOT, ["mypy", str(starts)]),  # strict, and with the cache of this repository
    ):
        found = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=place,
            env=os.environ | {"MYPYPATH": str(starts)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, found.stdout + found.stderr


def test_tests_need_a_plan(cli: Cli, folder: Path) -> None:
    """Without the plan and its tools nothing is written, and the message says which command writes them."""
    ended = cli("new", "trip", "--kind", "test")
    assert (ended.status, ended.stdout) == (2, "")
    assert ended.stderr == "llmc: trip.llmc does not exist: write it first, with `llmc new trip`\n"
    (folder / "trip.llmc").write_text("join(1)\n")
    assert "trip_tools.py does not exist" in cli("new", "trip", "--kind", "test").stderr
    (folder / "trip_tools.py").write_text("")
    ended = cli("new", "trip", "--kind", "test")
    assert ended.stderr == (
        "trip.llmc differs from the file that `llmc new` writes: change the fakes and values in test_trip.py\n"
        "next: python -m pytest test_trip.py\n"
    )


def test_an_agent_takes_no_tools_that_were_changed(cli: Cli, folder: Path) -> None:
    """A file of tools with another text is not overwritten."""
    (folder / "trip_tools.py").write_text("mine")
    ended = cli("new", "trip", "--kind", "agent")
    assert (ended.status, ended.stderr) == (2, "llmc: trip_tools.py already exists; nothing was written\n")
    assert not (folder / "trip.py").exists()


@pytest.mark.parametrize("name", ["asyncio", "pydantic", "llmc", "__main__"])
def test_an_agent_hides_no_module(cli: Cli, folder: Path, name: str) -> None:
    """A file with the name of a module would be imported in its place."""
    ended = cli("new", name, "--kind", "agent")
    assert ended.stderr == f"llmc: {name}.py would hide the Python module `{name}`: choose another name\n"
    assert not (folder / f"{name}.py").exists()


@pytest.mark.parametrize(
    ("name", "kind", "file"),
    [("trip.py", "agent", "trip.py"), ("trip_tools.py", "tools", "trip_tools.py"), ("trip.llmc", "plan", "trip.llmc")],
)
def test_the_name_may_be_that_of_the_file(cli: Cli, folder: Path, name: str, kind: str, file: str) -> None:
    """Endings and prefixes are not doubled."""
    assert cli("new", name, "--kind", kind).stdout.splitlines()[0] == file


def test_the_name_may_be_that_of_the_tests(cli: Cli, folder: Path) -> None:
    """`test_trip.py` tests trip.llmc."""
    cli("new", "trip")
    assert cli("new", "test_trip.py", "--kind", "test").stdout == "test_trip.py\n"


@pytest.mark.parametrize("kind", ["plan", "tools", "agent"])
def test_json_has_the_kind_and_the_next_command(cli: Cli, folder: Path, kind: str) -> None:
    """Standard error stays empty; the folder is quoted as in a shell."""
    (folder / "a b").mkdir()
    ended = cli("new", "a b/trip", "--kind", kind, "--json")
    told = json.loads(ended.stdout)
    assert ended.stderr == ""
    assert (told["version"], told["kind"]) == (1, kind)
    assert told["next"].endswith(f"'{told['files'][0]}'")
    assert all((folder / file).is_file() for file in told["files"])
