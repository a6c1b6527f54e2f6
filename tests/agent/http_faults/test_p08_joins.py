"""P8: a plan that never joins, joins twice, goes on below its join: the first join ends it."""

from collections.abc import Iterator

import pytest

from llmc_runtime.agent.agent_errors import PlanFailed
from llmc_runtime.models.messages import End
from tests.agent.events import USAGE
from tests.agent.http_faults.asking import ask
from tests.agent.server import Piece, Request

LINES = '1. search("a")\n2. send("bob")\n'
FINISH = "Thought: enough\nAction: Finish(it is known)"


@pytest.mark.parametrize("text", [LINES, f"{LINES}Thought: that is all"])
async def test_p8_never_joins(text: str) -> None:
    """Who stops of its own accord has written all: every task runs, and the joiner is shown what it gave."""
    seen = await ask(text, FINISH)
    assert seen.answer.value == "it is known"
    assert seen.requests[1].is_joining
    assert "a is known" in seen.requests[1].said
    assert seen.world.calls == {"search a": 1, "send bob": 1}


async def test_p8_just_ends() -> None:
    """A last task that not even a newline ends may go on: what it would write is held, and the rest runs."""
    seen = await ask(LINES.rstrip(), FINISH)
    assert "held back" in str(seen.answer.plans[0].run.errors["2"])
    assert seen.world.calls == {"search a": 1}
    seen = await ask(LINES.rstrip(), FINISH, approve=lambda request: request.held is not None)
    assert seen.world.calls == {"search a": 1, "send bob": 1}


async def test_p8_never_joins_and_was_cut_off() -> None:
    """Who was cut off has not: nothing is written until the rest is there."""
    seen = await ask([LINES, End("length", USAGE)], "3. join($1, $2)\n")
    assert seen.answer.value == ["a is known", "sent to bob"]
    assert "The plan breaks off." in seen.requests[1].said
    assert seen.calls_at[1] == {"search a": 1}
    seen = await ask([LINES, End("length", USAGE)])
    assert isinstance(seen.error, PlanFailed)
    assert seen.world.calls == {"search a": 1}


@pytest.mark.parametrize(
    "below",
    ['4. join("evil")\n', "join()\n", '3. send("evil")\n', '4. search("evil")\n5. join($4)', "Thought: hm\n", "prose"],
)
async def test_p8_goes_on_below_its_join(below: str) -> None:
    """Another join, tasks, writes, prose: nothing of it counts, and nobody is asked about it."""
    seen = await ask(f"{LINES}3. join($1, $2)\n{below}")
    assert seen.answer.value == ["a is known", "sent to bob"]
    assert seen.world.calls == {"search a": 1, "send bob": 1}
    assert len(seen.requests) == 1


async def test_p8_joins_first() -> None:
    """A join above all tasks ends a plan that calls nothing; one that names them names what does not exist."""
    seen = await ask(f"join()\n{LINES}", f"{LINES}join($1, $2)\n")
    assert seen.answer.value == ["a is known", "sent to bob"]
    assert "The plan calls no tool." in seen.requests[1].said
    assert seen.calls_at[1] == {}
    seen = await ask(f"join($1)\n{LINES}")
    assert isinstance(seen.error, PlanFailed)
    assert seen.world.calls == {}


async def test_p8_never_ends() -> None:
    """Below a join, prose for ever holds nothing up: the reply is closed after some of it, and nothing is written."""

    def on_and_on(_: Request) -> Iterator[Piece]:
        yield f"{LINES}3. join($1)\n"
        for _number in range(1_000_000):
            yield "and on "

    seen = await ask(on_and_on)
    assert seen.answer.value == "a is known"
    assert "cut off after the plan" in str(seen.answer.run.errors["2"])
    assert seen.world.calls == {"search a": 1}
    assert seen.requests[0].left
    assert seen.requests[0].sent < 1000
