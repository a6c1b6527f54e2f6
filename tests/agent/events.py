"""What servers send: the events of a reply, in the form of each API, and transports that send them."""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import httpx2

from llmc_runtime.models.messages import End, Message, Part, Usage
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.settings.settings import Api

DONE: Final = b"data: [DONE]\n\n"
QUESTION: Final = (Message("user", "Which mountain is higher?"),)
USAGE: Final = Usage(read=10, cached=4, written=7)
"""What a server says that a reply took, where a test says nothing else."""


def event(data: object) -> bytes:
    """One event."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def chat(pieces: Sequence[str], *, reason: str = "stop", usage: Usage | None = USAGE) -> list[bytes]:
    """A reply of the API `chat`; without usage where it is None."""
    sent = [event({"choices": [{"index": 0, "delta": {"content": piece}}]}) for piece in pieces]
    sent.append(event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}))
    if usage is not None:
        cached = {"prompt_tokens_details": {"cached_tokens": usage.cached}}
        sent.append(event({"choices": [], "usage": _counted(usage) | cached}))
    return [*sent, DONE]


def _counted(usage: Usage) -> dict[str, object]:
    """Tokens, as the older APIs count them."""
    return {"prompt_tokens": usage.read, "completion_tokens": usage.written}


def completions(pieces: Sequence[str], *, reason: str = "stop", usage: Usage = USAGE) -> list[bytes]:
    """A reply of the API `completions`."""
    sent = [event({"choices": [{"index": 0, "text": piece, "finish_reason": None}]}) for piece in pieces]
    last = {"choices": [{"index": 0, "text": "", "finish_reason": reason}], "usage": _counted(usage)}
    return [*sent, event(last), DONE]


def responses(
    pieces: Sequence[str], *, kind: str = "output_text", reason: str | None = None, usage: Usage = USAGE
) -> list[bytes]:
    """A reply of the API `responses`; the kind `custom_tool_call_input` is the input of a tool."""
    cached = {"input_tokens_details": {"cached_tokens": usage.cached}}
    counts = {"input_tokens": usage.read, "output_tokens": usage.written} | cached
    ended = {"usage": counts, "incomplete_details": {"reason": reason} if reason else None}
    return [
        event({"type": "response.created", "response": {}}),
        *(event({"type": f"response.{kind}.delta", "delta": piece}) for piece in pieces),
        event({"type": "response.incomplete" if reason else "response.completed", "response": ended}),
    ]


FORMS: Final[Mapping[Api, Callable[..., list[bytes]]]] = {
    "chat": chat,
    "completions": completions,
    "responses": responses,
}
_CUT: Final[Mapping[Api, str]] = {"chat": "length", "completions": "length", "responses": "max_output_tokens"}


def begin(api: Api) -> list[bytes]:
    """What is sent before the first token."""
    return responses([])[:1] if api == "responses" else []


def token(api: Api, piece: str) -> bytes:
    """The event with a token."""
    return FORMS[api]([piece])[len(begin(api))]


def ended(api: Api, end: End) -> list[bytes]:
    """What is sent after the last token."""
    how = {"length": _CUT[api], "refusal": "content_filter"}.get(end.reason)
    said: dict[str, Any] = {"usage": end.usage} | ({"reason": how} if how else {})
    return FORMS[api]([], **said)[len(begin(api)) :]


class Stream(httpx2.AsyncByteStream):
    """The bytes of an answer, which come once; it notes whether it was closed, and how much was read."""

    def __init__(self, pieces: Iterable[bytes] | AsyncIterator[bytes]) -> None:
        self.closed = False
        self.read = 0
        self._pieces = pieces if isinstance(pieces, AsyncIterator) else iter(pieces)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if isinstance(self._pieces, AsyncIterator):
            async for piece in self._pieces:
                self.read += len(piece)
                yield piece
        else:
            for piece in self._pieces:
                self.read += len(piece)
                yield piece

    async def aclose(self) -> None:
        """The connection is closed."""
        self.closed = True


Answer = Stream | httpx2.Response | Exception


class Wire:
    """A transport that gives its answers one after another, the last one from then on, and keeps what was sent."""

    def __init__(self, *answers: Answer | Callable[[Mapping[str, Any]], Answer]) -> None:
        self.requests: list[httpx2.Request] = []
        self.transport = httpx2.MockTransport(self._answer)
        self._answers = answers

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of the requests."""
        return [json.loads(request.content) for request in self.requests]

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self._answers[min(len(self.requests), len(self._answers)) - 1]
        if callable(answer) and not isinstance(answer, Stream):
            answer = answer(json.loads(request.content))
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(200, stream=answer) if isinstance(answer, Stream) else answer


def wire(*answers: Sequence[bytes] | Answer | Callable[[Mapping[str, Any]], Answer]) -> Wire:
    """A transport; a sequence of bytes is the stream of one answer."""
    return Wire(*(Stream(answer) if isinstance(answer, Sequence) else answer for answer in answers))


def refusal(status: int, message: str = "no", code: str | None = None, **headers: str) -> httpx2.Response:
    """An answer that refuses the request."""
    body = {"error": {"message": message, "code": code, "type": "error"}}
    return httpx2.Response(
        status, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


async def read(reply: AsyncIterator[Part], came: list[Part]) -> None:
    """Note the parts of a reply as they come, so that those before an error are known."""
    async for part in reply:
        came.append(part)  # noqa: PERF401 — a comprehension would lose them


async def said(model: Model, messages: Sequence[Message] = QUESTION, **how: Any) -> tuple[list[str], End]:
    """The pieces of a reply, and its end."""
    *pieces, end = [part async for part in model.reply(messages, **how)]
    assert isinstance(end, End)
    assert not [piece for piece in pieces if not isinstance(piece, str)]
    return [piece for piece in pieces if isinstance(piece, str)], end
