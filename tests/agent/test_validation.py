"""What is of a wrong kind is refused where it is given, in a sentence that says what belongs there."""

import asyncio
from typing import Any

import pytest

import llmc
from llmc_runtime.agent.agent import Agent
from llmc_runtime.validation import check_kind
from tests.agent.fakes import Script, World

POLICY = "`replan` is a policy, such as llmc.replanning.JOINER, not"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": 3}, "`model` is a model or a model's name, not 3"),
        ({"model": None}, "`model` is a model or a model's name, not None"),
        ({"model": Script}, "`model` is a model or a model's name, not <class 'tests.agent.fakes.Script'>"),
        ({"model": World()}, "`model` is a model or a model's name, not World"),
        ({"joiner": 3}, "`joiner` is a model or a model's name, not 3"),
        ({"tools": 3}, "`tools` is a llmc.Toolbox, or a list of tools, not 3"),
        ({"prompts": 3}, "`prompts` is a folder, or a mapping from names to texts, not 3"),
        ({"examples": 3}, "`examples` is a list of llmc.Example, not 3"),
        ({"examples": [("q", "p")]}, "`examples[0]` is a llmc.Example, not ('q', 'p')"),
        ({"examples": [llmc.Example("q", "join(1)"), None]}, "`examples[1]` is a llmc.Example, not None"),
        ({"limits": {}}, "`limits` is a llmc.Limits, not {}"),
        ({"budget": 100}, "`budget` is a llmc.Budget, not 100"),
        ({"budget": None}, "`budget` is a llmc.Budget, not None"),
        ({"replan": "never"}, f"{POLICY} 'never'"),
        ({"replan": type(llmc.replanning.NEVER)}, f"{POLICY} <class 'llmc_runtime.agent.joining.replan_policy.Never'>"),
        ({"max_replans": "2"}, "`max_replans` is a number from 0, not '2'"),
        ({"max_replans": True}, "`max_replans` is a number from 0, not True"),
        ({"grant": 3}, "`grant` is a list of tool names, not 3"),
        ({"grammar": 3}, "`grammar` is one of 'full', 'sound', 'tools', 'plain', or a function, not 3"),
        ({"options": 3}, "`options` is a mapping from the names of settings to their values, not 3"),
        ({"options": {"emti": print}}, "`options` has no setting `emti`: did you mean `emit`?"),
        ({"options": {"wat": 1}}, "`options` has no setting `wat`: there are: emit, clock, random, wall, limits,"),
    ],
)
def test_an_agent_is_not_made_of_it(settings: dict[str, Any], words: str) -> None:
    """Each is told when the agent is made, and not when it is asked."""
    given: dict[str, Any] = {"tools": World().toolbox(), "model": Script([])}
    with pytest.raises(TypeError) as caught:
        Agent(**(given | settings))
    assert str(caught.value).startswith(words)


def test_an_agent_is_made_of_what_is_right() -> None:
    """Also of lists, mappings, and objects with the right methods."""
    Agent(
        list(World().toolbox()),
        model=Script([]),
        joiner=Script([]),
        prompts={},
        examples=[llmc.Example("q", "join(1)")],
        limits=llmc.Limits(),
        budget=llmc.Budget(tokens=3),
        replan=llmc.replanning.NEVER,
        grant={"send"},
        approve="all",
        grammar=lambda *_: None,
        options={"emit": print},
    )


SAID = llmc.Message("user", "Hi")


@pytest.mark.parametrize(
    ("question", "history", "words"),
    [
        (None, (), "`question` is a text, not None"),
        (["?"], (), "`question` is a text, not ['?']"),
        ("?", None, "`history` is a list of llmc.Message, not None"),
        ("?", "Hi", "`history[0]` is a llmc.Message, not 'H'"),
        ("?", [SAID, {"role": "user"}], "`history[1]` is a llmc.Message, not {'role': 'user'}"),
    ],
)
@pytest.mark.parametrize("asked", ["ask", "plan", "stream"])
def test_what_is_no_question_is_not_asked(asked: str, question: Any, history: Any, words: str) -> None:  # noqa: ANN401
    """Whoever is asked, and however: the model hears nothing of it."""
    model = Script(["join(1)"])
    made = getattr(Agent(World().toolbox(), model=model), asked)(question, history=history)
    with pytest.raises(TypeError) as caught:
        asyncio.run(anext(made) if asked == "stream" else made)
    assert str(caught.value) == words
    assert model.asked == []


class Silent:
    """What cannot be shown."""

    def __repr__(self) -> str:
        """No."""
        raise AssertionError


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Silent(), "Silent"),
        ([Silent()], r"\[<Silent instance at 0x\w+>\]"),
        ("a" * 10_000, r"'a{47}\.\.\.a{48}'"),
        (list(range(10_000)), r"\[0, 1, 2, 3, 4, 5, \.\.\.\]"),
    ],
)
def test_what_is_wrong_is_shown_in_short(value: object, shown: str) -> None:
    """Of an object its type, and of what is long its beginning."""
    with pytest.raises(TypeError, match=rf"`x` is a number, not {shown}$"):
        check_kind("x", value, int, "a number")
