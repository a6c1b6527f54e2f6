"""Models on servers that speak the API of OpenAI, through its SDK.

One client serves all questions to an address on an event loop, and is closed when the loop ends. There is one layer of
retries, and it is here (the SDK's is off): a question is asked again only as long as no text of a reply has arrived.
Answers are not unpacked, and an event has a bound, so that no server can fill the memory.
"""

import asyncio
import random as chance
from asyncio import AbstractEventLoop
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Final, Literal, Unpack, cast

import httpx2
import openai

from llmc_compiler.decoder.grammar import Level
from llmc_runtime.agent.bodies import Followed, body, stops
from llmc_runtime.agent.decoding import LEVELS
from llmc_runtime.agent.dialogue import Grammar, Message, Part, Schema
from llmc_runtime.agent.model_errors import (
    AuthenticationFailed,
    ContentRefused,
    ModelError,
    ModelTimedOut,
    NoStream,
    QuotaSpent,
    RateLimited,
    RequestRefused,
    ServerFailed,
    ServerUnreachable,
    StreamBroken,
)
from llmc_runtime.agent.replies import Cut, Reply, fault
from llmc_runtime.agent.settings import Options, Settings, settings, shown
from llmc_runtime.agent.watch import Watch

PATHS: Final = {"responses": "/responses", "chat": "/chat/completions", "completions": "/completions"}

Step = Level | Literal["schema"]
"""What a server may refuse."""

MOST_BYTES: Final = 4 * 1024 * 1024
"""Of an event, and of the answer to a refused request."""

LONGEST_WAIT: Final = 60.0
"""Seconds that a server may ask us to wait; where it wants more, that is the error."""

FAULTS: Final = 500
"""From this status on, the server reports a fault of its own."""

EVENTS: Final = "text/event-stream"
"""The content type of a stream of events."""

FIRST_WAIT: Final = 0.5
"""Upper bound of the wait before the second attempt, in seconds; each further one doubles it."""


_FILTERED: Final = {"content_filter", "content_policy_violation"}

_OF_GRAMMARS: Final = {400, 422}
"""With these a server may mean the grammar."""

_END: Final = object()

_Stream = openai.AsyncStream[object]


class Model:
    """A model on a server: OpenAI, Azure, vLLM, SGLang, Ollama, llama.cpp, or `local`; see Options for the rest.

    A grammar that the server refuses is followed by one that says less, at last by none, a schema at once by none; what
    was refused is not sent again.
    """

    __slots__ = ("_random", "_refused", "_transport", "settings")

    def __init__(
        self,
        name: str,
        *,
        path: str | Path | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        random: Callable[[], float] = chance.random,
        **options: Unpack[Options],
    ) -> None:
        self.settings = settings(name, options, path)
        self._transport = transport
        self._random = random
        self._refused: set[Step] = set()

    def __repr__(self) -> str:
        made = self.settings
        return f"Model({made.name!r}, server={made.server!r}, api={made.api!r}, base_url={made.place!r})"

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.settings.name

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        grammar: Grammar | None = None,
        schema: Schema | None = None,
        stop: Sequence[str] = (),
        most_tokens: int | None = None,
    ) -> AsyncGenerator[Part, None]:
        """The reply in pieces as they arrive, at last its End; raises ModelError. Closing it ends the connection."""
        ready = await _ready(self.settings)
        watch = Watch(ready, asyncio.get_running_loop().time)
        ends = stops(ready, messages, stop)
        refused: dict[Step, Followed | None] = {}
        failures = 0
        while True:
            step, followed = self._followed(grammar, schema, refused)
            said = messages if grammar is None else [each.at(None if step == "schema" else step) for each in messages]
            try:
                async with aclosing(
                    self._answer(ready, watch, body(ready, said, followed, ends, most_tokens), ends)
                ) as parts:
                    async for part in parts:
                        self._refused |= refused.keys()
                        yield part
                return
            except ModelError as error:
                if watch.first_token is not None:
                    raise
                if step is not None and isinstance(error, RequestRefused) and error.status in _OF_GRAMMARS:
                    refused[step] = followed
                    continue
                delay = self._wait(error, failures)
                if delay is None or not watch.allows(delay):
                    raise
            failures += 1
            await asyncio.sleep(delay)

    def _followed(
        self, grammar: Grammar | None, schema: Schema | None, refused: dict[Step, Followed | None]
    ) -> tuple[Step | None, Followed | None]:
        """What the reply has to follow: the schema where the server takes any, else the first grammar that it takes.

        A level whose grammar is the same as a refused one is refused with it.
        """
        known = self._refused | refused.keys()
        if schema is not None and self.settings.schemas:
            return (None, None) if "schema" in known else ("schema", schema)
        if grammar is not None and self.settings.dialect is not None:
            for level in LEVELS:
                if level not in known:
                    with suppress(ValueError):  # too large
                        made = grammar(self.settings.dialect, level)
                        if made not in refused.values():
                            return level, made
                        refused[level] = made
        return None, None

    def _wait(self, error: ModelError, failures: int) -> float | None:
        """How long to wait before the question is asked again, None if it is not."""
        if failures >= self.settings.retries or isinstance(error, QuotaSpent | NoStream):
            return None
        match error:
            case RateLimited(retry_after=float(seconds)) | ServerFailed(retry_after=float(seconds)):
                return seconds if seconds <= LONGEST_WAIT else None
            case RateLimited() | ServerFailed() | ServerUnreachable() | StreamBroken():
                return FIRST_WAIT * 2.0**failures * (1 + self._random()) / 2
            case _:
                return None

    async def _answer(
        self, ready: Settings, watch: Watch, request: Mapping[str, object], ends: Sequence[str]
    ) -> AsyncGenerator[Part, None]:
        """The reply to one request."""
        reply, cut = Reply(ready), Cut(ends)
        watch.ask()
        try:
            async with aclosing(_events(ready, await _client(ready, self._transport), request, watch)) as events:
                async for event in events:
                    text = cut.feed(reply.take(event))
                    watch.hear(text=bool(text))
                    if text:
                        yield text
                    if cut.hit:
                        break
        except (ModelTimedOut, StreamBroken):
            if reply.reason is None:  # else it was whole, and only its count or its good-bye is missing
                raise
        if reply.reason is None and not cut.hit:
            raise StreamBroken(ready.name, "it ended without saying how")
        if rest := cut.rest():
            yield rest
        yield reply.end(ready.prices, seconds=watch.seconds, first_token=watch.first_token)


async def _ready(asked: Settings) -> Settings:
    """The settings with the address of the server, which is started if it is in this process."""
    if asked.server != "local":
        if asked.key is None and asked.server in {"openai", "azure"}:
            raise AuthenticationFailed(asked.name, "there is no key", asked.variable, meant=asked.meant)
        return asked
    from llmc_runtime.agent.local import serve  # noqa: PLC0415 — it imports this module

    served = await asyncio.to_thread(serve, asked)
    return replace(asked, base_url=served.base_url, key=served.key)


async def _events(
    asked: Settings, client: openai.AsyncOpenAI, request: Mapping[str, object], watch: Watch
) -> AsyncGenerator[object, None]:
    """The events of the answer to a request, as JSON data."""
    begun = heard = False
    try:
        opening = client.post(PATHS[asked.api], body=request, cast_to=object, stream=True, stream_cls=_Stream)
        async with await watch.within(opening) as stream:
            begun = True
            while (event := await watch.within(anext(stream, _END))) is not _END:
                stream.response.extensions["llmc"].count = 0
                heard = True
                yield event
            if not heard:
                raise _unheard(asked, stream.response)
    except (openai.OpenAIError, httpx2.HTTPError, ValueError, RecursionError) as error:
        # What quotes the key is not shown, not even as a cause.
        hidden = asked.key is not None and asked.key.get_secret_value() in f"{error!r}{error.__cause__!r}"
        raise typed(asked, error, begun=begun) from (None if hidden else error)


def _unheard(asked: Settings, response: httpx2.Response) -> StreamBroken:
    """The error for an answer without any event: only of a stream may the next attempt bring one."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in {"", EVENTS}:
        return StreamBroken(asked.name, f"no event of a reply came from {asked.place}")
    return NoStream(asked.name, asked.place, kind)


def typed(asked: Settings, error: Exception, *, begun: bool) -> ModelError:
    """The error for what the SDK raised; `begun`: an answer had begun."""
    name, why = asked.name, _words(asked, error)
    match error:
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return AuthenticationFailed(name, why, asked.variable, has_key=asked.key is not None, meant=asked.meant)
        case openai.RateLimitError():
            kind = QuotaSpent if error.code == "insufficient_quota" else RateLimited
            return kind(name, why, _asked_to_wait(error.response.headers))
        case openai.APIError(code=str(code)) if code in _FILTERED:
            return ContentRefused(name, why)
        case openai.APIStatusError(status_code=status) if status >= FAULTS or status in {408, 409}:
            return ServerFailed(name, why, _asked_to_wait(error.response.headers))
        case openai.NotFoundError(status_code=status):
            return RequestRefused(name, why, status, shown(f"{error.request.url}"), asked.meant)
        case openai.APIStatusError(status_code=status):
            return RequestRefused(name, why, status)
        case openai.APIConnectionError() | httpx2.HTTPError() if not begun:
            return ServerUnreachable(name, asked.place, why)
        case openai.APIError() if not isinstance(error, openai.APIConnectionError):
            return fault(asked, error.code, why)
        case _:
            return StreamBroken(name, why)


def _words(asked: Settings, error: Exception) -> str:
    """What an error says, without the key."""
    said = error.__cause__ if isinstance(error, openai.APIConnectionError) and error.__cause__ else error
    return asked.without_key(str(said) or type(said).__name__)


def _asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that a server wants to be left alone, if it says so; a date is not looked at."""
    for name, parts in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers.get(name, "")) / parts
        except ValueError:
            continue
        if isfinite(seconds) and seconds >= 0:
            return seconds
    return None


class _Counted(httpx2.AsyncByteStream):
    """The bytes of an answer: more than MOST_BYTES in a row, with no event among them, are an error."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self.count = 0
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self.count += len(piece)
            if self.count > MOST_BYTES:
                message = f"more than {MOST_BYTES} bytes came in one event"
                raise ValueError(message)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Clients:
    """The clients of an event loop; they are closed when it ends."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.of: dict[object, openai.AsyncOpenAI] = {}
        self._loop = loop
        self._open = self._while_open()

    async def start(self) -> None:
        """Be told of the loop's end: that is when it ends asynchronous generators."""
        await anext(self._open)

    async def _while_open(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            _clients.pop(self._loop, None)
            for client in self.of.values():
                await client.close()


_clients: Final[dict[AbstractEventLoop, _Clients]] = {}


async def _client(asked: Settings, transport: httpx2.AsyncBaseTransport | None) -> openai.AsyncOpenAI:
    """The client for an address and a key on this loop."""
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        for other in tuple(_clients):
            if other.is_closed():
                del _clients[other]
        clients = _clients[loop] = _Clients(loop)
        await clients.start()
    identity = (
        asked.base_url,
        asked.key,
        asked.server,
        asked.organisation,
        asked.project,
        asked.api_version,
        asked.connect,
        transport,
    )
    clients = _clients[loop]
    if identity not in clients.of:
        clients.of[identity] = _opened(asked, transport)
    return clients.of[identity]


async def _count(response: httpx2.Response) -> None:
    """Have the bytes of an answer counted; a small one may unpack to gigabytes, so none is unpacked."""
    response.headers.pop("content-encoding", None)
    stream = cast("httpx2.AsyncByteStream", response.stream)
    response.stream = response.extensions["llmc"] = _Counted(stream)


def _opened(asked: Settings, transport: httpx2.AsyncBaseTransport | None) -> openai.AsyncOpenAI:
    """A new client."""
    http = openai.DefaultAsyncHttpxClient(
        transport=transport,
        trust_env=not asked.near,
        headers={"accept-encoding": "identity"},
        event_hooks={"response": [_count]},
    )
    timeout = openai.Timeout(None, connect=asked.connect)
    key = asked.key.get_secret_value() if asked.key else "none"
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
