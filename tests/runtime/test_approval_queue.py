"""Asking: whoever is asked, what an answer does, and who waits for it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from threading import Event as Signal
from threading import Lock, get_ident
from typing import Any

import pytest

import llmc
from llmc_runtime.concurrency.run_sync import run_sync
from llmc_runtime.program.execution import execute
from llmc_runtime.safety import approval_queue
from llmc_runtime.safety.approval import Approval
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.state import events
from tests.patience import PATIENCE
from tests.runtime import clock
from tests.runtime.asked import TOOLS, Asked, compiled, play, reasons, send, written


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Each test has its own writes."""
    written.clear()
    yield
    written.clear()


def test_a_function_cannot_change_what_it_was_asked_for() -> None:
    """It gets copies."""
    got: list[llmc.Json] = []

    @llmc.write("a", approve=True)
    async def put(rows: llmc.Json) -> None:
        got.append(rows)

    def change(request: llmc.ApprovalRequest) -> bool:
        value = request.arguments[0].value
        assert isinstance(value, list)
        value.append("more")
        return True

    llmc.compile("a = [1]\nput($a)\n", llmc.Toolbox([put])).run_sync(approve=change)
    assert got == [[1]]


def test_waiting_for_an_answer_holds_nobody_up() -> None:
    """What needs no answer ends meanwhile; the question takes as long as it takes."""

    async def late(request: llmc.ApprovalRequest) -> bool:
        await asyncio.sleep(100)
        return True

    run = play('1. send("a")\n2. slow(1)\n3. slow($2)\njoin($1, $3)\n', late)
    at = {(type(event).__name__, event.key[0]): event.at for event in run.events if hasattr(event, "key")}
    assert at["Finished", "3"] == pytest.approx(2)
    assert (at["Asked", "1"], at["Answered", "1"], at["Started", "1"]) == (0, 100, 100)
    assert run.longest_chain == pytest.approx(2)


def test_two_questions_are_never_asked_at_once() -> None:
    """They come one after the other, in the order in which calls came to them."""
    open_, most = 0, 0
    order: list[str] = []

    async def ask(request: llmc.ApprovalRequest) -> bool:
        nonlocal open_, most
        open_ += 1
        order.append(request.task)
        most = max(most, open_)
        await asyncio.sleep(1)
        open_ -= 1
        return True

    program = llmc.compile("1. balance()\n2. balance()\n3. balance()\njoin()\n", TOOLS, passes=())
    run = clock.run(program.run(approve=ask))
    assert run.errors == {}
    assert (most, order) == (1, ["1", "2", "3"])
    asked = [event for event in run.events if isinstance(event, events.Asked | events.Answered)]
    assert [type(event).__name__ for event in asked] == ["Asked", "Answered"] * 3


def test_a_function_that_is_not_async_is_called_in_a_thread() -> None:
    """One at a time, so that it may wait for a person and nothing else waits for it."""
    threads: set[int] = set()
    quick = Signal()

    @llmc.pure
    async def release() -> None:
        quick.set()

    def ask(request: llmc.ApprovalRequest) -> bool:
        threads.add(get_ident())
        return quick.wait(PATIENCE)

    tools = llmc.Toolbox([send, release])
    run = llmc.compile('send("a")\nsend("b")\nrelease()\njoin(1)\n', tools, passes=()).run_sync(approve=ask)
    assert run.errors == {}
    assert threads
    assert get_ident() not in threads


def most_at_once(wait: float) -> int:
    """How many threads ask at once where the question of the first is withdrawn, which then asks for so long yet."""
    asked, again, release, lock = Signal(), Signal(), Signal(), Lock()
    open_, most = 0, 0

    @llmc.write("mail")
    async def lost() -> str:
        await asyncio.to_thread(asked.wait, PATIENCE)
        raise OSError("lost")

    @llmc.pure
    async def free(after: str) -> None:
        await asyncio.to_thread(again.wait, wait)
        release.set()

    @llmc.read("bank", approve=True)
    async def look(after: str) -> str:
        return after

    def ask(request: llmc.ApprovalRequest) -> bool:
        nonlocal open_, most
        with lock:
            open_ += 1
            most = max(most, open_)
        if request.tool == "send":
            asked.set()
            release.wait(PATIENCE)
        again.set()
        with lock:
            open_ -= 1
        return True

    text = '1. lost() @fallback("f")\n2. send("a")\n3. look($1)\n4. free($1)\njoin($3, $4)\n'
    run = llmc.compile(text, llmc.Toolbox([lost, send, look, free]), passes=()).run_sync(approve=ask)
    assert {task: type(error).__name__ for task, error in run.errors.items()} == {"2": "Blocked"}
    return most


def test_a_thread_whose_question_was_withdrawn_is_waited_for() -> None:
    """It may still ask a person: the next question comes after it. Without the rule it does not."""
    assert most_at_once(0.05) == 1


def test_without_the_rule_two_threads_ask_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""

    async def at_once(_: object) -> None:
        """Do not wait."""

    monkeypatch.setattr(approval_queue.ApprovalQueue, "_last_ended", at_once)
    assert most_at_once(PATIENCE) == 2


def test_what_a_plain_function_gives_is_awaited_if_it_can_be() -> None:
    """A function around an async one is fine."""
    asked = Asked()

    def ask(request: llmc.ApprovalRequest) -> Awaitable[bool]:
        return asked(request)

    assert play('send("a")\n', ask).errors == {}
    assert asked.tools == ["send"]


def raising(what: BaseException, *, is_async: bool) -> Callable[[llmc.ApprovalRequest], Any]:
    """A function that fails."""

    def ask(request: llmc.ApprovalRequest) -> bool:
        raise what

    async def ask_async(request: llmc.ApprovalRequest) -> bool:
        raise what

    return ask_async if is_async else ask


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize(
    ("what", "words"),
    [
        (ValueError("bad"), "asking failed: ValueError: bad"),
        (asyncio.CancelledError(), "asking failed: "),
        (StopIteration(3), "asking failed: "),
        (GeneratorExit("said"), "asking failed: "),
        (SystemExit(3), "asking failed: "),
        (pytest.fail.Exception("said"), "asking failed: "),
        (BaseException("said"), "asking failed: "),
    ],
)
def test_a_function_that_fails_has_not_said_yes(what: BaseException, words: str, is_async: bool) -> None:
    """The task fails, with what was raised as its cause; the run goes on."""
    run = play('1. send("a")\n2. echo(1)\njoin($1, $2)\n', raising(what, is_async=is_async))
    assert reasons(run) == {"1": "failed"}
    assert words in str(run.errors["1"])
    assert run.results == {"2": 1}
    assert written == []


@pytest.mark.parametrize("is_async", [True, False])
def test_a_run_that_is_cancelled_waits_for_no_answer(is_async: bool) -> None:
    """The question is dropped, and nothing is called, even if somebody still says yes."""
    asked, answer = Signal(), Signal()

    async def ask_async(request: llmc.ApprovalRequest) -> bool:
        asked.set()
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            return True
        return True

    def ask(request: llmc.ApprovalRequest) -> bool:
        asked.set()
        return answer.wait(PATIENCE)

    async def main() -> None:
        run = asyncio.ensure_future(compiled('send("a")\n').run(approve=ask_async if is_async else ask))
        await asyncio.to_thread(asked.wait, PATIENCE)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        answer.set()
        await asyncio.sleep(0)

    asyncio.run(main())
    assert written == []


def test_who_does_not_stop_is_not_waited_for(virtual: clock.VirtualLoop) -> None:
    """After a grace; how many there are is noted."""

    async def stubborn(request: llmc.ApprovalRequest) -> bool:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            await asyncio.sleep(1000)
        return True

    async def main() -> RunGuard:
        guard = RunGuard(Approval(None, stubborn))
        run = asyncio.ensure_future(execute(compiled('send("a")\n').graph, {}, trust=guard))
        await asyncio.sleep(1)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert virtual.now == 1 + approval_queue.GRACE
        return guard

    assert list(run_sync(main()).notes) == ["approval requests that did not stop when the run ended: 1"]
    assert written == []


def test_what_a_cancelled_function_raises_ends_no_loop() -> None:
    """The run was cancelled, and that is passed on."""

    async def ask(request: llmc.ApprovalRequest) -> bool:
        try:
            await asyncio.sleep(1000)
        finally:
            raise SystemExit(3)

    async def main() -> None:
        run = asyncio.ensure_future(compiled('send("a")\n').run(approve=ask))
        await asyncio.sleep(1)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    clock.run(main())
    assert written == []


def test_an_interrupt_in_an_async_function_ends_the_run() -> None:
    """It is the user's, not the function's."""
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(compiled('send("a")\n').run(approve=raising(KeyboardInterrupt(), is_async=True)))
    assert written == []


def test_nobody_is_asked_for_a_call_that_cannot_be_made() -> None:
    """Arguments that do not fit are an error of the call."""
    asked = Asked()
    run = play("a = echo(3)\nsend($a)\n", asked)
    assert asked.requests == []
    assert type(run.errors["1"]).__name__ == "BadArgument"


def test_nobody_is_asked_for_what_is_skipped() -> None:
    """Its arguments are never there."""
    asked = Asked()
    run = play('a = echo("x") if false\nsend("$a")\nsend("b") if false\n', asked)
    assert asked.requests == []
    assert run.errors == {}


def test_a_call_is_asked_for_once_whatever_its_attempts() -> None:
    """A repeated call is the one that was approved."""
    asked = Asked()
    attempts: list[str] = []

    @llmc.write("a", approve=True, idempotency_key="key")
    async def put(key: str) -> None:
        attempts.append(key)
        if len(attempts) < 3:
            raise OSError("no")

    run = clock.run(llmc.compile("put() @retry(2)\n", llmc.Toolbox([put])).run(approve=asked))
    assert (run.errors, len(attempts), len(asked.requests)) == ({}, 3, 1)
