"""The environment of the commands on pages, shared by all tests of a process."""

from collections.abc import Iterator

import pytest

from tests.docs.pages import forking, page_environment


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a page's commands; its folder has a path that is too long for the address of a socket."""
    folder = tmp_path_factory.mktemp("shell") / ("long" * 40)
    folder.mkdir()
    with forking(page_environment(), folder) as environment:
        yield environment
