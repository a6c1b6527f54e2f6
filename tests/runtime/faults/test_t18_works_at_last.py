"""T18: a tool fails k times, then works."""

import asyncio

import pytest

from llmc_compiler.tools.decorators import pure
from llmc_compiler.tools.tool import Tool
from llmc_runtime.calls.backoff import DOUBLINGS, FIRST_DELAY
from llmc_runtime.limits import Limits
from llmc_runtime.state.events import Retried
from tests.runtime.build import call, play
from tests.runtime.fakes import OutageError


def failing(times: int, log: list[float]) -> Tool:
    """A tool that fails so often, and notes when it was called."""

    @pure
    async def flaky() -> str:
        log.append(asyncio.get_running_loop().time())
        if len(log) <= times:
            raise OutageError
        return "at last"

    return flaky


@pytest.mark.parametrize("k", range(10))
@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_it_has_k_plus_1_attempts_and_the_waits_that_are_specified(k: int, jitter: float) -> None:
    """Before attempt n + 1 the wait is a random part of 50 ms times two to the n - 1."""
    log: list[float] = []
    run = play(call("a", failing(k, log), retries=9), random=lambda: jitter)
    waits = [jitter * FIRST_DELAY * 2 ** min(n, DOUBLINGS) for n in range(k)]
    assert run.results == {"a": "at last"}
    assert log == pytest.approx([sum(waits[:n]) for n in range(k + 1)])
    assert [event.delay for event in run.events if isinstance(event, Retried)] == pytest.approx(waits)


def test_a_plan_cannot_have_more_attempts_than_the_limit() -> None:
    """Whatever its `@retry` says."""
    log: list[float] = []
    assert play(call("a", failing(99, log), retries=99), limits=Limits(attempts=3)).errors
    assert len(log) == 3


def test_the_randomness_is_handed_in() -> None:
    """One number for each wait, and none for an attempt that is not followed by another."""
    numbers = iter([0.25, 0.75])
    log: list[float] = []
    play(call("a", failing(99, log), retries=2), random=lambda: next(numbers))
    assert log == pytest.approx([0, 0.0125, 0.0875])
