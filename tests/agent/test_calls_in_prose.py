"""A call that a planner writes into a sentence is asked for again, and is made once."""

import pytest

from tests.agent.asking import ask

JOINED = "Thought: ok\nAction: Finish(done)"


@pytest.mark.parametrize(
    ("line", "repaired"),
    [
        ('Then call send("ann").', '2. send("ann")'),
        ('2. If that is known: send("ann")', '2. send("ann") if $1 == "K2 is known"'),
        ('| 2 | send("ann") |', 'send("ann")'),
    ],
)
def test_the_planner_is_asked_for_the_line(line: str, repaired: str) -> None:
    """The mistake and the line are in the question; only then is the mail sent."""
    answer, model, world = ask([f'1. search("K2")\n{line}\njoin()', f"{repaired}\n", JOINED])
    assert answer.text == "done"
    assert world.sent == ["ann"]
    assert world.calls["search K2"] == 1
    question = model.asked[1].messages[-1].text
    assert "E127" in question
    assert line in question


@pytest.mark.parametrize("line", ['2\u3001send("ann")', "* send('ann')", 'Action: send\uff08"ann"\uff09'])
def test_a_decorated_line_needs_no_question(line: str) -> None:
    """What only numbers or lists a task is read at once."""
    answer, model, world = ask([f'1. search("K2")\n{line}\njoin()', JOINED])
    assert answer.text == "done"
    assert world.sent == ["ann"]
    assert len(model.asked) == 2
