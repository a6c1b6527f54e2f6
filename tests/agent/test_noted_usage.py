"""Usage that tools note themselves, in the forms of many libraries."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletion
from openai.types.responses import ResponseUsage

import llmc
from llmc_runtime.agent.agent_errors import BudgetSpent
from llmc_runtime.agent.budget import NO_LIMIT, UsageTracker, kept
from tests.agent.fakes import Script
from tests.runtime import clock

CHAT = {
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "total_tokens": 120,
    "prompt_tokens_details": {"cached_tokens": 40},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
RESPONSES = {
    "input_tokens": 100,
    "output_tokens": 20,
    "total_tokens": 120,
    "input_tokens_details": {"cached_tokens": 40},
    "output_tokens_details": {"reasoning_tokens": 5},
}
REPLY = {"id": "x", "choices": [], "created": 1, "model": "m", "object": "chat.completion", "usage": CHAT}
ANTHROPIC = {"input_tokens": 50, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 10, "output_tokens": 20}
GEMINI = {
    "prompt_token_count": 100,
    "candidates_token_count": 15,
    "thoughts_token_count": 5,
    "cached_content_token_count": 40,
}
WHOLE = llmc.Usage(calls=1, read=100, cached=40, written=20, reasoning=5)
WITHOUT_REASONING = llmc.Usage(calls=1, read=100, cached=40, written=20)


class Strange:
    """Raises whatever is read of it, but for its counts."""

    input_tokens = 100
    output_tokens = 20

    @property
    def prompt_tokens(self) -> int:
        """Fails."""
        raise RuntimeError


@pytest.mark.parametrize(
    ("counts", "noted"),
    [
        (CHAT, WHOLE),
        (RESPONSES, WHOLE),
        (CompletionUsage.model_validate(CHAT), WHOLE),
        (ResponseUsage.model_construct(None, **RESPONSES), WHOLE),
        (ChatCompletion.model_validate(REPLY), WHOLE),
        (REPLY, WHOLE),
        (ANTHROPIC, WITHOUT_REASONING),
        (SimpleNamespace(usage=SimpleNamespace(**ANTHROPIC)), WITHOUT_REASONING),
        (CHAT | {"cache_read_input_tokens": 40, "cache_creation_input_tokens": 10}, WHOLE),
        (SimpleNamespace(usage_metadata=SimpleNamespace(**GEMINI)), WHOLE),
        ({"inputTokens": 60, "cacheReadInputTokens": 40, "outputTokens": 20}, WITHOUT_REASONING),
        (
            {
                "input_tokens": 100,
                "output_tokens": 20,
                "input_token_details": {"cache_read": 40},
                "output_token_details": {"reasoning": 5},
            },
            WHOLE,
        ),
        ({"prompt_tokens": 100, "completion_tokens": 15, "total_tokens": 120, "prompt_cache_hit_tokens": 40}, WHOLE),
        ({"prompt_n": 60, "cache_n": 40, "predicted_n": 20}, WITHOUT_REASONING),
        ({"prompt_eval_count": 100, "eval_count": 20}, llmc.Usage(calls=1, read=100, written=20)),
        ({"prompt_tokens": 100}, llmc.Usage(calls=1, read=100)),
        ({"prompt_tokens": None, "completion_tokens": 20}, llmc.Usage(calls=1, written=20)),
        ({"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 9}}, llmc.Usage(calls=1, read=1, cached=1)),
        ({"prompt_tokens": 1, "completion_tokens": -5}, llmc.Usage(calls=1, read=1)),
        (Strange(), llmc.Usage(calls=1, read=100, written=20)),
        (llmc.Usage(read=100, written=20), llmc.Usage(calls=1, read=100, written=20)),
        (llmc.Usage(calls=3, read=9, cost=2.0, seconds=1.0), llmc.Usage(calls=3, read=9, cost=2.0, seconds=1.0)),
        (None, llmc.Usage(calls=1, estimated=True)),
    ],
)
def test_usage_is_read_by_its_shape(counts: object, noted: llmc.Usage) -> None:
    """Of objects, of mappings, and of replies that have one."""
    tracker = UsageTracker()
    with kept(tracker):
        assert llmc.note_usage(counts) == noted
    assert tracker.usage["tools"] == noted


def test_usage_may_be_numbers() -> None:
    """With a cost, or prices that tell it."""
    assert llmc.note_usage(read=100, written=20, cached=40, reasoning=5) == WHOLE
    assert llmc.note_usage(written=20) == llmc.Usage(calls=1, written=20)
    assert llmc.note_usage(read=0, written=0, cost=0.5, seconds=2.0) == llmc.Usage(calls=1, cost=0.5, seconds=2.0)
    prices = llmc.Prices(read=1e6, written=2e6, cached=0.0)
    assert llmc.note_usage(CHAT, prices=prices).cost == 60 + 40
    assert llmc.note_usage(CHAT, prices=prices, cost=1.0).cost == 1.0


@pytest.mark.parametrize(
    ("given", "numbers", "words"),
    [
        ((), {}, "`usage` is missing: give the usage of a reply, or `read=` and `written=`"),
        ((), {"cached": 3}, "`usage` is missing"),
        ((3,), {}, "not a value of type int: give `read=` and `written=`"),
        (({},), {}, "not a value of type dict"),
        (({"prompt_tokens": "12"},), {}, "not a value of type dict"),
        ((CHAT,), {"read": 3}, "`usage` and numbers of tokens are both given"),
        ((), {"read": 1.5}, "`read` is a number of tokens, not 1.5"),
        ((), {"read": True}, "`read` is a number of tokens, not True"),
        ((), {"read": -1}, "`read` is a number of tokens from 0 to"),
        ((), {"read": 10**30}, "`read` is a number of tokens from 0 to"),
        ((), {"read": 1, "cached": 2}, "`cached` is a part of `read`, and 2 is more than 1"),
        ((), {"written": 1, "reasoning": 2}, "`reasoning` is a part of `written`, and 2 is more than 1"),
        ((), {"read": 1, "cost": "1"}, "`cost` is a number, not '1'"),
        ((), {"read": 1, "cost": float("nan")}, "`cost` is a number from 0, not nan"),
        ((), {"read": 1, "prices": 3}, "`prices` is llmc.Prices"),
        ((llmc.Usage(read=-5),), {}, "`read` is a number of tokens from 0 to"),
        (
            (llmc.Usage(read=5, cost=float("nan")),),
            {},
            "`usage` cannot be noted: its `cost` is a number from 0, not nan",
        ),
        ((llmc.Usage(read=5, cost=-5.0),), {}, "its `cost` is a number from 0, not -5.0"),
        ((llmc.Usage(read=5, seconds=float("inf")),), {}, "its `seconds` is a number from 0, not inf"),
    ],
)
def test_what_is_no_usage_is_refused(given: tuple[Any, ...], numbers: dict[str, Any], words: str) -> None:
    """And nothing is noted."""
    tracker = UsageTracker()
    with kept(tracker), pytest.raises((TypeError, ValueError)) as caught:
        llmc.note_usage(*given, **numbers)
    assert words in str(caught.value)
    assert tracker.total == llmc.Usage()


def asked(tool: Any, budget: llmc.Budget = NO_LIMIT) -> llmc.Answer:  # noqa: ANN401 — a tool
    """The answer of a question whose plan calls a tool `work`, and then its joiner."""
    model = Script(["1. work(3)\njoin()", "Action: Finish(x)"], cost=0.0)
    return clock.run(llmc.Agent([tool], model=model, budget=budget).ask("?"))


@llmc.read("web")
def work(tokens: int) -> int:
    """Ask models: in this thread, in one of its own, and in a pool, with and without its context."""
    llmc.note_usage(read=tokens, written=0, cost=0.5)
    thread = threading.Thread(target=llmc.note_usage, kwargs={"read": 10})
    thread.start()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(llmc.note_usage, read=100).result()
        pool.submit(copy_context().run, partial(llmc.note_usage, read=1000)).result()
    thread.join()
    return tokens


def test_a_sync_tool_notes_its_usage_with_the_question() -> None:
    """Also from threads that it has started."""
    answer = asked(work)
    assert (answer.usage["tools"].calls, answer.usage["tools"].read) == (4, 1113)
    assert answer.usage["joiner"].calls == 1
    assert answer.total.read == sum(usage.read for usage in answer.usage.values())


@llmc.read("web")
async def spend(tokens: int) -> str:
    """Ask a model; what it takes is over the budget, and the result is there all the same."""
    await asyncio.sleep(0.1)
    llmc.note_usage(read=1_000 * tokens, written=0)
    return "known"


def test_a_noted_usage_counts_towards_the_budget() -> None:
    """The next model is not asked; the result of the tool is in the error's answer, and nothing is lost."""
    tool = llmc.Tool.from_function(spend.call, spend.effect, name="work")
    with pytest.raises(BudgetSpent) as caught:
        asked(tool, llmc.Budget(tokens=2_000))
    answer = caught.value.answer
    assert answer is not None
    assert (answer.usage["tools"].read, answer.usage["joiner"].calls) == (3_000, 0)
    assert answer.run.results["1"] == "known"
    assert asked(tool, llmc.Budget(tokens=100_000)).value == "x"


def test_a_cost_that_was_not_noted_is_over_any_budget_of_cost() -> None:
    """As that of a model without prices; with a cost, or prices, it is known."""
    tool = llmc.Tool.from_function(spend.call, spend.effect, name="work")
    with pytest.raises(BudgetSpent, match="is unknown"):
        asked(tool, llmc.Budget(cost=100.0))


def test_a_question_that_a_tool_asks_notes_in_both() -> None:
    """Its tools' usage is that of the tools of the question around it."""

    @llmc.read("web")
    async def outer() -> str:
        """Ask a question."""
        inner = await llmc.Agent([work], model=Script(["1. work(5)\njoin($1)"], cost=0.0)).ask("?")
        assert inner.usage["tools"].read == 1115
        return inner.text

    model = Script(["1. outer()\njoin($1)"], cost=0.0)
    answer = clock.run(llmc.Agent([outer], model=model).ask("?"))
    assert answer.value == "5"
    assert answer.usage["tools"].calls == 5


def test_outside_of_a_question_nothing_is_noted() -> None:
    """But the usage is given back, and a run without an agent goes on."""
    program = llmc.compile("1. work(3)\njoin($1)", llmc.Toolbox([work]))
    assert program.run_sync().value == 3
    assert llmc.note_usage(CHAT) == WHOLE
