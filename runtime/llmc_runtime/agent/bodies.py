"""What is sent to a server: one request for each API, and the form in which each server takes a grammar.

    responses      OpenAI, Azure   a custom tool whose input follows a grammar in Lark; the call's input is the text
                                   text: {"format": …} for a JSON Schema
    chat           OpenAI, Azure   response_format: {"type": "json_schema", …}
                   Ollama
                   vLLM            structured_outputs: {"grammar": …}
    completions    SGLang          ebnf: …
                   llama.cpp       grammar: …, in Lark with a first line `%llguidance {}`

`completions` is for models that only continue a text. One message alone is this text, as it stands. Several are put one
below the other: a system message as it stands, the others under `User:` and `Assistant:`, and at last `Assistant:`.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from llmc_runtime.agent.dialogue import Message, Schema, encodable
from llmc_runtime.agent.settings import Settings

TOOL: Final = "reply"
"""The name of the custom tool whose input is the text, and of a schema."""

MOST_STOPS: Final = 4
"""As many sequences that end a reply OpenAI takes; further ones are looked for here."""

CONTINUATION: Final = 1024
"""Tokens that a continuation may have where nobody says how many: without a number, servers stop after 16 or never."""

Followed: TypeAlias = str | Schema
"""What a reply has to follow: a grammar, or a schema."""

_LABELS: Final = {"user": "User:\n", "assistant": "Assistant:\n", "system": ""}


def body(
    settings: Settings,
    messages: Sequence[Message],
    followed: Followed | None,
    stop: Sequence[str],
    most_tokens: int | None,
) -> dict[str, Any]:
    """The body of the request."""
    request: dict[str, Any] = {"model": settings.name, "stream": True}
    if settings.temperature is not None:
        request["temperature"] = settings.temperature
    if settings.api == "responses":
        return request | _responses(messages, followed, most_tokens)
    request["stream_options"] = {"include_usage": True}
    if stop:
        request["stop"] = list(stop[:MOST_STOPS])
    if followed is not None:
        request |= _extra(settings, followed)
    if settings.api == "completions":
        return request | {"prompt": encodable(prompt(messages)), "max_tokens": most_tokens or CONTINUATION}
    if most_tokens is not None:
        limit = "max_completion_tokens" if settings.server in {"openai", "azure"} else "max_tokens"
        request[limit] = most_tokens
    return request | {"messages": [_said(message) for message in messages]}


def _responses(messages: Sequence[Message], followed: Followed | None, most_tokens: int | None) -> dict[str, Any]:
    """What the API `responses` takes."""
    request: dict[str, Any] = {"input": [_said(message) for message in messages], "store": False}
    if most_tokens is not None:
        request["max_output_tokens"] = most_tokens
    if followed is None:
        return request
    if not isinstance(followed, str):
        return request | {"text": {"format": {"type": "json_schema", **_schema(followed)}}}
    tool = {
        "type": "custom",
        "name": TOOL,
        "description": "Takes the whole reply.",
        "format": {"type": "grammar", "syntax": "lark", "definition": followed},
    }
    choice = {"type": "custom", "name": TOOL}
    return request | {"tools": [tool], "tool_choice": choice, "parallel_tool_calls": False}


def _said(message: Message) -> dict[str, str]:
    """A message as servers take it."""
    return {"role": message.role, "content": encodable(message.text)}


def _schema(schema: Schema) -> dict[str, Any]:
    """A schema with what OpenAI wants beside it."""
    return {"name": TOOL, "strict": True, "schema": schema}


def _extra(settings: Settings, followed: Followed) -> dict[str, Any]:
    """A schema, or a grammar in the form of a server."""
    if not isinstance(followed, str):
        return {"response_format": {"type": "json_schema", "json_schema": _schema(followed)}}
    if settings.server == "vllm":
        return {"structured_outputs": {"grammar": followed}}
    if settings.server == "sglang":
        return {"ebnf": followed}
    return {"grammar": f"%llguidance {{}}\n{followed}" if settings.dialect == "lark" else followed}


def prompt(messages: Sequence[Message]) -> str:
    """One text to continue, for messages."""
    if len(messages) == 1:
        return messages[0].text
    return "\n\n".join(f"{_LABELS[message.role]}{message.text}" for message in messages) + "\n\nAssistant:\n"


def stops(settings: Settings, messages: Sequence[Message], stop: Sequence[str]) -> tuple[str, ...]:
    """What ends the reply: in a conversation that is continued as one text, the other's turn too."""
    turn = ("\n\nUser:",) if settings.api == "completions" and len(messages) > 1 else ()
    return (*stop, *turn)
