"""P5: an unknown tool, arguments too many, too few, of a wrong type: asked for again, nothing of that task started."""

import pytest

from llmc_runtime.agent.agent_errors import PlanFailed
from tests.agent.http_faults.asking import ask

WRONG = [
    ('2. serch("b")', "E201", "did you mean `search`?"),
    ('2. sned("b")', "E201", "did you mean `send`?"),
    ("2. search()", "E210", "entity"),
    ("2. send()", "E210", "to"),
    ('2. search("b", "c")', "E209", "search"),
    ('2. send("b", "c")', "E209", "send"),
    ('2. search(entty="b")', "E208", "entity"),
    ('2. send(too="b")', "E208", "did you mean `to`?"),
    ("2. search([1])", "E212", "str"),
    ("2. send(3 + 1)", "E212", "str"),
    ('2. send(search("x"), "c")', "E209", "send"),
    ('2. search(add(search("x"), 1))', "E212", "float"),
    ('2. sned(search("x"))', "E201", "did you mean `send`?"),
]


@pytest.mark.parametrize(("line", "code", "suggestion"), WRONG)
async def test_p5_a_wrong_call(line: str, code: str, suggestion: str) -> None:
    """The line alone goes back, with what is wrong and one suggestion; the others have run meanwhile, and stand."""
    plan = f'1. search("a")\n{line}\n3. search("c")\n4. join($1, $2, $3)\n'
    seen = await ask(plan, '2. send("b")\n')
    assert seen.answer.value == ["a is known", "sent to b", "c is known"]
    request = seen.requests[1].said
    assert f"error[{code}]" in request
    assert suggestion in request
    assert request.endswith(line)
    assert seen.calls_at[1] == {"search a": 1, "search c": 1}
    assert set(seen.world.calls.values()) == {1}
    assert len(seen.requests) == 2


@pytest.mark.parametrize(("line", "code", "suggestion"), WRONG)
async def test_p5_a_call_that_stays_wrong(line: str, code: str, suggestion: str) -> None:
    """Is the error, with its suggestion: nothing of the task was started, and nothing written."""
    seen = await ask(f'1. search("a")\n{line}\n3. send("eve")\n4. join($1, $2)\n', f"{line}\n")
    assert isinstance(seen.error, PlanFailed)
    assert f"error[{code}]" in str(seen.error)
    assert suggestion in str(seen.error)
    assert seen.world.calls == {"search a": 1}
    assert len(seen.requests) == 3
