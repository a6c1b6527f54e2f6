"""What all generated texts in other forms need."""

import pytest


@pytest.fixture(autouse=True)
def _uncounted(no_cover: None) -> None:
    """These tests read generated texts at length; the pages of cases reach the same lines."""
