"""P2: the model stalls, or trickles: a limit on silence, a limit on the whole; then nobody listens any more."""

from collections.abc import Iterator
from itertools import repeat

import pytest

from llmc_runtime.models.model_errors import ModelTimedOut
from tests.agent.http_faults.asking import Questions, Seen, ask
from tests.agent.server import Piece

FRONT = '1. search("a")\n2. send("bob")\n3. search("lo'
FOR_EVER = 3600.0


def limit(seen: Seen) -> str:
    """The limit that ended a question, after nothing but what its whole lines could start."""
    assert isinstance(seen.error, ModelTimedOut)
    assert [request.left for request in seen.requests] == [True]
    assert seen.writes == 0
    return seen.error.limit


async def test_p2_it_stalls_in_a_line() -> None:
    """What had started went on meanwhile."""
    seen = await ask([FRONT, FOR_EVER], model={"idle": 0.05})
    assert limit(seen) == "idle"
    assert seen.world.calls == {"search a": 1}


async def test_p2_it_never_begins() -> None:
    """Before the first text there is a limit of its own; it is not asked again."""
    async with Questions() as questions:
        await questions.ask([FRONT, None])  # making a client takes long, too
        assert limit(await questions.ask([FOR_EVER], model={"first_token": 0.2, "retries": 2})) == "first_token"


@pytest.mark.parametrize("sign", [b":", b": alive\n\n", b"d"])
async def test_p2_it_trickles_what_is_no_event(sign: bytes) -> None:
    """A byte, or a sign of life, now and then is silence."""
    seen = await ask([FRONT, *repeat(sign, 1000)], pace=0.01, model={"idle": 0.1})
    assert limit(seen) == "idle"


def trickle(count: int) -> Iterator[Piece]:
    """A letter at a time, for so long, and the end of the plan."""
    yield FRONT
    yield from repeat("o", count)
    yield '")\n4. join($1, $2)\n'


async def test_p2_it_trickles_a_token() -> None:
    """Which is no silence; but the whole takes too long."""
    seen = await ask(trickle(1_000_000), pace=0.01, model={"timeout": 0.3, "idle": 0.25})
    assert limit(seen) == "timeout"
    assert seen.world.calls == {"search a": 1}
    assert 2 < seen.requests[0].sent < 40


async def test_p2_control_a_slow_plan_runs() -> None:
    """Within both limits it is one like any other."""
    seen = await ask(trickle(15), pace=0.01, model={"timeout": 5.0, "idle": 0.25})
    assert seen.answer.value == ["a is known", "sent to bob"]
    assert (seen.requests[0].left, seen.writes) == (False, 1)
