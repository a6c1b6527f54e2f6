"""Contexts: what the run hands to tools, and what toolboxes open for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from dataclasses import replace

import pytest

import llmc
from llmc_runtime.calls.tool_contexts import Contexts
from llmc_runtime.safety.run_guard import RunGuard
from tests.runtime import clock

told: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    """Each test has its own log."""
    told.clear()


class Mailbox:
    """Letters that were sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []


@llmc.write("mail")
async def send(text: str, box: llmc.Context[Mailbox]) -> int:
    """Send a letter."""
    box.sent.append(text)
    return len(box.sent)


@llmc.write("mail")
def send_sync(text: str, *, box: llmc.Context[Mailbox]) -> int:
    """Send a letter, in a thread."""
    box.sent.append(text)
    return len(box.sent)


@llmc.pure
async def fail() -> None:
    """Fail."""
    raise OSError("no")


def opening(name: str, give: Callable[[], object] = Mailbox) -> Callable[[], AbstractAsyncContextManager[object]]:
    """A context that tells when it is opened and closed."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[object]:
        told.append(f"open {name}")
        try:
            yield give()
        except BaseException as error:
            told.append(f"{name} saw {type(error).__name__}")
            raise
        finally:
            told.append(f"close {name}")

    return opened


def named(tool: llmc.Tool, name: str) -> llmc.Tool:
    """The tool under another name."""
    return replace(tool, name=name)


PLAN = '1. send("a")\n2. send_sync("b")\njoin($1, $2)\n'


def test_a_run_hands_its_context_to_the_tools_that_take_one() -> None:
    """The same object, to async tools and to those in threads; a plan does not see it."""
    box = Mailbox()
    program = llmc.compile(PLAN, llmc.Toolbox([send, send_sync]))
    assert program.run_sync(context=box).value == [1, 2]
    assert box.sent == ["a", "b"]
    with pytest.raises(llmc.CompileError):
        llmc.compile('1. send("a", box=1)\n', llmc.Toolbox([send]))


@pytest.mark.parametrize(
    ("context", "words"),
    [
        (None, r"`send` takes a context, and the run has none: pass one with `run\(context=…\)`"),
        ("a text", "`send` takes a context of type `Mailbox`, and the run's context is of type `str`"),
    ],
)
def test_a_context_that_does_not_fit_is_told_before_anything_runs(context: object, words: str) -> None:
    """By `run` and by `stream`; a plan that does not call such a tool needs none."""
    program = llmc.compile(PLAN, llmc.Toolbox([send, send_sync]))
    with pytest.raises(llmc.ContextError, match=words):
        program.run_sync(context=context)
    with pytest.raises(llmc.ContextError, match=words):
        program.stream(context=context)
    assert llmc.compile("join(1)\n", llmc.Toolbox([send])).run_sync().value == 1


def test_a_toolbox_opens_its_context_once_a_run() -> None:
    """Whatever the number of calls, and closes it after the last one."""
    tools = llmc.Toolbox([send, send_sync], context=opening("a"))
    program = llmc.compile('1. send("x") for x in [1, 2, 3]\n2. send_sync("b")\njoin($2)\n', tools)
    assert [program.run_sync().value for _ in range(2)] == [4, 4]
    assert told == ["open a", "close a"] * 2


def test_contexts_are_closed_in_the_opposite_order() -> None:
    """Two toolboxes, each with its own; one that no call of the plan needs is not opened."""
    tools = (
        llmc.Toolbox([send], context=opening("a"))
        | llmc.Toolbox([send_sync], context=opening("b"))
        | llmc.Toolbox([named(send, "more")], context=opening("c"))
    )
    assert llmc.compile(PLAN, tools).run_sync().value == [1, 1]
    assert told == ["open a", "open b", "close b", "close a"]


def test_a_context_that_cannot_be_opened_ends_the_run_before_its_first_call() -> None:
    """Those that were opened before are closed."""

    def broken() -> object:
        raise OSError("no server")

    tools = llmc.Toolbox([send], context=opening("a")) | llmc.Toolbox([send_sync], context=opening("b", broken))
    with pytest.raises(llmc.ContextError, match="the context of `send_sync` could not be opened: OSError: no server"):
        llmc.compile(PLAN, tools).run_sync()
    assert told == ["open a", "open b", "b saw OSError", "close b", "a saw ContextError", "close a"]


def test_a_context_of_the_wrong_class_is_closed_again() -> None:
    """It is checked like one that is given."""
    tools = llmc.Toolbox([send], context=opening("a", lambda: 3))
    with pytest.raises(llmc.ContextError, match="of type `Mailbox`, and the run's context is of type `int`"):
        llmc.compile('1. send("a")\n', tools).run_sync()
    assert told == ["open a", "a saw ContextError", "close a"]


def test_a_failed_task_is_no_exception_for_a_context() -> None:
    """It is closed as after any other run."""
    tools = llmc.Toolbox([send], context=opening("a")) | llmc.Toolbox([fail])
    assert set(llmc.compile('1. fail()\n2. send("a")\njoin($1, $2)\n', tools).run_sync().errors) == {"1"}
    assert told == ["open a", "close a"]


def test_a_context_sees_that_the_run_was_cancelled_and_cannot_hide_it() -> None:
    """As in `async with`; a manager that swallows exceptions swallows none of a run."""

    class Greedy:
        async def __aenter__(self) -> Mailbox:
            told.append("open")
            return Mailbox()

        async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> bool:
            told.append(f"saw {kind.__name__ if kind else None}")
            return True

    @llmc.write("mail")
    async def wait(box: llmc.Context[Mailbox]) -> None:
        await asyncio.sleep(100)

    async def main() -> None:
        program = llmc.compile("1. wait()\n", llmc.Toolbox([wait], context=Greedy))
        run = asyncio.ensure_future(program.run())
        await asyncio.sleep(1)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    clock.run(main())
    assert told == ["open", "saw CancelledError"]


def test_tools_see_the_context_variables_that_a_context_sets() -> None:
    """As code inside of `async with` does."""
    tenant: ContextVar[str] = ContextVar("tenant", default="nobody")

    @asynccontextmanager
    async def opened() -> AsyncIterator[Mailbox]:
        tenant.set("ann")
        yield Mailbox()

    @llmc.nondet
    async def who(box: llmc.Context[Mailbox]) -> str:
        return tenant.get()

    @llmc.nondet
    def who_sync() -> str:
        return tenant.get()

    tools = llmc.Toolbox([who], context=opened) | llmc.Toolbox([who_sync])
    assert llmc.compile("join(who(), who_sync())\n", tools).run_sync().value == ["ann", "ann"]


async def test_a_streamed_plan_has_contexts_too() -> None:
    """Of all tools that it might call, since nobody knows yet which it will."""

    async def pieces() -> AsyncIterator[str]:
        yield '1. send("a")\njoin($1)\n'

    tools = llmc.Toolbox([send], context=opening("a"))
    assert (await llmc.run_stream(pieces(), tools)).value == 1
    assert told == ["open a", "close a"]
    assert (await llmc.run_stream(pieces(), llmc.Toolbox([send]), context=Mailbox())).value == 1
    with pytest.raises(llmc.ContextError):
        await llmc.run_stream(pieces(), llmc.Toolbox([send]))


async def test_runs_inside_each_other_may_share_contexts() -> None:
    """The first opens them and the last closes them, whichever that is; then they can be opened again."""
    contexts = Contexts(llmc.Toolbox([send], context=opening("a")))
    for _ in range(2):
        one, other = RunGuard(contexts=contexts), RunGuard(contexts=contexts)
        await one.open()
        await other.open()
        await one.close(None, None, None)
        assert told == ["open a"]
        await other.close(None, None, None)
        assert told == ["open a", "close a"]
        told.clear()
