"""Against a real server on loopback: what it sees when a reply is closed or cancelled, and how fast pieces come."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from llmc_runtime.models.messages import Message
from llmc_runtime.models.model_errors import ModelTimedOut, ServerFailed, ServerUnreachable, StreamBroken
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.settings.settings import Api
from tests.agent.events import QUESTION, said
from tests.agent.server import FakeServer, Reply, Request

LONG = "word " * 1000


async def pieces(model: Model) -> AsyncIterator[object]:
    """The parts of a reply."""
    async for part in model.reply(QUESTION):
        yield part


@pytest.mark.parametrize("api", ["chat", "completions", "responses"])
async def test_a_reply_comes_whole(api: Api) -> None:
    """Each API, over a real connection, which is used again."""
    text = 'Thought: grüße\n1. search("K2")\njoin($1)\n'
    async with FakeServer(lambda _: text, pace=0.0) as server:
        model = Model("m", base_url=server.base_url, api=api)
        for _ in range(2):
            found, end = await said(model)
            assert "".join(found) == text
            assert end.usage.written == 7
        assert [(request.api, request.left) for request in server.requests] == [(api, False)] * 2


async def test_the_server_sees_that_a_reply_is_closed() -> None:
    """After the first piece nobody reads on: the server stops long before its end."""
    async with FakeServer(lambda _: LONG, pace=0.001) as server:
        reply = Model("m", base_url=server.base_url).reply(QUESTION)
        await anext(reply)
        await reply.aclose()
        await server.all_left()
        assert server.requests[0].left
        assert server.requests[0].sent < 100


async def test_the_server_sees_that_a_reader_is_cancelled() -> None:
    """Also while nothing arrives."""
    async with FakeServer(lambda _: ["word", 60.0, "never"]) as server:
        first = asyncio.Event()

        async def read() -> None:
            async for _ in Model("m", base_url=server.base_url).reply(QUESTION):
                first.set()

        reading = asyncio.ensure_future(read())
        await first.wait()
        reading.cancel()
        await asyncio.wait([reading])
        await server.all_left()
        assert (server.requests[0].left, server.requests[0].sent) == (True, 1)


async def test_the_server_sees_that_a_time_limit_ran_out() -> None:
    """A stalled reply is closed."""
    async with FakeServer(lambda _: ["word", 60.0]) as server:
        with pytest.raises(ModelTimedOut):
            await said(Model("m", base_url=server.base_url, idle=0.05))
        await server.all_left()
        assert server.requests[0].left


async def test_a_server_that_goes_away_breaks_the_reply() -> None:
    """In mid-stream it is an error; before it, and where nobody listens, another one."""
    async with FakeServer(lambda _: ["word", None], pace=0.0) as server:
        with pytest.raises(StreamBroken):
            await said(Model("m", base_url=server.base_url))
    with pytest.raises(ServerUnreachable, match=server.base_url):
        await said(Model("m", base_url=server.base_url, retries=0))


async def test_a_refusal_is_one_over_a_real_connection() -> None:
    """The status tells."""
    async with FakeServer(lambda _: 500) as server:
        with pytest.raises(ServerFailed, match=r"no \(HTTP 500\)"):
            await said(Model("m", base_url=server.base_url, retries=0))


async def test_a_piece_is_there_when_it_was_sent() -> None:
    """No piece waits for the next: half of them are there within 20 ms of their sending, at 50 a second."""
    async with FakeServer(lambda _: "one two three four five six") as server:
        loop = asyncio.get_running_loop()
        came = [loop.time() async for part in pieces(Model("m", base_url=server.base_url)) if isinstance(part, str)]
        late = sorted(at - sent for at, sent in zip(came, server.requests[0].times, strict=True))
        assert late[len(late) // 2] < 0.02


async def test_a_hundred_questions_at_once_do_not_mix() -> None:
    """Each reply is that of its question."""

    def echo(request: Request) -> Reply:
        return f"about {request.said}"

    async with FakeServer(echo, pace=0.0) as server:
        model = Model("m", base_url=server.base_url)
        asked = [said(model, [Message("user", f"question {n}")]) for n in range(100)]
        replies = await asyncio.gather(*asked)
        assert ["".join(found) for found, _ in replies] == [f"about question {n}" for n in range(100)]


async def test_a_loopback_server_is_reached_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says about proxies."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with FakeServer(lambda _: "a", pace=0.0) as server:
        assert (await said(Model("m", base_url=server.base_url)))[0] == ["a"]
