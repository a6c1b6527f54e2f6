"""`llmc fmt`."""

import os
import stat
from pathlib import Path

import pytest

from llmc.cli.terminal.file_writer import difference, replace_file
from tests.cli.conftest import Cli

WRITTEN = "\ufeff# one\r\n\r\n\r\n1.f( 'a' )# two\r\njoin($1)"
FORMATTED = '# one\n\n1. f("a")  # two\njoin($1)\n'
DIFF = """\
--- plan.llmc
+++ plan.llmc
@@ -1,2 +1,2 @@
-1.f()
+1. f()
 join($1)
"""


def test_plans_are_formatted_in_place(cli: Cli, folder: Path) -> None:
    """Comments stay, line ends and byte order marks go, and what is formatted is not written again."""
    (folder / "plan.llmc").write_bytes(WRITTEN.encode())
    (folder / "good.llmc").write_text(FORMATTED)
    before = (folder / "good.llmc").stat().st_ino
    ended = cli("fmt", "plan.llmc", "good.llmc")
    assert (ended.status, ended.stdout, ended.stderr) == (0, "", "2 plans: 1 changed\n")
    assert (folder / "plan.llmc").read_bytes() == FORMATTED.encode()
    assert (folder / "good.llmc").stat().st_ino == before
    assert cli("fmt", "plan.llmc", "good.llmc").stderr == "2 plans: no changes\n"


def test_standard_input_goes_to_standard_output(cli: Cli) -> None:
    """As a filter: nothing but the text, in UTF-8."""
    ended = cli("fmt", "-", stdin="f('→')")
    assert (ended.status, ended.stdout, ended.stderr) == (0, 'f("→")\n', "")
    assert cli("fmt", "-", stdin="").stdout == ""


def test_check_names_what_would_change(cli: Cli, folder: Path) -> None:
    """And writes nothing; status 1 if there is something."""
    (folder / "plan.llmc").write_text("1.f()\njoin($1)\n")
    (folder / "good.llmc").write_text(FORMATTED)
    ended = cli("fmt", "--check", "plan.llmc", "good.llmc")
    assert (ended.status, ended.stdout, ended.stderr) == (1, "plan.llmc\n", "2 plans: 1 would change\n")
    assert (folder / "plan.llmc").read_text() == "1.f()\njoin($1)\n"
    assert cli("fmt", "--check", "good.llmc").status == 0
    assert cli("fmt", "--check", "-", stdin="1.f()").status == 1


def test_diff_shows_what_would_change(cli: Cli, folder: Path) -> None:
    """And writes nothing; status 1 only together with --check."""
    (folder / "plan.llmc").write_text("1.f()\njoin($1)\n")
    ended = cli("fmt", "--diff", "plan.llmc")
    assert (ended.status, ended.stdout, ended.stderr) == (0, DIFF, "1 plan: 1 would change\n")
    assert cli("fmt", "--diff", "--check", "plan.llmc").status == 1
    assert (folder / "plan.llmc").read_text() == "1.f()\njoin($1)\n"
    assert cli("fmt", "--diff", "-", stdin=FORMATTED).stdout == ""


def test_a_plan_with_errors_stays_as_it_is(cli: Cli, folder: Path) -> None:
    """Its errors are shown on stderr, the other plans are formatted, and the status is 1."""
    (folder / "bad.llmc").write_text("1.f(\n")
    (folder / "plan.llmc").write_text("1.f()\n")
    ended = cli("fmt", "bad.llmc", "plan.llmc")
    assert (ended.status, ended.stdout) == (1, "")
    assert "error[E120]" in ended.stderr
    assert (folder / "bad.llmc").read_text() == "1.f(\n"
    assert (folder / "plan.llmc").read_text() == "1. f()\n"
    assert cli("fmt", "-", stdin="1.f(\n").stdout == ""


def test_tools_are_not_imported(cli: Cli, folder: Path) -> None:
    """What a plan's `use` lines name is not looked at."""
    (folder / "tools.py").write_text("raise SystemExit('imported')\n")
    (folder / "plan.llmc").write_text('use "tools.py"\nunknown($x)\n')
    assert cli("fmt", "plan.llmc").status == 0
    assert (folder / "plan.llmc").read_text() == 'use "tools.py"\n\nunknown($x)\n'


def test_a_file_that_cannot_be_read_is_wrong_usage(cli: Cli) -> None:
    """Status 2, also beside other failures."""
    ended = cli("fmt", "none.llmc", "-", stdin="f(")
    assert ended.status == 2
    assert "llmc: none.llmc: no such file or directory" in ended.stderr


def test_a_result_that_breaks_a_bound_is_refused(cli: Cli, folder: Path) -> None:
    """The plan stays as it is, and it is said why."""
    text = "f('" + '"' * 8 + "')\n"
    (folder / "plan.llmc").write_text(text)
    ended = cli("fmt", "plan.llmc", "--max-text", str(len(text)))
    assert ended.status == 1
    assert "plan.llmc is left unchanged: formatting would change the meaning of the plan" in ended.stderr
    assert (folder / "plan.llmc").read_text() == text


def test_modes_and_links_stay(cli: Cli, folder: Path) -> None:
    """The file that a link leads to is replaced, with the permissions that it had, and nothing is left beside it."""
    (folder / "sub").mkdir()
    plan = folder / "sub" / "plan.llmc"
    plan.write_text("1.f()\n")
    plan.chmod(0o640)
    (folder / "link.llmc").symlink_to("sub/plan.llmc")
    assert cli("fmt", "link.llmc").status == 0
    assert (folder / "link.llmc").is_symlink()
    assert plan.read_text() == "1. f()\n"
    assert stat.S_IMODE(plan.stat().st_mode) == 0o640
    assert [path.name for path in plan.parent.iterdir()] == ["plan.llmc"]


def test_a_failed_replacement_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the new content is there, or all of the old one, and no piece of a file."""
    path = tmp_path / "plan.llmc"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new")
    assert [found.read_text() for found in tmp_path.iterdir()] == ["old"]


def test_what_cannot_be_written_is_told(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason, and status 2."""
    (folder / "plan.llmc").write_text("1.f()\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    ended = cli("fmt", "plan.llmc")
    assert ended.status == 2
    assert "llmc: plan.llmc: no space left on device\n" in ended.stderr


def test_a_link_to_itself_is_not_replaced(tmp_path: Path) -> None:
    """The error is the system's in every version of Python."""
    path = tmp_path / "plan.llmc"
    path.symlink_to("plan.llmc")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        replace_file(path, b"new")
    assert path.is_symlink()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path) -> None:
    """Though its folder would allow it."""
    path = tmp_path / "plan.llmc"
    path.write_text("old")
    path.chmod(0o400)
    with pytest.raises(PermissionError):
        replace_file(path, b"new")


def test_a_missing_line_end_is_a_difference() -> None:
    """As other tools show it."""
    assert difference("a", "x", "x\n") == "--- a\n+++ a\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n"


def test_a_difference_is_fit_for_a_terminal() -> None:
    """What would move the cursor or turn the direction of writing is shown as an escape; only LF ends a line."""
    assert difference("a", "x\x1b[2J\u202e\r\n", "\x85\ry\r\n").splitlines()[3:] == [
        "-x\\u001b[2J\\u202e",
        "+\\u0085\\u000dy",
    ]
