"""Joiners on servers that make a reply follow a JSON Schema."""

import json
from typing import Any

import pytest

from llmc_runtime.agent.agent import Agent
from llmc_runtime.models.openai.client import Model
from tests.agent.events import Wire, chat, refusal, wire
from tests.agent.fakes import Script, World
from tests.runtime import clock

PLAN = '1. search("a")\njoin()'
FINISH = '{"thought": "it is there", "action": "Finish", "text": "a (b"}'


def ask(asked: Wire, **settings: Any) -> tuple[str, tuple[str, ...]]:
    """The answer of an agent whose joiner is on a server, and the thoughts."""
    joiner = Model("m", api="chat", api_key="k", transport=asked.transport)
    answer = clock.run(Agent(World().toolbox(), model=Script([PLAN]), joiner=joiner, **settings).ask("What is a?"))
    return answer.text, answer.thoughts


def test_a_joiner_is_asked_for_json_and_told_so() -> None:
    """Its answer is taken as it stands."""
    asked = wire(chat([FINISH[:20], FINISH[20:]]))
    assert ask(asked) == ("a (b", ("it is there",))
    (body,) = asked.bodies
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["action"]["enum"] == ["Finish", "Replan"]
    told = body["messages"][0]["content"]
    assert '"Replan" if another plan could find what is still missing' in told
    assert "Action:" not in told


def test_where_no_plan_may_follow_only_an_answer_is_asked_for() -> None:
    """By the schema, and in words."""
    asked = wire(chat([FINISH]))
    assert ask(asked, max_replans=0)[0] == "a (b"
    (body,) = asked.bodies
    assert body["response_format"]["json_schema"]["schema"]["properties"]["action"]["enum"] == ["Finish"]
    assert "Replan" not in json.dumps(body)


def test_a_server_that_takes_no_schema_is_asked_without() -> None:
    """What it says in its own way is read as well."""
    asked = wire(refusal(400, "response_format is not supported"), chat(["Action: Finish(b)"]))
    assert ask(asked)[0] == "b"
    assert ["response_format" in body for body in asked.bodies] == [True, False]


@pytest.mark.parametrize("said", ["no", '{"thought": "x"}', "[" * 100_000])
def test_a_joiner_that_gives_no_decision_is_reminded(said: str) -> None:
    """In JSON too."""
    asked = wire(chat([said]), chat([FINISH]))
    assert ask(asked)[0] == "a (b"
    assert asked.bodies[1]["messages"][-1]["content"].startswith('Write your decision as JSON: {"thought"')
