"""How hypothesis draws: the same examples at every run, or many new ones; what is tested first, and in which loop."""

import gc
import os
import signal
from asyncio import AbstractEventLoop
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.golden", "tests.docs.pages")

from tests.runtime.clock import PatientLoop  # noqa: E402
from tests.wheel import shared_environment  # noqa: E402

# A slow machine is not a mistake in the code.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("check", settings.get_profile("any speed"), derandomize=True, max_examples=60)
settings.register_profile(
    "fuzz", settings.get_profile("any speed"), max_examples=int(os.environ.get("LLMC_PLANS", "1000"))
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "check"))

# A background job of a shell ignores signals, and so would the processes that tests start.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


REPEATED: Final = frozenset({"faults", "http_faults", "lenient", "mutations", "semantics", "talks"})
"""Folders whose tests repeat, many times, what others do once: they are run without coverage, which slows them down."""


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """In a process of xdist pytest-cov starts twice; the first, which nobody reads, would go on where tests pause."""
    if hasattr(session.config, "workerinput") and (first := Coverage.current()) is not None:
        first.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process is left alone with it at the end; mark what repeats others."""
    items.sort(key=lambda item: {"semantics", "talks"}.isdisjoint(item.nodeid.split("/")))
    for item in items:
        if not REPEATED.isdisjoint(item.nodeid.split("/")):  # and not of the path, which may have such a folder above
            item.add_marker("no_cover")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], AbstractEventLoop]]:
    """Tests that are coroutines have time limits that a slow machine does not reach."""
    return {"patient": PatientLoop}


@pytest.fixture(scope="module", autouse=True)
def own_garbage() -> None:
    """What other modules have left is not looked through, again and again, for garbage of this one."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def wheel_commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an environment that has the built wheel, and not this checkout."""
    return shared_environment(tmp_path_factory)
