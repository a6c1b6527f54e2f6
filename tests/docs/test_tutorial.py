"""The path of a newcomer: each page of the tutorial, typed into an empty folder, gives what the page shows."""

from pathlib import Path

import pytest

from tests.docs.pages import run_page, section


@pytest.mark.golden
@pytest.mark.parametrize("path", section("tutorial"), ids=lambda path: path.name)
def test_a_page_is_true(path: Path, tmp_path: Path, shell: dict[str, str]) -> None:
    """Its files, commands and programs give the output that it shows."""
    run_page(path, tmp_path, shell)
