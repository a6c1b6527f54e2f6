"""`llmc check DIR` and `llmc fmt DIR`: all plans in a folder."""

import os
from pathlib import Path
from typing import Final

import pytest

from llmc.cli.arguments import plan_folders
from tests.cli.conftest import Cli

GOOD: Final = "join(1)\n"


@pytest.fixture
def tree(folder: Path) -> Path:
    """Plans at several depths, and what is none: hidden folders, circles of links, a pipe, a Python file."""
    for name in ("b.llmc", "a/z.llmc", "a/deep/er/y.llmc", "a.llmc", ".git/x.llmc", "a/.cache/x.llmc", "a/x.py"):
        path = folder / "plans" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(GOOD, "utf-8")
    for name, target in (("a/up", ".."), ("round", "round"), ("gone.llmc", "nothing"), ("self.llmc", "self.llmc")):
        (folder / "plans" / name).symlink_to(target)
    (folder / "plans" / "link.llmc").symlink_to("b.llmc")
    os.mkfifo(folder / "plans" / "pipe.llmc")
    (folder / "plans" / "folder.llmc").mkdir()
    return folder


FOUND: Final = ["plans/a/deep/er/y.llmc", "plans/a/z.llmc", "plans/a.llmc", "plans/b.llmc", "plans/link.llmc"]


def test_a_folder_is_all_plans_in_it(tree: Path) -> None:
    """Sorted, each once; hidden folders, links to folders and what is no regular file are passed over."""
    assert list(plan_folders.plan_files(["plans"])) == FOUND
    assert list(plan_folders.plan_files(["plans/b.llmc", "-", "plans/a", "none"])) == [
        "plans/b.llmc",
        "-",
        "plans/a/deep/er/y.llmc",
        "plans/a/z.llmc",
        "none",
    ]


@pytest.mark.parametrize("given", [".", "plans/.git", "plans/../plans", "plans/a/up"])
def test_a_folder_that_is_named_is_looked_at(cli: Cli, tree: Path, given: str) -> None:
    """Hidden or a link: whoever names it means it."""
    ended = cli("check", given)
    assert (ended.status, "no mistakes" in ended.stderr) == (0, True)


def test_all_plans_of_a_folder_are_checked(cli: Cli, tree: Path) -> None:
    """And their mistakes shown with their files, in that order; a link is a plan of its own."""
    for name in ("a/z", "b"):
        (tree / "plans" / f"{name}.llmc").write_text("a = 1 +\n", "utf-8")
    ended = cli("check", "plans")
    assert (ended.status, ended.stderr) == (1, "5 plans: 3 errors\n")
    assert ended.stdout.index("plans/a/z.llmc:1") < ended.stdout.index("plans/b.llmc:1")


def test_all_plans_of_a_folder_are_formatted(cli: Cli, tree: Path) -> None:
    """In place."""
    (tree / "plans" / "a" / "z.llmc").write_text("join( 1 )\n", "utf-8")
    assert cli("fmt", "plans", "--check").stdout == "plans/a/z.llmc\n"
    assert cli("fmt", "plans").stderr == "5 plans: 1 changed\n"
    assert (tree / "plans" / "a" / "z.llmc").read_text("utf-8") == GOOD


@pytest.mark.parametrize("command", ["check", "fmt", "check --json", "check -q"])
def test_a_folder_without_plans_is_wrong_usage(cli: Cli, tree: Path, command: str) -> None:
    """It is said, and the others are looked at all the same."""
    (tree / "empty" / "deep").mkdir(parents=True)
    ended = cli(*command.split(), "empty", "plans/b.llmc")
    assert ended.status == 2
    words = "llmc: empty: the folder contains no plans: no file in it or below it ends in .llmc\n"
    assert ended.stderr.startswith(words)
    assert ended.stderr.count("llmc: ") == 1


def test_other_commands_take_one_plan(cli: Cli, tree: Path) -> None:
    """A folder is none."""
    ended = cli("run", "plans")
    assert (ended.status, ended.stderr) == (2, "llmc: plans: is a directory; name the plans in it\n")


@pytest.mark.parametrize("bound", ["_MOST_PLANS", "_MOST_NAMES", "_MOST_MIB"])
def test_a_folder_has_bounds(cli: Cli, tree: Path, monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    """A folder with more than can be looked at is told, and not looked at further."""
    monkeypatch.setattr(plan_folders, bound, 0 if bound == "_MOST_MIB" else 2)
    ended = cli("check", "plans")
    assert (ended.status, ended.stdout) == (2, "")
    assert ended.stderr.startswith("llmc: plans: the folder has more than ")
    assert ended.stderr.endswith("name some of its folders\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_told(cli: Cli, tree: Path) -> None:
    """With its name; its plans are not known to be right."""
    (tree / "plans" / "a").chmod(0)
    ended = cli("check", "plans")
    (tree / "plans" / "a").chmod(0o700)
    assert (ended.status, ended.stderr) == (2, "llmc: plans: plans/a cannot be read: permission denied\n")
