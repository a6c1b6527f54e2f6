"""Planners that answer with calls in another form than the plan language."""

import json
from typing import Any

import httpx2
import pytest

import llmc
from llmc_runtime.agent.agent_errors import PlanFailed
from llmc_runtime.errors import Held
from tests.agent.asking import ask
from tests.agent.events import DONE, event
from tests.agent.http_faults.asking import ask as ask_server

FINISH = "Action: Finish(done)"


def call(tool: str, **arguments: object) -> str:
    """A native tool call."""
    return json.dumps({"name": tool, "arguments": arguments})


def marked(tool: str, **arguments: object) -> str:
    """A native tool call in marks."""
    return f"<tool_call>\n{call(tool, **arguments)}\n</tool_call>\n"


def test_calls_in_another_form_are_made_and_joined() -> None:
    """All of them, and the joiner is told what each gave."""
    answer, model, world = ask([f"{call('search', entity='a')}\n{call('search', entity='b')}", FINISH])
    assert (answer.value, world.calls) == ("done", {"search a": 1, "search b": 1})
    assert "a is known" in model.asked[1].text


def test_results_go_from_call_to_call() -> None:
    """A variable is the result of its call."""
    answer, _, world = ask(['x = search("a"); y = search(f"{x}!"); print(y)', FINISH])
    assert (len(answer.plans), dict(world.calls)) == (1, {"search a": 1, "search a is known!": 1})


def test_a_call_that_began_before_the_form_was_known_is_made_again() -> None:
    """The first line is a plan until the second one shows that it is Python; what it started is dropped."""
    answer, _, world = ask(['x = search("a")\nsearch(f"{x}!")', FINISH])
    assert (len(answer.plans), dict(world.calls)) == (1, {"search a": 2, "search a is known!": 1})


def test_numbers_go_on_from_the_last_plan() -> None:
    """A second plan in another form reads the first one's results, and has numbers of its own."""
    second = f"{call('search', entity='$1')}\n{call('search', entity='c')}"
    answer, _, world = ask(['1. search("a")\njoin()', "Action: Replan(more)", second, FINISH])
    assert dict(world.calls) == {"search a": 1, "search a is known": 1, "search c": 1}
    assert [plan.ids for plan in answer.plans] == [("1",), ("2", "3")]


def test_a_write_without_marks_goes_back_and_is_held() -> None:
    """The planner is asked to write the plan language; where it does not, the write needs approval."""
    reply = call("send", to="ann")
    answer, model, world = ask([reply, reply, reply, FINISH])
    assert (world.sent, len(model.asked)) == ([], 4)
    assert "W131" in model.asked[1].text
    assert isinstance(answer.plans[0].run.errors["1"], Held)
    approved, _, world = ask([reply, reply, reply, FINISH], approve=lambda _: True)
    assert (world.sent, len(approved.plans)) == (["ann"], 1)


def test_a_write_that_goes_back_is_made_once_it_is_in_the_language() -> None:
    """The repair replaces the line."""
    _, model, world = ask([call("send", to="ann"), '1. send("ann")\n', FINISH])
    assert (world.sent, len(model.asked)) == (["ann"], 3)


def test_a_write_in_marks_is_made() -> None:
    """The marks say that it is a call."""
    _, model, world = ask([f"I send it.\n{marked('send', to='ann')}", FINISH])
    assert (world.sent, len(model.asked)) == (["ann"], 2)


def test_half_a_reply_makes_no_call() -> None:
    """A reply that was cut off by length may go on; the whole one is made."""
    half = marked("send", to="ann") + marked("send", to="bob")[:30]
    with pytest.raises(PlanFailed):
        ask([half] * 3, reasons=["length"] * 3)
    _, _, world = ask([half, marked("send", to="ann"), FINISH], reasons=["length"])
    assert world.sent == ["ann"]


def test_data_is_no_plan() -> None:
    """The planner is told that it calls no tool."""
    with pytest.raises(PlanFailed, match="calls no tool"):
        ask(['{"name": "Anna", "age": 3}'] * 3)


def test_a_repair_in_another_form_replaces_the_broken_line_alone() -> None:
    """Its number and its join are not the planner's: the lines that were right stay."""
    first = '1. search("a")\n2. serach("b")\n3. join("$1, $2")'
    answer, _, world = ask([first, marked("search", entity="b")])
    assert answer.value == "a is known, b is known"
    assert dict(world.calls) == {"search a": 1, "search b": 1}


def test_a_repair_whose_calls_read_each_other_is_asked_for_again() -> None:
    """Which lines they replace is not clear; the whole plan is then taken."""
    first = '1. serach("a")\n2. serach("b")\n3. join("$1, $2")'
    unclear = 'x = search("a")\nsearch(x)'
    answer, model, _ = ask([first, unclear, '1. search("c")\n2. join($1)'])
    assert "Write the whole plan again" in model.asked[2].text
    assert answer.value == "c is known"


async def test_the_field_of_the_api_says_that_it_is_a_call() -> None:
    """A server that returns tool calls apart from the text: they are made, writes too."""
    name, arguments = "send", '{"to": "ann"}'
    sent: list[dict[str, Any]] = [
        {"content": "I send it."},
        {"tool_calls": [{"index": 0, "id": "x", "type": "function", "function": {"name": name, "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": arguments}}]},
    ]
    stream = [event({"choices": [{"index": 0, "delta": delta}]}) for delta in sent]
    ended = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    reply = httpx2.Response(
        200, headers={"content-type": "text/event-stream"}, content=b"".join([*stream, ended, DONE])
    )
    seen = await ask_server(reply, FINISH)
    assert (seen.world.sent, seen.answer.value) == (["ann"], "done")


async def test_a_plan_to_be_read_first_is_in_the_language() -> None:
    """`Agent.plan` holds the writes, and prints the plan as it was understood."""

    @llmc.write("mail")
    def send(to: str) -> str:
        """Send a mail."""
        return to

    agent = llmc.Agent([send], model=llmc.ScriptedModel([call("send", to="ann")]))
    program = await agent.plan("Send it.")
    assert (program.to_llmc(), bool(program.held)) == ('1. send("ann")\njoin()\n', True)
