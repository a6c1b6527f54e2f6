"""Clients of the SDK, one for each address and key on an event loop and closed when it ends; and the SDK's errors."""

import asyncio
import json
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from time import monotonic
from typing import Final, TypeAlias, cast
from urllib.request import getproxies

import httpx2
import openai

from llmc_runtime.models.model_errors import ModelError, ServerUnreachable, StreamBroken
from llmc_runtime.models.openai.error_mapping import server_error
from llmc_runtime.models.openai.reply_shapes import at, words
from llmc_runtime.models.openai.settings.api_keys import request_headers
from llmc_runtime.models.openai.settings.settings import ModelSettings
from llmc_runtime.models.server_messages import answered

PATHS: Final = {"responses": "/responses", "chat": "/chat/completions", "completions": "/completions"}

Client: TypeAlias = openai.AsyncOpenAI

ERRORS: Final = (openai.OpenAIError, httpx2.HTTPError, ValueError, RecursionError)
"""Exceptions of the SDK and of the layers below it."""

MOST_BYTES: Final = 4 * 1024 * 1024
"""Maximum number of bytes in an event, and in the response to a refused request."""


LONGEST_IDLE: Final = 5.0
"""Seconds after which an idle connection is closed, as in httpx2."""


class Connections(httpx2.AsyncBaseTransport):
    """Connections to a server: each request has one, opened by `open_one`, to itself; the last used is reused first.

    At most `most` are in use, and `most_idle` are kept; the defaults are those of the SDK. A pool of httpx2 probes all
    its idle connections whenever a request begins or ends: with a hundred, that costs more than the request.
    """

    def __init__(
        self,
        open_one: Callable[[], httpx2.AsyncBaseTransport],
        *,
        most: int = 1000,
        most_idle: int = 100,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._open_one = open_one
        self._room = asyncio.Semaphore(most)
        self._most_idle = most_idle
        self._now = now
        self._busy: set[httpx2.AsyncBaseTransport] = set()
        self._idle: deque[tuple[float, httpx2.AsyncBaseTransport]] = deque()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; its connection is in use until the response is closed."""
        await self._room.acquire()
        connection = self._idle.pop()[1] if self._idle else self._open_one()
        self._busy.add(connection)
        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            self._keep(connection)
            raise
        response.stream = _HeldStream(cast("httpx2.AsyncByteStream", response.stream), partial(self._free, connection))
        return response

    def _keep(self, connection: httpx2.AsyncBaseTransport) -> None:
        """Keep a connection for further requests."""
        self._busy.remove(connection)
        self._idle.append((self._now(), connection))
        self._room.release()

    async def _free(self, connection: httpx2.AsyncBaseTransport) -> None:
        """Keep a connection, and close those that are idle for too long, or are too many."""
        self._keep(connection)
        while self._idle and (len(self._idle) > self._most_idle or self._now() - self._idle[0][0] > LONGEST_IDLE):
            await self._idle.popleft()[1].aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        connections = [*self._busy, *(connection for _, connection in self._idle)]
        self._idle.clear()
        for connection in connections:
            await connection.aclose()


class _HeldStream(httpx2.AsyncByteStream):
    """The bytes of a response; once they are closed, their connection is free."""

    def __init__(self, stream: httpx2.AsyncByteStream, free: Callable[[], Awaitable[None]]) -> None:
        self._stream = stream
        self._free: Callable[[], Awaitable[None]] | None = free

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        """Close the bytes, and free their connection."""
        try:
            await self._stream.aclose()
        finally:
            # Closed again, it must not free a connection that another request uses by then.
            free, self._free = self._free, None
            if free is not None:
                await free()


class CountedStream(httpx2.AsyncByteStream):
    """The bytes of a response; raises ValueError for more than MOST_BYTES in a row without an event."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self.count = 0
        self._stream = stream

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        pieces = aiter(self._stream)
        try:
            async for piece in pieces:
                self.count += len(piece)
                if self.count > MOST_BYTES:
                    message = f"one event has more than {MOST_BYTES} bytes"
                    raise ValueError(message)
                yield piece
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()


class _Clients:
    """The clients of an event loop; they are closed when it ends."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.of: dict[object, Client] = {}
        self._loop = loop
        self._open = self._while_open()

    async def start(self) -> None:
        """Register for the end of the loop, which then closes asynchronous generators."""
        await anext(self._open)

    async def _while_open(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            clients_by_loop.pop(self._loop, None)
            for client in self.of.values():
                await client.close()


clients_by_loop: Final[dict[AbstractEventLoop, _Clients]] = {}


async def client_of(asked: ModelSettings, transport: httpx2.AsyncBaseTransport | None) -> Client:
    """Return the client for an address and a key on this loop; all keys of a key function share a client."""
    loop = asyncio.get_running_loop()
    if loop not in clients_by_loop:
        for other in tuple(clients_by_loop):
            if other.is_closed():
                del clients_by_loop[other]
        clients = clients_by_loop[loop] = _Clients(loop)
        await clients.start()
    identity = (
        asked.base_url,
        None if asked.key_source is not None else asked.key,
        asked.server,
        asked.organisation,
        asked.project,
        asked.api_version,
        asked.connect,
        transport,
    )
    clients = clients_by_loop[loop]
    if identity not in clients.of:
        clients.of[identity] = _opened(asked, transport)
    return clients.of[identity]


async def _count(response: httpx2.Response) -> None:
    """Count the bytes of a response, and leave it compressed: a small response may expand to gigabytes."""
    response.headers.pop("content-encoding", None)
    response.stream = CountedStream(cast("httpx2.AsyncByteStream", response.stream))


def _opened(asked: ModelSettings, transport: httpx2.AsyncBaseTransport | None) -> Client:
    """Open a client."""
    # A client with a transport ignores the proxies of the environment.
    if transport is None and (asked.near or getproxies().keys().isdisjoint(("http", "https", "all"))):
        verify = httpx2.create_ssl_context(trust_env=not asked.near)
        transport = Connections(partial(httpx2.AsyncHTTPTransport, verify=verify))
    http = openai.DefaultAsyncHttpxClient(
        transport=transport,
        trust_env=not asked.near,
        headers={"accept-encoding": "identity"},
        event_hooks={"response": [_count]},
    )
    timeout = openai.Timeout(None, connect=asked.connect)
    key = "none"  # each request has the key in its headers
    if asked.server == "azure" and asked.api_version is not None:
        return openai.AsyncAzureOpenAI(
            azure_endpoint=asked.base_url,
            api_version=asked.api_version,
            api_key=key,
            http_client=http,
            timeout=timeout,
            max_retries=0,
        )
    client = openai.AsyncOpenAI(base_url=asked.base_url, api_key=key, http_client=http, timeout=timeout, max_retries=0)
    client.organization = asked.organisation
    client.project = asked.project
    return client


def bytes_of(response: httpx2.Response) -> CountedStream:
    """Return the bytes of a response of one of these clients."""
    return cast("CountedStream", response.stream)


async def post(client: Client, asked: ModelSettings, request: Mapping[str, object]) -> httpx2.Response:
    """Send a request, and return the response as soon as it begins, before its bytes are read."""
    headers = {name: openai.Omit() if value is None else value for name, value in request_headers(asked).items()}
    stream = await client.post(
        PATHS[asked.api],
        body=request,
        options={"headers": headers},
        cast_to=object,
        stream=True,
        stream_cls=openai.AsyncStream[object],
    )
    return stream.response


def typed(asked: ModelSettings, error: Exception, *, begun: bool) -> ModelError:
    """Return the error for an exception of the SDK; `begun` is True if a response had begun."""
    why = _words(asked, error)
    match error:
        case openai.APIStatusError(response=response):
            said = answered(response.status_code, asked.without_key(_body(response)))
            return server_error(asked, said, headers=response.headers, url=f"{error.request.url}")
        case openai.APIConnectionError() | httpx2.HTTPError() if not begun:
            return ServerUnreachable(asked.name, asked.place, why)
        case _:
            return StreamBroken(asked.name, why)


def withheld(error: Exception) -> str | None:
    """Return a reply that a server withholds because it calls tools, as a whole completion: Groq quotes it."""
    if not isinstance(error, openai.APIStatusError):
        return None
    try:
        said = at(json.loads(_body(error.response)), "error")
    except (ValueError, RecursionError):
        return None
    text = words(at(said, "failed_generation"))
    if at(said, "code") != "tool_use_failed" or not text.strip():
        return None
    return json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]})


def _body(response: httpx2.Response) -> str:
    """Return the body of the response to a refused request, which the SDK has read."""
    try:
        return response.content.decode("utf-8", "replace")
    except httpx2.ResponseNotRead:
        return ""


def _words(asked: ModelSettings, error: Exception) -> str:
    """Return the text of an exception, without the key."""
    said = error.__cause__ if isinstance(error, openai.APIConnectionError) and error.__cause__ else error
    return asked.without_key(str(said) or type(said).__name__)
