"""A hundred questions at once to one agent: each has a plan, results, usage, cost and limits of its own."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

import llmc
from llmc_runtime.agent.agent_errors import BudgetSpent
from llmc_runtime.models.messages import End, Usage
from tests.agent.server import FakeServer, Reply, Request

MANY = 100
FEW = 20
PATIENCE = 30.0
PLANNER = llmc.Prices(read=2.0, cached=0.5, written=8.0)
JOINER = llmc.Prices(read=0.3, written=1.2)
NUMBER = re.compile(r"What is (\d+)\?")
GREEDY = 7
"""The question whose planner takes a thousand times as much, where a test says so."""


def number_of(request: Request) -> int:
    """Which question a request is about."""
    numbers = {int(found) for found in NUMBER.findall(str(request.body))}
    assert len(numbers) == 1
    return numbers.pop()


def usage(number: int, *, is_joining: bool) -> Usage:
    """What the server says that a reply took: other numbers for each."""
    more = 1000 if is_joining else 0
    return Usage(read=more + 300 + number, cached=number, written=more + 20 + 3 * number)


def reply(request: Request, *, is_whole: bool = False, greed: int = 1) -> Reply:
    """The plan for a question, a line at a time or all at once, or its answer, which quotes what the results say."""
    number = number_of(request)
    if request.is_joining:
        found = sorted(set(re.findall(r"\w+ is known", request.said)))
        text = f"Thought: it is {number}\nAction: Finish({', '.join(found)})"
    else:
        text = "".join(f'{n}. search("q{number}x{n}")\n' for n in range(1, 5)) + f"5. add({number}, 1)\njoin()\n"
    spent = usage(number, is_joining=request.is_joining)
    if number == GREEDY:
        spent = replace(spent, read=spent.read * greed)
    return [*([text] if is_whole else text.splitlines(keepends=True)), End("stop", spent)]


class Busy:
    """A tool that counts, for each question, its calls, and how many of them there were at once."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.now: Counter[int] = Counter()
        self.most: Counter[int] = Counter()
        self.most_of_all = 0

    @property
    def tools(self) -> list[llmc.Tool]:
        """Search and add."""

        @llmc.read("web")
        async def search(entity: str) -> str:
            """What is known of an entity."""
            question = int(entity[1:].partition("x")[0])
            self.calls[entity] += 1
            self.now[question] += 1
            self.most[question] = max(self.most[question], self.now[question])
            self.most_of_all = max(self.most_of_all, self.now.total())
            await asyncio.sleep(0.01)
            self.now[question] -= 1
            return f"{entity} is known"

        @llmc.pure
        async def add(a: int, b: int) -> int:
            """The sum."""
            return a + b

        return [search, add]


async def ask_all(
    busy: Busy, answer: Callable[[Request], Reply] = reply, *, many: int = FEW, **agent: Any
) -> list[llmc.Answer | BaseException]:
    """What became of each question."""
    async with asyncio.timeout(PATIENCE), FakeServer(answer, pace=0.0) as server:
        planner, joiner = (
            llmc.Model(name, base_url=server.base_url, prices=prices, retries=0)
            for name, prices in (("planner", PLANNER), ("joiner", JOINER))
        )
        one = llmc.Agent(busy.tools, model=planner, joiner=joiner, **agent)
        found = await asyncio.gather(*(one.ask(f"What is {n}?") for n in range(many)), return_exceptions=True)
        assert len(server.requests) == sum(1 if isinstance(each, BaseException) else 2 for each in found)
        return list(found)


def check(number: int, answer: llmc.Answer | BaseException) -> None:
    """An answer is all about its own question."""
    assert isinstance(answer, llmc.Answer), answer
    known = [f"q{number}x{n} is known" for n in range(1, 5)]
    assert answer.question == f"What is {number}?"
    assert answer.text == ", ".join(known)
    assert answer.thoughts == (f"it is {number}",)
    assert answer.run.results == dict(zip("12345", [*known, number + 1], strict=True))
    assert answer.calls == 5
    assert len(answer.plans) == 1
    for spent, is_joining, prices in (
        (answer.usage["planner"], False, (2.0, 0.5, 8.0)),
        (answer.usage["joiner"], True, (0.3, 0.3, 1.2)),
    ):
        said = usage(number, is_joining=is_joining)
        assert (spent.calls, spent.read, spent.cached, spent.written) == (1, said.read, said.cached, said.written)
        amounts = (said.read - said.cached, said.cached, said.written)
        assert spent.cost is not None
        assert abs(spent.cost - sum(map(float.__mul__, map(float, amounts), prices)) / 1e6) < 1e-12


async def test_no_question_sees_another() -> None:
    """Each call was made once, many of all questions at once."""
    busy = Busy()
    for number, answer in enumerate(await ask_all(busy, many=MANY)):
        check(number, answer)
    assert busy.calls == {f"q{question}x{n}": 1 for question in range(MANY) for n in range(1, 5)}
    assert busy.most_of_all > 4


async def test_limits_are_those_of_each_question() -> None:
    """Never more than two calls of a tool at once in a run, where the limit says so, whatever the other runs do."""
    busy, free, at_once = Busy(), Busy(), partial(reply, is_whole=True)
    limits = llmc.Limits(tools={"search": llmc.ToolLimits(width=2)})
    for number, answer in enumerate(await ask_all(busy, at_once, limits=limits)):
        check(number, answer)
    assert set(busy.most.values()) == {2}
    assert busy.most_of_all > 2
    await ask_all(free, at_once)
    assert set(free.most.values()) == {4}


@pytest.mark.parametrize("budget", [llmc.Budget(tokens=10_000), llmc.Budget(cost=0.1)])
async def test_a_budget_stops_the_question_that_spends_it(budget: llmc.Budget) -> None:
    """After the reply that was too much: it is told what it took, and the others have their answers."""
    for number, answer in enumerate(await ask_all(Busy(), partial(reply, greed=1000), budget=budget)):
        if number == GREEDY:
            assert isinstance(answer, BudgetSpent)
            assert answer.usage.read == 1000 * usage(GREEDY, is_joining=False).read
        else:
            check(number, answer)
