"""What random conversations need."""

import pytest


@pytest.fixture(autouse=True)
def _uncounted(no_cover: None) -> None:
    """These tests say at length what conversations come to; others show that each line is reached."""
