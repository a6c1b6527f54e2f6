"""The connections of a client: each request has one to itself, and they are used again."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from llmc_runtime.models.messages import Message
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.transport import LONGEST_IDLE, Connections
from tests.agent.events import QUESTION, said
from tests.agent.server import FakeServer, Sent


class Bytes(httpx2.AsyncByteStream):
    """The bytes of a response."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"a"


class Line(httpx2.AsyncBaseTransport):
    """A connection that answers, fails, or never answers, and notes whether it was closed."""

    def __init__(self) -> None:
        self.requests = 0
        self.is_closed = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Do what the path says."""
        self.requests += 1
        if request.url.path == "/fails":
            message = "nobody listens"
            raise httpx2.ConnectError(message)
        if request.url.path == "/hangs":
            await asyncio.Event().wait()
        return httpx2.Response(200, stream=Bytes())

    async def aclose(self) -> None:
        """Note it."""
        self.is_closed = True


class World:
    """Connections, the lines that they opened, and a clock."""

    def __init__(self, *, most: int = 1000, most_idle: int = 100) -> None:
        self.lines: list[Line] = []
        self.time = 0.0
        self.connections = Connections(self._open, most=most, most_idle=most_idle, now=lambda: self.time)

    def _open(self) -> Line:
        self.lines.append(Line())
        return self.lines[-1]

    async def ask(self, path: str = "/") -> httpx2.Response:
        """Send a request."""
        return await self.connections.handle_async_request(httpx2.Request("POST", f"http://a{path}"))

    async def asked(self, number: int) -> list[httpx2.Response]:
        """Send requests at once."""
        return list(await asyncio.gather(*(self.ask() for _ in range(number))))

    def closed(self) -> list[bool]:
        """Which lines were closed."""
        return [line.is_closed for line in self.lines]


async def closed(responses: list[httpx2.Response]) -> None:
    """Close responses, in their order."""
    for response in responses:
        await response.aclose()


async def test_a_connection_is_used_again_once_its_response_is_closed() -> None:
    """One after another they need one; at once they need one each."""
    world = World()
    for _ in range(3):
        assert await (await world.ask()).aread() == b"a"
    assert [line.requests for line in world.lines] == [3]
    await closed(await world.asked(3))
    assert [line.requests for line in world.lines] == [4, 1, 1]


async def test_the_connection_that_was_used_last_is_used_first() -> None:
    """The others grow old, and can be closed."""
    world = World()
    await closed(await world.asked(3))
    await closed(await world.asked(1))
    assert [line.requests for line in world.lines] == [1, 1, 2]


@pytest.mark.parametrize(
    ("seconds", "expected"), [(LONGEST_IDLE, [False] * 3), (LONGEST_IDLE + 1, [True, True, False])]
)
async def test_a_connection_that_is_idle_for_too_long_is_closed(seconds: float, expected: list[bool]) -> None:
    """The next request finds it."""
    world = World()
    await closed(await world.asked(3))
    world.time += seconds
    await closed(await world.asked(1))
    assert world.closed() == expected


async def test_the_oldest_idle_connections_are_closed_where_there_are_too_many() -> None:
    """Those in use do not count."""
    world = World(most_idle=2)
    first, *others = await world.asked(4)
    await closed(others[:2])
    assert world.closed() == [False] * 4
    await closed([*others[2:], first])
    assert world.closed() == [False, True, True, False]


async def test_a_request_waits_where_all_connections_are_in_use() -> None:
    """It begins when a response is closed."""
    world = World(most=2)
    first, second = await world.asked(2)
    third = asyncio.ensure_future(world.ask())
    await asyncio.sleep(0)
    assert not third.done()
    await first.aclose()
    await closed([await third, second])
    assert [line.requests for line in world.lines] == [2, 1]


async def test_a_connection_is_free_after_a_failure_and_after_a_cancellation() -> None:
    """Neither takes the room of another request."""
    world = World(most=1)
    with pytest.raises(httpx2.ConnectError):
        await world.ask("/fails")
    hanging = asyncio.ensure_future(world.ask("/hangs"))
    await asyncio.sleep(0)
    hanging.cancel()
    await asyncio.wait([hanging])
    await closed([await world.ask()])
    assert [line.requests for line in world.lines] == [3]


async def test_a_response_that_is_closed_twice_frees_its_connection_once() -> None:
    """Another request may use it by then."""
    world = World()
    (first,) = await world.asked(1)
    stream = first.stream
    assert isinstance(stream, httpx2.AsyncByteStream)
    await stream.aclose()
    (second,) = await world.asked(1)
    await stream.aclose()
    await closed([*await world.asked(1), second])
    assert [line.requests for line in world.lines] == [2, 1]


async def test_all_connections_are_closed_with_the_client() -> None:
    """Also those in use."""
    world = World()
    await closed((await world.asked(3))[1:])
    assert world.closed() == [False] * 3
    await world.connections.aclose()
    assert world.closed() == [True] * 3


def texts() -> Iterator[str]:
    """The text of a reply."""
    yield "a"


async def test_replies_one_after_another_share_a_connection() -> None:
    """A server sees one connection; with two replies at once, it sees two."""
    async with FakeServer(lambda _: texts(), pace=0.0) as server:
        model = Model("m", base_url=server.base_url)
        for _ in range(3):
            await said(model)
        assert len(server.tasks) == 1
        await asyncio.gather(said(model), said(model))
        assert len(server.tasks) == 2


async def test_a_connection_that_the_server_has_closed_is_opened_again() -> None:
    """The next question does not fail, though it is not repeated."""
    async with FakeServer(lambda _: texts(), pace=0.0) as server:
        model = Model("m", base_url=server.base_url, retries=0)
        await said(model)
        (task,) = server.tasks
        task.cancel()
        await server.all_left()
        assert (await said(model, [Message("user", "again")]))[0] == ["a"]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "NO_PROXY"])
async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Requests to a server elsewhere go through it, and a list of exceptions is none."""
    for other in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(other, raising=False)
        monkeypatch.delenv(other.lower(), raising=False)
    async with FakeServer(lambda _: Sent(418, "text/plain", [b"proxy"]), pace=0.0) as server:
        monkeypatch.setenv(name.lower(), server.base_url.removesuffix("/v1"))
        with pytest.raises(Exception, match="418" if name != "NO_PROXY" else "no such|not known|resol|unreach|reach"):
            await said(Model("m", base_url="http://server.invalid/v1", retries=0), QUESTION)
        assert len(server.requests) == (name != "NO_PROXY")
