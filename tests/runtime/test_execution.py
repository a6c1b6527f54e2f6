"""Runs of whole plans: their events, their times, and what they hand out."""

import asyncio
import itertools
import threading
from contextlib import aclosing

import pytest

from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import TaskId
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_compiler.tools.decorators import pure
from llmc_runtime.program.execution import execute, stream
from llmc_runtime.program.run_result import Run
from llmc_runtime.state import events
from tests.runtime import clock
from tests.runtime.build import call, expr, graph, loop, play, ref, trace
from tests.runtime.fakes import broken, echo, look, put, slow


def test_a_stream_gives_events_as_they_happen_and_at_last_the_run() -> None:
    """Each event is there at the time it tells."""

    async def scenario() -> None:
        seen: list[tuple[float, events.Event | Run]] = []
        loop_ = asyncio.get_running_loop()
        async for event in stream(graph(call("a", slow, 1), call("b", slow, 2, ref("a"))), {}):
            seen.append((loop_.time(), event))  # noqa: PERF401 — the time is that of the event
        run = seen[-1][1]
        assert isinstance(run, Run)
        assert [event for _, event in seen[:-1]] == list(run.events)
        for time, event in seen[:-1]:
            assert isinstance(event, events.RunStarted | events.Started | events.Finished | events.RunFinished)
            assert event.at == time

    clock.run(scenario())


def test_a_stream_that_is_closed_early_stops_the_run() -> None:
    """Nothing goes on."""
    stopped: list[str] = []

    @pure
    async def hang() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            stopped.append("hang")

    async def scenario() -> None:
        async with aclosing(stream(graph(call("a", hang), call("b", slow, 1)), {})) as happening:
            async for event in happening:
                if isinstance(event, events.Finished):
                    break
        assert asyncio.get_running_loop().time() == 1

    clock.run(scenario())
    assert stopped == ["hang"]


def test_a_stream_passes_on_what_a_listener_raises() -> None:
    """It ends, with the exception."""

    async def scenario() -> None:
        def listen(event: events.Event) -> None:
            if isinstance(event, events.Finished):
                raise OSError("pipe")

        async for _ in stream(graph(call("a", slow, 1)), {}, emit=listen):
            pass

    with pytest.raises(OSError, match="pipe"):
        clock.run(scenario())


def test_two_loops_in_one_process_do_not_meet() -> None:
    """Two threads, each with a loop of its own, run plans with async and sync tools."""

    @pure
    def double(x: int) -> int:
        return 2 * x

    def work(results: list[object]) -> None:
        plan = graph(*(call(f"t{i}", double, i) for i in range(20)), call("a", echo, ref("t3")))
        results.append(asyncio.run(execute(plan, {})).results["a"])

    results: list[object] = []
    threads = [threading.Thread(target=work, args=[results]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert results == [6, 6]


def test_a_run_counts_times_and_names_its_longest_chain() -> None:
    """The chain leads through values, order and loops, each task once in a row, and ends before the join."""
    run = play(
        call("a", slow, 1),
        call("b", slow, 2),
        call("c", put, 3, after=["a"]),
        loop("d", [1, 4], call("d/each", slow, 4, when=[ref("c")])),
        call("e/a0", slow, 1, when=[ref("d")]),
        call("e", slow, 1, ref("e/a0")),
    )
    assert (run.calls, run.sum_of_calls, run.seconds) == (7, 16, 10)
    assert (run.longest_chain, run.chain) == (10, ("a", "c", "d", "e"))
    assert run.summary() == "7 calls in 10.00 s; one after another 16.00 s; longest chain 10.00 s: a, c, d, e"


def test_a_long_chain_is_shortened_in_the_summary() -> None:
    """Its beginning and its end are named."""
    nodes = [call("t0", slow, 1), *(call(f"t{i}", slow, 1, ref(f"t{i - 1}")) for i in range(1, 20))]
    assert play(*nodes, join=ref("t19")).summary().endswith("20.00 s: t0, t1, t2, t3, …, t16, t17, t18, t19")


def test_a_run_without_calls_says_so() -> None:
    """There is no chain to name."""
    assert play(expr("a", 1)).summary() == "0 calls in 0.00 s"
    assert play(call("a", slow, 1), join=ref("a")).summary().startswith("1 call in 1.00 s; ")


def test_what_a_run_hands_out_belongs_to_the_caller() -> None:
    """Value and results are copies of each other."""
    run = play(call("a", echo, [1]), join=ref("a"))
    assert isinstance(run.value, list)
    run.value.append(2)
    assert run.results == {"a": [1]}


def test_a_merged_task_has_the_value_or_the_error_of_the_other() -> None:
    """Two written tasks may stand for one node."""
    one = graph(call("a", look), call("f", broken), call("f2/a0", broken, task="f2"), expr("f2", ref("f2/a0")))
    more = {TaskId("b"): NodeId("a"), TaskId("g"): NodeId("f"), TaskId("h"): NodeId("f2")}
    run = clock.run(execute(Graph(one.nodes, {**one.tasks, **more}), {}))
    assert run.results["b"] == "seen"
    assert run.errors["g"] is run.errors["f"]
    assert run.errors["h"] is run.errors["f2"]


def test_events_are_in_the_order_of_time() -> None:
    """From the start of the run to its end."""
    run = play(call("a", slow, 2), call("b", slow, 1), call("c", broken, 1), call("d", echo, 1, when=[False]))
    at = [event.at for event in run.events]
    assert at == sorted(at)
    assert isinstance(run.events[0], events.RunStarted)
    assert run.events[-1] == events.RunFinished(2, complete=True, abandoned=())
    assert trace(run, "skipped") == ["skipped d"]


def test_a_clock_may_be_handed_in() -> None:
    """Times are its differences, so that a wall clock that jumps does no harm."""
    ticks = itertools.count(1_000_000)
    run = play(call("a", echo), clock=lambda: float(next(ticks)))
    at = [event.at for event in run.events]
    assert at == sorted(set(at))
    assert at[0] == 1
    assert run.seconds == at[-1]
