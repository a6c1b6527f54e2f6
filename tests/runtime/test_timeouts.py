"""Threads of sync tools, timeouts, and what does not react to them."""

import asyncio
import contextvars
import threading
from collections.abc import Iterator

import pytest

from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.steps import Add, Drop
from llmc_compiler.tools.decorators import pure, write
from llmc_runtime.errors import ToolFailed, ToolTimedOut
from llmc_runtime.limits import Limits
from llmc_runtime.program.execution import execute
from llmc_runtime.scheduler.executor import Executor
from llmc_runtime.state.events import Event
from tests.patience import PATIENCE
from tests.runtime import clock
from tests.runtime.build import call, error, graph, play, ref, times
from tests.runtime.fakes import raising, slow


def test_a_sync_tool_runs_in_a_thread() -> None:
    """Its thread is one of ours, and never the loop's."""

    @pure
    def where() -> str:
        return threading.current_thread().name

    assert play(call("a", where)).value == {"a": "llmc-tool"}


def test_sync_tools_run_at_the_same_time() -> None:
    """Two that wait for each other both end."""
    both = threading.Barrier(2, timeout=PATIENCE)

    @pure
    def meet() -> int:
        return both.wait()

    run = play(call("a", meet), call("b", meet))
    assert sorted(run.results.values(), key=str) == [0, 1]


def test_threads_are_bounded_and_reused() -> None:
    """A hundred calls run on two threads."""
    names: set[int] = set()

    @pure
    def note(x: int) -> int:
        names.add(threading.get_ident())
        return x

    run = play(*(call(f"t{i}", note, i) for i in range(100)), limits=Limits(threads=2))
    assert list(run.results.values()) == list(range(100))
    assert len(names) <= 2


def test_a_sync_function_may_return_an_awaitable() -> None:
    """It is awaited on the loop, under the same timeout."""

    @pure
    def later(value: str) -> object:
        return asyncio.sleep(1, value)

    run = play(call("a", later, "x"))
    assert run.results == {"a": "x"}
    assert run.seconds == 1


def test_a_sync_tool_sees_the_callers_context() -> None:
    """Context variables that were set around the run are there, and what a tool sets is its own."""
    user = contextvars.ContextVar("user", default="nobody")

    @pure
    def who(_: object = None) -> str:
        before = user.get()
        user.set("somebody else")
        return before

    @pure
    async def who_async(_: object = None) -> str:
        before = user.get()
        user.set("yet another")
        return before

    user.set("ada")
    run = play(call("a", who), call("b", who_async, ref("a")), call("c", who_async, ref("b")), call("d", who, ref("c")))
    assert set(run.results.values()) == {"ada"}


def test_an_async_tool_that_takes_too_long_is_cancelled() -> None:
    """It fails when its time is over, and gets to clean up."""
    ended: list[str] = []

    @pure
    async def hang() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            ended.append("cancelled")

    run = play(call("a", hang, timeout=2.5))
    assert str(run.errors["a"]) == "task a timed out: `hang` took longer than 2.5 s"
    assert isinstance(run.errors["a"], ToolTimedOut)
    assert run.seconds == 2.5
    assert ended == ["cancelled"]
    assert run.abandoned == ()


def test_a_tool_within_its_time_is_not_touched() -> None:
    """A timeout that is not reached does nothing."""
    assert play(call("a", slow, 2, "x", timeout=2.5)).results == {"a": "x"}


def test_a_tool_that_swallows_its_cancellation_does_not_hold_the_run() -> None:
    """It times out like any other, and is named among what was left running."""

    async def scenario() -> None:
        release = asyncio.Event()

        @pure
        async def stubborn() -> str:
            while not release.is_set():
                try:
                    await release.wait()
                except asyncio.CancelledError:
                    continue
            return "too late"

        run = await execute(graph(call("a", stubborn, timeout=1), call("b", slow, 2, "x")), {})
        assert isinstance(run.errors["a"], ToolTimedOut)
        assert run.results == {"b": "x"}
        assert times(run, "failed") == {"a": 1}
        assert run.seconds == 2
        assert run.abandoned == ("stubborn (task a)",)
        release.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    clock.run(scenario())


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Something for threads to wait for, set at the end."""
    event = threading.Event()
    yield event
    event.set()


def test_a_sync_tool_that_hangs_is_left_behind(release: threading.Event) -> None:
    """Its thread is named, and its result, when it comes, is nobody's."""

    @write("r")
    def hang() -> bool:
        return release.wait(PATIENCE)

    run = play(call("a", hang, timeout=3))
    found = run.errors["a"]
    assert isinstance(found, ToolTimedOut)
    assert found.in_doubt
    assert run.seconds == 3.5
    assert run.abandoned == ("hang (task a)",)
    assert run.summary().endswith("; still running: hang (task a)")


def test_a_thread_that_was_left_makes_room_for_another(release: threading.Event) -> None:
    """Those waiting in line get their turn, and their time starts with it."""

    @pure
    def hang() -> bool:
        return release.wait(PATIENCE)

    run = play(*(call(f"t{i}", hang, timeout=1) for i in range(3)), limits=Limits(threads=1))
    assert times(run, "failed") == {"t0": 1, "t1": 2, "t2": 3}
    assert len(run.abandoned) == 3


def test_a_late_thread_ends_while_the_run_goes_on(release: threading.Event) -> None:
    """What came back late is not counted as left, nor is its coroutine awaited."""
    threads: list[threading.Thread] = []
    begun = threading.Event()

    @pure
    def hang() -> object:
        threads.append(threading.current_thread())
        begun.set()
        release.wait(PATIENCE)
        return asyncio.sleep(100)

    @pure
    def free() -> bool:
        assert begun.wait(PATIENCE)
        release.set()
        threads[0].join(PATIENCE)
        return threads[0].is_alive()

    run = play(call("a", hang, timeout=1), call("b", free, after=["a"]))
    assert run.results == {"b": False}
    assert run.abandoned == ()
    assert run.seconds == 1


def test_a_tools_own_timeout_error_is_its_failure() -> None:
    """Only our limit makes a ToolTimedOut."""
    assert isinstance(error(call("a", raising(TimeoutError("mine")), timeout=5)), ToolFailed)


def test_a_call_that_waits_for_a_thread_can_be_dropped(release: threading.Event) -> None:
    """It never starts."""

    @pure
    def hang() -> bool:
        return release.wait(PATIENCE)

    async def scenario() -> None:
        told: list[Event] = []
        async with Executor({}, limits=Limits(threads=1), emit=told.append) as executor:
            executor.apply([Add((call("a", hang), call("b", hang)))])
            executor.apply([Drop((NodeId("b"), NodeId("a")))])
            executor.seal()
            await executor.settled()
        assert executor.calls == 1
        assert executor.abandoned == ("hang (task a)",)

    clock.run(scenario())


def test_a_thread_that_cannot_be_started_fails_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no more threads, the task says so."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    @pure
    def tool() -> int:
        return 1

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        assert "can't start new thread" in str(error(call("a", tool)))
