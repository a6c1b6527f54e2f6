"""What makes a server: its refusals, its words, and the form of its events."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from llmc_runtime.models.openai.settings.settings import Api, Server
from tests.agent.events import event

Thinking = Literal["reasoning_content", "reasoning", "reasoning_details", "parts", "tags", "items"]
"""Where a server puts what its model thinks: a field, parts of the content, tags in the text, items of their own."""

Usage = Literal["own", "beside", "last", "each"]
"""Where a server tells tokens: in an event of its own, in one with a choice of nothing, in the last one, in each."""

Place = Literal["status", "choice", "stream", "end"]
"""Where a fault is reported: by a status, in a choice, in the stream, in the stream behind the end of the reply."""

NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Fault:
    """What a server says that does not answer; `body` is all of it, where its form is not that of its other errors."""

    status: int
    message: Any
    code: str | None = None
    param: str | None = None
    kind: str = "invalid_request_error"
    body: Any = None


@dataclass(frozen=True, slots=True)
class Counts:
    """The tokens of a reply, as its server counts them."""

    read: int = 0
    cached: int = 0
    written: int = 0
    reasoning: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(
            self.read + other.read,
            self.cached + other.cached,
            self.written + other.written,
            self.reasoning + other.reasoning,
        )


def as_openai(fault: Fault) -> Any:  # noqa: ANN401 — JSON
    """The form of OpenAI, and of most that imitate it."""
    said = {"message": fault.message, "type": fault.kind, "param": fault.param, "code": fault.code}
    return {"error": said}


def as_flat(fault: Fault) -> Any:  # noqa: ANN401
    """The older form of vLLM and SGLang, with nothing around it."""
    kind = "BadRequestError" if fault.status < 500 else "InternalServerError"
    return {"object": "error", "message": fault.message, "type": kind, "param": None, "code": fault.status}


def as_numbered(fault: Fault) -> Any:  # noqa: ANN401
    """The form of llama.cpp: the code is the status."""
    return {"error": {"code": fault.status, "message": fault.message, "type": fault.kind}}


def as_text(fault: Fault) -> Any:  # noqa: ANN401
    """The form of LM Studio: the error is a text."""
    return {"error": fault.message}


def as_list(fault: Fault) -> Any:  # noqa: ANN401
    """The form of Gemini's compatible endpoint: a list."""
    status = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 503: "UNAVAILABLE"}[fault.status]
    return [{"error": {"code": fault.status, "message": fault.message, "status": status}}]


def as_mistral(fault: Fault) -> Any:  # noqa: ANN401
    """The form of Mistral: the message may be the report of its validation."""
    return {"object": "error", "message": fault.message, "type": fault.kind, "param": None, "code": fault.code}


def in_data(body: Any) -> bytes:  # noqa: ANN401
    """An error in the stream, as most send it."""
    return event(body)


def in_event(body: Any) -> bytes:  # noqa: ANN401
    """An error in the stream, in an event of its own name."""
    return b"event: error\n" + event(body)


def choice_with_error(body: Any) -> dict[str, Any]:  # noqa: ANN401
    """A choice with an error, as OpenRouter sends it."""
    said = body["error"] if isinstance(body, dict) and "error" in body else body
    return {"index": 0, "delta": {"content": ""}, "finish_reason": "error", "error": said}


@dataclass(frozen=True, slots=True)
class Personality:
    """A server. `source` is where its texts and forms were reported.

    It `refuses` these parameters in all shapes. `unknown` is what it says of one that it does not know, `system` of a
    system message, `context` of too long a prompt, `trouble` when it breaks down; `page` is the title of what a proxy
    before it shows.
    `opening` and `closing` are the choices, or events, around the text, and `blank` is before a whole completion.
    `hidden` tokens of reasoning, which it does not show, are in its total alone.
    """

    name: str
    source: str
    unknown: Callable[[str], Fault]
    system: Fault
    context: Fault
    trouble: Fault
    plain: tuple[int, str]
    wrong_key: Fault | None
    no_model: Fault | None
    refuses: tuple[str, ...] = ()
    server: Server = "other"
    api: Api = "chat"
    options: Mapping[str, Any] = field(default_factory=dict)
    form: Callable[[Fault], Any] = as_openai
    thinking: Thinking | None = "reasoning_content"
    context_place: Place = "status"
    system_place: Place = "status"
    usage: Usage = "own"
    tells_unasked: bool = False
    details: bool = True
    extra: Mapping[str, Any] = field(default_factory=dict)
    in_choice: Mapping[str, Any] = field(default_factory=dict)
    opening: Sequence[Mapping[str, Any]] = ({"index": 0, "delta": {"role": "assistant", "content": ""}},)
    ping: bytes = b": ping\n\n"
    in_stream: Callable[[Any], bytes] = in_data
    choice: Callable[[Any], dict[str, Any]] = choice_with_error
    page: str = "502 Bad Gateway"
    closing: Sequence[Mapping[str, Any]] = ()
    one_index: bool = False
    ends_with_text: bool = False
    has_timings: bool = False
    blank: bytes = b""
    hidden: int = 0

    @property
    def option(self) -> str:
        """The parameter that llmc sends by itself and that the server may refuse."""
        return "store" if self.api == "responses" else "stream_options"

    @property
    def format(self) -> str:
        """The parameter with the form that a joiner's reply has to follow."""
        names = {"vllm": "structured_outputs", "sglang": "ebnf", "llamacpp": "grammar"}
        return "text" if self.api == "responses" else names.get(self.server, "response_format")

    @property
    def bound(self) -> str:
        """The parameter with the bound of a reply that llmc sends by itself."""
        if self.api == "responses":
            return "max_output_tokens"
        return "max_completion_tokens" if self.server in {"openai", "azure"} else "max_tokens"

    def body(self, fault: Fault) -> Any:  # noqa: ANN401 — JSON
        """The body of an error."""
        return self.form(fault) if fault.body is None else fault.body

    def refusal(self, parameter: str) -> Fault:
        """What it says of a parameter that it does not take."""
        if parameter == "stream" and self.server in {"openai", "azure"}:
            text = "Your organization must be verified to stream this model."
            return Fault(400, text, "unsupported_value", "stream")
        return self.system if parameter == "system" else self.unknown(parameter)
