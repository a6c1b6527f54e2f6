"""The answer as data and in words, and models and joiners of other people."""

import copy
import json
import pickle
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import fields
from typing import Any

import pytest

import llmc
from llmc_runtime.agent.agent_errors import NoDecision
from llmc_runtime.agent.answers.answer import Answer
from llmc_runtime.agent.answers.answer_data import Planned, ShownTask, tokens_in_words
from llmc_runtime.agent.answers.answer_story import MOST_TASKS
from llmc_runtime.agent.joining.replan_policy import Turn
from llmc_runtime.models.messages import Usage
from tests.agent.asking import ask
from tests.agent.fakes import Script, World
from tests.runtime import clock

PLAN = 'Thought: both\n1. search("a")\n2. search("b")\n3. join()'
NEXT = '3. search("a")\n4. fail("x")\n5. search("d") if $3 == "d"\njoin()'
LAST = '6. serch("c")\n7. join("It is $6.")'
REPLIES = [PLAN, "Thought: not enough\nAction: Replan(look at c)", NEXT, "Action: Replan(c is missing)"]
REPLIES += [LAST, '6. search("c")']

STORY = """\
question: What is a?

plan 1: 2 calls; from 0.00 s to 0.24 s
  1. search("a")  a is known
  2. search("b")  b is known
  another plan: look at c (not enough)

plan 2: 1 call, reused: 3; from 0.34 s to 0.48 s
  3. search("a")  a is known
  4. fail("x")  task 4 failed: `fail` raised RuntimeError: x
  5. search("d") if $3 == "d"  skipped: its condition did not hold, or what it uses was skipped
  another plan: c is missing

plan 3: 1 call, after 1 repair; from 0.54 s to 0.84 s
  6. search("c")  c is known

answer from the join of plan 3: It is c is known.

planner: 4 replies, N tokens read, N written, 0.00 s
joiner: 2 replies, N tokens read, N written, 0.00 s
3 plans, 4 calls (1 reused); N tokens read, N written; first task after N s, plan after N s, answer after N s
"""


def test_an_answer_is_explained() -> None:
    """Which plan, which replan and why, what was reused, how it ended, what each role took."""
    answer, _, _ = ask(REPLIES, pause=0.01)
    story = re.sub(r"[\d,]+ (?=tokens|written)|(?<=after )[\d.]+ (?=s)", "N ", answer.explain())
    times = re.compile(r"from [\d.]+ s to [\d.]+ s")
    assert times.sub("", story) == times.sub("", STORY)
    began = [(plan.began, plan.ended) for plan in answer.plans]
    assert [at for pair in began for at in pair] == sorted(at for pair in began for at in pair)
    assert answer.plans[1].reused == ("3",)


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ([PLAN, "Finish(a)"], "answer from the joiner: a\n"),
        ([PLAN, "It is a.", "It is a."], "answer from a model's prose, in which no answer is marked: It is a.\n"),
        (
            [*REPLIES[:2], LAST, LAST, LAST, "Finish(a)"],
            "answer from the joiner: a\nstopped: plan 2 cannot be run after",
        ),
        (
            [PLAN, "Action: Replan(c)"],
            "no answer\nstopped: no further plan may follow (max_replans=0); still missing: c",
        ),
    ],
)
def test_the_end_is_explained(replies: Sequence[str], words: str) -> None:
    """Who gave the answer, and why no other plan followed."""
    assert words in ask(replies, max_replans=int(len(replies) > 2))[0].explain()


def test_an_explanation_is_bounded() -> None:
    """However much there is: tasks, results, the question, the answer."""
    plan = "\n".join(f'{n}. search("{"x" * 500}")' for n in range(1, 100))
    model = Script([f"{plan}\njoin()", f"Finish({'y' * 60_000})"], size=100_000)
    answer = clock.run(llmc.Agent(World().toolbox(), model=model).ask("z" * 100_000))
    story = answer.explain()
    assert f"… and {99 - MOST_TASKS} tasks more" in story
    assert max(map(len, story.splitlines())) <= 440
    assert len(story.splitlines()) < MOST_TASKS + 20
    assert len(repr(answer)) < 300
    assert "\n" not in repr(answer)


def test_what_is_estimated_is_marked() -> None:
    """And what is counted is not; cached tokens and those of reasoning are among the others."""
    assert tokens_in_words(Usage(calls=1, read=10, written=20)) == "10 tokens read, 20 written"
    usage = Usage(2, 1_000, 600, 20, 0.5, 1.5, reasoning=7, estimated=True)
    words = "about 1,000 tokens read (600 cached), 20 written (7 reasoning), cost 0.5"
    assert tokens_in_words(usage) == words


def names(kind: type[Any]) -> set[str]:
    """The fields of a dataclass."""
    return {each.name for each in fields(kind)}


def test_all_of_an_answer_is_in_its_json() -> None:
    """Every field of it, of its plans and of their runs; a value that is shown has another name."""
    answer, _, _ = ask(REPLIES, pause=0.01)
    found = json.loads(json.dumps(answer.to_json()))
    assert names(Answer) - {"secrets", "label"} == {"value" if name == "answer" else name for name in found} - {
        "version"
    }
    (first, second, third) = found["plans"]
    assert names(Planned) - {"run"} | {"thoughts"} <= first.keys()
    assert answer.run.to_json().keys() - {"version", "language"} <= first.keys()
    assert names(ShownTask) == first["tasks"][0].keys()
    assert first["statements"] == PLAN.splitlines()
    assert (first["thoughts"], first["thought"]) == (["both"], "look at c")
    assert [task["state"] for task in second["tasks"]] == ["done", "failed", "skipped"]
    assert (second["reused"], third["repairs"]) == (["3"], 1)
    assert found["usage"]["planner"]["calls"] == 4
    assert found["usage"]["total"]["estimated"] is False


def test_nothing_that_is_shown_has_a_secret() -> None:
    """Also where a model wrote it into a plan, a thought or the reason for another plan; a plan arrives in pieces."""

    @llmc.read("bank")
    async def login(user: str) -> llmc.Secret[str]:
        """Log in."""
        return f"hunter22-{user}"

    lines = ["1. login('ann')\njoin()", "Thought: hunter22-ann\nAction: Replan(use hunter22-ann)"]
    lines += ['2. login("hunter22-ann")\njoin()', "Thought: hunter22-ann\nAction: Finish(it is hunter22-ann)"]
    seen: list[Any] = []
    answer = clock.run(llmc.Agent([login], model=Script(lines, size=5)).ask("hunter22-ann?", emit=seen.append))
    assert answer.value == "it is hunter22-ann"
    assert "hunter22-ann" in answer.plans[1].text
    written = "".join(each.text for each in seen if isinstance(each, llmc.events.Wrote))
    for shown in (json.dumps(answer.to_json()), answer.explain(), repr(answer), written, packed(answer)):
        assert "hunter22-ann" not in shown
        assert "[secret]" in shown
    for event in seen:
        assert "hunter22-ann" not in f"{event!r} {json.dumps(event.to_json())} {packed(event)}"
    assert {type(each).__name__ for each in seen} >= {"Judged", "PlanEnded", "Happened"}
    again = pickle.loads(pickle.dumps(answer))  # noqa: S301 — by this test
    assert again.to_json() == answer.to_json()
    assert again.explain() == answer.explain()
    assert [each.span for each in again.plans[1].statements] == [each.span for each in answer.plans[1].statements]
    assert type(again.plans[1].statements[0].span) is type(answer.plans[1].statements[0].span)
    assert "hunter22-ann" in copy.deepcopy(answer).plans[1].text


def packed(thing: object) -> str:
    """A pickle, as far as it is text."""
    return pickle.dumps(thing).decode("latin-1")


# Of other people


class Fixed:
    """A model that always says the same, in pieces."""

    name = "fixed"

    async def reply(self, messages: Sequence[llmc.Message], **_: object) -> AsyncGenerator[Any, None]:
        """A plan."""
        yield llmc.Reasoning("I look it up.")
        yield '1. search("a")\n'
        yield "2. join()\n"
        yield llmc.End("stop", llmc.Usage(calls=1, read=len(messages), written=3))


class Longest:
    """A joiner that takes the longest result, after two plans."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []

    async def decide(self, turn: Turn) -> llmc.Finish | llmc.Replan:
        """Whether there were two plans."""
        self.turns.append(turn)
        if len(turn.plans) == 1 and not turn.is_final:
            return llmc.Replan("once more", "one is few")
        found = [str(value) for plan in turn.plans for value in plan.run.results.values()]
        return llmc.Finish(max(found, key=len), "two are enough")


def test_a_model_and_a_joiner_of_other_people() -> None:
    """What an agent needs of them is public; the same plan again is told to the joiner as the reason for an answer."""
    joiner = Longest()
    agent = llmc.Agent(World().toolbox(), model=Fixed(), joiner=joiner)
    answer = clock.run(agent.ask("What is a?", history=[llmc.Message("user", "Hello")]))
    assert (answer.value, answer.thoughts) == ("a is known", ("one is few", "two are enough"))
    assert answer.stopped == joiner.turns[1].stopped == "the planner wrote the same plan again"
    assert [turn.is_final for turn in joiner.turns] == [False, True]
    assert [message.text for message in joiner.turns[0].history] == ["Hello"]
    assert answer.usage["joiner"].calls == 0
    assert isinstance(joiner, llmc.Joiner)


def test_a_joiner_that_decides_nothing_is_an_error() -> None:
    """It says what came instead, and has what was done; what is no joiner is refused before."""

    class Mute:
        async def decide(self, _: Turn) -> object:
            return "a"

    with pytest.raises(
        NoDecision, match=r"`decide` of `Mute` returned a `str`; return llmc\.Finish or llmc\.Replan"
    ) as error:
        clock.run(llmc.Agent(World().toolbox(), model=Fixed(), joiner=Mute()).ask("?"))  # type: ignore[arg-type]  # on purpose
    assert error.value.answer is not None
    assert error.value.answer.run.results == {"1": "a is known"}
    for wrong in (Mute, 42, object()):
        with pytest.raises(TypeError, match="`joiner` is a model"):
            llmc.Agent(World().toolbox(), model=Fixed(), joiner=wrong)  # type: ignore[arg-type]  # that is the test


class Giving:
    """A joiner that gives this, and is not async."""

    def __init__(self, given: object) -> None:
        self._given = given

    def decide(self, _: Turn) -> object:
        """It."""
        return self._given


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (llmc.Finish(object()), "returned a `Finish` whose `text` is a `object`"),  # type: ignore[arg-type]
        (llmc.Finish(None), "returned a `Finish` whose `text` is a `NoneType`"),  # type: ignore[arg-type]
        (llmc.Replan("c", 3), "returned a `Replan` whose `thought` is a `int`"),  # type: ignore[arg-type]
    ],
)
def test_a_decision_has_texts(given: object, words: str) -> None:
    """With anything else, no answer could be shown; `decide` need not be async."""
    with pytest.raises(NoDecision, match=words):
        clock.run(llmc.Agent(World().toolbox(), model=Fixed(), joiner=Giving(given)).ask("?"))  # type: ignore[arg-type]
    given = llmc.Finish("a")
    assert clock.run(llmc.Agent(World().toolbox(), model=Fixed(), joiner=Giving(given)).ask("?")).value == "a"  # type: ignore[arg-type]


def test_nothing_is_said_of_what_is_missing_where_a_joiner_does_not_say_it() -> None:
    """The reason alone is told; a thought is taken for the text."""
    for given, end in ((llmc.Replan(""), "again"), (llmc.Replan("", "the height"), "again; still missing: the height")):
        answer = clock.run(llmc.Agent(World().toolbox(), model=Fixed(), joiner=Giving(given)).ask("?"))  # type: ignore[arg-type]
        assert answer.stopped == f"the planner wrote the same plan {end}"


def test_the_interface_is_public() -> None:
    """All that somebody needs who writes a model or a joiner."""
    for name in ("ChatModel", "End", "Finish", "Joiner", "Message", "Reasoning", "Replan", "Usage"):
        assert name in llmc.__all__
        assert getattr(llmc, name).__name__ == name
    assert llmc.replanning.Turn is Turn
