"""T19: a tool starts tasks or threads of its own."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from llmc_compiler.tools import pure
from llmc_runtime import strays
from llmc_runtime.run import execute
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
        while not strays._is_idle(working):  # noqa: SLF001, ASYNC110 — nobody tells that it is back at its queue
            await asyncio.sleep(0)
        return 1

    run = asyncio.run(execute(graph(call("a", starts), call("b", waits, after=["a"])), {}))
    assert run.abandoned == ("thread pump, started meanwhile",)
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
