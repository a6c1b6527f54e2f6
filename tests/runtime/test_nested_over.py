"""Runs inside runs: nothing more is begun once the run around is ended, or the attempt that one is inside of."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final

import pytest

import llmc
from llmc_runtime.calls.nested_runs import CallSite
from llmc_runtime.concurrency import active_runs
from llmc_runtime.program.run_result import Run
from llmc_runtime.state import events
from tests.patience import PATIENCE
from tests.runtime import clock
from tests.runtime.asked import Asked, reasons

written: list[int] = []
runs: list[Run] = []

WAYS: Final = pytest.mark.parametrize("way", ["await", "arriving", "two deep"])


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Each test has its own writes."""
    written.clear()
    runs.clear()
    yield
    written.clear()
    runs.clear()


@llmc.write("n")
async def put(number: int) -> int:
    """Take a second."""
    written.append(number)
    await asyncio.sleep(1)
    return number


PLAN: Final = "".join(f"put({number})\n" for number in range(1, 9))
INNER: Final = llmc.compile(PLAN, llmc.Toolbox([put]), passes=())


async def keep(work: Any) -> None:  # noqa: ANN401 — anything that gives a run
    """Keep the run, whatever happens to who waits for it: as a tool does that swallows its cancellation."""
    task = asyncio.ensure_future(work)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            continue
        except llmc.LlmcError:
            return
    runs.append(task.result())


def errand(way: str, declare: Callable[..., Any] | None = None) -> llmc.Tool:
    """A tool that runs eight writes, one after the other, and hears nothing."""

    async def awaits() -> int:
        await keep(INNER.run())
        return 1

    async def arrives() -> int:
        async def pieces() -> AsyncIterator[str]:
            for line in PLAN.splitlines(keepends=True):
                yield line

        await keep(llmc.run_stream(pieces(), llmc.Toolbox([put]), passes=()))
        return 1

    async def deep() -> int:
        await keep(llmc.compile("middle()\n", llmc.Toolbox([llmc.pure(name="middle")(awaits)])).run())
        return 1

    ways: dict[str, Any] = {"await": awaits, "arriving": arrives, "two deep": deep}
    tool: llmc.Tool = (declare or llmc.pure(name="errand"))(ways[way])
    return tool


@llmc.read("clock")
async def wait(seconds: float) -> float:
    """Take a while."""
    await asyncio.sleep(seconds)
    return seconds


def around(way: str, text: str) -> llmc.Program:
    """The plan around."""
    return llmc.compile(text, llmc.Toolbox([errand(way), wait]), passes=())


async def end(program: llmc.Program, how: str) -> None:
    """End it after three and a half seconds in one way or another, and wait for what is inside."""

    def raise_late(event: events.Event) -> None:
        if isinstance(event, events.Finished) and event.task == "2":
            raise OSError("pipe")

    options: Any = {"emit": raise_late} if how == "listener" else {}
    if how == "time":
        options["limits"] = llmc.Limits(run_time=3.5)
    task = asyncio.ensure_future(program.run(**options))
    if how in ("cancelled", "signal"):
        await asyncio.sleep(3.5)
        task.cancel() if how == "cancelled" else active_runs.close()
    await asyncio.wait([task])
    assert (how in ("time", "signal")) == (not task.cancelled() and task.exception() is None)
    while len(asyncio.all_tasks()) > 1:
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})


@pytest.mark.parametrize("how", ["listener", "cancelled", "time", "signal"])
@WAYS
def test_a_run_that_is_ended_begins_nothing_inside(way: str, how: str) -> None:
    """Four writes are made by then, and no other one is, though the tool goes on."""
    clock.run(end(around(way, "1. errand()\n2. wait(3.5)\n"), how))
    assert written == [1, 2, 3, 4]
    assert runs


@pytest.mark.parametrize("how", ["listener", "cancelled"])
@WAYS
def test_without_the_rule_it_begins_all(way: str, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the run inside does not ask. One without time, or closed by a signal, has its own reason to end."""
    monkeypatch.setattr(CallSite, "refusal", lambda *_: None)
    clock.run(end(around(way, "1. errand()\n2. wait(3.5)\n"), how))
    assert written == list(range(1, 9))


def test_the_reason_is_named() -> None:
    """The run around has ended, or the attempt is over."""
    clock.run(end(around("await", "1. errand()\n2. wait(3.5)\n"), "cancelled"))
    why = "task 5 was not done: the run around it has ended (limit `run_time`)"
    assert str(runs[0].errors["5"]) == why
    assert isinstance(runs[0].errors["5"], llmc.LimitReached)
    runs.clear()
    clock.run(around("await", "1. errand() @timeout(3500ms)\n2. wait(20)\n").run())
    why = "task 5 was not done: the attempt of `errand` around it is over (limit `run_time`)"
    assert str(runs[0].errors["5"]) == why


@WAYS
def test_an_attempt_that_was_given_up_begins_nothing(way: str) -> None:
    """While the run around goes on, and while another attempt begins as many writes as it likes."""
    clock.run(around(way, "1. errand() @timeout(3500ms)\n2. wait(20)\n").run())
    assert written == [1, 2, 3, 4]
    written.clear()
    run = clock.run(around(way, "1. errand() @timeout(3500ms) @retry(1)\n2. wait(20)\n").run())
    assert sorted(written) == sorted([1, 2, 3, 4] * 2)
    assert isinstance(run.errors["1"], llmc.ToolTimedOut)


def test_without_the_rule_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: both attempts make all writes, beside each other."""
    monkeypatch.setattr(CallSite, "refusal", lambda *_: None)
    clock.run(around("await", "1. errand() @timeout(3500ms) @retry(1)\n2. wait(20)\n").run())
    assert sorted(written) == sorted([*range(1, 9)] * 2)


def test_a_later_attempt_is_not_kept_back_by_an_earlier_one() -> None:
    """Each has runs of its own; a run that begins late in an attempt that was given up is refused."""
    refused: list[str] = []
    attempts: list[int] = []

    @llmc.pure
    async def errand() -> int:
        attempts.append(len(attempts))
        number = attempts[-1]
        for _ in range(2):
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                continue
        try:
            await llmc.compile("put(1)\n", llmc.Toolbox([put])).run()
        except llmc.RunRefused as error:
            refused.append(f"{number}: {error}")
        return number

    text = "1. errand() @timeout(500ms) @retry(1)\n2. wait(20)\n"
    program = llmc.compile(text.replace("500ms", "1500ms"), llmc.Toolbox([errand, wait]), passes=())
    clock.run(program.run())
    words = "the attempt of `errand` around this one is over (limit `run_time`)"
    assert refused == [f"0: {words}", f"1: {words}"]
    assert written == []
    program = llmc.compile(text.replace("500ms", "9s"), llmc.Toolbox([errand, wait]), passes=())
    assert clock.run(program.run()).errors == {}
    assert written == [1]


def test_a_call_that_gave_a_value_may_leave_a_run_behind() -> None:
    """It goes on while the run around does, and no longer."""

    @llmc.pure
    async def starts() -> int:
        later.append(asyncio.create_task(INNER.run()))
        return 1

    async def main(seconds: float) -> list[llmc.PlanError]:
        program = llmc.compile(f"1. starts()\n2. wait({seconds})\n", llmc.Toolbox([starts, wait]), passes=())
        await program.run()
        return list((await later.pop()).errors.values())

    later: list[asyncio.Task[Run]] = []
    assert clock.run(main(20)) == []
    assert written == list(range(1, 9))
    written.clear()
    assert len(clock.run(main(3.5))) == 4


def test_a_thread_that_was_given_up_begins_nothing() -> None:
    """A run on another loop asks too: of its writes, one is under way when the attempt is over."""
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()

    @llmc.write("n")
    def hold(number: int) -> int:
        written.append(number)
        begun.set()
        go.wait(PATIENCE)
        return number

    @llmc.pure
    def errand() -> int:
        runs.append(llmc.compile("hold(1)\nhold(2)\n", llmc.Toolbox([hold]), passes=()).run_sync())
        ended.set()
        return 1

    @llmc.pure
    async def finish() -> bool:
        go.set()
        return await asyncio.to_thread(ended.wait, PATIENCE)

    async def main() -> Run:
        program = llmc.compile(
            "1. errand() @timeout(50ms) @fallback(0)\n2. finish() if $1 == 0\n", llmc.Toolbox([errand, finish])
        )
        return await program.run()

    run = asyncio.run(main())
    assert run.results == {"1": 0, "2": True}
    assert written == [1] if begun.is_set() else []
    assert "the attempt of `errand` around it is over" in str(runs[0].errors["2"])


def test_a_call_that_got_its_turn_in_the_same_moment_is_not_made() -> None:
    """The run around ends between the turn of a call and the first step of its task."""
    release = asyncio.Event()

    @llmc.write("n")
    async def step(number: int) -> int:
        written.append(number)
        if number == 1:
            await release.wait()
        return number

    inner = llmc.compile("step(1)\nstep(2)\n", llmc.Toolbox([step]), passes=())

    @llmc.pure
    async def errand() -> int:
        await keep(inner.run())
        return 1

    @llmc.pure
    async def finish() -> int:
        await asyncio.sleep(1)
        release.set()
        await asyncio.sleep(0)
        return 1

    def listen(event: events.Event) -> None:
        if isinstance(event, events.Finished) and event.task == "2":
            raise OSError("pipe")

    async def main() -> None:
        program = llmc.compile("1. errand()\n2. finish()\n", llmc.Toolbox([errand, finish]), passes=())
        with pytest.raises(OSError, match="pipe"):
            await program.run(emit=listen)

    clock.run(main())
    assert written == [1]
    started = [event.task for event in runs[0].events if isinstance(event, events.Started)]
    assert started == ["1", "2"]  # its turn came before
    assert isinstance(runs[0].errors["2"], llmc.LimitReached)


def test_nobody_is_asked_for_what_would_be_refused() -> None:
    """A question of a run whose attempt is over is answered with no."""
    asked = Asked()

    @llmc.write("n", approve=True)
    async def send() -> int:
        written.append(0)
        return 0

    inner = llmc.compile("1. wait(5)\n2. send() if $1\n", llmc.Toolbox([wait, send]), passes=())

    @llmc.pure
    async def errand() -> int:
        await keep(inner.run(approve=asked))
        return 1

    program = llmc.compile("1. errand() @timeout(3s)\n2. wait(20)\n", llmc.Toolbox([errand, wait]), passes=())
    clock.run(program.run(approve=asked))
    assert reasons(runs[0]) == {"2": "nobody"}
    assert "the attempt of `errand` around it is over" in str(runs[0].errors["2"])
    assert (asked.requests, written) == ([], [])


def test_writes_under_way_go_on_where_another_task_fails_fast() -> None:
    """A write that is let end may finish what its run inside has to do."""

    @llmc.read("other")
    async def fail() -> None:
        await asyncio.sleep(1.5)
        raise LookupError

    tools = llmc.Toolbox([errand("await", llmc.write("file", name="errand")), fail])
    run = clock.run(llmc.compile("1. errand()\n2. fail()\n", tools, passes=()).run(policy="fail_fast"))
    assert run.results == {"1": 1}
    assert written == list(range(1, 9))
