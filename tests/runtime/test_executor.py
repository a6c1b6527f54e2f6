"""Executors that are given nodes while others run, runs that are dropped or cancelled, and what is left of them."""

import asyncio
import threading
from dataclasses import replace

import pytest

from llmc_compiler.expressions.terms import Item, NodeId
from llmc_compiler.ir.graph import Graph, Node, TaskId
from llmc_compiler.steps import Add, Drop, Report, Share
from llmc_compiler.tools.decorators import pure
from llmc_runtime.program.execution import execute
from llmc_runtime.scheduler.executor import Executor
from llmc_runtime.state import events
from llmc_runtime.state.outcomes import BlockedBy, Done, Dropped, Outcome, Skipped
from tests.patience import PATIENCE
from tests.runtime import clock
from tests.runtime.build import call, expr, graph, loop, play, ref
from tests.runtime.fakes import broken, echo, put, slow


def add(*nodes: Node) -> Add:
    """The step that adds these nodes."""
    return Add(nodes)


def drop(*keys: str) -> Drop:
    """The step that drops these nodes."""
    return Drop(tuple(map(NodeId, keys)))


def test_nodes_may_come_while_others_run() -> None:
    """What is added later may need what runs, has ended, failed or was skipped."""

    async def scenario() -> None:
        async with Executor({}) as executor:
            executor.apply([add(call("a", slow, 1, "x"), call("b", slow, 3, "y"), call("s", echo, when=[False]))])
            await asyncio.sleep(2)
            executor.apply([add(call("f", broken), call("c", echo, ref("a")), call("d", echo, ref("b")))])
            executor.apply([add(call("e", echo, ref("s"))), Share(TaskId("z"), NodeId("a")), Report(())])
            await asyncio.sleep(5)
            executor.apply([add(call("g", echo, ref("f")), expr("h", ref("d")))])
            executor.seal()
            outcomes = {str(key[0]): outcome for key, outcome in (await executor.settled()).items()}
        assert outcomes["c"] == Done("x")
        assert outcomes["h"] == Done("y")
        assert outcomes["e"] == Skipped(by_condition=False)
        assert isinstance(outcomes["g"], BlockedBy)
        assert executor.seconds == 7

    clock.run(scenario())


def test_nodes_of_one_step_may_come_in_any_order() -> None:
    """A node may need one that follows it in the same step."""

    async def scenario() -> None:
        async with Executor({}) as executor:
            executor.apply([add(call("b", echo, ref("a")), call("a", echo, 1))])
            executor.seal()
            assert (await executor.settled())[NodeId("b"), ()] == Done(1)

    clock.run(scenario())


def test_a_sealed_run_ends_when_all_have_ended() -> None:
    """And one that is not sealed does not."""

    async def scenario() -> None:
        async with Executor({}) as executor:
            executor.apply([add(call("a", slow, 1))])
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(executor.settled(), 10)
            executor.seal()
            assert len(await executor.settled()) == 1

    clock.run(scenario())


def test_a_mistake_of_the_caller_is_raised() -> None:
    """A node twice, or anything after the end."""

    async def scenario() -> None:
        async with Executor({}) as executor:
            executor.apply([add(call("a", echo))])
            with pytest.raises(ValueError, match="node a was added before"):
                executor.apply([add(call("a", echo))])
            executor.seal()
            with pytest.raises(RuntimeError, match="sealed"):
                executor.apply([add(call("b", echo))])
            await executor.settled()

    clock.run(scenario())


# Dropping


def test_what_is_dropped_is_stopped_and_forgotten() -> None:
    """Whether it waits, runs or has ended; its failure too. Those that come after it go on."""
    stopped: list[str] = []

    @pure
    async def hang() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            stopped.append("hang")

    async def scenario() -> tuple[dict[str, Outcome], list[events.Event]]:
        told: list[events.Event] = []
        async with Executor({}, emit=told.append) as executor:
            nodes = [call("a", hang), call("b", echo, ref("a")), call("c", echo, [1]), call("d", broken)]
            executor.apply([add(*nodes, call("w", put, after=["a", "d"]))])
            await asyncio.sleep(1)
            executor.apply([drop("b", "a", "c", "d", "unknown")])
            executor.apply([drop("a")])
            executor.seal()
            outcomes = await executor.settled()
        return {key[0]: outcome for key, outcome in outcomes.items()}, told

    outcomes, told = clock.run(scenario())
    assert stopped == ["hang"]
    assert [outcomes[key] for key in "abcd"] == [Dropped()] * 4
    assert outcomes["w"] == Done("written")
    assert sum(isinstance(event, events.Dropped) for event in told) == 4


def test_a_loop_is_dropped_with_its_elements() -> None:
    """None of them goes on."""

    async def scenario() -> None:
        async with Executor({}) as executor:
            executor.apply([add(loop("a", [5, 1], call("a/each", slow, 5)))])
            await asyncio.sleep(1)
            executor.apply([drop("a")])
            executor.seal()
            outcomes = await executor.settled()
        assert set(outcomes.values()) == {Dropped()}
        assert len(outcomes) == 3
        assert executor.seconds == 1

    clock.run(scenario())


def test_a_nested_loop_is_dropped_with_the_loop_around() -> None:
    """Open or not: its elements are stopped, and it has none if its source was not known yet."""

    async def scenario() -> None:
        source = call("a/in", slow, Item("x"), [2, 3])
        inner = loop("a/each", ref("a/in"), call("a/each/each", slow, 5))
        async with Executor({}) as executor:
            executor.apply([add(loop("a", [4, 0], source, inner))])
            await asyncio.sleep(1)
            executor.apply([drop("a")])
            executor.seal()
            outcomes = await executor.settled()
            await asyncio.sleep(10)
            assert executor.calls == 4
        assert set(outcomes.values()) == {Dropped()}
        assert len(outcomes) == 7

    clock.run(scenario())


def test_a_dropped_read_is_like_a_skipped_one() -> None:
    """Nobody should; but if, nothing hangs."""

    async def scenario() -> None:
        async with Executor({}) as executor:
            executor.apply([add(call("a", slow, 5), call("b", echo, ref("a"))), drop("a")])
            executor.seal()
            assert (await executor.settled())[NodeId("b"), ()] == Skipped(by_condition=False)

    clock.run(scenario())


def test_a_retry_that_waits_is_dropped_too() -> None:
    """No attempt follows."""

    async def scenario() -> None:
        async with Executor({}, random=lambda: 1) as executor:
            executor.apply([add(call("a", broken, retries=5))])
            await asyncio.sleep(0.01)
            executor.apply([drop("a")])
            executor.seal()
            await executor.settled()
            await asyncio.sleep(10)
            assert executor.calls == 1

    clock.run(scenario())


# Cancelling


def cancelled(plan: Graph, times: int = 1) -> list[events.Event]:
    """The events of a run that its caller cancels after a second, once or more often."""
    told: list[events.Event] = []

    async def scenario() -> None:
        running = asyncio.ensure_future(execute(plan, {}, emit=told.append))
        await asyncio.sleep(1)
        for _ in range(times):
            running.cancel()
            await asyncio.sleep(0.1)
        with pytest.raises(asyncio.CancelledError):
            await running
        assert running.cancelled()

    clock.run(scenario())
    return told


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_cancelled_run_leaves_nothing(times: int) -> None:
    """Tools are cancelled, may clean up, and the cancellation is passed on."""
    ended: list[str] = []

    @pure
    async def careful(name: str) -> None:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(0.3)
            ended.append(name)

    told = cancelled(graph(call("a", careful, "a"), call("b", careful, "b"), call("c", echo, ref("a"))), times)
    assert sorted(ended) == ["a", "b"]
    assert told[-1] == events.RunFinished(1.3, complete=False, abandoned=())
    assert not any(isinstance(event, events.Failed) for event in told)


def test_a_cancelled_run_names_the_threads_that_it_leaves() -> None:
    """A thread cannot be stopped."""
    release, begun = threading.Event(), threading.Event()

    @pure
    def hang() -> bool:
        begun.set()
        return release.wait(PATIENCE)

    @pure
    async def wait() -> bool:
        await asyncio.sleep(0.5)
        return begun.wait(PATIENCE)  # the thread has the tool by then, and cannot be called off

    told = cancelled(graph(call("a", hang), call("b", wait)))
    release.set()
    assert told[-1] == events.RunFinished(1, complete=False, abandoned=("hang (task a)",))


def test_a_run_that_is_left_by_an_exception_is_stopped() -> None:
    """What happens in the caller's block ends the run, and is passed on."""

    async def scenario() -> None:
        async with Executor({}) as executor:
            executor.apply([add(call("a", slow, 100))])
            raise LookupError

    with pytest.raises(LookupError):
        clock.run(scenario())


def test_a_listener_that_raises_ends_the_run() -> None:
    """Its exception comes out, not a tool's failure, and nothing hangs."""
    for what in (OSError("pipe"), StopIteration()):

        def listen(event: events.Event, what: Exception = what) -> None:
            if isinstance(event, events.Finished):
                raise what

        with pytest.raises((OSError, RuntimeError), match=r"pipe|StopIteration"):
            play(call("a", slow, 1), call("b", slow, 100), emit=listen)


@pytest.mark.parametrize("after", [0, 1])
def test_a_node_that_reads_what_it_does_not_need_ends_the_run(after: int) -> None:
    """A mistake of the compiler comes out as one, and nothing hangs."""
    wrong = replace(call("b", echo, ref("c")), needs=(NodeId("a"),))
    first = call("a", slow, 1) if after else expr("a", 1)
    with pytest.raises(RuntimeError, match="missing from `needs`"):
        play(first, wrong, call("c", slow, 100))
