"""Shapes of replies: whatever a server calls its fields, text, reasoning, calls and counts are found."""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

import httpx2
import pytest

from llmc_runtime.models.messages import End, Part, Reasoning, Usage
from llmc_runtime.models.model_errors import (
    AuthenticationFailed,
    ContentRefused,
    ModelError,
    ModelTimedOut,
    QuotaSpent,
    RateLimited,
    RequestRefused,
    ServerFailed,
)
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.response_stream import StreamedReply
from llmc_runtime.models.openai.settings.settings import Api, settings
from tests.agent.events import DONE, QUESTION, Answer, Stream, chat, event, read, responses, wire
from tests.runtime import clock

PLAN = 'price("tea")'
COUNT = {"prompt_tokens": 10, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 4}}
OF_RESPONSES = {"input_tokens": 10, "output_tokens": 7, "output_tokens_details": {"reasoning_tokens": 3}}


async def heard(answer: Sequence[bytes] | Answer, api: Api = "chat", **options: Any) -> tuple[str, str, End]:
    """The text, the reasoning and the end of a reply."""
    found: list[Part] = []
    model = Model("m", base_url="http://server/v1", api=api, transport=wire(answer).transport, retries=0, **options)
    await read(model.reply(QUESTION), found)
    *parts, end = found
    assert isinstance(end, End)
    text = "".join(each for each in parts if isinstance(each, str))
    return text, "".join(each.text for each in parts if isinstance(each, Reasoning)), end


def delta(value: dict[str, Any], **choice: Any) -> bytes:
    """An event of the API `chat`."""
    return event({"choices": [{"index": 0, "delta": value} | choice]})


STOP = delta({}, finish_reason="stop")


@pytest.mark.parametrize(
    "content",
    [
        PLAN,
        [{"type": "text", "text": PLAN}],
        [{"type": "text", "text": PLAN[:5]}, {"type": "text", "text": PLAN[5:]}],
        [PLAN[:5], {"type": "output_text", "text": PLAN[5:]}],
        {"type": "text", "text": {"value": PLAN}},
        [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": PLAN}],
        [{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": PLAN}],
        [{"text": PLAN}, None, 3, {"type": "text"}],
    ],
)
@pytest.mark.parametrize("is_whole", [False, True])
async def test_a_content_may_have_parts(content: object, is_whole: bool) -> None:
    """Streamed and whole; what is neither text nor reasoning has no text."""
    whole = httpx2.Response(200, json={"choices": [{"message": {"content": content}, "finish_reason": "stop"}]})
    text, reasoning, _ = await heard(whole if is_whole else [delta({"content": content}), STOP])
    assert text == PLAN
    assert reasoning == ("Hm." if "thinking" in json.dumps(content) else "")


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "thinking"])
async def test_reasoning_is_apart_from_the_text(field: str) -> None:
    """It is given as such, and counted; it is part of neither plan nor answer."""
    sent = [delta({field: "send it "}), delta({field: "now"}), delta({"content": PLAN, field: None}), *chat([])]
    text, reasoning, end = await heard(sent)
    assert (text, reasoning, end.usage.reasoning) == (PLAN, "send it now", 3)
    details = [{"type": "reasoning.text", "text": "Hm."}]
    text, reasoning, _ = await heard([delta({"reasoning_details": details}), delta({"content": PLAN}), STOP])
    assert (text, reasoning) == (PLAN, "Hm.")


def test_reasoning_is_a_sign_of_life() -> None:
    """Each piece starts the limit of the first token anew; a server that only pings is given up."""

    async def ask(pieces: int, piece: bytes, text: list[bytes]) -> str:
        async def paced() -> Any:  # noqa: ANN401 — an asynchronous generator
            for _ in range(pieces):
                await asyncio.sleep(8.0)
                yield piece
            for each in text:
                yield each

        return (await heard(Stream(paced()), first_token=10.0, timeout=1000.0))[0]

    thinking = delta({"reasoning_content": "Hm."})
    assert clock.run(ask(50, thinking, chat([PLAN]))) == PLAN
    with pytest.raises(ModelTimedOut, match="sent no text for 10 s"):
        clock.run(ask(50, b": ping\n\n", chat([PLAN])))


async def test_phases_of_a_response_are_kept_apart() -> None:
    """Commentary is no text; two texts do not run into each other."""

    def item(index: int, text: str, **fields: str) -> list[bytes]:
        added = {"type": "message", "role": "assistant", **fields}
        return [
            event({"type": "response.output_item.added", "output_index": index, "item": added}),
            event({"type": "response.output_text.delta", "output_index": index, "delta": text}),
        ]

    sent = [*item(0, 'send("x")', phase="commentary"), *item(1, "One:"), *item(2, PLAN, phase="final_answer")]
    text, reasoning, end = await heard([*sent, *responses([])], "responses")
    assert (text, reasoning) == (f"One:\n\n{PLAN}", 'send("x")')
    assert end.reason == "stop"


@pytest.mark.parametrize("is_streamed", [False, True])
async def test_a_whole_response_has_its_items(is_streamed: bool) -> None:
    """As JSON, and where only its last event has them."""
    output = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "message", "phase": "commentary", "content": [{"type": "output_text", "text": "So."}]},
        {"type": "message", "content": [{"type": "output_text", "text": PLAN}]},
        {"type": "function_call", "name": "price", "arguments": "{}"},
    ]
    body = {"object": "response", "status": "completed", "output": output, "usage": OF_RESPONSES}
    ended = [event({"type": "response.completed", "response": body})]
    body = {key: value for key, value in body.items() if key != "object"}  # which some servers leave out
    text, reasoning, end = await heard(ended if is_streamed else httpx2.Response(200, json=body), "responses")
    assert text.startswith(f"{PLAN}\n\n")
    assert '"name": "price"' in text
    assert reasoning == "Hm.So."
    assert (end.usage.read, end.usage.written, end.usage.reasoning, end.usage.estimated) == (10, 7, 3, False)


async def test_a_whole_completion_is_a_reply() -> None:
    """Whatever its content type, for each API, with its calls, its end and its count."""
    choice = {"message": {"role": "assistant", "content": PLAN}, "finish_reason": "length"}
    for kind in ("application/json", "text/event-stream", "text/plain"):
        body = json.dumps({"choices": [choice], "usage": COUNT}, indent=1).encode()
        answer = httpx2.Response(200, headers={"content-type": kind}, stream=Stream([body]))
        text, _, end = await heard(answer)
        assert (text, end.reason, end.usage.read, end.usage.cached) == (PLAN, "length", 10, 4)
    text, _, end = await heard(httpx2.Response(200, json={"choices": [{"text": PLAN}]}), "completions")
    assert (text, end.reason, end.usage.estimated) == (PLAN, "stop", True)
    call = {"id": "a", "function": {"name": "price", "arguments": {"item": "tea"}}}
    text, _, _ = await heard(httpx2.Response(200, json={"choices": [{"message": {"tool_calls": [call]}}]}))
    assert json.loads(text.strip().removeprefix("<tool_call>").removesuffix("</tool_call>")) == {
        "name": "price",
        "arguments": '{"item": "tea"}',
    }


async def test_nothing_but_the_stream_ends() -> None:
    """Pings, empty data, ids, names and retries are passed over; [DONE] ends a reply without a finish reason."""
    sent = [
        b": ping\n\n",
        b"data:\n\n",
        b"data: \n\n",
        b"id: 1\nevent: message\nretry: 10\n\n",
        b"id: 2\nevent: chunk\n" + delta({"role": "assistant", "content": ""}),
        delta({"content": PLAN[:3]}),
        b"data\n\n",
        delta({"content": PLAN[3:]}),
        DONE,
    ]
    assert (await heard(sent))[0] == PLAN


async def test_half_a_character_waits_for_the_other() -> None:
    """As an escape of JSON, as bytes, in text and in reasoning; a half that stays alone is replaced."""
    pieces = [b'"a \\ud83d"', b'"\\ude00 b"', b'"\\ud83d"', b'"x"', b'"\\ud83d"']
    sent = [b'data: {"choices": [{"delta": {"content": ' + piece + b"}}]}\n\n" for piece in pieces]
    assert (await heard([*sent, STOP]))[0] == "a 😀 b�x�"
    emoji = "😀é".encode()
    for cut in range(1, len(emoji)):
        halves = [b'"' + half + b'"' for half in (emoji[:cut], emoji[cut:])]
        sent = [b'data: {"choices": [{"delta": {"content": ' + half + b"}}]}\n\n" for half in halves]
        assert (await heard([*sent, STOP]))[0] == "😀é"


async def test_calls_without_indices_are_apart() -> None:
    """Some servers give every call the same index, or none; ids and names tell them apart."""

    def call(identity: str, item: str, **index: int) -> dict[str, Any]:
        return {"id": identity, "function": {"name": "price", "arguments": json.dumps({"item": item})}, **index}

    for index in ({}, {"index": 0}):
        calls = [delta({"tool_calls": [call("a", "tea", **index)]}), delta({"tool_calls": [call("b", "jam", **index)]})]
        text = (await heard([*calls, DONE]))[0]
        assert text.count("<tool_call>") == 2
        assert "tea" in text.partition("</tool_call>")[0]


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (COUNT, (10, 4, 7, 0)),
        (OF_RESPONSES, (10, 0, 7, 3)),
        ({"prompt_tokens": 10, "completion_tokens": 7, "prompt_cache_hit_tokens": 6}, (10, 6, 7, 0)),
        ({"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 27}, (10, 0, 17, 10)),
        ({"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17}, (10, 0, 7, 0)),
        ({"prompt_eval_count": 10, "eval_count": 7}, (10, 0, 7, 0)),
    ],
)
@pytest.mark.parametrize("place", ["event", "last", "choice", "groq"])
async def test_counts_have_many_names_and_places(usage: object, expected: tuple[int, ...], place: str) -> None:
    """None is an estimate; of several counts the last one is that of the reply."""
    first = {"prompt_tokens": 1, "completion_tokens": 1}
    sent = {
        "event": [delta({"content": PLAN}), STOP, event({"choices": [], "usage": usage})],
        "last": [
            event({"choices": [{"delta": {"content": PLAN}}], "usage": first}),
            event({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": usage}),
        ],
        "choice": [delta({"content": PLAN}, usage=first), delta({}, finish_reason="stop", usage=usage)],
        "groq": [delta({"content": PLAN}), event({"choices": [{"finish_reason": "stop"}], "x_groq": {"usage": usage}})],
    }
    found: Usage = (await heard([*sent[place], DONE]))[2].usage
    assert (found.read, found.cached, found.written, found.reasoning) == expected
    assert not found.estimated


async def test_tokens_of_a_cache_count_as_read() -> None:
    """llama.cpp counts them beside those that it reads."""
    timings = {"cache_n": 4, "prompt_n": 6, "predicted_n": 7}
    found = (await heard([delta({"content": PLAN}), event({"choices": [], "timings": timings}), STOP]))[2].usage
    assert (found.read, found.cached, found.written, found.estimated) == (10, 4, 7, False)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        ({"message": "no tea", "code": 500}, ServerFailed, r"failed: no tea \(HTTP 500\)"),
        ({"message": "no tea"}, ServerFailed, "failed: no tea"),
        ("no tea", ServerFailed, "failed: no tea"),
        ({"message": "no tea", "code": 400}, RequestRefused, r"no tea \(HTTP 400\)"),
        ({"message": "no tea", "type": "invalid_request_error"}, RequestRefused, "no tea"),
        ({"message": "no tea", "code": 401}, AuthenticationFailed, "no tea"),
        ({"message": "no tea", "code": "429"}, RateLimited, "no tea"),
        ({"message": "no tea", "code": 402}, QuotaSpent, "no tea"),
        ({"message": "no tea", "code": "content_filter"}, ContentRefused, "no tea"),
        ({"message": "no tea", "metadata": {"raw": "the pot broke"}}, ServerFailed, "no tea: the pot broke"),
    ],
)
@pytest.mark.parametrize("place", ["body", "list", "choice", "stream", "named"])
async def test_an_error_under_status_200_has_its_class(
    error: object, kind: type[ModelError], words: str, place: str
) -> None:
    """As the whole body, in a choice, in the stream, and in an event that is called one."""
    body = {"error": error}
    answers: dict[str, Any] = {
        "body": httpx2.Response(200, json=body),
        "list": httpx2.Response(200, json=[body]),
        "choice": [event({"choices": [{"delta": {}, "finish_reason": "error", "error": error}]})],
        "stream": [b": ping\n\n", event(body)],
        "named": [b"event: error\n" + event(body)],
    }
    with pytest.raises(kind, match=words) as caught:
        await heard(answers[place])
    assert type(caught.value) is kind


async def test_an_event_that_is_called_an_error_is_quoted() -> None:
    """Also where it is a plain text."""
    with pytest.raises(ServerFailed, match="failed: the pot broke"):
        await heard([b"event: error\ndata: the pot broke\n\n"])
    with pytest.raises(ServerFailed, match="failed: the pot broke"):
        await heard([b'event: error\ndata: {"detail": "the pot broke"}\n\n'])


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ({"finish_reason": "content_filter: PROHIBITED_CONTENT"}, "refusal"),
        ({"finish_reason": "sensitive"}, "refusal"),
        ({"finish_reason": "model_context_window_exceeded"}, "length"),
        ({"finish_reason": "stop", "native_finish_reason": "STOP"}, "stop"),
    ],
)
async def test_ends_have_many_names(choice: dict[str, Any], reason: str) -> None:
    """As the servers behind a gateway call them."""
    assert (await heard([delta({"content": "a"}, **choice), b"data: [DONE]\n\n"]))[2].reason == reason


async def test_the_end_behind_a_gateway_may_be_a_fault() -> None:
    """Though the gateway says that all is well."""
    with pytest.raises(ServerFailed, match="network_error"):
        await heard([delta({"content": ""}, finish_reason="stop", native_finish_reason="network_error")])


async def test_a_reply_that_is_withheld_is_read() -> None:
    """Groq refuses calls of tools that were not offered, and quotes them; an empty quotation is an error."""
    error = {"message": "Tool choice is none, but model called a tool", "code": "tool_use_failed"}
    call = '{"name": "price", "arguments": {"item": "tea"}}'
    text, _, end = await heard(httpx2.Response(400, json={"error": error | {"failed_generation": call}}))
    assert (text, end.reason, end.usage.estimated) == (call, "stop", True)
    for quoted in ({}, {"failed_generation": " "}, {"failed_generation": call, "code": "json_validate_failed"}):
        with pytest.raises(RequestRefused, match="called a tool"):
            await heard(httpx2.Response(400, json={"error": error | quoted}))


async def test_other_choices_are_not_mixed_in() -> None:
    """Only the first choice is the reply."""
    sent = [event({"choices": [{"index": n, "delta": {"content": f"{n}"}}]}) for n in (0, 1, 2)]
    assert (await heard([*sent, STOP]))[0] == "0"


def test_a_piece_of_text_is_read_with_little_work() -> None:
    """Most events hold a few letters and nothing else; a count of tokens is the control."""
    reply = StreamedReply(settings("m", {"base_url": "http://server/v1"}))
    piece: dict[str, Any] = {"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]}
    assert 0 < _calls_of(lambda: reply.take(piece)) <= 50
    usage = {"prompt_tokens": 1, "completion_tokens": 2}
    assert _calls_of(lambda: reply.take(piece | {"usage": usage})) > 50


def _calls_of(function: Callable[[], object]) -> int:
    """The functions of Python that a function calls."""
    names: list[str] = []
    sys.setprofile(lambda frame, event, _: names.append(frame.f_code.co_name) if event == "call" else None)
    try:
        function()
    finally:
        sys.setprofile(None)
    return len(names)
