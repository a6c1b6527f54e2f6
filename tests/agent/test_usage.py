"""What models took is never lost: replies that are cut, that count nothing, that are refused, that break off."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.agent_errors import BudgetSpent
from llmc_runtime.agent.budget import Budget, UsageTracker
from llmc_runtime.agent.completion import reply, whole_reply
from llmc_runtime.models.messages import End, Message, Part, Prices, Reasoning, Usage
from llmc_runtime.models.model_errors import (
    AuthenticationFailed,
    ContentRefused,
    ModelError,
    ModelTimedOut,
    NoStream,
    RateLimited,
    RequestRefused,
    ServerFailed,
    ServerUnreachable,
    StreamBroken,
)
from tests.agent.fakes import World
from tests.runtime import clock

SAID = [Message("system", "1234" * 5), Message("user", "\u57ce\u5e02")]
READ = 7
"""Tokens of what is said: 20 and 6 bytes."""


class Own:
    """A model that says these things, a second each, and raises an exception where it stands among them."""

    name = "own"

    def __init__(self, *pieces: Part | Exception, prices: Prices | None = None) -> None:
        self.prices = prices
        self._pieces = pieces

    async def reply(self, messages: Sequence[Message], **_how: Any) -> AsyncGenerator[Part, None]:
        """The pieces."""
        for piece in self._pieces:
            await asyncio.sleep(1.0)
            if isinstance(piece, Exception):
                raise piece
            yield piece


def took(model: Own, *, most: int | None = None) -> Usage:
    """What one reply took, of which so many pieces are read."""

    async def ask() -> Usage:
        tracker = UsageTracker()
        pieces = reply(model, SAID, "tools", tracker)
        count = 0
        try:
            async for _ in pieces:
                count += 1
                if count == most:
                    break
        except ModelError:
            pass
        await pieces.aclose()
        return tracker.usage["tools"]

    return clock.run(ask())


def test_a_count_is_what_it_is() -> None:
    """The usage of an End is noted as it is, whatever the texts look like."""
    usage = Usage(calls=1, read=3, written=9, seconds=0.5)
    assert took(Own("a" * 100, End("stop", usage))) == usage


def test_a_count_has_the_cost_of_its_prices() -> None:
    """Where an End does not say it: else a budget of cost would ask for the prices that are there."""
    usage = Usage(calls=1, read=3, written=9, seconds=0.5)
    prices = Prices(1e6, 2e6)
    assert took(Own("a", End("stop", usage), prices=prices)).cost == 3 + 18
    assert took(Own("a", End("stop", replace(usage, cost=1.0)), prices=prices)).cost == 1.0


def test_a_budget_is_a_number() -> None:
    """A text is told as what it is."""
    with pytest.raises(TypeError, match="the budget's `tokens` is a number from 0, not '5'"):
        Budget(tokens="5")  # type: ignore[arg-type]


def test_a_reply_that_is_cut_is_estimated() -> None:
    """Read tokens from all messages, written ones from text and reasoning so far; its times are those of the clock."""
    pieces = (Reasoning("12345678"), "1234", "5", "never read", End("stop", Usage(1, 1, 0, 1)))
    assert took(Own(*pieces, prices=Prices(1e6, 1e6)), most=3) == Usage(
        calls=1, read=READ, written=4, cost=READ + 4.0, seconds=3.0, first_token=2.0, reasoning=2, estimated=True
    )


@pytest.mark.parametrize("usage", [Usage(), Usage(calls=1), Usage(calls=1, seconds=7.0, cost=2.0)])
def test_a_model_that_counts_nothing_is_estimated(usage: Usage) -> None:
    """What its End says besides is kept."""
    found = took(Own("12345678", End("stop", usage), prices=Prices(1e6, 1e6)))
    assert (found.calls, found.read, found.written, found.estimated) == (1, READ, 2, True)
    assert found.seconds == (usage.seconds or 2.0)
    assert found.cost == (READ + 2.0 if usage.cost is None else 2.0)


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationFailed("m", "no", None),
        RateLimited("m", "no"),
        ServerUnreachable("m", "h", "no"),
        ServerFailed("m", "no"),
        RequestRefused("m", "no", 400),
        ContentRefused("m", "no"),
        NoStream("m", "h", "text/html"),
    ],
)
def test_a_request_that_is_refused_takes_no_tokens(error: ModelError) -> None:
    """And that is no estimate; once something has come, all of it is one."""
    found = took(Own(error, prices=Prices(1, 1)))
    assert found == Usage(calls=1, cost=0.0, seconds=1.0)
    found = took(Own(Reasoning("1234"), error))
    assert (found.read, found.written, found.reasoning, found.estimated) == (READ, 1, 1, True)


@pytest.mark.parametrize(
    "error", [ModelTimedOut("m", "first_token", 1), StreamBroken("m", "it ended"), RuntimeError("own")]
)
def test_a_model_that_may_have_read_is_estimated(error: Exception) -> None:
    """Although nothing came of it."""

    async def ask() -> Usage:
        tracker = UsageTracker()
        with pytest.raises(type(error)):
            await whole_reply(Own(error), SAID, "tools", tracker)
        return tracker.usage["tools"]

    found = clock.run(ask())
    assert (found.calls, found.read, found.written, found.estimated) == (1, READ, 0, True)


def test_a_cancelled_reply_is_estimated() -> None:
    """Whoever waited for it."""

    async def ask() -> Usage:
        tracker = UsageTracker()
        asking = asyncio.ensure_future(whole_reply(Own("12345678", "never"), SAID, "tools", tracker))
        await asyncio.sleep(1.5)
        asking.cancel()
        await asyncio.wait([asking])
        return tracker.usage["tools"]

    found = clock.run(ask())
    assert (found.read, found.written, found.seconds, found.estimated) == (READ, 2, 1.5, True)


RUNAWAY = ['1. search("a")\njoin()\n', *["blah " * 20] * 100]


def test_a_budget_counts_estimates() -> None:
    """The joiner is not asked after a planner whose reply was cut where it had taken too much."""

    class Two:
        name = "two"

        def reply(self, messages: Sequence[Message], **how: Any) -> AsyncGenerator[Part, None]:
            is_joining = messages[0].text.startswith("You are given")
            pieces = ("Action: Finish(x)", End("stop", Usage(1, 1, 0, 1))) if is_joining else RUNAWAY
            return Own(*pieces).reply(messages, **how)

    def ask(tokens: int) -> Any:  # noqa: ANN401 — an answer
        return clock.run(Agent(World().toolbox(), model=Two(), budget=Budget(tokens=tokens)).ask("?"))

    answer = ask(100_000)
    assert (answer.value, answer.usage["planner"].estimated, answer.usage["joiner"].estimated) == ("x", True, False)
    assert answer.total.estimated
    with pytest.raises(BudgetSpent, match="its models used"):
        ask(answer.usage["planner"].tokens - 1)
    assert ask(answer.total.tokens).value == "x"


def test_a_reasoning_piece_has_a_text() -> None:
    """Anything else in it is a broken reply."""
    with pytest.raises(StreamBroken, match="neither text nor an End"):
        clock.run(whole_reply(Own(Reasoning(3)), SAID, "tools", UsageTracker()))  # type: ignore[arg-type]  # its mistake
