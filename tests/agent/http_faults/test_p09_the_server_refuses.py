"""P9: no key, too many requests, a fault, silence, no connection: the class says which, and one layer tries again."""

import asyncio

import httpx2
import pytest

import llmc
from llmc_runtime.errors import LlmcError
from llmc_runtime.models.model_errors import (
    AuthenticationFailed,
    ModelError,
    ModelTimedOut,
    QuotaSpent,
    RateLimited,
    RequestRefused,
    ServerFailed,
    ServerUnreachable,
)
from tests.agent.events import event, refusal
from tests.agent.fakes import World
from tests.agent.http_faults.asking import AT_ONCE, Questions, Seen, ask
from tests.agent.server import Reply

PLAN = '1. search("a")\n2. send("bob")\n3. join($1, $2)\n'
SOON = {"retry_after": "0.01"}


def refused(status: int, code: str | None = None) -> httpx2.Response:
    """An answer with this status, which asks to be left alone for 10 ms."""
    return refusal(status, "no", code, **SOON)


REFUSALS = [
    (refused(401), AuthenticationFailed, 1),
    (refused(403), AuthenticationFailed, 1),
    (refused(400), RequestRefused, 1),
    (refused(404), RequestRefused, 1),
    (refused(429, "insufficient_quota"), QuotaSpent, 1),
    (refused(429), RateLimited, 3),
    (refused(500), ServerFailed, 3),
    (refused(503), ServerFailed, 3),
    (refused(408), ServerFailed, 3),
]


@pytest.mark.parametrize(("answer", "error", "requests"), REFUSALS)
async def test_p9_a_status(answer: Reply, error: type[ModelError], requests: int) -> None:
    """Two retries are three requests, or one where waiting helps nothing: neither the SDK nor the agent adds any."""
    seen = await ask(answer, model={"retries": 2})
    assert type(seen.error) is error
    assert len(seen.requests) == requests
    assert seen.world.calls == {}


@pytest.mark.parametrize("answer", [refused(429), refused(500)])
async def test_p9_a_status_that_passes(answer: Reply) -> None:
    """Two requests, after the wait that the server asked for, and the plan runs once."""
    seen = await ask(answer, PLAN, model={"retries": 2})
    assert seen.answer.value == ["a is known", "sent to bob"]
    assert len(seen.requests) == 2
    assert seen.requests[1].at - seen.requests[0].at >= 0.01
    assert set(seen.world.calls.values()) == {1}
    assert seen.answer.usage["planner"].calls == 1


async def test_p9_the_joiner_is_refused() -> None:
    """What the plan did is done, and the error is of the same class; the joiner alone is asked again."""
    seen = await ask('1. send("bob")\njoin()\n', refused(429), model={"retries": 1})
    assert type(seen.error) is RateLimited
    assert [request.is_joining for request in seen.requests] == [False, True, True]
    assert seen.world.calls == {"send bob": 1}


async def test_p9_a_repair_is_refused() -> None:
    """What ran is ended, nothing is written."""
    seen = await ask('1. send("bob")\n2. sned("x")\njoin()\n', refused(401))
    assert type(seen.error) is AuthenticationFailed
    assert (len(seen.requests), seen.world.calls) == (2, {})


async def test_p9_it_takes_too_long() -> None:
    """No retry makes it last longer."""
    async with Questions() as questions:
        await questions.ask(PLAN)  # making a client takes long, too
        began = asyncio.get_running_loop().time()
        seen = await questions.ask([3600.0], model={"timeout": 0.2, "retries": 5})
    assert isinstance(seen.error, ModelTimedOut)
    assert seen.error.limit == "timeout"
    assert asyncio.get_running_loop().time() - began < 0.4
    assert [request.left for request in seen.requests] == [True]


async def test_p9_no_answer() -> None:
    """A connection that is closed before any answer is one that cannot be had, for as often as `retries` say."""
    seen = await ask(None, model={"retries": 1})
    assert type(seen.error) is ServerUnreachable
    assert len(seen.requests) == 2
    seen = await ask(None, PLAN, model={"retries": 1})
    assert (len(seen.requests), seen.writes) == (2, 1)


async def test_p9_no_connection() -> None:
    """Nobody listens there."""
    async with asyncio.timeout(5):
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        world = World()
        model = llmc.Model("m", base_url=f"http://127.0.0.1:{port}/v1", retries=1, random=lambda: AT_ONCE)
        with pytest.raises(LlmcError) as caught:
            await llmc.Agent(world.toolbox(), model=model).ask("What is a?")
    assert type(caught.value) is ServerUnreachable
    assert str(port) in str(caught.value)
    assert world.calls == {}


@pytest.mark.parametrize(
    ("told", "error"),
    [({"message": "overloaded"}, ServerFailed), ({"message": "slowly", "code": "rate_limit_exceeded"}, RateLimited)],
)
async def test_p9_a_fault_in_the_middle(told: dict[str, str], error: type[ModelError]) -> None:
    """Of a plan that runs already: it is told, and not asked again."""
    seen: Seen = await ask(['1. search("a")\n2. send("bob")\n', event({"error": told})], model={"retries": 2})
    assert type(seen.error) is error
    assert len(seen.requests) == 1
    assert seen.world.calls == {"search a": 1}
