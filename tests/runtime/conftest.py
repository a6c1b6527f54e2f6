"""Nothing is left running by any test; a loop for what is not async."""

import asyncio
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from llmc_runtime.concurrency import abandoned, stall_monitor
from tests.patience import PATIENCE
from tests.runtime import clock


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """After each test no task runs, and no thread that it started."""
    clock.left_over.clear()
    yield
    assert not clock.left_over
    stall_monitor.rest()
    for thread in threading.enumerate():
        if thread.name == "llmc-tool":
            thread.join(PATIENCE)
            assert not thread.is_alive()
    assert not abandoned.all_left()


@pytest.fixture
def virtual(monkeypatch: pytest.MonkeyPatch) -> clock.VirtualLoop:
    """The one loop that `run_sync` runs in, so that a test sees how long that took."""
    loop = clock.VirtualLoop()
    monkeypatch.setattr(asyncio, "run", partial(clock.run, loop=loop))
    return loop
