"""P14: a repair that renumbers, or is a whole plan, means what its planner wrote, or goes back."""

from tests.agent.http_faults.asking import ask

FIRST = "1. add(1, 2)\n2. add(3, 4)\n3. join()\n"
MORE = "Action: Replan(add both)"
TAKEN = '1. add($1, $2)\n2. send("$1")\n3. join("It is $1.")\n'


async def test_p14_a_line_with_another_number() -> None:
    """Its uses change with it, in what is written too."""
    seen = await ask(FIRST, MORE, TAKEN, '4. add($1, $2)\n5. send("$4")\n', grant=["send"])
    assert seen.answer.value == "It is 10.0."
    assert seen.world.sent == ["10.0"]


async def test_p14_a_whole_plan() -> None:
    """Is the plan, with its own numbers."""
    whole = '3. add($1, $2)\n4. send("$3")\n5. join("It is $3.")\n'
    seen = await ask(FIRST, MORE, TAKEN, whole, grant=["send"])
    assert (seen.answer.value, seen.world.sent) == ("It is 10.0.", ["10.0"])
    assert len(seen.requests) == 4


async def test_p14_what_is_unclear_goes_back() -> None:
    """A line that reads the old number of one that has a new one: all of the plan is asked for, once."""
    unclear = '4. add($1, $2)\n5. send("$1")\n'
    whole = '3. add($1, $2)\n4. send("$3")\n5. join("It is $3.")\n'
    seen = await ask(FIRST, MORE, TAKEN, unclear, whole, grant=["send"])
    assert "Write the whole plan again" in seen.requests[4].said
    assert (seen.answer.value, seen.world.sent) == ("It is 10.0.", ["10.0"])
