"""The contexts of a question's plans: what toolboxes open for them, how often, and when it is closed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

import llmc
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.agent_errors import PlanFailed
from llmc_runtime.calls.tool_contexts import Contexts
from llmc_runtime.program.incremental import IncrementalRun
from tests.agent.cancelling import cancelled
from tests.agent.fakes import Reply, Script
from tests.runtime import clock

PLAN = '1. look("a")\n2. lok("b")\n3. put($1)\njoin($2, $3)\n'
MENDED = '2. look("b")\n'
DONE = "Thought: t\nAction: Finish(x)"


class Shop:
    """Tools of one toolbox with a session, and what happened to it, in its order; a second session at once is none."""

    def __init__(self, *, exclusive: bool = True) -> None:
        self.log: list[str] = []
        self.open = 0
        self._exclusive = exclusive

    @asynccontextmanager
    async def session(self) -> AsyncIterator["Shop"]:
        """A session."""
        assert not (self.open and self._exclusive), "somebody else has a session"
        await asyncio.sleep(0.01)
        self.open += 1
        self.log.append("open")
        try:
            yield self
        except BaseException as error:
            self.log.append(f"saw {type(error).__name__}")
            raise
        finally:
            self.open -= 1
            self.log.append("close")
            await asyncio.sleep(0.01)

    def tools(self) -> llmc.Toolbox:
        """Look (read) and put (write)."""

        @llmc.read("shop")
        async def look(what: str, session: llmc.Context[Shop]) -> str:
            """What is there of it."""
            await asyncio.sleep(0.2)
            assert session.open, "the session was closed"
            self.log.append(f"look {what}")
            return f"{what}!"

        @llmc.write("shop")
        async def put(what: str, session: llmc.Context[Shop]) -> str:
            """Put something there."""
            assert session.open, "the session was closed"
            self.log.append(f"put {what}")
            return what

        return llmc.Toolbox([look, put], context=self.session)


def asked(shop: Shop, replies: Sequence[Reply]) -> llmc.Answer:
    """One question to an agent whose model says these things."""
    return clock.run(Agent(shop.tools(), model=Script(replies)).ask("?"))


def test_a_plan_that_is_mended_keeps_its_session() -> None:
    """What the good lines started before is done in the same one as the rest, and it is closed after the last call."""
    shop = Shop()
    answer = asked(shop, [PLAN, "2. lock(3)", MENDED])
    assert answer.value == ["b!", "a!"]
    assert answer.plans[0].repairs == 2
    assert shop.log == ["open", "look a", "look b", "put a!", "close"]


def test_each_plan_has_a_session_of_its_own() -> None:
    """None is held open while the joiner decides."""
    shop = Shop()
    answer = asked(shop, ['1. look("a")\njoin()', "Thought: t\nAction: Replan(b)", '2. lok("b")\njoin($2)', MENDED])
    assert answer.value == "b!"
    assert shop.log == ["open", "look a", "close", "open", "look b", "close"]


def test_a_plan_that_cannot_be_mended_closes_its_session() -> None:
    """With the error that ends the question."""
    shop = Shop()
    with pytest.raises(PlanFailed):
        asked(shop, [PLAN, "2. lock(3)", "2. lck(3)"])
    assert shop.log == ["open", "saw PlanFailed", "close"]


def test_a_session_is_closed_wherever_a_question_is_cancelled() -> None:
    """While it is opened, written, mended, done and closed."""
    waits, opened = 0, 0

    async def every_wait() -> None:
        nonlocal waits, opened
        is_over = False
        while not is_over:
            shop = Shop()
            agent = Agent(shop.tools(), model=Script([PLAN, MENDED], pause=0.01))
            is_over = not await cancelled(agent.ask("?"), waits)
            assert shop.log.count("open") == shop.log.count("close") <= 1
            opened += shop.log.count("open")
            waits += 1

    clock.run(every_wait())
    assert waits > 10
    assert opened > waits - 5


def test_two_attempts_that_share_nothing_would_open_two() -> None:
    """A second session is seen by the tests above, and one that is refused ends what asked for it."""

    async def both(shop: Shop, *contexts: Contexts) -> None:
        async with (
            IncrementalRun(shop.tools(), contexts=contexts[0]),
            IncrementalRun(shop.tools(), contexts=contexts[1]),
        ):
            shop.log.append("both")

    shop = Shop(exclusive=False)
    clock.run(both(shop, Contexts(shop.tools()), Contexts(shop.tools())))
    assert shop.log == ["open", "open", "both", "close", "close"]
    shop = Shop()
    with pytest.raises(llmc.ContextError, match="somebody else has a session"):
        clock.run(both(shop, Contexts(shop.tools()), Contexts(shop.tools())))
    shop = Shop()
    clock.run(both(shop, *[Contexts(shop.tools())] * 2))
    assert shop.log == ["open", "both", "close"]
