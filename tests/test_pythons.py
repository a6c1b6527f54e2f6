"""`make check-pythons`: which Pythons it finds, in a home where there are only these, and how it ends."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="only those who run make need it")


def python(path: Path, says: str, status: int = 0) -> None:
    """A Python that says this, whatever it is asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {says}\nexit {status}\n")
    path.chmod(0o755)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a Python 3.11 for `make check`, and what make needs."""
    for tool in ("sh", "awk", "cut", "sort", "echo", "make"):
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / tool).symlink_to(found)
    python(tmp_path / "bin" / "python3", "11")
    return tmp_path


def check(home: Path, make: str = "echo", **variables: str) -> "subprocess.CompletedProcess[str]":
    """The target with another `make` inside, which says what it would do."""
    environment = {"PATH": str(home / "bin"), "HOME": str(home), **variables}
    command = ["make", "-s", "check-pythons", f"MAKE={make}", f"FOLDER={home / 'none'}"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_newest_of_each_other_version_is_checked(home: Path) -> None:
    """On PATH and in pyenv, each in its own environment; 12 is newer than 9, and a shim that leads nowhere is none."""
    python(home / "bin" / "python3.11", "11 7")
    python(home / "bin" / "python3.12", "12 9")
    python(home / "bin" / "python3.13", "", 127)
    versions = home / ".pyenv" / "versions"
    for number, says in (("3.10.1", ""), ("3.11.9", "11 9"), ("3.12.1", "12 1"), ("3.12.12", "12 12")):
        python(versions / number / "bin" / "python3", says)
    python(home / "bin" / "python3.14", "14 0")
    ended = check(home)
    assert ended.stdout.splitlines() == [
        f"check-python FOLDER=.venv-3.12 PYTHON={versions}/3.12.12/bin/python3",
        "check-python FOLDER=.venv-3.14 PYTHON=python3.14",
        "check-pythons: passed with Python 3.12.12 3.14.0",
    ]
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("variable", ["PYENV_ROOT", "PATH"])
def test_pyenv_is_where_it_says(home: Path, variable: str) -> None:
    """By its variable, or by the command."""
    root = home / "elsewhere"
    python(root / "versions" / "3.13.0" / "bin" / "python3", "13 0")
    python(home / "bin" / "pyenv", str(root if variable == "PATH" else home))
    ended = check(home, **({"PYENV_ROOT": str(root)} if variable == "PYENV_ROOT" else {}))
    assert ended.stdout.splitlines()[-1] == "check-pythons: passed with Python 3.13.0"


def test_none_is_no_failure(home: Path) -> None:
    """It is said."""
    ended = check(home)
    assert (ended.returncode, ended.stdout) == (0, "check-pythons: no Python from 3.11 on is here besides 3.11\n")


def test_one_that_fails_fails_all_and_the_others_are_checked(home: Path) -> None:
    """Both are named."""
    python(home / "bin" / "python3.12", "12 1")
    python(home / "bin" / "python3.13", "13 2")
    make = home / "bin" / "submake"
    make.write_text('#!/bin/sh\ncase "$2" in *3.12) exit 1;; esac\n')
    make.chmod(0o755)
    ended = check(home, make="submake")
    assert ended.returncode != 0
    assert ended.stdout == "check-pythons: passed with Python 3.13.2\n"
    assert ended.stderr.startswith("check-pythons: failed with Python 3.12.1\n")


def test_a_real_python_is_found(home: Path) -> None:
    """This one, by what the probe makes of it; so the fakes above say what a Python says."""
    minor, micro = sys.version_info[1:3]
    python(home / "bin" / "python3", "0")
    python(home / "bin" / "python3.11", "", 127)
    (home / ".pyenv" / "versions" / "this" / "bin").mkdir(parents=True)
    (home / ".pyenv" / "versions" / "this" / "bin" / "python3").symlink_to(sys.executable)
    said = check(home, LD_LIBRARY_PATH=os.environ.get("LD_LIBRARY_PATH", "")).stdout
    assert said.splitlines()[-1] == f"check-pythons: passed with Python 3.{minor}.{micro}"


@pytest.mark.skipif(not (ROOT / ".ci").exists(), reason="it is in the repository alone")
def test_what_ci_runs_is_both() -> None:
    """The checks with one Python, then with the others."""
    assert (ROOT / ".ci/run").read_text("utf-8").splitlines()[-1] == "make check && exec make check-pythons"
