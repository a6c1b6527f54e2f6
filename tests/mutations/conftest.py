"""What all mutations need."""

import pytest


@pytest.fixture(autouse=True)
def _uncounted(no_cover: None) -> None:
    """What is run while something is wrong is not counted as reached."""
