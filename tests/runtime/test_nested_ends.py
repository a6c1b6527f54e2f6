"""Runs inside runs: when the run around ends, and what is not inside of any."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import llmc
from llmc_runtime.calls import nested_runs
from llmc_runtime.program.run_result import Run
from llmc_runtime.state import events
from tests.runtime import clock
from tests.runtime.asked import Asked, reasons
from tests.runtime.fakes import slow
from tests.runtime.nested import compiled, marking, play, running, written


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Each test has its own writes."""
    written.clear()
    yield
    written.clear()


def test_an_answer_that_nobody_waits_for_is_dropped() -> None:
    """A call that is given up while the run around it is asked leaves no question behind, and writes nothing."""
    ended: list[str] = []

    async def ask(_request: llmc.ApprovalRequest) -> bool:
        try:
            await asyncio.sleep(1000)
        finally:
            ended.append("question")
        return True

    tool, _ = running("mark()\n", marking("mark", approve=True), approve="all")
    program = llmc.compile("1. deliver() @timeout(1s)\n2. slow(2)\n", llmc.Toolbox([tool, slow]))
    run = clock.run(program.run(approve=ask))
    assert ended == ["question"]
    assert isinstance(run.errors["1"], llmc.ToolTimedOut)
    assert written == []


@pytest.mark.parametrize("way", ["await", "thread"])
@pytest.mark.parametrize("kind", [GeneratorExit, SystemExit, pytest.fail.Exception, BaseException, StopIteration])
def test_whatever_a_function_around_raises_is_no_yes(way: str, kind: type[BaseException]) -> None:
    """The call inside fails as one of the run around would, and nothing hangs."""

    async def ask(_request: llmc.ApprovalRequest) -> bool:
        raise kind("said")

    tool, runs = running("mark()\n", marking("mark", approve=True), way=way, approve="all")
    assert play(tool, way=way, approve=ask).errors == {}
    assert reasons(runs[0]) == {"1": "failed"}
    assert written == []


def left_behind(waiting: threading.Event, go: threading.Event, mark: llmc.Tool, **terms: Any) -> tuple[Any, list[Run]]:
    """A tool whose thread goes on when its run has ended, with a plan that calls this one then."""
    runs: list[Run] = []

    @llmc.pure
    def hang() -> bool:
        waiting.set()
        return go.wait(10)

    program = llmc.compile("1. hang()\n2. mark() if $1\n", llmc.Toolbox([hang, mark]), passes=())

    @llmc.pure
    def tool() -> bool:
        runs.append(program.run_sync(**terms))
        return True

    return tool, runs


@pytest.mark.parametrize("approve", [True, False])
def test_a_run_that_ended_lets_nothing_be_called_inside(approve: bool) -> None:
    """Its thread goes on, and what the plan there comes to is refused, whether it asks or not."""
    waiting, go = threading.Event(), threading.Event()
    tool, runs = left_behind(waiting, go, marking("mark", approve=approve), approve="all")

    async def main() -> None:
        run = asyncio.ensure_future(compiled(tool).run(approve=Asked()))
        await asyncio.to_thread(waiting.wait, 10)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(main())
    go.set()
    settle(lambda: bool(runs))
    assert written == []
    error = runs[0].errors["2"]
    words = "`mark` asks first, and the run has no approver: the run around it has ended"
    assert str(error) == (
        f"task 2 was not approved: {words}"
        if approve
        else "task 2 was not done: the run around it has ended (limit `run_time`)"
    )


def test_without_the_rule_it_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that was left behind writes."""
    monkeypatch.setattr(nested_runs, "enter", lambda _: None)
    waiting, go = threading.Event(), threading.Event()
    tool, runs = left_behind(waiting, go, marking("mark"), approve="all")
    program = compiled(tool)
    assert program.run_sync(limits=llmc.Limits(run_time=0.05)).errors
    go.set()
    settle(lambda: bool(runs))
    assert written == ["mark"]


def settle(is_done: Callable[[], bool]) -> None:
    """Wait until a thread that was left behind has come to its end."""
    for thread in threading.enumerate():
        if thread.name == "llmc-tool":
            thread.join(10)
    assert is_done()


@pytest.mark.parametrize("closes", [True, False])
def test_a_question_that_is_open_when_the_run_ends_is_refused(closes: bool) -> None:
    """A thread that waits for the answer does not hang, whether or not the loop of the run around is closed."""
    asked, runs = threading.Event(), []

    async def ask(_request: llmc.ApprovalRequest) -> bool:
        asked.set()
        await asyncio.sleep(1000)
        return True

    tool, runs = running("mark()\n", marking("mark", approve=True), way="thread", approve="all")

    async def main() -> None:
        run = asyncio.ensure_future(compiled(tool).run(approve=ask))
        await asyncio.to_thread(asked.wait, 10)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        if not closes:
            await asyncio.to_thread(settle, lambda: bool(runs))

    asyncio.run(main())
    settle(lambda: bool(runs))
    assert reasons(runs[0]) == {"1": "nobody"}
    assert written == []


def test_a_task_that_outlives_its_run_is_still_inside() -> None:
    """A tool cannot write behind the back of its run: what it starts later is refused too."""
    inner = compiled(marking("mark"))
    later: list[asyncio.Task[Run]] = []

    async def wait_and_run(release: asyncio.Event) -> Run:
        await release.wait()
        return await inner.run(approve="all")

    async def main() -> None:
        release = asyncio.Event()

        @llmc.pure
        async def starts() -> None:
            later.append(asyncio.create_task(wait_and_run(release)))

        await compiled(starts).run()
        release.set()
        with pytest.raises(llmc.RunRefused, match=r"the run around this one has ended \(limit `run_time`\)"):
            await later[0]

    clock.run(main())
    assert written == []


def test_runs_beside_each_other_are_independent() -> None:
    """One refuses and the other does not."""

    async def main() -> list[Run]:
        program = compiled(marking("mark", approve=True))
        return list(await asyncio.gather(program.run(approve="none"), program.run(approve="all")))

    assert [len(run.errors) for run in clock.run(main())] == [1, 0]
    assert written == ["mark"]


def test_what_is_no_tool_is_not_inside() -> None:
    """A function that is asked, and a listener, may run plans of their own, now or later."""
    inner = compiled(marking("mark", approve=True))
    started: list[asyncio.Task[Run]] = []

    async def ask(_request: llmc.ApprovalRequest) -> bool:
        started.append(asyncio.create_task(inner.run(approve="all")))
        return False

    def listen(_event: events.Event) -> None:
        started.append(asyncio.create_task(inner.run(approve="all")))

    async def main() -> None:
        program = compiled(marking("other", approve=True), slow_once)
        run = await program.run(approve=ask, emit=listen, limits=llmc.Limits(runs=1))
        assert run.abandoned == ()
        assert all(not each.errors for each in await asyncio.gather(*started))

    clock.run(main())
    assert len(written) == len(started) >= 7


@llmc.nondet
async def slow_once() -> None:
    """Take a second."""
    await asyncio.sleep(1)


def test_a_listener_without_the_rule_is_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events are told in the contexts of tools."""
    monkeypatch.setattr(nested_runs, "outside", lambda listener: listener)
    inside: list[bool] = []
    clock.run(compiled(slow_once).run(emit=lambda _: inside.append(nested_runs.surrounding() is not None)))
    assert True in inside
    monkeypatch.undo()
    inside.clear()
    clock.run(compiled(slow_once).run(emit=lambda _: inside.append(nested_runs.surrounding() is not None)))
    assert set(inside) == {False}


@pytest.mark.parametrize("way", ["await", "thread"])
def test_a_listener_of_an_inner_run_is_inside_the_outer_one(way: str) -> None:
    """It belongs to the tool that runs the plan."""
    inside: set[int] = set()

    def listen(_event: events.Event) -> None:
        host = nested_runs.surrounding()
        inside.add(0 if host is None else host.depth)

    tool, _ = running("slow_once()\n", slow_once, way=way, emit=listen)
    play(tool, way=way)
    assert inside == {1}


def test_a_dry_run_inside_knows_what_is_refused_outside() -> None:
    """It says what a run there would do."""
    inner = compiled(marking("mark", approve=True))
    answers: list[str] = []

    @llmc.pure
    async def tool() -> None:
        answers.extend(call.answer for call in inner.dry_run(approve="all"))

    for approve in ("none", "all", Asked()):
        play(tool, approve=approve)
    assert answers == ["refused", "runs", "asks"]


def test_the_depth_is_that_of_the_strictest_run() -> None:
    """A run inside cannot allow more runs inside each other than the one around it."""
    inner, runs = running("mark()\n", marking("mark"), name="inner", limits=llmc.Limits(runs=32))
    middle, _ = running("inner()\n", inner, name="middle", limits=llmc.Limits(runs=32))
    play(middle, limits=llmc.Limits(runs=2))
    assert runs == []
    play(middle, limits=llmc.Limits(runs=3))
    assert written == ["mark"]
