"""Parts of a request that llmc adds by itself: where a server refuses one, the question is asked without it."""

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from llmc_runtime.models.messages import Message
from llmc_runtime.models.model_errors import ContextTooLong, ModelError, RequestRefused, ServerFailed
from llmc_runtime.models.openai.client import Model
from llmc_runtime.models.openai.settings.settings import Api
from tests.agent.events import FORMS, Answer, Stream, Wire, chat, refusal, said, wire

TALK = [Message("system", "Be short."), Message("user", "Which?"), Message("user", "Now.")]
SHORT = "Be short.\n\nWhich?\n\nNow."


def model(asked: Wire, api: Api = "chat", **options: Any) -> Model:
    """A model behind a transport."""
    return Model("m", base_url="http://server/v1", api=api, transport=asked.transport, retries=0, **options)


def has(body: Mapping[str, Any], part: str) -> bool:
    """Whether a request has a part."""
    if part == "system":
        return any(each["role"] == "system" for each in (body.get("messages") or body["input"]))
    return body.get(part) is True if part == "stream" else part in body


def refusing(part: str, answer: httpx2.Response, api: Api = "chat") -> Wire:
    """A server that refuses requests with a part."""
    return wire(lambda body: answer if has(body, part) else Stream(FORMS[api](["a"])))


def detail(*place: str) -> httpx2.Response:
    """A refusal of FastAPI."""
    return httpx2.Response(422, json={"detail": [{"loc": place, "msg": "Extra inputs are not permitted"}]})


@pytest.mark.parametrize(
    ("api", "part", "answer"),
    [
        ("chat", "stream_options", refusal(400, "Unrecognized request argument supplied: stream_options")),
        ("chat", "stream_options", detail("body", "stream_options")),
        ("chat", "stream_options", detail("body", "stream_options", "include_usage")),
        ("chat", "max_tokens", refusal(400, "Unsupported parameter: 'max_tokens' is not supported with this model.")),
        ("chat", "max_tokens", refusal(400, "`max_tokens` is too large: 900. This model supports at most 100.")),
        ("chat", "system", refusal(400, "System role not supported")),
        ("chat", "system", refusal(400, "Developer instruction is not enabled for models/gemma-3-27b-it")),
        ("chat", "system", refusal(500, "Conversation roles must alternate user/assistant/user/assistant/...")),
        ("chat", "system", refusal(400, "messages[0].role does not support 'system' with this model.")),
        ("chat", "stop", refusal(400, "Argument not supported on this model: stop")),
        ("chat", "system", refusal(400, "messages[0]: unknown variant `system`, expected `user` or `assistant`")),
        ("chat", "system", refusal(400, "Please ensure that multiturn requests alternate between user and model.")),
        ("chat", "system", refusal(400, "Invalid value: 'system'. Supported values are: 'user' and 'assistant'.")),
        ("chat", "system", refusal(400, "<400> InvalidParameter: Role must be in [user, assistant]")),
        ("chat", "stop", refusal(400, "This model doesn't support the stopSequences field.")),
        ("chat", "stop", refusal(400, "$.stop: array length exceeds max of 1")),
        ("chat", "stop", refusal(400, "does not support parameters: ['stop'], for model=o3")),
        ("chat", "stream_options", refusal(400, "include_usage is not supported here")),
        ("chat", "stream_options", refusal(400, "validation error: stream_options should not be present")),
        ("chat", "max_tokens", refusal(400, "maxOutputTokens is 900 but the supported range is from 1 to 800")),
        ("chat", "max_tokens", refusal(422, "('body', 'max_tokens'), 'Input should be less than or equal to 512'")),
        ("completions", "stop", refusal(422, "unknown field `stop`")),
        ("completions", "stream_options", refusal(422, "stream_options: unknown field")),
        ("completions", "max_tokens", refusal(400, "max_tokens: unexpected value")),
        ("responses", "store", refusal(400, "Unknown parameter: 'store'.")),
        ("responses", "max_output_tokens", refusal(400, "'max_output_tokens' is below the minimum value of 16")),
        ("responses", "system", refusal(400, "Unsupported value: 'input[0].role' does not support 'system'.")),
    ],
)
async def test_a_refused_part_is_left_out(
    api: Api, part: str, answer: httpx2.Response, caplog: pytest.LogCaptureFixture
) -> None:
    """It is asked once more, without that part alone; the log says so, and the next question leaves it out at once."""
    asked = refusing(part, answer, api)
    chat_model = model(asked, api)
    for _ in range(2):
        pieces, _end = await said(chat_model, TALK, stop=["#"], most_tokens=900)
        assert pieces == ["a"]
    assert [has(body, part) for body in asked.bodies] == [True, False, False]
    first, second, _ = (
        {each for each in ("stop", "stream_options", "store", "stream") if each in b} for b in asked.bodies
    )
    assert first - {part} == second
    assert [record.getMessage() for record in caplog.records if record.name == "llmc"] != []
    assert f"refuses `{part}` for the model `m`" in caplog.text


async def test_what_a_model_is_to_keep_in_mind_is_said_by_the_user() -> None:
    """Without the role, its words begin the first message; turns alternate."""
    asked = refusing("system", refusal(400, "System role not supported"))
    await said(model(asked), [*TALK, Message("assistant", "K2"), Message("user", "Why?")])
    assert [(each["role"], each["content"]) for each in asked.bodies[1]["messages"]] == [
        ("user", SHORT),
        ("assistant", "K2"),
        ("user", "Why?"),
    ]


async def test_a_bound_has_another_name() -> None:
    """The other name is tried before the bound is left out."""
    refused = refusal(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "unsupported")
    asked = refusing("max_tokens", refused)
    await said(model(asked), most_tokens=9)
    assert [{k: v for k, v in body.items() if k.startswith("max_")} for body in asked.bodies] == [
        {"max_tokens": 9},
        {"max_completion_tokens": 9},
    ]
    both = wire(
        lambda body: next(
            (refusal(400, f"unknown: {name}") for name in body if name.startswith("max_")), Stream(chat(["a"]))
        )
    )
    await said(model(both), most_tokens=9)
    assert [name for body in both.bodies for name in body if name.startswith("max_")] == [
        "max_tokens",
        "max_completion_tokens",
    ]


async def test_a_reply_that_may_not_be_streamed_comes_whole() -> None:
    """Some models stream for verified organisations alone."""
    whole = httpx2.Response(200, json={"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]})
    error = {"error": {"message": "Your organization must be verified to stream this model.", "param": "stream"}}
    asked = wire(lambda body: httpx2.Response(400, json=error) if body.get("stream") else whole)
    assert (await said(model(asked)))[0] == ["a"]
    assert [("stream" in body, "stream_options" in body) for body in asked.bodies] == [(True, True), (False, False)]


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"temperature": 0.3}, "temperature"),
        ({"top_p": 0.3}, "top_p"),
        ({"seed": 3}, "seed"),
        ({"stop": ["#"]}, "stop"),
        ({"reasoning_effort": "low"}, "reasoning_effort"),
        ({"extra_body": {"top_k": 3}}, "top_k"),
        ({"extra_body": {"stream_options": {}}}, "stream_options"),
    ],
)
async def test_an_option_of_the_user_is_their_error(options: dict[str, Any], part: str) -> None:
    """In the server's words, and it is not asked again, with no grammar either."""
    asked = refusing(part, refusal(400, f"Unsupported value: '{part}' does not support this value with this model."))
    with pytest.raises(RequestRefused, match=f"refuses the request: Unsupported value: '{part}' does not"):
        await said(model(asked, server="vllm", **options), grammar=lambda _syntax, _level: "root ::= 'a'")
    assert len(asked.requests) == 1


async def test_a_bound_of_the_user_keeps_its_value() -> None:
    """It may have another name; where none is taken, that is an error."""
    asked = refusing("max_tokens", refusal(400, "Unsupported parameter: 'max_tokens'"))
    await said(model(asked, max_tokens=50), most_tokens=90)
    assert asked.bodies[1]["max_completion_tokens"] == 50
    asked = wire(refusal(400, "unknown parameter: max_tokens or max_completion_tokens"))
    with pytest.raises(RequestRefused, match="unknown parameter"):
        await said(model(asked, max_tokens=50))
    assert len(asked.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, "no such model"),
        refusal(400, "please stop asking"),
        refusal(401, "unsupported parameter: stream_options"),
        refusal(429, "unsupported parameter: stream_options"),
        refusal(400, "unknown model: don't stop believing"),
        refusal(400, "invalid request body: stream ended unexpectedly"),
        refusal(400, "the job cannot be created; stop another one first"),
        refusal(400, "the system prompt has 2,000 characters; only short ones are accepted"),
        refusal(400, "your message is not supported here; try an alternative model"),
        refusal(400, "the system message was flagged as invalid"),
        refusal(500, "unexpected end of stream"),
        refusal(500, "CUDA error: invalid handle, no stream available"),
        refusal(500, "stream error: stream ID 3; unsupported"),
        refusal(500, "an unexpected system error occurred; include this message in your report"),
        httpx2.Response(200, json={"error": {"message": "stream closed: unexpected EOF"}}),
    ],
)
async def test_a_refusal_of_something_else_is_final(answer: httpx2.Response) -> None:
    """A part has to be named, not only mentioned, and as one that is refused."""
    asked = wire(answer)
    with pytest.raises(ModelError):
        await said(model(asked), TALK, stop=["#"])
    assert len(asked.requests) == 1


@pytest.mark.parametrize(
    ("words", "name"),
    [("Streaming is not supported for this model", "m"), ("The model is unsupported for streaming", "n")],
)
async def test_a_stream_may_be_refused_in_other_words(words: str, name: str) -> None:
    """The reply comes whole then."""
    whole = httpx2.Response(200, json={"choices": [{"message": {"content": name}, "finish_reason": "stop"}]})
    asked = wire(lambda body: refusal(400, words) if body.get("stream") else whole)
    assert (await said(model(asked)))[0] == [name]


async def test_a_part_may_be_named_in_the_middle_of_a_long_error() -> None:
    """Where the text that is shown is cut."""
    long = f"{'a' * 900} Unsupported parameter: 'stream_options' {'z' * 900}"
    asked = refusing("stream_options", refusal(400, long))
    assert (await said(model(asked)))[0] == ["a"]


async def test_a_bound_in_the_body_of_the_user_is_the_only_one() -> None:
    """Under any of its names: most servers refuse two."""
    asked = wire(chat(["a"]))
    await said(model(asked, extra_body={"max_completion_tokens": 5}), most_tokens=9)
    assert {k: v for k, v in asked.bodies[0].items() if k.startswith("max_")} == {"max_completion_tokens": 5}


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, "too long", "context_length_exceeded"),
        refusal(413, "The prompt is too long"),
        Stream([b'data: {"error": {"message": "no", "code": "context_length_exceeded"}}\n\n']),
        httpx2.Response(
            200, json={"error": {"message": "the request exceeds the available context size", "code": 400}}
        ),
    ],
)
async def test_a_question_that_does_not_fit_is_asked_once(answer: Answer) -> None:
    """With no retry, and no other grammar."""
    asked = wire(answer)
    chat_model = Model("m", base_url="http://server:8000/v1", api="chat", transport=asked.transport, retries=3)
    with pytest.raises(ContextTooLong) as caught:
        await said(chat_model, TALK, grammar=lambda _syntax, _level: "root ::= 'a'")
    assert len(asked.requests) == 1
    assert caught.value.model == "m"


async def test_what_was_refused_is_remembered_for_the_server_and_the_model() -> None:
    """By every Model of that name and address in the process; not by another one, nor after a question that failed."""
    asked = refusing("stream_options", refusal(400, "unknown parameter: stream_options"))
    first, second, third = (model(asked), model(asked), model(asked, "completions"))
    known = first._left_out  # noqa: SLF001 — what all models of servers share, where no transport is given
    second._left_out = third._left_out = known  # noqa: SLF001
    await said(first)
    await said(second)
    assert [has(body, "stream_options") for body in asked.bodies] == [True, False, False]
    assert set(known) == {("http://server/v1", "m", "chat")}
    assert Model("a")._left_out is Model("b")._left_out  # noqa: SLF001
    failing = wire(refusal(400, "unknown parameter: stream_options"), refusal(500))
    chat_model = model(failing)
    with pytest.raises(ServerFailed):
        await said(chat_model)
    assert chat_model._left_out == {}  # noqa: SLF001


async def test_a_question_that_was_asked_before_forgets_nothing() -> None:
    """Its reply comes after a part was refused that it did not have."""
    asked = refusing("stop", refusal(400, "unknown parameter: stop"))
    chat_model = model(asked)
    earlier = chat_model.reply(TALK)
    assert await anext(earlier) == "a"
    await said(chat_model, TALK, stop=["#"])
    assert [part async for part in earlier] != []
    await said(chat_model, TALK, stop=["#"])
    assert [has(body, "stop") for body in asked.bodies] == [False, True, False, False]


async def test_turns_of_one_side_are_joined_where_turns_have_to_alternate() -> None:
    """Also without a system message; where turns alternate already, the refusal is final."""
    answer = refusal(400, "After the optional system message(s), user and assistant messages should be alternating.")
    asked = wire(answer, chat(["a"]))
    await said(model(asked), TALK[1:])
    assert [each["content"] for each in asked.bodies[1]["messages"]] == ["Which?\n\nNow."]
    asked = wire(answer)
    with pytest.raises(RequestRefused):
        await said(model(asked), TALK[1:2])
    assert len(asked.requests) == 1


@pytest.mark.parametrize(
    ("answer", "asked_times"),
    [
        (refusal(400, "no"), 2),
        (refusal(500, "failed to parse grammar"), 2),
        (refusal(404, "structured_outputs: not here"), 2),
        (refusal(500, "out of memory"), 1),
        (refusal(404, "no such model"), 1),
    ],
)
async def test_a_refused_form_is_left_out(answer: httpx2.Response, asked_times: int) -> None:
    """Under 400 and 422 whatever the words; under other statuses only where they speak of it."""
    asked = wire(answer)
    with pytest.raises(ModelError):
        await said(model(asked, server="vllm"), grammar=lambda _syntax, _level: "root ::= 'a'")
    assert ["structured_outputs" in body for body in asked.bodies] == [True, False][:asked_times]
