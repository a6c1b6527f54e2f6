"""P1: the stream breaks off in a line, in a token, in a character: half a line never runs, nothing is written."""

import pytest

from llmc_runtime.models.model_errors import StreamBroken
from llmc_runtime.models.openai.settings.settings import Api
from tests.agent.events import token
from tests.agent.fakes import World
from tests.agent.http_faults.asking import Questions, ask
from tests.agent.server import TOKENS, Reply

LINES = ('1. search("a")\n', '2. send("bob")\n', '3. search("Ōsaka 🗾")\n', "4. join($1, $2, $3)\n")
TAIL = 'Ōsaka 🗾")\n'
UP_TO_TAIL = "".join(LINES[:3]).removesuffix(TAIL)


@pytest.mark.parametrize("api", ["chat", "completions", "responses"])
@pytest.mark.parametrize("whole", range(5))
async def test_p1_in_a_line(api: Api, whole: int) -> None:
    """After so many whole lines and most of the next: the reads of the whole ones run, whatever the API."""
    text = "".join(LINES[:whole]) + (LINES[whole][:-3] if whole < len(LINES) else "")
    seen = await ask([*TOKENS.findall(text), None], model={"api": api})
    assert type(seen.error) is StreamBroken
    assert seen.world.calls == {
        f"search {entity}": 1 for entity, lines in (("a", 1), ("Ōsaka 🗾", 3)) if whole >= lines
    }
    assert len(seen.requests) == 1


async def test_p1_what_runs_is_ended() -> None:
    """A read that would take an hour holds nothing up."""
    world = World(latency=3600.0)
    seen = await ask([LINES[0], 0.01, LINES[1], None], world=world)
    assert type(seen.error) is StreamBroken
    assert world.calls == {"search a": 1}


async def test_p1_control_the_whole_plan_runs() -> None:
    """What is cut here is a plan that works."""
    seen = await ask("".join(LINES))
    assert seen.answer.value == ["a is known", "sent to bob", "Ōsaka 🗾 is known"]
    assert seen.writes == 1


def torn(sent: bytes, *, ends: bool) -> Reply:
    """These bytes behind the plan's beginning: then the connection breaks, or the answer ends as if all were well."""
    return [UP_TO_TAIL, sent, b"" if ends else None]


@pytest.mark.parametrize("ends", [False, True])
async def test_p1_in_a_token_and_in_a_character(ends: bool) -> None:
    """At each byte of the event that ends a line: in its name, in its JSON, in each of the two wide characters."""
    event = token("chat", TAIL)
    assert "🗾".encode() in event
    async with Questions() as questions:
        for cut in range(1, len(event)):
            seen = await questions.ask(torn(event[:cut], ends=ends))
            assert type(seen.error) is StreamBroken
            assert seen.world.calls == {"search a": 1}


@pytest.mark.parametrize("ends", [False, True])
async def test_p1_control_a_line_that_came_whole_runs(ends: bool) -> None:
    """One byte more, and it does."""
    seen = await ask(torn(token("chat", TAIL), ends=ends))
    assert type(seen.error) is StreamBroken
    assert seen.world.calls == {"search a": 1, "search Ōsaka 🗾": 1}
