"""T2: a tool hangs on an await."""

import asyncio

import pytest

from llmc_compiler.tools.decorators import pure, write
from llmc_runtime.errors import ToolTimedOut
from llmc_runtime.limits import Limits
from tests.runtime.build import call, play


@pure
async def hang() -> None:
    """Wait for ever."""
    await asyncio.Event().wait()


@write("r")
async def hang_writing() -> None:
    """Wait for ever, perhaps with something written."""
    await asyncio.Event().wait()


def test_it_times_out_without_being_asked_to() -> None:
    """Every attempt has a limit, also where the plan gives none."""
    run = play(call("a", hang))
    assert str(run.errors["a"]) == "task a timed out: `hang` took longer than 300 s"
    assert run.seconds == 300


@pytest.mark.parametrize(("wanted", "given"), [(1.0, 1.0), (100.0, 5.0), (None, 5.0)])
def test_a_plan_may_shorten_the_limit_and_not_lengthen_it(wanted: float | None, given: float) -> None:
    """The shorter of `@timeout` and the limit counts."""
    assert play(call("a", hang, timeout=wanted), limits=Limits(attempt_time=5)).seconds == given


def test_retries_and_waits_count_to_the_time_of_the_task() -> None:
    """Attempts follow each other until the task's time is over; the last is cut."""
    limits = Limits(attempt_time=4, task_time=10)
    run = play(call("a", hang, retries=9), limits=limits, random=lambda: 0)
    error = run.errors["a"]
    assert isinstance(error, ToolTimedOut)
    assert (error.limit, error.attempt, run.seconds) == ("task", 3, 10)
    assert isinstance(error.__cause__, ToolTimedOut)


def test_a_write_that_hangs_is_in_doubt() -> None:
    """Nobody knows what it has done."""
    run = play(call("a", hang_writing))
    assert run.in_doubt == ("a",)
    assert run.summary().endswith("; in doubt: a")
