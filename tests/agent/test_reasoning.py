"""Reasoning in replies: drafts of plans and decisions in it do nothing, and write nothing."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest

import llmc
from llmc_grammar import reasoning
from llmc_runtime.agent.agent_errors import BudgetSpent, NoDecision, PlanFailed
from llmc_runtime.agent.agent_events import Happened
from llmc_runtime.agent.joining.decision import read_decision
from llmc_runtime.agent.joining.decisions import Finish, Replan
from llmc_runtime.agent.planning.plan_reply import LONGEST_TAIL, LONGEST_WAIT
from llmc_runtime.errors import Held
from llmc_runtime.models.messages import End, Usage
from llmc_runtime.state import events
from tests.agent.asking import ask, watch
from tests.agent.fakes import World
from tests.runtime import clock

DRAFT = '1. send("ann")\n2. search("draft")\n3. join($1, $2)\n'
PLAN = '1. search("a")\n2. send("bob")\n3. join($1, $2)\n'
THOUGHT = f"<think>\n{DRAFT}No, to bob.\n</think>\n{PLAN}"
BARE = f"{DRAFT}No, to bob.\n</think>\n{PLAN}"
MARKED = f"{DRAFT.rstrip()}<END_OF_PLAN>\nNo, to bob.\n</think>\n{PLAN.rstrip()}<END_OF_PLAN>"


@pytest.mark.parametrize("text", [THOUGHT, BARE, MARKED])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_plan_behind_the_reasoning_runs(text: str, size: int) -> None:
    """However the reply is cut into pieces, the draft sends nothing and takes no id."""
    answer, model, world = ask([text], size=size)
    assert answer.value == ["a is known", "sent to bob"]
    assert world.sent == ["bob"]
    assert len(model.asked) == 1
    assert answer.plans[0].ids == ("1", "2")


def test_without_the_rule_the_draft_is_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: where tags mean nothing, the draft is sent, and the plan is lost."""
    monkeypatch.setattr(reasoning.ReasoningTags, "find", lambda *_: [])
    answer, _, world = ask([BARE], approve=lambda _: True)
    assert world.sent == ["ann"]
    assert answer.value == ["sent to ann", "draft is known"]


def test_what_a_draft_started_is_dropped() -> None:
    """Its reads start as soon as they are written; when it turns out to be a draft, they are given up."""
    plan = '1. search("b")\n2. join($1)\n'
    seen = watch([f'1. search("draft")\nhm\n</think>\n{plan}'], size=1, pause=0.001)
    kinds = [type(each.event) for each in seen if isinstance(each, Happened)]
    restart = kinds.index(events.Restarted)
    assert kinds[:restart] == [events.Started, events.Dropped]
    assert kinds[restart + 1] is events.Started
    answer = seen[-1]
    assert isinstance(answer, llmc.Answer)
    assert not any(isinstance(event, events.Cancelled) for event in answer.run.events)


def test_known_reasoning_starts_nothing() -> None:
    """Behind an opening tag not even reads start."""
    _, _, world = ask([THOUGHT])
    assert world.calls == {"search a": 1, "send bob": 1}


@pytest.mark.parametrize(
    "text", ["<think>\n" + PLAN, f"<think>{PLAN}</think>", f"{PLAN}</think>", f"{PLAN}<|end|>\n</think>"]
)
def test_a_reply_of_nothing_but_reasoning_is_no_plan(text: str) -> None:
    """It goes back to the planner."""
    answer, model, world = ask([text, PLAN])
    assert answer.value == ["a is known", "sent to bob"]
    assert "There is no plan in this." in model.asked[1].messages[-1].text
    assert world.sent == ["bob"]


def test_a_tag_in_a_string_is_text() -> None:
    """It is sent as it is written."""
    answer, _, world = ask(['1. send("a </think> b")\n2. join($1)\n'])
    assert answer.value == "sent to a </think> b"
    assert world.sent == ["a </think> b"]


@pytest.mark.parametrize("channel", ["analysis", "commentary"])
def test_a_message_to_a_tool_ends_the_reasoning(channel: str) -> None:
    """As gpt-oss writes it where the server does not read it."""
    call = '<|start|>assistant<|channel|>commentary to=functions.send <|constrain|>json<|message|>{"to": "bob"}<|call|>'
    answer, _, world = ask([f'<|channel|>{channel}<|message|>1. send("ann")<|end|>{call}', "Action: Finish(sent)"])
    assert answer.value == "sent"
    assert world.sent == ["bob"]


def test_a_repair_is_read_without_its_reasoning() -> None:
    """The lines in it are drafts too."""
    bad = '1. search("a")\n2. sned("bob")\n3. join($1, $2)\n'
    answer, _, world = ask([bad, '<think>\n2. send("ann")\n</think>\n2. send("bob")\n'])
    assert answer.value == ["a is known", "sent to bob"]
    assert world.sent == ["bob"]


def test_a_joiner_decides_behind_its_reasoning() -> None:
    """A draft of a decision is none."""
    replies = ['1. search("a")\njoin()\n', "<think>Action: Finish(42)?</think>\nAction: Finish(it is known)"]
    assert ask(replies)[0].value == "it is known"


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("<think>Action: Finish(42)?</think>\nAction: Replan(look again)", Replan("look again")),
        ("Action: Finish(42)? No.\n</think>\nAction: Replan(look again)", Replan("look again")),
        ("[THINK]Finish(1)[/THINK]Finish(2)", Finish("2")),
        ("<|channel|>analysis<|message|>Finish(1)<|end|><|channel|>final<|message|>Finish(2)<|return|>", Finish("2")),
        ('<think>{"thought": "", "action": "Finish", "text": "1"}</think>Action: Replan(x)', Replan("x")),
        ('{"thought": "", "action": "Finish", "text": "1"}</think>Action: Replan(x)', Replan("x")),
        ('{"thought": "", "action": "Finish", "text": "a </think> b"}', Finish("a </think> b")),
        ('```json\n{"thought": "", "action": "Finish", "text": "<think>"}\n```', Finish("<think>")),
        ("<think>Action: Finish(42)", None),
        ("Finish(42)</think>", None),
    ],
)
def test_decisions(text: str, decision: object) -> None:
    """What stands before the closing tag is void, but for tags in JSON data."""
    assert read_decision(text) == decision


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("Action: Finish(4", None),
        ("Action: Finish(1) Paris, 2)", None),
        ("Action: Finish(42)", None),
        ("Action: Finish(42)\n", Finish("42")),
        ("Action: Finish(Paris (France)\n", None),
        ('{"thought": "", "action": "Finish", "text": "4', None),
    ],
)
def test_a_decision_that_was_cut_is_none(text: str, decision: object) -> None:
    """A decision of a reply cut by length counts only if its line had ended."""
    assert read_decision(text, complete=False) == decision


def test_a_joiner_that_is_cut_is_reminded() -> None:
    """The beginning of an answer is no answer."""
    plan = '1. search("a")\njoin()\n'
    answer, model, _ = ask([plan, "Action: Finish(4", "Action: Finish(42)"], reasons=["stop", "length"])
    assert (answer.value, len(model.asked)) == ("42", 3)
    with pytest.raises(NoDecision):
        ask([plan, "Action: Finish(4", "Action: Finish(4"], reasons=["stop", "length", "length"])


def test_model_tools_leave_reasoning_out() -> None:
    """Of what a model says to a tool's prompt, and of an expression that it writes."""
    shorten = llmc.llm_tool("shorten", "Shorten: {{ text }}", llmc.ScriptedModel(["<think>tea?</think>\nit is tea"]))
    math = llmc.math_tool(llmc.ScriptedModel(["3 + 3\n</think>\n4.5 * 2"]))
    program = llmc.compile('a = shorten("…")\nb = math("two teas")\njoin($a, $b)\n', llmc.Toolbox([shorten, math]))
    assert clock.run(program.run()).value == ["it is tea", 9.0]


def test_a_model_has_tags_of_its_own() -> None:
    """By name, or as a pair of texts; a bad one is refused when the model is made."""
    options = {"base_url": "http://localhost:8000/v1", "reasoning_tags": ["plan", ["◁", "▷"]]}
    assert llmc.Model("m", **options).settings.reasoning_tags == ("plan", ("◁", "▷"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a reasoning tag is a name"):
        llmc.Model("m", base_url="http://localhost:8000/v1", reasoning_tags=["<x>"])
    with pytest.raises(TypeError, match="`reasoning_tags` is a list of names"):
        llmc.Model("m", base_url="http://localhost:8000/v1", reasoning_tags="x")
    with pytest.raises(ValueError, match="a reasoning tag is a name"):
        llmc.ScriptedModel([], reasoning_tags=["a b"])
    model = llmc.ScriptedModel([f"{DRAFT}</notes>\n{PLAN}"], reasoning_tags=["notes"])
    world = World()
    clock.run(llmc.Agent(world.toolbox(), model=model).ask("?"))
    assert world.sent == ["bob"]


def test_a_planner_for_a_plan_to_read_may_reason() -> None:
    """The program has what stands behind."""
    world = World()
    agent = llmc.Agent(world.toolbox(), model=llmc.ScriptedModel([BARE]))
    assert clock.run(agent.plan("?")).to_llmc() == '1. search("a")\n2. send("bob")\njoin($1, $2)\n'


async def pieces(*texts: str) -> AsyncIterator[str]:
    """Texts, one after another."""
    for text in texts:
        yield text


@pytest.mark.parametrize("size", [1, 9, 1000])
def test_a_streamed_text_is_read_without_its_reasoning(size: int) -> None:
    """`run_stream` drops what a draft started."""
    world = World()
    parts = [BARE[at : at + size] for at in range(0, len(BARE), size)]
    run = clock.run(llmc.run_stream(pieces(*parts), world.toolbox()))
    assert (run.value, run.failed, world.sent) == (["a is known", "sent to bob"], False, ["bob"])
    assert run.results == {"1": "a is known", "2": "sent to bob"}


# Behind the plan


def test_a_reply_is_read_to_its_end() -> None:
    """What it took is known, and a budget holds for it."""
    text = f"{PLAN.rstrip()}<END_OF_PLAN>\nand so on"
    answer, model, world = ask([text])
    assert model.asked[0].stop == ()
    assert answer.usage["planner"].read > 0
    assert answer.usage["planner"].written == len(text.split())
    with pytest.raises(BudgetSpent):
        ask([text], world := World(), budget=llmc.Budget(tokens=100))
    assert world.sent == []


@pytest.mark.parametrize("chat", ["x" * 100 + "\n", "no newline "])
def test_a_long_tail_is_cut_off_and_may_not_write(chat: str) -> None:
    """Behind so many characters nobody knows what would follow: reads have run, a write asks or is held."""
    tail = chat * (LONGEST_TAIL // len(chat) + 2)
    answer, model, world = ask([PLAN + tail + "</think>", "Finish(done)"])
    assert model.closed == 2
    assert isinstance(answer.plans[0].run.errors["2"], Held)
    assert answer.plans[0].run.results == {"1": "a is known"}
    answer, _, world = ask([PLAN + tail], approve=lambda request: "cut off" in str(request.held))
    assert (answer.value, world.sent) == (["a is known", "sent to bob"], ["bob"])


def test_a_tail_within_the_bounds_is_no_hindrance() -> None:
    """A plan with some words behind it is whole."""
    answer, _, world = ask([PLAN + "x" * (LONGEST_TAIL - 100)])
    assert (answer.value, world.sent) == (["a is known", "sent to bob"], ["bob"])


class Slow:
    """A planner that says its plan, and goes on after so many seconds."""

    name = "slow"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.closed = False

    async def reply(self, *_: Any, **__: Any) -> AsyncGenerator[str | End, None]:
        """A plan, a pause, and the rest."""
        try:
            yield PLAN
            await asyncio.sleep(self.seconds)
            yield "</think>\n" + PLAN.replace("bob", "eve")
            yield End("stop", Usage(1, 2, 0, 3, None, 1.0, 0.1))
        finally:
            self.closed = True


@pytest.mark.parametrize(("seconds", "sent"), [(LONGEST_WAIT - 0.1, ["eve"]), (LONGEST_WAIT + 0.1, [])])
def test_a_slow_tail_is_cut_off_and_may_not_write(seconds: float, sent: list[str]) -> None:
    """The plan waits so long for what may withdraw it, and no longer."""
    world = World(latency=0)
    model = Slow(seconds)
    joiner = llmc.ScriptedModel(["Finish(done)"])
    answer = clock.run(llmc.Agent(world.toolbox(), model=model, joiner=joiner).ask("?"))
    assert (world.sent, model.closed) == (sent, True)
    assert answer.times.plan == pytest.approx(min(seconds, LONGEST_WAIT))


def test_a_reply_cut_by_length_behind_its_plan() -> None:
    """If words had begun behind it, they may have withdrawn it: the write is held; without any, the plan is whole."""
    for tail, sent in (("", ["bob"]), ("```", ["bob"]), ("No, not", [])):
        _, _, world = ask([PLAN + tail, "Finish(x)"], reasons=["length"])
        assert world.sent == sent


def test_a_cut_right_behind_the_join() -> None:
    """A join with an end mark needs no newline; without one it may go on."""
    text = '1. search("a")\n2. join($1)'
    assert ask([f"{text}<END_OF_PLAN>"], reasons=["length"])[0].value == "a is known"
    with pytest.raises(PlanFailed):
        ask([text, "", ""], reasons=["length"])
