"""Clients of the SDK: one for each address and key on an event loop, closed when the loop ends; and its errors."""

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
"""Of an event, and of the answer to a refused request."""


class CountedStream(httpx2.AsyncByteStream):
    """The bytes of an answer: more than MOST_BYTES in a row, with no event among them, are an error."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self.count = 0
        self._stream = stream

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        pieces = aiter(self._stream)
        try:
            async for piece in pieces:
                self.count += len(piece)
                if self.count > MOST_BYTES:
                    message = f"more than {MOST_BYTES} bytes came in one event"
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
        """Be told of the loop's end: that is when it ends asynchronous generators."""
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
    """The client for an address and a key on this loop; keys of a function, which change, have one together."""
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
    """Have the bytes of an answer counted; a small one may unpack to gigabytes, so none is unpacked."""
    response.headers.pop("content-encoding", None)
    response.stream = CountedStream(cast("httpx2.AsyncByteStream", response.stream))


def _opened(asked: ModelSettings, transport: httpx2.AsyncBaseTransport | None) -> Client:
    """A new client."""
    http = openai.DefaultAsyncHttpxClient(
        transport=transport,
        trust_env=not asked.near,
        headers={"accept-encoding": "identity"},
        event_hooks={"response": [_count]},
    )
    timeout = openai.Timeout(None, connect=asked.connect)
    key = "none"  # that of a request is in its headers
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
    """The bytes of an answer of one of these clients."""
    return cast("CountedStream", response.stream)


async def post(client: Client, asked: ModelSettings, request: Mapping[str, object]) -> httpx2.Response:
    """Send a question, and return the answer as soon as it begins; its bytes are not read yet."""
    headers = {name: openai.Omit() if each is None else each for name, each in request_headers(asked).items()}
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
    """Return the error for an exception of the SDK; `begun`: an answer had begun."""
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
    """Return a reply, as a whole completion, that a server withholds because it calls tools: Groq quotes it."""
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
    """The body of a refused request, which the SDK has read."""
    try:
        return response.content.decode("utf-8", "replace")
    except httpx2.ResponseNotRead:
        return ""


def _words(asked: ModelSettings, error: Exception) -> str:
    """The words of an exception, without the key."""
    said = error.__cause__ if isinstance(error, openai.APIConnectionError) and error.__cause__ else error
    return asked.without_key(str(said) or type(said).__name__)
