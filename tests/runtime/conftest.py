"""Nothing is left running by any test."""

import threading
from collections.abc import Iterator

import pytest

from llmc_runtime import left, watch
from tests.runtime import clock


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """After each test no task runs, and no thread that it started."""
    clock.left_over.clear()
    yield
    assert not clock.left_over
    watch.rest()
    for thread in threading.enumerate():
        if thread.name == "llmc-tool":
            thread.join(5)
            assert not thread.is_alive()
    assert not left.all_left()
