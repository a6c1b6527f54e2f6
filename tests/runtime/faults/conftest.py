"""Nothing is left by any test: no task, no thread, no file descriptor."""

import gc
import os
from collections.abc import Iterator

import pytest


def descriptors() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 — names, not paths


@pytest.fixture(autouse=True)
def no_descriptor_left(nothing_left: None) -> Iterator[None]:
    """After each test as many descriptors are open as before."""
    before = descriptors()
    yield
    if descriptors() > before:
        gc.collect()
    assert descriptors() <= before
