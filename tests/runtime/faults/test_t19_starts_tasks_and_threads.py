"""T19: a tool starts tasks or threads of its own."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

import llmc
from llmc.cli.progress.live_display import LiveDisplay
from llmc_compiler.tools.decorators import pure, write
from llmc_runtime.calls import leak_detector
from llmc_runtime.concurrency.thread_pool import OwnThread
from llmc_runtime.program.execution import execute
from llmc_runtime.state import events
from tests.patience import PATIENCE
from tests.runtime import clock
from tests.runtime.build import call, graph


def test_its_tasks_are_seen_and_named() -> None:
    """With the tool and the task of the plan; those that have ended, and those of others, are not."""

    async def scenario() -> None:
        release = asyncio.Event()
        tasks: list[asyncio.Task[object]] = []

        @pure
        async def starts() -> int:
            tasks.append(asyncio.create_task(release.wait(), name="pump"))
            await asyncio.create_task(asyncio.sleep(0), name="short")
            return 1

        others = asyncio.create_task(release.wait(), name="another")
        run = await execute(graph(call("a", starts)), {})
        assert run.results == {"a": 1}
        assert run.abandoned == ("task pump, started by starts (task a)",)
        release.set()
        await asyncio.wait([others, *tasks])

    clock.run(scenario())


def test_its_threads_are_seen_and_named() -> None:
    """A thread that works is named; one that has ended, or waits in a pool for work, is not."""
    release = threading.Event()
    pool = ThreadPoolExecutor(1, "pool")

    @pure
    def starts() -> int:
        threading.Thread(target=release.wait, args=(PATIENCE,), name="pump").start()
        ended = threading.Thread(target=int)
        ended.start()
        ended.join()
        return pool.submit(int).result()

    @pure
    async def waits() -> int:
        (working,) = (thread for thread in threading.enumerate() if thread.name.startswith("pool"))
        while leak_detector._user_of(working) is not None:  # noqa: SLF001, ASYNC110 — nobody tells that it is at its queue
            await asyncio.sleep(0)
        return 1

    run = asyncio.run(execute(graph(call("a", starts), call("b", waits, after=["a"])), {}))
    assert run.abandoned == ("thread pump, started by starts (task a)",)
    release.set()
    pool.shutdown()
    for thread in threading.enumerate():
        if thread.name == "pump":
            thread.join(PATIENCE)


def test_a_task_in_a_thread_of_the_loop_is_named() -> None:
    """`asyncio.to_thread` makes a thread that works on when its task is cancelled; the run names it."""
    release = threading.Event()

    @pure
    async def waits() -> bool:
        return await asyncio.to_thread(release.wait, PATIENCE)

    async def scenario() -> None:
        run = await execute(graph(call("a", waits, timeout=0.1)), {})
        assert any(name.startswith("thread asyncio_") for name in run.abandoned)
        release.set()

    clock.run(scenario())


@write("notes", approve=True)
def spawn() -> None:
    """Start a thread that starts another."""
    threading.Thread(target=lambda: linger("grandchild"), name="child").start()


RELEASE = threading.Event()


def linger(name: str) -> None:
    """Start a thread that goes on until the test is over."""
    threading.Thread(target=RELEASE.wait, args=(PATIENCE,), name=name).start()


@pytest.fixture
def _lingering() -> Iterator[None]:
    """End the threads that linger."""
    RELEASE.clear()
    yield
    RELEASE.set()
    for thread in threading.enumerate():
        if thread.name in {"grandchild", "asked", "told", "other"}:
            thread.join(PATIENCE)


@pytest.mark.usefixtures("_lingering")
def test_threads_that_no_call_started_are_not_named() -> None:
    """Those of the approval function, of a listener, and of others; the naive rule would name all that are new."""

    def ask(_: llmc.ApprovalRequest) -> bool:
        linger("asked")
        threading.Thread(target=linger, args=("other",)).start()
        return True

    def listen(event: events.Event) -> None:
        if isinstance(event, events.Finished):
            linger("told")

    before = set(threading.enumerate())
    run = llmc.compile("spawn()\nspawn()\n", llmc.Toolbox([spawn]), passes=()).run_sync(approve=ask, emit=listen)
    lingering = sorted(thread.name for thread in set(threading.enumerate()) - before)
    assert {"asked", "told", "other", "grandchild"} <= set(lingering)
    named = {name for name in run.abandoned if "child" not in name}
    assert named == set()
    assert "thread grandchild, started by spawn (task 1)" in run.abandoned


@pytest.mark.usefixtures("_lingering")
def test_a_thread_is_named_by_the_run_whose_call_started_it() -> None:
    """Not by another one that goes on at the same time."""

    @llmc.pure
    async def waits() -> None:
        await asyncio.to_thread(started.wait, PATIENCE)

    @llmc.write("notes")
    def starts() -> None:
        linger("other")
        started.set()

    started = threading.Event()

    async def both() -> list[llmc.Run]:
        plans = [llmc.compile(f"{tool.name}()\n", llmc.Toolbox([tool])) for tool in (waits, starts)]
        return await asyncio.gather(*(plan.run() for plan in plans))

    quiet, loud = asyncio.run(both())
    assert quiet.abandoned == ()
    assert loud.abandoned == ("thread other, started by starts (task 1)",)


def test_a_display_that_is_drawn_again_after_a_question_is_not_named() -> None:
    """It draws in a thread, which starts while the run goes on."""

    class Drawn(LiveDisplay):
        def __rich__(self) -> Text:
            return Text("drawn")

    drawn = Drawn(Console(file=StringIO(), force_terminal=True))
    drawn.start()

    async def ask(_: llmc.ApprovalRequest) -> bool:
        with drawn.still():
            return True

    before = set(threading.enumerate())

    @write("notes", approve=True)
    def note() -> int:
        return len({thread for thread in set(threading.enumerate()) - before if not isinstance(thread, OwnThread)})

    run = llmc.compile("1. note()\njoin($1)\n", llmc.Toolbox([note])).run_sync(approve=ask)
    drawn.stop()
    assert (run.value, run.abandoned) == (1, ())
