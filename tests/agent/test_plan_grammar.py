"""The grammars that plans have to follow."""

import asyncio

import pytest

import llmc
from llmc_compiler.decoder.decoder_grammar import Level, decoder_grammar
from llmc_runtime.agent.planning.plan_grammar import following


@llmc.pure
def double(n: int) -> int:
    """Twice as much."""
    return 2 * n


TOOLS = llmc.Toolbox([double])


def test_plans_follow_the_level_and_know_what_came_before() -> None:
    """The first plan begins with 1; the next goes on, and may refer to what has a value."""
    model = llmc.ScriptedModel(["1. double(1)\n2. double(2)\njoin()", "Replan(once more)", "3. double($2)\njoin($3)"])
    answer = asyncio.run(llmc.Agent(TOOLS, model=model, grammar="sound").ask("?"))
    assert answer.value == 8
    first, _, second = (asked.grammar for asked in model.asked)
    assert first is not None
    assert second is not None
    assert first("lark", "sound") == decoder_grammar(TOOLS)
    assert second("gbnf", "sound") == decoder_grammar(TOOLS, syntax="gbnf", first=3, known=("1", "2"))


@pytest.mark.parametrize(
    ("level", "asked", "used"),
    [
        ("full", "full", "full"),
        ("full", "sound", "sound"),
        ("sound", "full", "sound"),
        ("sound", "tools", "tools"),
        ("tools", "sound", "tools"),
        ("plain", "sound", "plain"),
        ("sound", "sound", "sound"),
    ],
)
def test_a_server_may_step_down_and_not_up(level: Level, asked: Level, used: Level) -> None:
    """Of the level that is wanted and the one that is asked for, the one that says less is used."""
    grammar = following(level)(TOOLS, 1, ())
    assert grammar is not None
    assert grammar("lark", asked) == decoder_grammar(TOOLS, level=used)
    assert grammar("lark", asked) is grammar("lark", asked)


def test_another_level_is_refused() -> None:
    """Before any question."""
    with pytest.raises(ValueError, match="one of 'full', 'sound', 'tools', 'plain', not 'loud'"):
        llmc.Agent(TOOLS, model=llmc.ScriptedModel([]), grammar="loud")  # type: ignore[arg-type]  # a mistake
