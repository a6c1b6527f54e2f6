"""Reasoning that servers send beside the text is told as it comes, and belongs to nothing else."""

from collections.abc import AsyncGenerator, Sequence

import pytest

import llmc
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.agent_events import Judged, Progress, Reasoned, Wrote
from llmc_runtime.agent.budget import Role
from llmc_runtime.agent.reasoning_text import ReasoningText
from llmc_runtime.models.messages import End, Part, Reasoning, Usage
from llmc_runtime.redaction import HIDDEN, Secrets
from tests.agent.events import event, wire
from tests.agent.fakes import World
from tests.runtime import clock

PLAN = '1. search("a")\njoin()'
REPAIRED = '1. serch("a")\njoin()'


def told(*lines: Sequence[str | float | Reasoning], **settings: object) -> list[Progress]:
    """What is told of a question to a model with these lines."""
    model = llmc.ScriptedModel([*lines])
    found: list[Progress] = []
    clock.run(Agent(World().toolbox(), model=model, **settings).ask("?", emit=found.append))  # type: ignore[arg-type]
    return found


def test_reasoning_is_told_as_it_comes() -> None:
    """That of the planner with its plan, that of the joiner with the last one; the plan's text is the plan's."""
    found = told(
        [Reasoning("which "), 1.0, Reasoning("tea?\n"), PLAN],
        [Reasoning("no"), "Thought: more\nAction: Replan(b)"],
        [Reasoning("again"), '2. search("b")\njoin()'],
        [Reasoning("known"), "Finish(x)"],
    )
    reasoned = [each for each in found if isinstance(each, Reasoned)]
    assert [(each.plan, each.text) for each in reasoned] == [
        (1, "which "),
        (1, "tea?\n"),
        (1, "no"),
        (2, "again"),
        (2, "known"),
    ]
    assert [each.at for each in reasoned[:2]] == [0.0, 1.0]
    assert "".join(each.text for each in found if isinstance(each, Wrote)) == f'{PLAN}2. search("b")\njoin()'
    assert isinstance(found[-1], Judged)


def test_the_reasoning_of_a_repair_is_told() -> None:
    """It is the planner's, of the same plan."""
    found = told([REPAIRED], [Reasoning("a slip"), '1. search("a")'], ["Finish(x)"])
    assert [(each.plan, each.text) for each in found if isinstance(each, Reasoned)] == [(1, "a slip")]


def test_the_reasoning_of_a_tool_is_not_told() -> None:
    """The control: the same model as planner is told above."""
    model = llmc.ScriptedModel([[Reasoning("tool"), "said"]])
    planner = llmc.ScriptedModel([[Reasoning("planner"), "1. ask()\njoin($1)"]])
    found: list[Progress] = []
    agent = Agent([llmc.llm_tool("ask", "Say", model)], model=planner)
    answer = clock.run(agent.ask("?", emit=found.append))
    assert answer.value == "said"
    assert [each.text for each in found if isinstance(each, Reasoned)] == ["planner"]


def test_a_plan_that_is_not_run_has_reasoning_too() -> None:
    """Its mended lines as well."""
    model = llmc.ScriptedModel([[Reasoning("a"), 1.0, REPAIRED], [Reasoning("b"), '1. search("a")']])
    found: list[Progress] = []
    clock.run(Agent(World().toolbox(), model=model).plan("?", emit=found.append))
    assert found == [Reasoned(1, 0.0, "a"), Reasoned(1, 1.0, "b")]
    with pytest.raises(TypeError, match="`emit` is a function that receives progress events"):
        clock.run(Agent(World().toolbox(), model=model).plan("?", emit=3))  # type: ignore[arg-type]  # it is none


def test_a_listener_that_fails_ends_the_question() -> None:
    """With its error; the reply is closed, and what it took is known."""
    model = llmc.ScriptedModel([[Reasoning("1234"), "never"]])

    def fail(what: Progress) -> None:
        if isinstance(what, Reasoned):
            raise llmc.PlanError("1", "the page is gone", None)  # type: ignore[arg-type]  # it needs no place

    with pytest.raises(llmc.PlanError) as caught:
        clock.run(Agent(World().toolbox(), model=model).ask("?", emit=fail))
    assert model.closed == 1
    assert caught.value.answer is not None
    assert (caught.value.answer.usage["planner"].written, caught.value.answer.total.estimated) == (1, True)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_no_cut_of_a_secret_is_told(size: int) -> None:
    """However its pieces arrive, and whichever part of it has come before the text."""
    secrets = Secrets()
    secrets.add("hunter22")
    secrets.add("a b\nc d")
    text = "is it hunter22, or a b\nc d, or hunter2? hunter22"
    found: list[tuple[Role, str]] = []
    listener = ReasoningText(lambda role, piece: found.append((role, piece)), secrets)
    for start in range(0, len(text), size):
        listener("planner", Reasoning(text[start : start + size]))
    listener("planner", "the plan")
    listener("joiner", Reasoning("hunter2"))
    listener("joiner", End("stop", Usage()))
    assert "".join(piece for role, piece in found if role == "planner") == secrets.text(text)
    assert "".join(piece for role, piece in found if role == "joiner") == "hunter2"
    assert secrets.text(text) == f"is it {HIDDEN}, or {HIDDEN}, or hunter2? {HIDDEN}"


def test_without_secrets_nothing_is_held_back() -> None:
    """A piece is told before the next one has come."""
    found: list[str] = []
    listener = ReasoningText(lambda _, piece: found.append(piece), Secrets())
    listener("planner", Reasoning("a"))
    assert found == ["a"]


def test_the_reasoning_of_a_server_is_counted_and_told() -> None:
    """In its fields, with the count that it sends, which the summary shows."""
    sent = [
        event({"choices": [{"delta": {"reasoning_content": "which tea?"}}]}),
        event({"choices": [{"delta": {"content": "1. add(1, 2)\njoin($1)"}}]}),
        event({"choices": [{"delta": {}, "finish_reason": "stop"}]}),
        event(
            {
                "choices": [],
                "usage": {
                    "prompt_tokens": 10,
                    "completion_tokens": 1_234,
                    "completion_tokens_details": {"reasoning_tokens": 1_200},
                },
            }
        ),
    ]
    model = llmc.Model("m", base_url="http://server/v1", transport=wire(sent).transport)
    found: list[Progress] = []
    answer = clock.run(Agent(World().toolbox(), model=model).ask("?", emit=found.append))
    assert [each.text for each in found if isinstance(each, Reasoned)] == ["which tea?"]
    assert "; 10 tokens read, 1,234 written (1,200 reasoning); " in answer.summary()


def test_a_summary_says_where_tokens_are_estimated() -> None:
    """And only there."""

    class Own:
        name = "own"

        def __init__(self, usage: Usage) -> None:
            self.usage = usage

        async def reply(self, messages: object, **_how: object) -> AsyncGenerator[Part, None]:
            yield "1. add(1, 2)\njoin($1)"
            yield End("stop", self.usage)

    def summary(usage: Usage) -> str:
        return clock.run(Agent(World().toolbox(), model=Own(usage)).ask("?")).summary()

    assert "; 3 tokens read, 4 written; " in summary(Usage(calls=1, read=3, written=4))
    assert "; about " in summary(Usage(calls=1))
