"""P3: garbage, fences, prose, a refusal, nothing: read where there is a plan in it, else asked for again, else told."""

import pytest

from llmc_runtime.agent.agent_errors import PlanFailed
from llmc_runtime.models.messages import End
from llmc_runtime.models.model_errors import ContentRefused, StreamBroken
from tests.agent.events import USAGE, event, refusal
from tests.agent.http_faults.asking import ask
from tests.agent.server import TOKENS, Reply

PLAN = '1. search("a")\n2. send("bob")\n3. join($1, $2)\n'
DONE = ["a is known", "sent to bob"]
GARBAGE = "".join(map(chr, (*range(1, 10), *range(11, 32), *range(127, 160), 0x2028, 0x202E, 0xFEFF, 0xFFFD)))


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{PLAN}```\n",
        f"```python\n{PLAN}\n```\nThat is the plan. I hope it helps!",
        f"Sure! Here is a plan:\n\n# Plan\n\n{PLAN}\nLet me know.",
        "**1.** search('a')\n- 2. send('bob')\n### the end\n3) join($1, $2)\n",
    ],
)
async def test_p3_fences_and_prose_around_a_plan(text: str) -> None:
    """Are left out, and cost no reply."""
    seen = await ask(text)
    assert seen.answer.value == DONE
    assert len(seen.requests) == 1


@pytest.mark.parametrize("text", ["", "\n \n", "I do not know.", "```\n```\n", "# A heading\nand prose\n", "$1 $2"])
async def test_p3_no_plan_at_all(text: str) -> None:
    """It is asked for again, twice; then that is the error."""
    seen = await ask(text, PLAN)
    assert seen.answer.value == DONE
    assert "There is no plan in this. Write the plan" in seen.requests[1].said
    seen = await ask(text)
    assert isinstance(seen.error, PlanFailed)
    assert (len(seen.requests), seen.world.calls) == (3, {})


async def test_p3_garbage() -> None:
    """It is told with its line, and nothing of it runs; what stands beside it does."""
    seen = await ask(f'1. search("a")\n2. search({GARBAGE})\n3. send("bob")\n4. join($1)\n')
    assert isinstance(seen.error, PlanFailed)
    assert "<plan 1>:2:" in str(seen.error)
    assert seen.world.calls == {"search a": 1}
    assert len(seen.requests) == 3


async def test_p3_a_refusal() -> None:
    """In words of the API, by a filter in the middle, or by a status: one request, and the words are quoted."""
    words = event({"choices": [{"delta": {"refusal": "I cannot help with that."}}]})
    seen = await ask([words])
    assert isinstance(seen.error, PlanFailed)
    assert "the planner refused: I cannot help with that." in str(seen.error)
    assert len(seen.requests) == 1
    seen = await ask([PLAN, End("refusal", USAGE)])
    assert isinstance(seen.error, PlanFailed)
    assert (len(seen.requests), seen.writes) == (1, 0)
    seen = await ask(refusal(400, "no such talk", "content_filter"), model={"retries": 2})
    assert isinstance(seen.error, ContentRefused)
    assert len(seen.requests) == 1


@pytest.mark.parametrize(
    "sent", [b"<html><p>Welcome</p></html>", b"data: {no json}\n\n", b"\x00\xff" * 99, b"data: [DONE]\n\n"]
)
async def test_p3_what_is_no_reply_at_all(sent: bytes) -> None:
    """Is asked for again as often as `retries` say, and told."""
    reply: Reply = [sent, b""]
    seen = await ask(reply, model={"retries": 1})
    assert isinstance(seen.error, StreamBroken)
    assert (len(seen.requests), seen.world.calls) == (2, {})
    assert (await ask(reply, TOKENS.findall(PLAN), model={"retries": 1})).answer.value == DONE
