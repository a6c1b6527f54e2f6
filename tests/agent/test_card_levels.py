"""The card of a request fits the grammar that it carries, also where a server refuses the first."""

from typing import Any

import pytest

import llmc
from llmc_compiler.decoder.decoder_grammar import Level, decoder_grammar
from llmc_compiler.decoder.syntaxes import Syntax
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.planning import plan_grammar
from llmc_runtime.models.messages import Grammar, Message
from tests.agent.events import FORMS, refusal, wire
from tests.agent.fakes import Script, World

LOOP, NAME = "tool($x) for x in $1", "a = tool()"
PLAN = '1. search("a")\njoin($1)\n'


async def sent(grammar: Any, *answers: Any, port: int = 8080) -> list[dict[str, Any]]:  # noqa: ANN401 — what an agent takes
    """The requests of a question."""
    asked = wire(*answers, FORMS["chat"]([PLAN]))
    model = llmc.Model("m", base_url=f"http://localhost:{port}/v1", transport=asked.transport, retries=0)
    await Agent(World(latency=0).toolbox(), model=model, grammar=grammar).ask("?")
    return asked.bodies


def taught(body: dict[str, Any]) -> tuple[bool, bool]:
    """Whether a request teaches loops, and names."""
    text = body["messages"][0]["content"]
    return LOOP in text, NAME in text


async def test_a_card_steps_down_and_up_with_the_grammar() -> None:
    """Full has loops, sound has not, and tools has all of the language."""
    bodies = await sent("full", refusal(400), refusal(400))
    assert [taught(body) for body in bodies] == [(True, False), (False, False), (True, True)]
    tools = World().toolbox()
    levels: tuple[Level, ...] = ("full", "sound", "tools")
    assert [body["grammar"] for body in bodies] == [
        decoder_grammar(tools, syntax="gbnf", level=each) for each in levels
    ]


async def test_without_a_grammar_all_is_taught() -> None:
    """None is asked for, the server takes none, or it refuses all."""
    assert [taught(body) for body in await sent(None)] == [(True, True)]
    assert [taught(body) for body in await sent("sound", port=11434)] == [(True, True)]
    bodies = await sent("sound", *[refusal(400)] * 3)
    assert [taught(body) for body in bodies] == [(False, False), (True, True), (True, True), (True, True)]
    assert [len(body.get("grammar", "")) > 0 for body in bodies] == [True, True, True, False]


async def test_a_grammar_that_was_refused_is_not_sent_again() -> None:
    """Under `sound`, the levels `full` and `sound` have the same."""
    bodies = await sent("sound", refusal(400))
    assert len({body["grammar"] for body in bodies}) == len(bodies) == 2


async def test_a_grammar_of_ones_own_may_forbid_all_but_the_sound_level() -> None:
    """A function is asked for the level, and may say which one it follows."""

    def own(tools: Toolbox, first: int, known: tuple[str, ...]) -> Grammar:
        def grammar(syntax: Syntax, level: Level) -> str:
            return decoder_grammar(tools, syntax=syntax, level=level)

        return grammar

    assert [taught(body) for body in await sent(own)] == [(False, False)]
    own.level = "full"  # type: ignore[attr-defined]  # what an agent looks for
    assert [taught(body) for body in await sent(own)] == [(True, False)]


async def test_who_looks_at_no_grammar_reads_the_card_of_the_first_level() -> None:
    """A model of one's own."""
    model = Script([PLAN])
    await Agent(World(latency=0).toolbox(), model=model, grammar="full").ask("?")
    assert LOOP in model.asked[0].text
    assert NAME not in model.asked[0].text


def test_a_message_is_the_same_whatever_its_other_texts_are() -> None:
    """They are not compared, and not shown."""
    one = Message("system", "a", by_level=str)
    assert one == Message("system", "a")
    assert one.at("sound") == Message("system", "sound")
    assert one.at(None) == Message("system", "None")
    assert Message("user", "a").at("full") == Message("user", "a")
    assert repr(one) == repr(Message("system", "a"))


def test_a_grammar_that_is_too_large_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is an error each time."""
    asked: list[object] = []

    def too_large(tools: Toolbox, *, level: str, **_: object) -> str:
        asked.append(tools)
        raise llmc.GrammarTooLargeError(level, 100)

    monkeypatch.setattr(plan_grammar, "decoder_grammar", too_large)
    grammar = plan_grammar.following("full")(World().toolbox(), 1, ())
    for _ in range(2):
        with pytest.raises(llmc.GrammarTooLargeError, match="level `full` would be larger than 100 "):
            grammar("lark", "full")
    assert len(asked) == 1
