"""Whole plans, streams of events and plans that arrive are driven alike."""

from collections.abc import AsyncGenerator, Callable, Coroutine

import pytest

from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.program.incremental import run_stream
from llmc_runtime.program.program import compile_plan
from llmc_runtime.program.run_result import Run
from llmc_runtime.state.events import Event
from tests.runtime import clock
from tests.runtime.fakes import broken, look, put, slow

PLAN = "a = slow(2)\nb = broken(1)\nc = look(1)\nd = put(1)\ne = slow($b)\nf = slow(1, $a) if $c\njoin([$a, $f])\n"
TOOLS = Toolbox([broken, look, put, slow])

Listener = Callable[[Event], object]
Way = Callable[[Listener], Coroutine[None, None, Run]]


async def whole(listener: Listener) -> Run:
    """`Program.run`."""
    return await compile_plan(PLAN, TOOLS, passes=()).run(emit=listener)


async def streamed(listener: Listener) -> Run:
    """`Program.stream`, whose events are those that the listener receives."""
    told: list[Event] = []

    def emit(event: Event) -> None:
        told.append(event)
        listener(event)

    *given, run = [event async for event in compile_plan(PLAN, TOOLS, passes=()).stream(emit=emit)]
    assert given == told
    assert isinstance(run, Run)
    return run


async def arriving(listener: Listener) -> Run:
    """`run_stream`, of a text that is there at once."""

    async def pieces() -> AsyncGenerator[str, None]:
        yield PLAN

    return await run_stream(pieces(), TOOLS, mode="strict", passes=(), emit=listener)


@pytest.mark.parametrize("way", [streamed, arriving])
def test_all_ways_to_run_a_plan_agree(way: Way) -> None:
    """On the results, on the lines of errors, and on the events with their times, in any order at one time."""

    def seen(way: Way) -> tuple[object, ...]:
        happened: list[tuple[float, str, str]] = []

        def note(event: Event) -> None:
            happened.append((event.at, type(event).__name__, str(getattr(event, "task", ""))))

        run = clock.run(way(note))
        lines = {task: error.line for task, error in run.errors.items()}
        assert len(happened) == len(run.events)
        return run.value, run.results, lines, run.calls, run.seconds, run.chain, sorted(happened)

    assert seen(way) == seen(whole)
    assert seen(whole)[2] == {"b": 2, "e": 5}
