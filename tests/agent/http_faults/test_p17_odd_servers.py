"""P17: a refused parameter, parts, phases, pings, an error under status 200: an answer, or the server's words."""

import httpx2
import pytest

from llmc_runtime.models.model_errors import RequestRefused, ServerFailed
from tests.agent.events import DONE, event, refusal
from tests.agent.http_faults.asking import ask
from tests.agent.server import Reply

PLAN = '1. search("a")\n2. send("bob")\n3. join($1, $2)\n'
DONE_BOTH = ["a is known", "sent to bob"]


def part(content: object) -> bytes:
    """An event with a content."""
    return event({"choices": [{"index": 0, "delta": {"content": content}}]})


@pytest.mark.parametrize(
    "words", ["Unknown parameter: 'stream_options'", "System role not supported", "Unsupported value: stream"]
)
async def test_p17_a_refused_parameter(words: str) -> None:
    """The same question without it; the plan runs once."""
    seen = await ask(refusal(400, words), PLAN)
    assert seen.answer.value == DONE_BOTH
    assert (len(seen.requests), seen.writes) == (2, 1)


@pytest.mark.parametrize(
    "reply",
    [
        [part([{"type": "text", "text": PLAN}]), DONE, b""],
        [b": ping\n\n", b"data:\n\n", part(PLAN[:9]), b"id: 3\n\n", part(PLAN[9:]), DONE, b""],
        httpx2.Response(200, json={"choices": [{"message": {"content": PLAN}, "finish_reason": "stop"}]}),
        [event({"choices": [{"delta": {"reasoning": '1. send("eve")\n2. join($1)\n'}}]}), part(PLAN), DONE, b""],
    ],
)
async def test_p17_a_reply_of_another_shape(reply: Reply) -> None:
    """It is read as it is meant, and reasoning starts nothing."""
    seen = await ask(reply)
    assert seen.answer.value == DONE_BOTH
    assert (len(seen.requests), seen.writes) == (1, 1)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (httpx2.Response(200, json={"error": {"message": "the pot broke"}}), ServerFailed),
        (httpx2.Response(200, json=[{"error": {"message": "the pot broke", "code": 400}}]), RequestRefused),
        ([part(PLAN), event({"choices": [{"error": {"message": "the pot broke"}}]}), b""], ServerFailed),
        ([b'event: error\ndata: {"detail": "the pot broke"}\n\n', b""], ServerFailed),
        (
            httpx2.Response(422, json={"detail": [{"loc": ["body"], "msg": "the pot broke"}]}),
            RequestRefused,
        ),
    ],
)
async def test_p17_an_error_in_any_form(reply: Reply, kind: type[Exception]) -> None:
    """It is quoted, and nothing was written."""
    seen = await ask(reply)
    assert type(seen.error) is kind
    assert "the pot broke" in str(seen.error)
    assert seen.writes == 0
