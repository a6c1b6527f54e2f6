"""Replies without a decision or a plan: one reminder; then prose is the answer, marked, or an error quotes it."""

import re

import pytest

import llmc
from llmc_runtime.agent.agent import PROSE
from llmc_runtime.agent.agent_errors import BudgetSpent, NoDecision, PlanFailed
from llmc_runtime.agent.agent_events import Judged
from llmc_runtime.agent.joining.prose_replies import wants_more
from llmc_runtime.errors import RunRefused
from llmc_runtime.models.model_errors import ServerFailed
from tests.agent.asking import ask, watch
from tests.agent.fakes import Script, World
from tests.growth import is_linear
from tests.runtime import clock

PLAN = '1. search("a")\n2. search("b")\n3. join()'
KNOWN = {"1": "a is known", "2": "b is known"}
MORE = "Action: Replan(look at c)"


# The joiner's


def test_prose_is_the_answer_after_one_reminder() -> None:
    """It is marked as such; a decision behind the reminder is not."""
    answer, model, _ = ask([PLAN, "It is a.", "<think>Finish(x)</think>\nIt is a, as I said."])
    assert (answer.value, answer.is_unmarked, answer.stopped) == ("It is a, as I said.", True, None)
    assert answer.to_json()["is_unmarked"] is True
    assert "is_unmarked=True" in repr(answer)
    assert len(model.asked) == 3
    answer, _, _ = ask([PLAN, "It is a.", "Final Answer: a"])
    assert (answer.value, answer.is_unmarked) == ("a", False)
    assert "is_unmarked" not in repr(answer)


def test_a_thought_alone_is_prose() -> None:
    """Without its label."""
    for second in ("**Thought:** it is a", "Thought: it is a\nAction: Finish"):
        answer, _, _ = ask([PLAN, "Thought: it is a", second])
        assert (answer.value, answer.is_unmarked) == ("it is a", True)


@pytest.mark.parametrize("second", ["", "<think>It is b.</think>", "<think>It is b."])
def test_prose_before_an_empty_reply_is_the_answer(second: str) -> None:
    """Nothing takes it back."""
    answer, _, _ = ask([PLAN, "It is a.", second])
    assert (answer.value, answer.is_unmarked) == ("It is a.", True)


@pytest.mark.parametrize(
    "text",
    [
        'I still need search("c").',
        '3. search("c")\n4. join($3)',
        'Let me call search ("c") first.',
        "Action: search\nAction Input: c",
        '{"name": "search", "arguments": {"entity": "c"}}',
        "It is open. I would Re-plan: look at c.",
        "functions.search[c]",
        "`search`",
        "Sure, this is the plan:",
        "Action: Search\nAction Input: c\nObservation: c is known\nFinal Answer: c",
    ],
)
def test_prose_that_wants_more_is_no_answer(text: str) -> None:
    """A call of a tool, or another plan; the error has what was done, and also where prose came before."""
    for first in (text, "It is a."):
        with pytest.raises(NoDecision) as error:
            ask([PLAN, first, text])
        assert error.value.answer is not None
        assert error.value.answer.run.results == KNOWN


@pytest.mark.parametrize("text", ["The search (of today) found a.", "Research(a) is done.", "It is a; no other plan."])
def test_words_like_a_call_are_prose(text: str) -> None:
    """The control: names of tools are words too."""
    assert ask([PLAN, text, text])[0].value == text


@pytest.mark.parametrize(
    ("text", "reason", "words"),
    [
        ("", "stop", "(nothing)"),
        (" \n", "stop", "(nothing)"),
        ("Action: Finish", "stop", "Action: Finish"),
        ("```\n```", "stop", "``` ```"),
        ("<think>Finish(a)</think>", "stop", "(only reasoning: <think>Finish(a)</think>)"),
        ("It is a, since", "length", "It is a, since (the reply was cut off)"),
        ("I cannot help with that.", "refusal", "I cannot help with that. (the model refused)"),
        ("Action: Replan(the hei", "length", "Action: Replan(the hei (the reply was cut off)"),
    ],
)
def test_a_joiner_that_says_nothing_whole_is_an_error(text: str, reason: str, words: str) -> None:
    """Nothing, reasoning alone, a beginning, a refusal: the words are quoted, and the results are kept."""
    with pytest.raises(NoDecision) as error:
        ask([PLAN, text, text], reasons=["stop", reason, reason])
    assert str(error.value) == f"the joiner neither finished nor asked for another plan: {words}"
    assert error.value.answer is not None
    assert error.value.answer.run.results == KNOWN


def test_a_long_reply_is_searched_once() -> None:
    """Whatever it consists of, and however many tools there are."""
    tools = [llmc.Tool.from_schema(f"tool_{n}", "", {"type": "object"}, "pure", print) for n in range(300)]
    for piece in ("tool_", "tool_1 ", "action: ", "a.b-", "("):
        small, large = (f"{piece * (length // len(piece))}x" for length in (7_500, 60_000))
        assert not wants_more(large, tools)
        assert is_linear(lambda text: wants_more(text, tools), small, large)


def test_a_quotation_is_bounded_and_clean() -> None:
    """One line, without what controls a terminal."""
    with pytest.raises(NoDecision) as error:
        ask([PLAN, *["search(\x1b[31m\n" + "x" * 10_000] * 2])
    assert re.fullmatch(r"[ -~…]{1,400}", str(error.value))


# The planner's


@pytest.mark.parametrize(
    ("text", "reason", "words"),
    [
        ("I would rather not.", "stop", "the planner wrote no plan: I would rather not."),
        ("", "stop", "the planner wrote no plan: (nothing)"),
        ("<think>hm</think>", "stop", "planner wrote no plan: (only reasoning: <think>hm</think>)"),
        ("I would", "length", "planner wrote no plan: I would (the reply was cut off)"),
        ("I cannot.", "refusal", "the planner refused: I cannot."),
        ('{"answer": 42}', "stop", 'the plan calls no tool: {"answer": 42}'),
        ("join()", "stop", "the plan calls no tool: join()"),
    ],
)
def test_the_error_quotes_what_is_no_plan(text: str, reason: str, words: str) -> None:
    """In a question, and in a plan that is only written."""
    with pytest.raises(PlanFailed) as error:
        ask([text] * 3, reasons=[reason] * 3)
    assert str(error.value).endswith(words)
    agent = llmc.Agent(World().toolbox(), model=Script([text] * 3, reasons=[reason] * 3))  # type: ignore[list-item]
    with pytest.raises(PlanFailed) as error:
        clock.run(agent.plan("?"))
    assert str(error.value).endswith(words)


def test_reasoning_beside_the_text_is_quoted() -> None:
    """A server sends it in a field of its own."""
    model = llmc.ScriptedModel(lambda _: [llmc.Reasoning("I would look up a.")])
    agent = llmc.Agent(World().toolbox(), model=model)
    with pytest.raises(PlanFailed, match=r"wrote no plan: \(only reasoning: I would look up a.\)"):
        clock.run(agent.ask("?"))
    agent = llmc.Agent(World().toolbox(), model=Script([PLAN]), joiner=model)
    with pytest.raises(NoDecision, match=r"plan: \(only reasoning: I would look up a.\)"):
        clock.run(agent.ask("?"))


@pytest.mark.parametrize(
    "text",
    ["It is a.", "<think>x</think>Final Answer: It is a.", '{"answer": "It is a."}', "Finish: It is a."],
)
def test_prose_of_a_later_planner_is_offered(text: str) -> None:
    """It has seen results; the joiner, which wanted another plan, is not asked again."""
    answer, model, world = ask([PLAN, MORE, text, text, text])
    assert (answer.value, answer.answered, answer.is_unmarked) == ("It is a.", True, True)
    assert answer.stopped == PROSE
    assert len(answer.plans) == 1
    assert (len(model.asked), world.calls.total()) == (5, 2)


@pytest.mark.parametrize(
    "text", ["Action: Replan(c)", "```\n```", 'First search("c").', "join()", "Let me use `search[c]`."]
)
def test_prose_of_a_later_planner_may_be_no_answer(text: str) -> None:
    """Then the joiner is asked for one."""
    answer, _, _ = ask([PLAN, MORE, text, text, text, "Action: Finish(it is a)"])
    assert (answer.value, answer.is_unmarked) == ("it is a", False)
    assert "plan 2 cannot be run" in str(answer.stopped)


# Plans that fail after results were seen


BROKEN = '3. serch("c")\n4. join($3)'


@pytest.mark.parametrize(
    ("plan", "reason", "words"),
    [
        (BROKEN, "stop", "plan 2 cannot be run after 2 repairs: error[E201]: no tool is called `serch`"),
        ("", "stop", "plan 2 cannot be run after 2 repairs: the planner wrote no plan: (nothing)"),
        ("I cannot.", "refusal", "plan 2 cannot be run: the planner refused: I cannot."),
        (
            '3. search("c',
            "length",
            "plan 2 cannot be run after 2 repairs: the planner wrote no plan",
        ),
    ],
)
def test_a_replan_that_fails_ends_in_an_answer(plan: str, reason: str, words: str) -> None:
    """Of what is there, and marked: the joiner is asked for an answer alone, and told why."""
    count = 1 if reason == "refusal" else 3
    replies = [PLAN, MORE, *[plan] * count, "Action: Finish(it is a)"]
    answer, model, _ = ask(replies, reasons=["stop", "stop", *[reason] * count])
    assert (answer.value, answer.is_unmarked) == ("it is a", False)
    assert answer.stopped is not None
    assert answer.stopped.startswith(words)
    assert f"No other plan is made: {words}" in model.asked[-1].text
    assert "Replan" not in model.asked[-1].messages[0].text
    assert [event for event in watch(replies[:2] + [BROKEN] * 3 + replies[-1:]) if isinstance(event, Judged)][1:]


def test_a_replan_whose_model_fails_ends_in_an_answer() -> None:
    """A joiner of its own may still be there; where it is not, that is the error."""
    broken = ServerFailed("m", "is overloaded")
    answer, _, _ = ask([PLAN, MORE, broken, "Action: Finish(it is a)"])
    assert answer.value == "it is a"
    assert answer.stopped == str(broken)
    with pytest.raises(ServerFailed) as error:
        ask([PLAN, MORE, broken, broken])
    assert error.value.answer is not None
    assert error.value.answer.run.results == KNOWN


def test_a_joiner_that_still_wants_more_has_no_answer() -> None:
    """And both reasons are told."""
    answer, _, _ = ask([PLAN, MORE, *[BROKEN] * 3, MORE])
    assert not answer.answered
    assert answer.stopped is not None
    assert answer.stopped.endswith("no tool is called `serch`; still missing: look at c")


def test_bounds_still_end_a_question() -> None:
    """A budget, or a limit of runs: an error, which has what was done."""
    used = ask([PLAN, MORE, 'join("x")'])[0].total.tokens
    with pytest.raises(BudgetSpent) as spent:
        ask([PLAN, MORE, 'join("x")'], budget=llmc.Budget(tokens=used - 1))
    with pytest.raises(RunRefused) as refused:
        ask([PLAN, MORE, "\n".join(f'{n}. search("{n}")' for n in range(3, 9))], limits=llmc.Limits(tasks=3))
    for error in (spent.value, refused.value):
        assert error.answer is not None
        assert error.answer.run.results == KNOWN


def test_a_first_plan_that_fails_is_an_error() -> None:
    """There is nothing to answer from."""
    with pytest.raises(PlanFailed):
        ask([BROKEN.replace("3", "1").replace("4", "2")] * 3)
