"""The sum of the times of calls is shown where it is true: where no call can have waited long for a processor."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain, repeat

import pytest

from llmc_compiler.tools.decorators import pure
from llmc_compiler.tools.tool import Tool
from llmc_runtime.limits import Limits
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from llmc_runtime.scheduler import call_times
from llmc_runtime.scheduler.call_times import CallTimes
from llmc_runtime.scheduler.executor import Executor
from llmc_runtime.state import events
from tests.runtime import clock
from tests.runtime.build import call, expr, graph, play
from tests.runtime.fakes import slow

WIDE, CALLS = 64, 4


@pure
async def sleeping(number: int) -> int:
    """Wait without a processor."""
    await asyncio.sleep(0.12)
    return number


@pure
def sleeping_in_a_thread(number: int) -> int:
    """Wait in a thread."""
    time.sleep(0.12)
    return number


@pure
def computing(number: int) -> int:
    """Compute in Python, which one thread at a time does."""
    return sum(each % 7 for each in range(300_000 + number))


@pure
def querying(number: int) -> int:
    """Let SQLite compute, which any number of threads does."""
    count = "WITH RECURSIVE n(x) AS (SELECT ? UNION ALL SELECT x + 1 FROM n LIMIT 60000) SELECT count(x) FROM n"
    with closing(sqlite3.connect(":memory:")) as database:
        found: int = database.execute(count, [number]).fetchone()[0]
    return found


def carried_out(tool: Tool, width: int, clock: Callable[[], float] = time.monotonic) -> Run:
    """A real run of calls that need nothing from each other."""
    nodes = [call(f"t{number}", tool, number) for number in range(CALLS)]
    return asyncio.run(execute(graph(*nodes, join=None), {}, limits=Limits(width=width), clock=clock))


def is_within_a_quarter(tool: Tool) -> bool:
    """Whether the sum of a run at full width is given, and that of the same calls one after another."""
    total, alone = carried_out(tool, WIDE).sum_of_calls, carried_out(tool, 1).seconds
    return total is not None and abs(total - alone) <= alone / 4


@pytest.mark.parametrize("tool", [sleeping, sleeping_in_a_thread], ids=["async", "sync"])
def test_of_tools_that_sleep_it_is_what_they_take_one_after_another(tool: Tool) -> None:
    """Within a quarter; a machine that is busy gets several chances."""
    assert any(is_within_a_quarter(tool) for _ in range(4))


@pytest.mark.parametrize("tool", [computing, querying], ids=["Python", "SQLite"])
@pytest.mark.parametrize("width", [1, WIDE])
def test_of_tools_that_compute_it_is_left_out(tool: Tool, width: int) -> None:
    """In the run, in its JSON and in its words; the clock is that of a machine with nothing else to do."""
    run = carried_out(tool, width, time.process_time)
    assert run.sum_of_calls is None
    assert run.to_json()["sum_of_calls"] is None
    assert run.processor_seconds > run.seconds / 4
    assert "one after another" not in run.summary()
    assert f"; longest chain {run.longest_chain:.2f} s" in run.summary()


def test_without_the_rule_it_would_be_false(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: calls that wait for each other add up to a multiple of their time."""
    monkeypatch.setattr(call_times, "SHARE", float("inf"))
    total = carried_out(computing, WIDE, time.process_time).sum_of_calls
    assert total is not None
    assert total > 1.5 * carried_out(computing, 1, time.process_time).seconds


def measured(*used: float) -> Callable[[], float]:
    """A clock of processors that is at 100 at the start of the run, and so much further at each look."""
    looks: Iterator[float] = chain([0.0], used, repeat(used[-1]))
    return lambda: 100.0 + next(looks)


@pytest.mark.parametrize(("used", "total"), [(0.0, 6.0), (1.0, 6.0), (1.01, None), (50.0, None), (-1.0, 6.0)])
def test_a_quarter_of_the_time_on_processors_is_allowed(used: float, total: float | None) -> None:
    """Of that of the run: here it is used beside the calls. A clock that goes back has used nothing."""
    run = play(call("a", slow, 4), call("b", slow, 2), processor=measured(0, 0, 0, used))
    assert (run.seconds, run.sum_of_calls) == (4, total)
    assert run.processor_seconds == pytest.approx(max(used, 0.0))
    assert isinstance(run.events[-1], events.RunFinished)
    assert run.events[-1].sum_of_calls == total


def test_a_long_wait_does_not_hide_many_calls_that_compute() -> None:
    """A quarter of the calls may be used too: each has waited no longer than was used meanwhile."""
    nodes = [call("a", slow, 100), *(call(f"b{number}", slow, 20) for number in range(9))]
    run = play(*nodes, processor=measured(0.0, 20.0))
    assert (run.seconds, run.processor_seconds, run.sum_of_calls) == (100, 20, None)
    assert play(*nodes, processor=measured(0.0)).sum_of_calls == 280


@pytest.mark.parametrize("node", [expr("a", 1), call("a", slow, 0)])
def test_a_run_that_is_too_short_to_measure_has_none(node: object) -> None:
    """With clocks that stand still nothing is known."""
    run = play(node, processor=lambda: 0.0)  # type: ignore[arg-type]  # a node
    assert (run.seconds, run.sum_of_calls) == (0, None)
    assert "one after another" not in run.summary()


def test_a_tool_that_blocks_the_loop_makes_others_wait() -> None:
    """Without a processor; then there is none either."""
    ticks = iter(range(100))
    times = CallTimes(lambda: float(next(ticks)), lambda: 0.0)
    times.begin("a")
    assert times.end("a", 1.0) == 1
    assert times.total(4.0, 0.0) == 1
    times.is_stalled = True
    assert times.total(4.0, 0.0) is None


class Processor:
    """A clock of processors that tools set forward, and that counts how often it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0
        self.looks = 0

    def __call__(self) -> float:
        """Seconds that were used."""
        self.looks += 1
        return self.now

    def computing(self, seconds: float) -> Tool:
        """A tool that takes a second, and computes so long."""

        @pure
        async def compute(number: int) -> int:
            self.now += seconds
            await asyncio.sleep(1)
            return number

        return compute


@pytest.mark.parametrize(("apart", "looks"), [(0.0, range(1, 5)), (2 * call_times.STEP, range(100, 120))])
def test_the_clock_of_processors_is_looked_at_once_a_step(apart: float, looks: range) -> None:
    """However many calls begin and end: a look costs an eighth of all that a call costs."""
    processor = Processor()
    play(*(call(f"a{number}", slow, number * apart) for number in range(100)), processor=processor)
    assert processor.looks in looks


@pytest.mark.parametrize(("given_up", "total"), [((0, 1, 2), 4.0), ((), None)])
def test_calls_that_are_given_up_count_no_more(given_up: tuple[int, ...], total: float | None) -> None:
    """A call next to many others that go on may have waited for each of them; next to those of a dropped draft not."""
    time, processor = Processor(), Processor()
    times = CallTimes(time, processor)
    for draft in range(3):
        times.begin(draft)
    for draft in given_up:
        times.forget(draft)
    time.now = 1.0
    times.begin("a")
    time.now, processor.now = 5.0, 0.5
    times.end("a", 1.0)
    assert times.total(5.0, 0.5) == total


@pytest.mark.parametrize(("seconds", "total"), [(0.0, 2.0), (0.5, None)])
def test_runs_at_the_same_time_count_each_others_processors(seconds: float, total: float | None) -> None:
    """None of them claims a sum that the other may have spoiled."""
    used = Processor()

    async def both() -> list[Run]:
        plans = (
            graph(call("a", each, 1), call("b", each, 2)) for each in (used.computing(0.0), used.computing(seconds))
        )
        return await asyncio.gather(*(execute(plan, {}, processor=used) for plan in plans))

    assert [run.sum_of_calls for run in clock.run(both())] == [total, total]


@pytest.mark.parametrize(("seconds", "totals"), [(0.0, [2.0, 2.0]), (0.5, [None, None])])
def test_a_run_inside_another_shares_its_processors(seconds: float, totals: list[float | None]) -> None:
    """It spoils the sum of both."""
    used = Processor()
    inner: list[Run] = []

    @pure
    async def nested(number: int) -> int:
        plan = graph(call("a", used.computing(seconds), number), call("b", used.computing(0.0), 2))
        inner.append(await execute(plan, {}, processor=used))
        return number

    outer = play(call("a", nested, 1), call("b", slow, 1), processor=used)
    assert [run.sum_of_calls for run in (outer, *inner)] == totals


@pure
def starting(number: int) -> int:
    """Let another process compute, and wait for it."""
    program = f"sum(each % 7 for each in range(2_000_000 + {number}))"
    return subprocess.run([sys.executable, "-S", "-E", "-c", program], check=True).returncode


def test_processes_that_a_tool_waits_for_are_counted() -> None:
    """They use the same processors; this one only waits."""
    before = time.process_time()
    run = carried_out(starting, 2, lambda: sum(os.times()[:4]))
    assert run.sum_of_calls is None
    assert run.processor_seconds > 2 * (time.process_time() - before)


def test_a_run_that_has_not_ended_has_no_sum() -> None:
    """It is known at the end."""
    assert Executor({}).sum_of_calls is None
