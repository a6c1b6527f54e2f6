"""Texts in files that tests compare with what the code gives now.

A test that does so is marked `golden`. `make bless` runs these tests with LLMC_BLESS=1: instead of comparing they write
what the code gives into the files, where it is not there already; the difference is then to be read in git.
"""

import os
from collections.abc import Callable
from pathlib import Path


def settle(found: str, expected: str, write: Callable[[], object]) -> None:
    """Require that what was found is what was expected; or, when blessing, write it down where it is not."""
    if not os.environ.get("LLMC_BLESS"):
        assert found == expected
    elif found != expected:
        write()


def settle_file(path: Path, found: str) -> None:
    """Settle the whole text of a file, which is empty before it is there."""
    expected = path.read_text("utf-8") if path.exists() else ""
    settle(found, expected, lambda: path.write_text(found, "utf-8"))


def settle_part(path: Path, before: str, after: str, found: str, expected: str) -> None:
    """Settle what stands between two texts of a file, which together are there once at most."""

    def write() -> None:
        text = path.read_text("utf-8")
        whole = f"{before}{expected}{after}"
        assert text.count(whole) == 1, f"{path.name} has {expected!r} {text.count(whole)} times"
        path.write_text(text.replace(whole, f"{before}{found}{after}"), "utf-8")

    settle(found, expected, write)
