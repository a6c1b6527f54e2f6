"""No variable of the environment is looked at, the SDK needs no thread, and nothing is left running by any test."""

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import openai._base_client
import pytest

from tests.runtime import clock
from tests.runtime.conftest import nothing_left, virtual

__all__ = ["nothing_left", "virtual"]

T = TypeVar("T")

VARIABLES = ("LLMC_BASE_URL", "LLMC_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY")


def at_once(function: Callable[[], T]) -> Callable[[], Awaitable[T]]:
    """What looks up the platform, without a thread: virtual time does not wait for one."""

    async def look_up() -> T:
        return function()

    return look_up


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, nothing_left: None) -> Iterator[None]:
    """The environment says nothing about models."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(openai._base_client, "asyncify", at_once)  # noqa: SLF001 — there is no other way
    yield
    # The SDK leaves its iterators open where it stops reading, even at `[DONE]`; the loop closes them, or is gone.
    clock.left_over[:] = [each for each in clock.left_over if "async_generator_athrow" not in each]
