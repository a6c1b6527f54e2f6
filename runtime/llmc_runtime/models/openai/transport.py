"""Clients of the SDK, one for each address and key on an event loop and closed when it ends; and the SDK's errors."""

import asyncio
import json
from asyncio import AbstractEventLoop
from collections.abc import AsyncGenerator, Mapping
from typing import Final, TypeAlias, cast

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
