"""Everything that the README and the pages of each section show is true."""

from pathlib import Path

import pytest

from tests.docs.pages import README, chosen, run_page, section

PAGES = [*chosen([README]), *section(".", "start", "concepts", "inside", "cookbook")]


@pytest.mark.golden
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_is_true(path: Path, tmp_path: Path, shell: dict[str, str]) -> None:
    """Its files, commands and programs give the output that it shows."""
    run_page(path, tmp_path, shell)
