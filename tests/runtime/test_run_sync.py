"""Coroutines run to their end from code that is not async."""

import asyncio
import threading

import pytest

import llmc
from llmc_runtime.concurrency.run_sync import GRACE, run_sync
from tests.patience import PATIENCE
from tests.runtime.clock import VirtualLoop
from tests.runtime.fakes import stubborn


def test_its_value_or_its_error_comes_out() -> None:
    """As of `asyncio.run`."""

    async def fail() -> None:
        raise LookupError

    async def value() -> int:
        return await asyncio.sleep(0, 3)

    assert run_sync(value()) == 3
    with pytest.raises(LookupError):
        run_sync(fail())


def test_tasks_of_nobody_are_cancelled_and_do_not_hold_it_up(virtual: VirtualLoop) -> None:
    """One that cleans up has its time, and one that swallows everything is left after the grace."""
    ended: list[str] = []

    async def careful() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("careful")

    async def main() -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(careful()), asyncio.create_task(stubborn())]
        await asyncio.sleep(0)
        return tasks

    tasks = run_sync(main())
    assert virtual.now == GRACE
    assert ended == ["careful"]
    assert [task.done() for task in tasks] == [True, False]


def test_threads_of_the_loop_are_not_waited_for() -> None:
    """`asyncio.to_thread` works, and what hangs in it does not hold up the end."""
    release = threading.Event()

    async def main() -> int:
        hanging = asyncio.get_running_loop().run_in_executor(None, release.wait, PATIENCE)
        hanging.cancel()
        return await asyncio.to_thread(int, "3")

    assert run_sync(main()) == 3
    assert not release.is_set()
    release.set()


async def test_code_in_a_loop_is_told_to_await() -> None:
    """In three lines, with no other error behind it; nothing is left that was never awaited."""
    program = llmc.compile("join(1)\n", [])
    agent = llmc.Agent([], model=llmc.ScriptedModel(["join(1)"]))
    for call, awaited, called in (
        (program.run_sync, "await program.run()", "program.run_sync"),
        (lambda: agent.ask_sync("?"), "await agent.ask(…)", "agent.ask_sync"),
    ):
        with pytest.raises(RuntimeError) as caught:
            call()
        assert str(caught.value).splitlines() == [
            "an event loop is already running, as in a notebook or an async function:",
            f"use `{awaited}`, or if that is not possible,",
            f"a thread without a loop: `await asyncio.to_thread({called}, …)`",
        ]
        assert caught.value.__cause__ is caught.value.__context__ is None
    assert (await program.run()).value == (await asyncio.to_thread(program.run_sync)).value == 1
