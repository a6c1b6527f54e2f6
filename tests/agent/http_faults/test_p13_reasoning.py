"""P13: reasoning in the reply, with drafts of plans and decisions: void; what it started is dropped."""

import pytest

from llmc_runtime.models.openai.settings.settings import Api
from tests.agent.http_faults.asking import ask

DRAFT = '1. send("ann")\n2. search("draft")\n3. join($1, $2)<END_OF_PLAN>\nNo, to bob.\n'
PLAN = '1. search("a")\n2. send("bob")\n3. join($1, $2)\n'


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize("opening", ["<think>\n", "", "[THINK]\n", "<|channel|>analysis<|message|>"])
async def test_p13_a_planner_thinks(api: Api, opening: str) -> None:
    """Its draft holds an end mark, and is neither the plan nor its end."""
    closing = {"[THINK]\n": "[/THINK]\n", "<|channel|>analysis<|message|>": "<|channel|>final<|message|>"}
    text = f"{opening}{DRAFT}{closing.get(opening, '</think>')}\n{PLAN}"
    seen = await ask(text, model={"api": api})
    assert seen.answer.value == ["a is known", "sent to bob"]
    assert seen.world.sent == ["bob"]
    assert "stop" not in seen.requests[0].body
    assert len(seen.requests) == 1


async def test_p13_a_model_that_continues_a_text_is_stopped_at_the_mark() -> None:
    """The API `completions` alone is sent the end mark: such a model would go on for ever."""
    seen = await ask("<think>\nhm\n</think>\n" + PLAN, model={"api": "completions"})
    assert "<END_OF_PLAN>" in seen.requests[0].body["stop"]
    assert seen.world.sent == ["bob"]


async def test_p13_a_joiner_thinks() -> None:
    """A draft of its decision is none."""
    seen = await ask('1. search("a")\n2. join()\n', "<think>Finish(42)?</think>\nAction: Finish(a is known)")
    assert seen.answer.value == "a is known"


async def test_p13_tags_of_the_model() -> None:
    """Those of its settings count too."""
    text = f"<notes>\n{DRAFT}</notes>\n{PLAN}"
    assert (await ask(text, model={"reasoning_tags": ["notes"]})).world.sent == ["bob"]
    assert (await ask(text)).world.sent != ["bob"]  # the control
