"""What each server is sent, letter by letter: golden/NAME.json has method, address, headers and body.

`LLMC_BLESS=1` writes them anew; read the difference before keeping it.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from llmc_compiler.decoder.decoder_grammar import Level
from llmc_compiler.decoder.syntaxes import Syntax
from llmc_runtime.models.messages import Message, Schema
from llmc_runtime.models.model_errors import RequestRefused
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.settings.settings import Api
from tests.agent.events import FORMS, Stream, chat, refusal, said, wire

GOLDEN: Final = Path(__file__).parent / "golden"
TALK: Final = (Message("system", "Write a plan."), Message("user", "K2 or Everest?"))
HEADERS: Final = ("authorization", "api-key", "accept-encoding", "openai-organization", "openai-project")


@dataclass(frozen=True, slots=True)
class Case:
    """A server, the API that it is asked through, and the options of the model."""

    base_url: str | None
    api: Api
    options: dict[str, Any] = field(default_factory=dict)
    name: str = "m"
    schema: Schema | None = None


DECIDED: Final = {"type": "object", "properties": {"text": {"type": "string"}}}

CASES: Final = {
    "openai-responses": Case(None, "responses", {"api_key": "sk-1", "organisation": "org-1", "project": "proj-1"}),
    "openai-chat": Case(None, "chat", {"api_key": "sk-1", "temperature": 0.0}),
    "azure-responses": Case("https://we.openai.azure.com/openai/v1", "responses", {"api_key": "az-1"}),
    "azure-older-chat": Case("https://we.openai.azure.com", "chat", {"api_key": "az-1", "api_version": "2024-10-21"}),
    "vllm-chat": Case("http://localhost:8000/v1", "chat"),
    "vllm-completions": Case("http://localhost:8000/v1", "completions", {"grammar": "lark"}),
    "sglang-chat": Case("http://localhost:30000/v1", "chat"),
    "llamacpp-chat": Case("http://localhost:8080/v1", "chat"),
    "llamacpp-completions": Case("http://localhost:8080/v1", "completions"),
    "llamacpp-lark": Case("http://localhost:8080/v1", "completions", {"grammar": "lark"}),
    "ollama-chat": Case("http://localhost:11434/v1", "chat", {"temperature": 0.5}),
    "openai-responses-schema": Case(None, "responses", {"api_key": "sk-1"}, schema=DECIDED),
    "openai-chat-schema": Case(None, "chat", {"api_key": "sk-1"}, schema=DECIDED),
    "azure-chat-schema": Case("https://we.openai.azure.com/openai/v1", "chat", {"api_key": "az-1"}, schema=DECIDED),
    "ollama-chat-schema": Case("http://localhost:11434/v1", "chat", schema=DECIDED),
    "vllm-chat-schema": Case("http://localhost:8000/v1", "chat", schema=DECIDED),
    "other-chat": Case("https://example.com/v1", "chat", {"api_key": "k"}),
}


def grammar(syntax: Syntax, level: Level) -> str:
    """A grammar that tells what it is."""
    return f"{level} in {syntax}"


def told(request: httpx2.Request) -> str:
    """A request as text."""
    headers = {name: request.headers[name] for name in HEADERS if name in request.headers}
    sent = {"url": str(request.url), "headers": headers, "body": json.loads(request.content)}
    return json.dumps(sent, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", CASES)
async def test_a_request_is_what_the_server_takes(name: str) -> None:
    """With a grammar, maybe a schema, a sequence that stops, and a bound."""
    case = CASES[name]
    asked = wire(FORMS[case.api](["a"]))
    model = Model(case.name, base_url=case.base_url, api=case.api, transport=asked.transport, **case.options)
    await said(model, TALK, grammar=grammar, schema=case.schema, stop=["END"], most_tokens=100)
    file = GOLDEN / f"{name}.json"
    if os.environ.get("LLMC_BLESS"):
        file.write_text(told(asked.requests[0]), "utf-8")
    assert told(asked.requests[0]) == file.read_text("utf-8")


def test_every_golden_request_is_made() -> None:
    """No file is of a request that nobody makes."""
    assert {file.stem for file in GOLDEN.glob("*.json")} == set(CASES)


async def test_what_is_not_asked_for_is_not_sent() -> None:
    """Without grammar, stop and bound the request has only what it needs."""
    asked = wire(FORMS["chat"](["a"]))
    await said(Model("m", base_url="http://localhost:8000/v1", transport=asked.transport))
    assert asked.bodies[0] == {
        "model": "m",
        "messages": [{"role": "user", "content": "Which mountain is higher?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_a_continuation_has_a_bound() -> None:
    """Servers stop a continuation after 16 tokens or never, if nobody says how many."""
    asked = wire(FORMS["completions"](["a"]))
    await said(Model("m", base_url="http://localhost:8000/v1", api="completions", transport=asked.transport))
    assert asked.bodies[0]["max_tokens"] == 1024


async def test_further_stops_are_looked_for_here() -> None:
    """OpenAI takes four."""
    asked = wire(FORMS["chat"](["abcde", "f"]))
    model = Model("m", base_url="http://localhost:8000/v1", transport=asked.transport)
    assert (await said(model, stop=["1", "2", "3", "4", "e"]))[0] == ["abcd"]
    assert asked.bodies[0]["stop"] == ["1", "2", "3", "4"]


def answer(_: object) -> Stream:
    """A reply of the API `chat`."""
    return Stream(chat(["a"]))


def levels(bodies: list[dict[str, Any]]) -> list[str]:
    """The levels of the grammars that were sent."""
    return [body.get("grammar", "none").split()[0] for body in bodies]


def llamacpp(*answers: Any) -> tuple[Model, Callable[[], list[str]]]:
    """A model of llama.cpp, and the levels of the grammars that it was sent."""
    asked = wire(*answers)
    model = Model("m", base_url="http://localhost:8080/v1", transport=asked.transport, retries=0)
    return model, lambda: levels(asked.bodies)


async def test_a_refused_grammar_is_followed_by_one_that_says_less() -> None:
    """Down to the first that the server takes, and the others are not sent again."""
    model, sent = llamacpp(refusal(400), refusal(422), *[answer] * 2)
    assert (await said(model, grammar=grammar))[0] == ["a"]
    assert (await said(model, grammar=grammar))[0] == ["a"]
    assert sent() == ["full", "sound", "tools", "tools"]


async def test_no_grammar_is_the_last_try() -> None:
    """A server that takes none is asked without."""
    model, sent = llamacpp(refusal(400), refusal(400), refusal(400), refusal(400), answer)
    await said(model, grammar=grammar)
    await said(model, grammar=grammar)
    assert sent() == ["full", "sound", "tools", "plain", "none", "none"]


async def test_what_is_refused_without_a_grammar_too_says_nothing_about_grammars() -> None:
    """The error is that of the request, and the next question tries the grammar again."""
    model, sent = llamacpp(*[refusal(400, "too long")] * 5, answer)
    with pytest.raises(RequestRefused, match="too long"):
        await said(model, grammar=grammar)
    await said(model, grammar=grammar)
    assert sent() == ["full", "sound", "tools", "plain", "none", "full"]


async def test_a_grammar_that_would_be_too_large_is_followed_by_a_smaller_one() -> None:
    """That is a matter of the question, and nothing is remembered."""

    def large(syntax: Syntax, level: Level) -> str:
        if level == "full":
            raise ValueError
        return grammar(syntax, level)

    def endless(syntax: Syntax, level: Level) -> str:
        raise ValueError

    model, sent = llamacpp(answer)
    for asked in (large, grammar, endless):
        await said(model, grammar=asked)
    assert sent() == ["sound", "full", "none"]


async def test_a_refused_schema_is_followed_by_none() -> None:
    """It is not sent again, and says nothing about grammars."""
    asked = wire(refusal(400), *[FORMS["responses"](["a"])] * 3)
    model = Model("m", api_key="k", transport=asked.transport, retries=0)
    for follow in ({"schema": DECIDED}, {"schema": DECIDED}, {"grammar": grammar}):
        await said(model, **follow)
    assert [("text" in body, "tools" in body) for body in asked.bodies] == [
        (True, False),
        (False, False),
        (False, False),
        (False, True),
    ]


async def test_who_wants_no_grammar_gets_no_schema() -> None:
    """`grammar=None` is for servers whose constraints do harm."""
    asked = wire(FORMS["chat"](["a"]))
    await said(Model("m", api="chat", api_key="k", grammar=None, transport=asked.transport), schema=DECIDED)
    assert "response_format" not in asked.bodies[0]


async def test_what_has_nothing_to_do_with_a_grammar_is_not_asked_again() -> None:
    """An unknown model stays unknown."""
    model, sent = llamacpp(refusal(404, "no model m"))
    with pytest.raises(RequestRefused, match="no model m"):
        await said(model, grammar=grammar)
    assert sent() == ["full"]


async def test_a_refusal_is_remembered_also_after_another_fault() -> None:
    """The server was busy in between."""
    asked = wire(refusal(400), refusal(503), answer, answer)
    model = Model("m", base_url="http://localhost:8080/v1", transport=asked.transport, random=lambda: -1.0)
    await said(model, grammar=grammar)
    await said(model, grammar=grammar)
    assert levels(asked.bodies) == ["full", "sound", "sound", "sound"]
