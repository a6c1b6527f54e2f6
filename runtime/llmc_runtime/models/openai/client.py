"""Models on servers that speak the API of OpenAI, through its SDK.

One client serves all questions to an address on an event loop, and is closed when the loop ends. Only this module
retries (the SDK's retries are off), and only until the first text of a reply has arrived. Responses are never
decompressed and the size of an event is bounded, so that a server cannot exhaust the memory.
"""

import asyncio
import logging
import random as chance
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, Unpack

import httpx2

from llmc_compiler.decoder.decoder_grammar import LEVELS, Level
from llmc_runtime.models.messages import Grammar, Message, Part, Reasoning, Schema
from llmc_runtime.models.model_errors import (
    AuthenticationFailed,
    ContentRefused,
    ContextTooLong,
    ModelError,
    NoStream,
    QuotaSpent,
    RateLimited,
    RequestRefused,
    ServerFailed,
    ServerUnreachable,
    StreamBroken,
)
from llmc_runtime.models.openai.error_mapping import no_event, no_reply, server_error
from llmc_runtime.models.openai.event_decoder import ServerEvent, sent_events
from llmc_runtime.models.openai.optional_parameters import OwnPart, names_form, names_given, refused_part
from llmc_runtime.models.openai.request_body import Followed, ModelRequest, body, stops
from llmc_runtime.models.openai.response_stream import ParsedReply, StopSequenceFilter, StreamedReply
from llmc_runtime.models.openai.settings.api_keys import key_of
from llmc_runtime.models.openai.settings.settings import ModelOptions, ModelSettings, changed, settings
from llmc_runtime.models.openai.timeouts import ReplyDeadline
from llmc_runtime.models.openai.transport import ERRORS, Client, bytes_of, client_of, post, typed, withheld
from llmc_runtime.models.server_messages import answered, error_in, quoted

Step = Level | Literal["schema"]
"""A form for replies that a server may refuse."""

LONGEST_WAIT: Final = 60.0
"""The longest wait that a server may ask for, in seconds; a longer one raises the server's error."""

FIRST_WAIT: Final = 0.5
"""Upper bound of the wait before the second attempt, in seconds; each further one doubles it."""

_OF_GRAMMARS: Final = {400, 422}
"""Statuses with which a server may refuse a grammar."""

_END: Final = object()

_refused_by: Final[dict[tuple[str, str, str], frozenset[OwnPart]]] = {}
"""Parts of a request that were refused, by address, model and API."""

_log: Final = logging.getLogger("llmc")


@dataclass(slots=True)
class _Tried:
    """The forms and parts that were refused during one reply."""

    steps: dict[Step, Followed | None]
    left_out: frozenset[OwnPart]


class Model:
    """A model on a server: OpenAI, Azure, vLLM, SGLang, Ollama, llama.cpp, or `local`; see ModelOptions for the rest.

    A grammar that the server refuses is replaced by one that restricts less, and in the end left out; a refused schema
    is left out at once. Other parts that llmc itself adds to a request are left out if the server refuses them, and the
    logger `llmc` reports it. Refused parts are not sent again.
    """

    __slots__ = ("_left_out", "_random", "_refused", "_transport", "settings")

    def __init__(
        self,
        name: str,
        *,
        path: str | Path | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        random: Callable[[], float] = chance.random,
        **options: Unpack[ModelOptions],
    ) -> None:
        self.settings = settings(name, options, path)
        """The settings, with every default filled in."""
        self._transport = transport
        self._random = random
        self._refused: set[Step] = set()
        # Another transport may lead to another server at the same address.
        self._left_out = _refused_by if transport is None else {}

    def __repr__(self) -> str:
        own = self.settings
        return f"Model({own.name!r}, server={own.server!r}, api={own.api!r}, base_url={own.place!r})"

    def with_options(self, **options: Unpack[ModelOptions]) -> "Model":
        """Return this model with other options. Server, API and key stay. Raises TypeError and ValueError."""
        model = copy(self)
        model.settings = changed(self.settings, options)
        return model

    @property
    def name(self) -> str:
        """The name of the model in reports."""
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
        """Yield the reply in pieces as they arrive, and its End last; raises ModelError.

        Closing the generator closes the connection.
        """
        ready = await _ready(self.settings)
        watch = ReplyDeadline(ready, asyncio.get_running_loop().time)
        ends = stops(ready, messages, stop)
        server = (ready.base_url, ready.name, ready.api)
        tried = _Tried({}, self._left_out.get(server, frozenset()))
        failures = 0
        while True:
            step, followed = self._followed(grammar, schema, tried.steps)
            level = None if step == "schema" else step
            adapted = messages if grammar is None else [message.at(level) for message in messages]
            question = ModelRequest(adapted, followed, ends, most_tokens, tried.left_out)
            asked = ready if ready.key_source is None else replace(ready, key=await key_of(ready))
            try:
                async with aclosing(self._answer(asked, watch, question)) as parts:
                    async for part in parts:
                        self._refused |= tried.steps.keys()
                        if tried.left_out:
                            self._left_out[server] = self._left_out.get(server, frozenset()) | tried.left_out
                        yield part
                return
            except ModelError as error:
                if watch.first_token is not None:
                    raise
                if _leave_out(error, asked, question, tried):
                    continue
                if step is not None and _is_of_grammar(error, asked):
                    tried.steps[step] = followed
                    continue
                delay = self._wait(error, failures)
                if delay is None or not watch.allows(delay):
                    raise
            failures += 1
            await asyncio.sleep(delay)

    def _followed(
        self, grammar: Grammar | None, schema: Schema | None, refused: dict[Step, Followed | None]
    ) -> tuple[Step | None, Followed | None]:
        """Return the schema if the server takes schemas, else the first grammar that it takes.

        A level whose grammar equals a refused one counts as refused.
        """
        refused_steps = self._refused | refused.keys()
        if schema is not None and self.settings.schemas:
            return (None, None) if "schema" in refused_steps else ("schema", schema)
        if grammar is not None and self.settings.syntax is not None:
            for level in LEVELS:
                if level not in refused_steps:
                    with suppress(ValueError):  # too large
                        text = grammar(self.settings.syntax, level)
                        if text not in refused.values():
                            return level, text
                        refused[level] = text
        return None, None

    def _wait(self, error: ModelError, failures: int) -> float | None:
        """Return the backoff before the next attempt in seconds, None for no further attempt."""
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
        self, ready: ModelSettings, watch: ReplyDeadline, question: ModelRequest
    ) -> AsyncGenerator[Part, None]:
        """Yield the reply to one request."""
        reply, cut = StreamedReply(ready), StopSequenceFilter(question.stop)
        client = await client_of(ready, self._transport)
        request = body(ready, question)
        watch.ask(streamed=bool(request.get("stream")))
        try:
            async with aclosing(_events(ready, client, request, watch)) as events:
                async for event in events:
                    heard = _taken(ready, reply, event)
                    text = cut.feed(heard.text)
                    watch.hear(text=bool(text), reasoning=bool(heard.reasoning))
                    for part in _parts(heard.reasoning, text):
                        yield part
                    if cut.hit:
                        break
        except ModelError as error:
            # After the end of a reply, only its usage and the closing event can be missing.
            if reply.reason is None or isinstance(error, ContentRefused):
                raise
        if reply.reason is None and not cut.hit:
            raise StreamBroken(ready.name, "it ended without a finish reason")
        if not cut.hit:
            heard = reply.rest()
            for part in _parts(heard.reasoning, cut.feed(heard.text) + cut.rest()):
                yield part
        yield reply.end(ready.prices, question.messages, seconds=watch.seconds, first_token=watch.first_token)


def _taken(asked: ModelSettings, reply: StreamedReply, event: ServerEvent) -> ParsedReply:
    """Feed an event to the reply, and return its text and reasoning; raises ModelError."""
    if event.is_done:
        reply.done()
        return reply.rest()
    if not event.data.strip():
        return ParsedReply()
    try:
        values = event.values()
    except (ValueError, RecursionError):
        if event.name == "error":
            values = [event.data]
        else:
            raise no_event(asked, event.data) from None
    heard = [reply.take(value, event.name) for value in values]
    if event.is_whole:
        reply.done()
        heard.append(reply.rest())
    if len(heard) == 1:
        return heard[0]
    return ParsedReply("".join(each.text for each in heard), "".join(each.reasoning for each in heard))


def _parts(reasoning: str, text: str) -> Iterator[Part]:
    """Yield the parts of a reply that are not empty."""
    if reasoning:
        yield Reasoning(reasoning)
    if text:
        yield text


def _leave_out(error: ModelError, asked: ModelSettings, question: ModelRequest, tried: _Tried) -> bool:
    """Note a part of the request that the server refuses; return whether the question can be asked without it."""
    is_fault = isinstance(error, ServerFailed)
    if error.said is None or isinstance(error, ContextTooLong) or not (is_fault or isinstance(error, RequestRefused)):
        return False
    part = refused_part(error.said, body(asked, question), asked, question.left_out, is_fault=is_fault)
    if part is None:
        return False
    tried.left_out |= {part}
    warning = "%s refuses `%s` for the model `%s`; further requests leave it out: %s"
    _log.warning(warning, asked.place, part, asked.name, error.said.text)
    return True


def _is_of_grammar(error: ModelError, asked: ModelSettings) -> bool:
    """Whether an error may be about the form that the reply has to follow."""
    said = error.said
    if said is None or isinstance(error, ContextTooLong) or names_given(said, asked):
        return False
    is_refused = isinstance(error, RequestRefused) and error.status in _OF_GRAMMARS
    return is_refused or (isinstance(error, RequestRefused | ServerFailed) and names_form(said))


async def _ready(asked: ModelSettings) -> ModelSettings:
    """Return the settings with the address of the server; start the server first if it is `local`."""
    if asked.server != "local":
        if not asked.has_key and asked.server in {"openai", "azure"}:
            raise AuthenticationFailed(asked.name, "the API key is missing", asked.variable, meant=asked.meant)
        return asked
    from llmc_runtime.models.openai.local_server import serve  # noqa: PLC0415 — it imports this module

    served = await asyncio.to_thread(serve, asked)
    return replace(asked, base_url=served.base_url, key=served.key, key_source=None)


async def _events(
    asked: ModelSettings, client: Client, request: Mapping[str, object], watch: ReplyDeadline
) -> AsyncGenerator[ServerEvent, None]:
    """Yield the events of the response to a request."""
    begun = has_events = False
    try:
        async with aclosing(await watch.within(post(client, asked, request))) as response:
            begun = True
            async with aclosing(sent_events(bytes_of(response))) as pieces:
                while isinstance(events := await watch.within(anext(pieces, _END)), list):
                    for event in events:
                        if event.is_whole or (event.is_done and not has_events):
                            _check_whole(asked, response, event)
                        has_events = True
                        yield event
    except ERRORS as error:
        if (reply := withheld(error)) is not None:
            yield ServerEvent("", reply, is_whole=True)
            return
        # An exception that quotes the key is not shown, not even as a cause.
        said = f"{error!r}{error.__cause__!r}"
        hidden = asked.without_key(said) != said
        raise typed(asked, error, begun=begun) from (None if hidden else error)


def _check_whole(asked: ModelSettings, response: httpx2.Response, event: ServerEvent) -> None:
    """Raise ModelError if a response without events is not a reply."""
    text = asked.without_key(event.data.strip())
    try:
        values = [] if event.is_done else event.values()
    except (ValueError, RecursionError):
        values = []
    if values and StreamedReply.is_reply(values[0]):
        return
    said = error_in(values)
    if said is not None and said.is_of_api:
        raise server_error(asked, said)
    if event.is_done or not text:
        raise no_reply(asked, response, None)
    if said is None:
        said = answered(200, text)
        said = replace(said, text=quoted(replace(event, data=text).values()[0])) if values else said
    raise no_reply(asked, response, said)
