"""P6: references to itself, in a circle, to a later task, to none: told, asked for again, and nothing hangs."""

import pytest

from llmc_runtime.agent.agent_errors import PlanFailed
from tests.agent.http_faults.asking import ask

WRONG = [
    ("2. search($2)", "E204"),
    ("2. search($3)", "E203"),
    ("2. search($9)", "E202"),
    ("2. send($2)", "E204"),
    ("2. send($3)", "E203"),
    ("2. send($9)", "E202"),
    ('2. search("b") if $3 == "x"', "E203"),
    ("2. search($x) for x in $2", "E204"),
    ('2. search("b") @fallback($3)', "E203"),
]


@pytest.mark.parametrize(("line", "code"), WRONG)
async def test_p6_a_wrong_reference(line: str, code: str) -> None:
    """Wherever it stands in the line."""
    plan = f'1. search("a")\n{line}\n3. search("c")\n4. join($2)\n'
    seen = await ask(plan, "2. search($1)\n")
    assert seen.answer.value == "a is known is known"
    assert f"error[{code}]" in seen.requests[1].said
    assert seen.calls_at[1] == {"search a": 1, "search c": 1}
    assert set(seen.world.calls.values()) == {1}
    seen = await ask(plan, "I will not.")
    assert isinstance(seen.error, PlanFailed)
    assert f"error[{code}]" in str(seen.error)
    assert seen.world.calls == {"search a": 1, "search c": 1}


async def test_p6_a_circle() -> None:
    """All of it is shown; without a way out it is the error, and nothing has run."""
    circle = "1. search($3)\n2. search($1)\n3. send($2)\n4. join($3)\n"
    seen = await ask(circle, '1. search("a")\n')
    assert seen.answer.value == "sent to a is known is known"
    assert "wait for each other" in seen.requests[1].said
    assert seen.calls_at[1] == {}
    assert set(seen.world.calls.values()) == {1}
    seen = await ask(circle)
    assert isinstance(seen.error, PlanFailed)
    assert "wait for each other" in str(seen.error)
    assert seen.world.calls == {}
