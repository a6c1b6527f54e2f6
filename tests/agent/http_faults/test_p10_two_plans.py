"""P10: what is asked again never mixes with what was said before."""

import pytest

from llmc_runtime.models.model_errors import ModelError, ServerFailed, ServerUnreachable, StreamBroken
from tests.agent.events import event, refusal, token
from tests.agent.http_faults.asking import ask
from tests.agent.server import Reply

FIRST = '1. search("a")\n2. send("ann")\n'
SECOND = '1. search("b")\n2. send("bob")\n3. join($1, $2)\n'
FAULT = event({"error": {"message": "no"}})


@pytest.mark.parametrize(
    "reply",
    [
        None,
        [None],
        [b""],
        [b": hello\n\n", None],
        [event({"choices": [{"index": 0, "delta": {"role": "assistant"}}]}), None],
        [token("chat", FIRST)[:-1], None],
        [FAULT],
        refusal(500),
    ],
)
async def test_p10_before_the_first_text(reply: Reply) -> None:
    """It is asked again: one plan runs, the second, as if there had been no first."""
    seen = await ask(reply, SECOND, model={"retries": 1})
    assert seen.answer.value == ["b is known", "sent to bob"]
    assert seen.answer.plans[0].text == SECOND
    assert len(seen.requests) == 2
    assert seen.requests[0].body == seen.requests[1].body
    assert seen.world.calls == {"search b": 1, "send bob": 1}


async def test_p10_what_is_held_back_is_no_text() -> None:
    """The beginning of an end mark, which may end the reply, does not count as its first text."""
    for api, asked in (("completions", 2), ("chat", 1)):
        seen = await ask(["<END_OF_", None], SECOND, model={"retries": 1, "api": api})
        assert len(seen.requests) == asked


@pytest.mark.parametrize("text", ["1", '1. search("a")\n', FIRST, f"{FIRST}3. join($1, $2)\n"])
@pytest.mark.parametrize(("end", "error"), [((None,), StreamBroken), ((b"",), StreamBroken), ((FAULT,), ServerFailed)])
async def test_p10_after_the_first_text(text: str, end: tuple[bytes | None, ...], error: type[ModelError]) -> None:
    """It is never asked again: no second plan is written, and the first writes nothing."""
    seen = await ask([text, *end], SECOND, model={"retries": 5})
    assert type(seen.error) is error
    assert len(seen.requests) == 1
    assert seen.world.calls == ({} if text == "1" else {"search a": 1})


async def test_p10_a_repair_that_breaks() -> None:
    """Of the words of a repair that came before it broke, nothing is used; before its first one it is asked again."""
    plan = '1. search("a")\n2. sned("ann")\n3. join($1, $2)\n'
    seen = await ask(plan, ['2. send("ann")\n3. ', None], '2. send("bob")\n', model={"retries": 5})
    assert type(seen.error) is StreamBroken
    assert seen.world.calls == {"search a": 1}
    seen = await ask(plan, None, '2. send("bob")\n', model={"retries": 1})
    assert seen.answer.value == ["a is known", "sent to bob"]
    assert len(seen.requests) == 3
    assert not isinstance(seen.outcome, ServerUnreachable)
