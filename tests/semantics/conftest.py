"""What all random plans need."""

import pytest


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow without delay."""
    monkeypatch.setattr("llmc_runtime.calls.backoff.FIRST_DELAY", 0.0)
