"""Bodies of requests, for each API and for the form in which each server takes a grammar.

    responses      OpenAI, Azure   a custom tool whose input follows a grammar in Lark; the call's input is the text
                                   text: {"format": …} for a JSON Schema
    chat           OpenAI, Azure   response_format: {"type": "json_schema", …}
                   Ollama
                   vLLM            structured_outputs: {"grammar": …}
    completions    SGLang          ebnf: …
                   llama.cpp       grammar: …, in Lark with a first line `%llguidance {}`

`completions` is for models that only continue a text. A single message is sent unchanged. Several messages are joined:
a system message unchanged, the others under `User:` and `Assistant:`, and `Assistant:` at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from llmc_runtime.models.messages import Message, Schema, encodable
from llmc_runtime.models.openai.optional_parameters import LIMITS, OwnPart
from llmc_runtime.models.openai.settings.settings import ModelSettings

TOOL: Final = "reply"
"""The name of the custom tool whose input is the text, and of a schema."""

MOST_STOPS: Final = 4
"""Maximum number of sequences that OpenAI takes to end a reply; the client itself looks for the others."""

CONTINUATION: Final = 1024
"""Default bound of a continuation in tokens: without a bound, servers stop after 16 tokens or never."""

Followed: TypeAlias = str | Schema
"""The form that a reply has to follow: a grammar or a schema."""

_LABELS: Final = {"user": "User:\n", "assistant": "Assistant:\n", "system": ""}


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A question to a server, with the form and bounds of its reply; `left_out` are parts that the server refuses."""

    messages: Sequence[Message]
    followed: Followed | None = None
    stop: Sequence[str] = ()
    most_tokens: int | None = None
    left_out: frozenset[OwnPart] = frozenset()


def body(settings: ModelSettings, asked: ModelRequest) -> dict[str, Any]:
    """Return the body of the request; keys of the user's `extra_body` replace any others."""
    request: dict[str, Any] = {"model": settings.name}
    if settings.stream and "stream" not in asked.left_out:
        request["stream"] = True
    for name in ("temperature", "top_p", "seed"):
        if getattr(settings, name) is not None and name not in asked.left_out:
            request[name] = getattr(settings, name)
    limits = [limit for limit in (settings.max_tokens, asked.most_tokens) if limit is not None]
    # A bound in `extra_body` replaces this one: most servers refuse two bounds.
    is_bound = any(name in settings.extra_body for name in LIMITS)
    asked = replace(asked, most_tokens=None if is_bound else min(limits, default=None))
    if "system" in asked.left_out:
        asked = replace(asked, messages=_folded(asked.messages))
    request |= _responses(settings, asked) if settings.api == "responses" else _choices(settings, asked)
    return request | dict(settings.extra_body)


def _choices(settings: ModelSettings, asked: ModelRequest) -> dict[str, Any]:
    """Return the keys of the APIs `chat` and `completions`."""
    request: dict[str, Any] = {}
    if settings.stream and not {"stream", "stream_options"} & asked.left_out:
        request["stream_options"] = {"include_usage": True}
    if settings.reasoning_effort is not None:
        request["reasoning_effort"] = settings.reasoning_effort
    if asked.stop and "stop" not in asked.left_out:
        request["stop"] = list(asked.stop[:MOST_STOPS])
    if asked.followed is not None:
        request |= _extra(settings, asked.followed)
    if settings.api == "completions":
        bound = {} if "max_tokens" in asked.left_out else {"max_tokens": asked.most_tokens or CONTINUATION}
        return request | {"prompt": encodable(prompt(asked.messages)), **bound}
    names: tuple[OwnPart, OwnPart] = ("max_tokens", "max_completion_tokens")
    for name in names[::-1] if settings.server in {"openai", "azure"} else names:
        if asked.most_tokens is not None and name not in asked.left_out:
            request[name] = asked.most_tokens
            break
    return request | {"messages": [_said(message) for message in asked.messages]}


def _responses(settings: ModelSettings, asked: ModelRequest) -> dict[str, Any]:
    """Return the keys of the API `responses`, which has no `stop`: the client looks for the sequences in the reply."""
    request: dict[str, Any] = {"input": [_said(message) for message in asked.messages]}
    if "store" not in asked.left_out:
        request["store"] = False
    if settings.reasoning_effort is not None:
        request["reasoning"] = {"effort": settings.reasoning_effort}
    if asked.most_tokens is not None and "max_output_tokens" not in asked.left_out:
        request["max_output_tokens"] = asked.most_tokens
    if asked.followed is None:
        return request
    if not isinstance(asked.followed, str):
        return request | {"text": {"format": {"type": "json_schema", **_schema(asked.followed)}}}
    tool = {
        "type": "custom",
        "name": TOOL,
        "description": "Takes the whole reply.",
        "format": {"type": "grammar", "syntax": "lark", "definition": asked.followed},
    }
    request |= {"tools": [tool], "tool_choice": {"type": "custom", "name": TOOL}}
    return request if "parallel_tool_calls" in asked.left_out else request | {"parallel_tool_calls": False}


def _folded(messages: Sequence[Message]) -> list[Message]:
    """Return the messages without the role `system` and in alternating turns: consecutive messages are joined."""
    folded: list[Message] = []
    for message in messages:
        role: Literal["user", "assistant"] = "assistant" if message.role == "assistant" else "user"
        if folded and folded[-1].role == role:
            folded[-1] = Message(role, f"{folded[-1].text}\n\n{message.text}")
        else:
            folded.append(Message(role, message.text))
    return folded


def _said(message: Message) -> dict[str, str]:
    """Return a message in the form of the APIs."""
    return {"role": message.role, "content": encodable(message.text)}


def _schema(schema: Schema) -> dict[str, Any]:
    """Return a schema with the keys that OpenAI requires around it."""
    return {"name": TOOL, "strict": True, "schema": schema}


def _extra(settings: ModelSettings, followed: Followed) -> dict[str, Any]:
    """Return the keys for a schema, or for a grammar in the form of the server."""
    if not isinstance(followed, str):
        return {"response_format": {"type": "json_schema", "json_schema": _schema(followed)}}
    if settings.server == "vllm":
        return {"structured_outputs": {"grammar": followed}}
    if settings.server == "sglang":
        return {"ebnf": followed}
    return {"grammar": f"%llguidance {{}}\n{followed}" if settings.syntax == "lark" else followed}


def prompt(messages: Sequence[Message]) -> str:
    """Join messages into one text to continue."""
    if len(messages) == 1:
        return messages[0].text
    return "\n\n".join(f"{_LABELS[message.role]}{message.text}" for message in messages) + "\n\nAssistant:\n"


def stops(settings: ModelSettings, messages: Sequence[Message], stop: Sequence[str]) -> tuple[str, ...]:
    """Return the sequences that end the reply; a conversation sent as one text also ends at the user's next turn."""
    turn = ("\n\nUser:",) if settings.api == "completions" and len(messages) > 1 else ()
    return (*settings.stop, *stop, *turn)
