"""P7: an id that is defined twice, also after the first has run: the second is the mistake, the first result stands."""

import pytest

from llmc_runtime.agent.agent_errors import PlanFailed
from tests.agent.http_faults.asking import ask
from tests.agent.server import Reply

SILENCE = 0.02


@pytest.mark.parametrize("second", ['1. search("evil")', '1. send("evil")', '1. "evil"', '1. search("a")'])
@pytest.mark.parametrize("late", [False, True])
async def test_p7_an_id_twice(second: str, late: bool) -> None:
    """The second line goes back; whatever it is made to be, `$1` is what it was."""
    plan: Reply = ['1. search("a")\n', *([SILENCE] if late else []), f"{second}\n3. search($1)\njoin($1, $3)\n"]
    seen = await ask(plan, '2. search("b")\n')
    assert seen.answer.value == ["a is known", "a is known is known"]
    assert "error[E206]" in seen.requests[1].said
    assert seen.requests[1].said.endswith(second)
    assert set(seen.calls_at[1]) <= {"search a", "search a is known"}
    assert set(seen.world.calls.values()) == {1}
    assert not [call for call in seen.world.calls if "evil" in call]


async def test_p7_an_id_that_stays_twice() -> None:
    """Is the error; the write that has the other's number is not made."""
    seen = await ask(['1. search("a")\n', SILENCE, '1. send("evil")\njoin($1)\n'], '1. send("evil")\n')
    assert isinstance(seen.error, PlanFailed)
    assert "error[E206]" in str(seen.error)
    assert seen.world.calls == {"search a": 1}


async def test_p7_a_name_twice() -> None:
    """A name is an id, too."""
    seen = await ask('a = search("a")\na = send("evil")\njoin($a)\n', 'b = send("bob")\n')
    assert seen.answer.value == "a is known"
    assert "error[E206]" in seen.requests[1].said
    assert seen.world.calls == {"search a": 1, "send bob": 1}
