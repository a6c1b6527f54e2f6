"""The loops that tests run in: a slow machine brings no timer nearer."""

import asyncio
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable
from time import perf_counter

import pytest

from tests.runtime.clock import PatientLoop, VirtualLoop


def order(loop: Callable[[], AbstractEventLoop]) -> tuple[list[str], float]:
    """Which of two timers comes first, where a step of 50 ms lies between their settings; and the loop's time then."""
    ended: list[str] = []

    async def wait(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        ended.append(name)

    async def both() -> float:
        start = asyncio.get_running_loop().time()
        first = asyncio.ensure_future(wait("20 ms", 0.02))
        await asyncio.sleep(0)
        until = perf_counter() + 0.05
        while perf_counter() < until:
            pass
        await wait("10 ms", 0.01)
        await first
        return asyncio.get_running_loop().time() - start

    with asyncio.Runner(loop_factory=loop) as runner:
        return ended, runner.run(both())


@pytest.mark.parametrize("loop", [PatientLoop, VirtualLoop])
def test_a_slow_step_takes_no_time(loop: Callable[[], AbstractEventLoop]) -> None:
    """The shorter timer comes first, and at the end exactly the longer one has passed."""
    ended, seconds = order(loop)
    assert ended == ["10 ms", "20 ms"]
    assert seconds == pytest.approx(0.02)


def test_in_another_loop_it_does() -> None:
    """The control: the longer timer has run out before the shorter one is set."""
    assert order(asyncio.SelectorEventLoop)[0] == ["20 ms", "10 ms"]


@pytest.mark.parametrize("loop", [PatientLoop, VirtualLoop])
def test_a_loop_waits_for_other_threads(loop: Callable[[], AbstractEventLoop]) -> None:
    """A result from another thread within a time limit arrives in time."""

    async def answer() -> int:
        async with asyncio.timeout(300):
            total = await asyncio.to_thread(sum, range(1_000_000))
        await asyncio.get_running_loop().shutdown_default_executor()
        return total

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(answer()) == sum(range(1_000_000))


def test_a_loop_that_does_not_wait_is_too_early() -> None:
    """The control: in virtual time alone, the limit passes before the thread has ended."""
    may_end = threading.Event()

    async def answer() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(300):
                await asyncio.to_thread(may_end.wait)
        may_end.set()
        await asyncio.get_running_loop().shutdown_default_executor()

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(for_threads=0)) as runner:
        runner.run(answer())
