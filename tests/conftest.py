"""How hypothesis draws: the same examples at every run, or many new ones; and what is tested first."""

import os

import pytest
from hypothesis import settings

# No deadline: a slow machine is not a mistake in the code.
settings.register_profile("check", derandomize=True, deadline=None)
settings.register_profile("fuzz", max_examples=int(os.environ.get("LLMC_PLANS", "1000")), deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "check"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process is left alone with it at the end."""
    items.sort(key=lambda item: {"semantics", "talks"}.isdisjoint(item.path.parts))
