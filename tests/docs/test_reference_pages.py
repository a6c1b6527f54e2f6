"""Everything that the pages of the reference show is true."""

from pathlib import Path

import pytest

from tests.docs.pages import run_page, section

ELSEWHERE = frozenset({"values.md"})
"""Pages whose examples another test runs: tests/compiler/test_growth.py."""


@pytest.mark.golden
@pytest.mark.parametrize(
    "path", [path for path in section("reference") if path.name not in ELSEWHERE], ids=lambda path: path.name
)
def test_a_page_is_true(path: Path, tmp_path: Path, shell: dict[str, str]) -> None:
    """Its files, commands and programs give the output that it shows."""
    run_page(path, tmp_path, shell)
