"""The time of a run whose plan still arrives: it holds whoever is slow, the tools or the text."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import llmc
from llmc_runtime.state.events import Cancelled, Event, Failed, RunFinished, Started
from tests.runtime import clock

LIMITS = llmc.Limits(run_time=10)
SILENCE = 500.0

told: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    """Each test has its own log."""
    told.clear()


@llmc.read("web")
async def look(seconds: float) -> float:
    """Take some time."""
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        told.append("look was cancelled")
        raise
    return seconds


@llmc.write("mail")
async def send(text: str) -> str:
    """Send a letter."""
    told.append(f"sent {text}")
    return text


async def pieces(*parts: str | float) -> AsyncIterator[str]:
    """Text, and seconds of silence between it; tells that it was ended in the middle."""
    try:
        for part in parts:
            if isinstance(part, str):
                yield part
            else:
                await asyncio.sleep(part)
    except asyncio.CancelledError:
        told.append("the text was cancelled")
        raise


def arrive(*parts: str | float, limits: llmc.Limits = LIMITS) -> tuple[float, llmc.Run | BaseException]:
    """When a run ended whose plan arrives like this, and how."""

    async def main() -> tuple[float, llmc.Run | BaseException]:
        run = llmc.run_stream(pieces(*parts), llmc.Toolbox([look, send]), limits=limits)
        (found,) = await asyncio.gather(run, return_exceptions=True)
        return asyncio.get_running_loop().time(), found

    return clock.run(main())


@pytest.mark.parametrize(
    "parts",
    [
        (SILENCE,),
        ("1. look(3)\n", SILENCE, "join($1)\n"),
        ("1. look(3)\n2. send(", SILENCE, '"a")\n'),
        ('1. look(50)\n2. send("a")\njoin($2)', SILENCE),
        ("# ", *["and so on ", 1.0] * 500),
    ],
)
def test_a_text_that_takes_longer_than_the_run_may_ends_it(parts: tuple[str | float, ...]) -> None:
    """A stall or a trickle: nothing waits on, nothing is written, and who writes the text is told to end."""
    at, error = arrive(*parts)
    assert at == 10
    assert isinstance(error, llmc.RunRefused)
    assert error.limit == "run_time"
    assert str(error) == "the plan did not arrive within 10 s (limit `run_time`)"
    assert told[-1] == "the text was cancelled"
    assert not [each for each in told if each.startswith("sent")]


def test_a_text_that_comes_late_is_waited_for_within_other_limits() -> None:
    """What is looked at above is not there by itself: with more time the same plans are run."""
    at, run = arrive('1. look(3)\n2. send("a")\n', SILENCE, "join($2)\n", limits=llmc.Limits(run_time=600))
    assert at == SILENCE
    assert isinstance(run, llmc.Run)
    assert run.value == "a"
    assert told == ["sent a"]


def test_a_text_that_is_whole_in_time_is_run_as_long_as_there_is_time() -> None:
    """Then the tasks have timed out, and the run says so, as that of a plan that was there from the beginning."""
    at, run = arrive("1. look(3)\n", 9.0, "2. look(5)\njoin($1, $2)\n")
    assert at == 10
    assert isinstance(run, llmc.Run)
    assert run.results == {"1": 3}
    assert isinstance(error := run.errors["2"], llmc.ToolTimedOut)
    assert error.limit == "run"


def test_what_runs_is_told_of_and_its_contexts_are_closed() -> None:
    """The run ends as any other that is stopped: each event is there, and each context sees the error."""
    events: list[Event] = []

    @asynccontextmanager
    async def session() -> AsyncIterator[str]:
        try:
            yield "a session"
        except llmc.RunRefused:
            told.append("the session saw it")
            raise

    @llmc.read("web")
    async def rest(of: llmc.Context[str]) -> None:
        await asyncio.sleep(SILENCE)

    async def main() -> None:
        tools = llmc.Toolbox([look]) | llmc.Toolbox([rest], context=session)
        text = pieces("1. look(3)\n2. rest()\n", SILENCE)
        with pytest.raises(llmc.RunRefused):
            await llmc.run_stream(text, tools, limits=LIMITS, emit=events.append)

    clock.run(main())
    assert [each.task for each in events if isinstance(each, Started)] == ["1", "2"]
    assert [each.task for each in events if isinstance(each, (Failed, Cancelled))] == ["2"]
    assert isinstance(events[-1], RunFinished)
    assert "the session saw it" in told


def test_a_time_limit_of_the_text_itself_is_not_ours() -> None:
    """A TimeoutError of whoever gives it stays what it is."""

    async def late() -> AsyncIterator[str]:
        yield "1. look(3)\n"
        async with asyncio.timeout(5):
            await asyncio.sleep(SILENCE)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await llmc.run_stream(late(), llmc.Toolbox([look]), limits=LIMITS)
        assert asyncio.get_running_loop().time() == 5

    clock.run(main())


def test_the_callers_cancellation_is_passed_on() -> None:
    """Also in the moment when the time is over."""

    async def main(after: float) -> None:
        run = asyncio.ensure_future(llmc.run_stream(pieces(SILENCE), llmc.Toolbox([look]), limits=LIMITS))
        await asyncio.sleep(after)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    for after in (5.0, 10.0):
        clock.run(main(after))
