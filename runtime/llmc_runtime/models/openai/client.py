"""Models on servers that speak the API of OpenAI, through its SDK.

One client serves all questions to an address on an event loop, and is closed when the loop ends. There is one layer of
retries, and it is here (the SDK's is off): a question is asked again only as long as no text of a reply has arrived.
Answers are not unpacked, and an event has a bound, so that no server can fill the memory.
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
"""A form that a reply has to follow, which a server may refuse."""

LONGEST_WAIT: Final = 60.0
"""Seconds that a server may ask us to wait; where it wants more, that is the error."""

FIRST_WAIT: Final = 0.5
"""Upper bound of the wait before the second attempt, in seconds; each further one doubles it."""

_OF_GRAMMARS: Final = {400, 422}
"""With these a server may mean the grammar."""

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
    """A model on a server: OpenAI, Azure, vLLM, SGLang, Ollama, llama.cpp, or `local`; see Options for the rest.

    A grammar that the server refuses is followed by one that says less, at last by none, a schema at once by none.
    Other parts of a request that llmc adds by itself are left out where the server refuses them, and the logger `llmc`
    says so. What was refused is not sent again.
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
        self._transport = transport
        self._random = random
        self._refused: set[Step] = set()
        # Another transport may lead to another server at the same address.
        self._left_out = _refused_by if transport is None else {}

    def __repr__(self) -> str:
        made = self.settings
        return f"Model({made.name!r}, server={made.server!r}, api={made.api!r}, base_url={made.place!r})"

    def with_options(self, **options: Unpack[ModelOptions]) -> "Model":
        """The same model, asked with other options; server, API and key stay. Raises TypeError and ValueError."""
        made = copy(self)
        made.settings = changed(self.settings, options)
        return made

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
        watch = ReplyDeadline(ready, asyncio.get_running_loop().time)
        ends = stops(ready, messages, stop)
        server = (ready.base_url, ready.name, ready.api)
        tried = _Tried({}, self._left_out.get(server, frozenset()))
        failures = 0
        while True:
            step, followed = self._followed(grammar, schema, tried.steps)
            said = messages if grammar is None else [each.at(None if step == "schema" else step) for each in messages]
            question = ModelRequest(said, followed, ends, most_tokens, tried.left_out)
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
        """What the reply has to follow: the schema where the server takes any, else the first grammar that it takes.

        A level whose grammar is the same as a refused one is refused with it.
        """
        known = self._refused | refused.keys()
        if schema is not None and self.settings.schemas:
            return (None, None) if "schema" in known else ("schema", schema)
        if grammar is not None and self.settings.syntax is not None:
            for level in LEVELS:
                if level not in known:
                    with suppress(ValueError):  # too large
                        made = grammar(self.settings.syntax, level)
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
        self, ready: ModelSettings, watch: ReplyDeadline, question: ModelRequest
    ) -> AsyncGenerator[Part, None]:
        """The reply to one request."""
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
            # Behind its end, only the count and the good-bye of a reply are missing.
            if reply.reason is None or isinstance(error, ContentRefused):
                raise
        if reply.reason is None and not cut.hit:
            raise StreamBroken(ready.name, "it ended without saying how")
        if not cut.hit:
            heard = reply.rest()
            for part in _parts(heard.reasoning, cut.feed(heard.text) + cut.rest()):
                yield part
        yield reply.end(ready.prices, question.messages, seconds=watch.seconds, first_token=watch.first_token)


def _taken(asked: ModelSettings, reply: StreamedReply, event: ServerEvent) -> ParsedReply:
    """Give an event to the reply, and return what is in it; raises ModelError."""
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
    """The parts of a reply that have content."""
    if reasoning:
        yield Reasoning(reasoning)
    if text:
        yield text


def _leave_out(error: ModelError, asked: ModelSettings, question: ModelRequest, tried: _Tried) -> bool:
    """Note a part of the request that the server refuses; whether the question can be asked without it."""
    is_fault = isinstance(error, ServerFailed)
    if error.said is None or isinstance(error, ContextTooLong) or not (is_fault or isinstance(error, RequestRefused)):
        return False
    part = refused_part(error.said, body(asked, question), asked, question.left_out, is_fault=is_fault)
    if part is None:
        return False
    tried.left_out |= {part}
    what = "%s refuses `%s` for the model `%s`, and is asked without it from now on: %s"
    _log.warning(what, asked.place, part, asked.name, error.said.text)
    return True


def _is_of_grammar(error: ModelError, asked: ModelSettings) -> bool:
    """Whether an error may be about the form that the reply has to follow."""
    said = error.said
    if said is None or isinstance(error, ContextTooLong) or names_given(said, asked):
        return False
    is_refused = isinstance(error, RequestRefused) and error.status in _OF_GRAMMARS
    return is_refused or (isinstance(error, RequestRefused | ServerFailed) and names_form(said))


async def _ready(asked: ModelSettings) -> ModelSettings:
    """The settings with the address of the server, which is started if it is in this process."""
    if asked.server != "local":
        if not asked.has_key and asked.server in {"openai", "azure"}:
            raise AuthenticationFailed(asked.name, "there is no key", asked.variable, meant=asked.meant)
        return asked
    from llmc_runtime.models.openai.local_server import serve  # noqa: PLC0415 — it imports this module

    served = await asyncio.to_thread(serve, asked)
    return replace(asked, base_url=served.base_url, key=served.key, key_source=None)


async def _events(
    asked: ModelSettings, client: Client, request: Mapping[str, object], watch: ReplyDeadline
) -> AsyncGenerator[ServerEvent, None]:
    """The events of the answer to a request."""
    begun = has_events = False
    try:
        async with aclosing(await watch.within(post(client, asked, request))) as response:
            begun = True
            async with aclosing(sent_events(bytes_of(response))) as events:
                while isinstance(event := await watch.within(anext(events, _END)), ServerEvent):
                    if event.is_whole or (event.is_done and not has_events):
                        _check_whole(asked, response, event)
                    has_events = True
                    yield event
    except ERRORS as error:
        if (reply := withheld(error)) is not None:
            yield ServerEvent("", reply, is_whole=True)
            return
        # What quotes the key is not shown, not even as a cause.
        said = f"{error!r}{error.__cause__!r}"
        hidden = asked.without_key(said) != said
        raise typed(asked, error, begun=begun) from (None if hidden else error)


def _check_whole(asked: ModelSettings, response: httpx2.Response, event: ServerEvent) -> None:
    """Raises ModelError where an answer without events is no reply."""
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
