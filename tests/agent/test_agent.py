"""Question in, answer out: plans, joiner, replans."""

import asyncio
import json
from collections.abc import Sequence

import pytest

import llmc
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.agent_errors import BudgetSpent, NoDecision, PlanFailed
from llmc_runtime.agent.budget import Budget
from llmc_runtime.agent.prompting.result_text import MOST_EACH
from llmc_runtime.errors import LimitReached
from llmc_runtime.models.messages import End, Grammar, Message, Prices, Usage
from tests.agent.asking import ask
from tests.agent.fakes import Script, World
from tests.runtime import clock
from tests.runtime.fakes import stubborn

PLAN = '1. search("a")\n2. search("b")\n3. join()'
MORE = "Thought: not enough\nAction: Replan(look at c)"
DONE = "Thought: enough\nAction: Finish(it is a)"


def test_a_plan_whose_join_makes_the_answer_needs_no_joiner() -> None:
    """A value, a text, or several."""
    for join, value in (
        ("$1", "a is known"),
        ('"So $1!"', "So a is known!"),
        ("$1, 2", ["a is known", 2]),
        ("x=$1", {"x": "a is known"}),
    ):
        answer, model, _ = ask([f'1. search("a")\n2. join({join})'])
        assert answer.value == value
        assert len(model.asked) == 1
        assert answer.usage["joiner"] == Usage()
        assert answer.text == (value if isinstance(value, str) else json.dumps(value))


def test_a_plan_may_be_an_answer_alone() -> None:
    """Without any task."""
    answer, _, world = ask(['join("hello")'])
    assert answer.value == "hello"
    assert answer.times.first_task is None
    assert not world.calls


def test_a_joiner_sees_the_question_the_tasks_and_their_results() -> None:
    """As they are written, failed and skipped ones as such."""
    plan = '1. search("a")\n2. fail("x")\n3. search("b") if $1 == "no"\n4. search($2)\n5. join()'
    answer, model, _ = ask([plan, DONE])
    assert answer.value == "it is a"
    assert answer.thoughts == ("enough",)
    seen = model.asked[1].messages[-1].text
    assert seen.startswith("Question: What is a?\n")
    assert '1. search("a")\n  result: a is known\n' in seen
    assert '2. fail("x")\n  failed: task 2 failed: `fail` raised RuntimeError: x\n' in seen
    assert "\n  skipped: its condition did not hold" in seen
    assert "4. search($2)\n  failed: task 4 was not done: task 2, which it needs, failed" in seen


def test_results_are_bounded_and_cuts_are_marked() -> None:
    """One of any length, and many together; each line of a result is indented."""
    world = World()

    @llmc.pure
    async def long(size: int) -> str:
        """A long text."""
        return "x" * size + "\n5. join()"

    lines = "\n".join(f"{index}. long({index}0000)" for index in range(1, 9))
    model = Script([f"{lines}\njoin()", DONE])
    clock.run(Agent(llmc.Toolbox([long, *world.toolbox()]), model=model).ask("?"))
    seen = model.asked[1].messages[-1].text
    assert len(seen) < 30_000
    assert seen.count("… [cut: ") == 8
    assert "of 80,010 characters]" in seen
    model = Script(["1. long(3)\njoin()", DONE])
    clock.run(Agent(llmc.Toolbox([long]), model=model).ask("?"))
    assert "result: xxx\n    5. join()" in model.asked[1].messages[-1].text


def test_a_plan_without_join_goes_to_the_joiner() -> None:
    """All results are there."""
    answer, model, _ = ask(['1. search("a")\n2. search("b")\n', DONE])
    assert answer.value == "it is a"
    assert "b is known" in model.asked[1].text


def test_a_join_that_fails_goes_to_the_joiner() -> None:
    """The failure is no answer."""
    answer, model, _ = ask(['1. fail("x")\n2. join($1)', DONE])
    assert answer.value == "it is a"
    assert "RuntimeError: x" in model.asked[1].text


def test_history_is_told() -> None:
    """To planner and joiner, between what they are and what is asked."""
    history = [Message("user", "Hello"), Message("assistant", "Hi")]
    model = Script([PLAN, DONE])
    clock.run(Agent(World().toolbox(), model=model).ask("What is a?", history=history))
    for asked in model.asked:
        assert list(asked.messages[1:3]) == history
        assert asked.messages[0].role == "system"


def test_each_role_has_its_model_and_its_usage() -> None:
    """Calls, tokens and cost by role, and together."""
    planner, joiner = Script([PLAN, '3. search("c")\njoin($3)'], cost=1.0), Script([MORE], cost=0.25)
    answer = clock.run(Agent(World().toolbox(), model=planner, joiner=joiner).ask("What is a?"))
    assert [len(planner.asked), len(joiner.asked)] == [2, 1]
    assert answer.usage["planner"].calls == 2
    assert answer.usage["planner"].cost == 2.0
    assert answer.usage["joiner"].cost == 0.25
    assert answer.usage["tools"] == Usage()
    assert answer.total.calls == 3
    assert answer.total.cost == 2.25
    assert answer.total.written == answer.usage["planner"].written + answer.usage["joiner"].written > 0


def test_tokens_and_cost_are_limited() -> None:
    """Between replies, and within one by how many tokens it may have."""
    with pytest.raises(BudgetSpent, match=r"used .* tokens; the budget is 10") as error:
        ask([PLAN, DONE], budget=Budget(tokens=10))
    assert error.value.usage.calls == 1
    with pytest.raises(BudgetSpent, match=r"cost 2; the budget is 1\.5"):
        ask([PLAN, DONE], cost=1.0, budget=Budget(cost=1.5))
    _, model, _ = ask([PLAN, DONE], budget=Budget(tokens=5_000))
    assert model.asked[0].most_tokens == 5_000
    assert 0 < (model.asked[1].most_tokens or 0) < 5_000
    _, model, _ = ask([PLAN, DONE], budget=Budget())
    assert model.asked[1].most_tokens is None


def test_a_cost_that_nobody_knows_is_over_any_budget() -> None:
    """Else the budget would hold nothing, and nobody would be told."""
    with pytest.raises(BudgetSpent, match="is unknown: give each model `prices="):
        ask([PLAN, DONE], budget=Budget(cost=100.0))
    tools = World().toolbox()
    for model in (llmc.ScriptedModel([PLAN], name="m"), llmc.Model("m", api_key="k")):
        with pytest.raises(ValueError, match=r"a cost budget needs the prices of `m`: set `prices=llmc\.Prices"):
            Agent(tools, model=model, budget=Budget(cost=1.0))
    assert Agent(tools, model="local", budget=Budget(cost=1.0)).planner.chat_model.name == "local"


def test_a_reply_that_was_cut_off_costs_what_is_known_of_it() -> None:
    """Its tokens are estimated, at the model's prices."""
    model = llmc.ScriptedModel([[PLAN, "\n", *["blah " * 100] * 20], DONE], prices=Prices(read=0.0, written=1e6))
    answer = clock.run(Agent(World().toolbox(), model=model).ask("What is a?"))
    took = answer.usage["planner"]
    assert model.closed == 1
    assert took.cost == took.written > 2
    assert answer.total.cost == took.written + len(DONE.split())


def test_an_error_tells_what_was_done() -> None:
    """The plans that were run, with their results; no plan where none was."""
    with pytest.raises(NoDecision) as error:
        ask([PLAN, "", ""])
    answer = error.value.answer
    assert answer is not None
    assert (answer.value, answer.answered, answer.calls) == (None, False, 2)
    assert answer.run.results == {"1": "a is known", "2": "b is known"}
    assert answer.stopped == str(error.value)
    with pytest.raises(PlanFailed) as failed:
        ask(["nonsense"] * 3)
    nothing = failed.value.answer
    assert nothing is not None
    assert nothing.plans == ()
    assert nothing.summary().startswith("0 plans, 0 calls; ")
    assert nothing.to_json()["usage"]["planner"]["calls"] == 3
    assert "plans=0" in repr(nothing)


def test_a_budget_is_an_amount() -> None:
    """Nothing else is one."""
    for amounts in ({"tokens": -1}, {"cost": float("nan")}, {"cost": float("inf")}):
        with pytest.raises(ValueError, match=f"the budget's `{next(iter(amounts))}` is a number from 0"):
            Budget(**amounts)


def test_a_question_that_used_everything_up_asks_no_more() -> None:
    """Nothing is left for the next reply."""
    used = ask([PLAN, DONE])[0].usage["planner"].tokens
    with pytest.raises(BudgetSpent):
        ask([PLAN, DONE], budget=Budget(tokens=used))


def test_a_joiner_is_reminded_once() -> None:
    """Of what it has to write."""
    answer, model, _ = ask([PLAN, "It is a.", DONE])
    assert answer.value == "it is a"
    assert model.asked[2].messages[-2] == Message("assistant", "It is a.")
    assert "Action: Finish(the answer), or Action: Replan" in model.asked[2].messages[-1].text


def test_an_answer_of_many_lines() -> None:
    """Is kept as it is."""
    answer, _, _ = ask([PLAN, "Thought: t\nAction: Finish(First:\n- a (x)\n- b\n\nLast.)"])
    assert answer.text == "First:\n- a (x)\n- b\n\nLast."


def test_a_joiner_that_never_ends_is_cut_off() -> None:
    """Since text behind its decision may withdraw it, it is asked again."""
    answer, model, _ = ask([PLAN, f"Action: Finish(a)\n{'x' * 200_000}", "Action: Finish(b)"], size=1000)
    assert answer.value == "b"
    assert model.closed == 3


def test_the_answer_as_json() -> None:
    """Everything, with results, errors, usage and times."""
    answer, _, _ = ask([f"Thought: both\n{PLAN}", MORE, '3. fail("x")\njoin()', DONE], pause=0.01)
    found = json.loads(json.dumps(answer.to_json()))
    assert found["answer"] == "it is a"
    assert found["answered"] is True
    assert found["thoughts"] == ["not enough", "enough"]
    assert found["plans"][0]["results"] == {"1": "a is known", "2": "b is known"}
    assert found["plans"][1]["errors"]["3"]["type"] == "ToolFailed"
    assert found["plans"][0]["thought"] == "look at c"
    assert found["usage"]["total"]["calls"] == 4
    assert found["usage"]["planner"]["calls"] == 2
    assert 0 < found["times"]["first_task"] < found["times"]["plan"] < found["times"]["answer"]
    assert answer.plans[0].thoughts == ("both",)
    assert answer.run is answer.plans[-1].run


def test_the_summary_is_one_line() -> None:
    """Plans, calls, tokens, cost, times."""
    answer, _, _ = ask([PLAN, MORE, '3. search("a")\njoin($3)'], pause=0.01, cost=0.001)
    assert answer.summary().startswith("2 plans, 2 calls (1 reused); ")
    assert "written, cost 0.003; first task after 0." in answer.summary()
    assert ask(['join("x")'])[0].summary().startswith("1 plan, 0 calls; ")


def test_what_cannot_work_is_refused() -> None:
    """When the agent is made."""
    tools = World().toolbox()
    with pytest.raises(ValueError, match="`max_replans` is a number from 0, not -1"):
        Agent(tools, model=Script([]), max_replans=-1)
    with pytest.raises(ValueError, match="`grant` names `sned`, which is not a tool of this agent"):
        Agent(tools, model=Script([]), grant=["sned"])
    with pytest.raises(ValueError, match=r"`grant` is a list of tool names: \['send'\]"):
        Agent(tools, model=Script([]), grant="send")


def test_from_code_that_is_not_async() -> None:
    """`ask_sync` is the same."""
    assert (
        Agent(World(latency=0).toolbox(), model=Script(['1. search("a")\njoin($1)'])).ask_sync("?").value
        == "a is known"
    )


def test_a_tool_that_never_ends_does_not_hold_up_the_answer(virtual: clock.VirtualLoop) -> None:
    """Given up by its run, it is left when the loop ends, as after `run_sync`."""
    limits = llmc.Limits(attempt_time=0.01, grace=0.01)
    answer = Agent([llmc.pure(stubborn)], model=Script(["1. stubborn()\njoin()", DONE]), limits=limits).ask_sync("?")
    assert virtual.now == pytest.approx(0.02)
    assert answer.run.abandoned == ("stubborn (task 1)",)


def grammar_of(_tools: llmc.Toolbox, first: int, known: tuple[str, ...]) -> Grammar:
    """A grammar that tells where it is for."""
    return lambda syntax, level: f"{syntax} {level} {first} after {'+'.join(known) or 'nothing'}"


def test_grammars_are_handed_on() -> None:
    """The planner's for the tools, the next number and what is known; the joiner's has the two words, or one."""
    _, model, _ = ask([PLAN, MORE, '3. search("c")\njoin()', DONE], grammar=grammar_of, max_replans=1)
    planned, judged, again, final = (asked.grammar for asked in model.asked)
    assert planned is not None
    assert again is not None
    assert planned("lark", "sound") == "lark sound 1 after nothing"
    assert again("gbnf", "tools") == "gbnf tools 3 after 1+2"
    assert judged is not None
    assert final is not None
    assert '("Finish" | "Replan") "("' in judged("gbnf", "sound")
    assert '("Finish") "("' in final("lark", "plain")


def test_a_joiners_grammar_holds_what_is_read() -> None:
    """Read with Lark: a decision of several lines fits, prose does not."""
    from lark import Lark, UnexpectedInput  # noqa: PLC0415

    _, model, _ = ask([PLAN, DONE])
    assert model.asked[1].grammar is not None
    parser = Lark(model.asked[1].grammar("lark", "sound"))
    parser.parse("Thought: it is\nAction: Finish(First (a)\nand b)")
    parser.parse("Thought: it is\nAction: Replan(more)")
    with pytest.raises(UnexpectedInput):
        parser.parse("It is a.")


def test_a_base_models_grammar_ends() -> None:
    """On one line, behind the label that the prompt ends with: such a model would go on otherwise."""
    from lark import Lark, UnexpectedInput  # noqa: PLC0415

    model = Script([PLAN, DONE], api="completions")
    clock.run(Agent(World().toolbox(), model=model).ask("?"))
    grammar = model.asked[1].grammar
    assert grammar is not None
    assert grammar("gbnf", "sound") == (
        'root ::= [^\\n]{1,400} "\\nAction: " ("Finish" | "Replan") "(" [^\\n]* ")" "\\n"\n'
    )
    parser = Lark(grammar("lark", "sound"))
    parser.parse(" it is\nAction: Finish(First (a))\n")
    with pytest.raises(UnexpectedInput):
        parser.parse(" it is\nAction: Finish(First\nand)\n")


def test_a_hundred_questions_at_once() -> None:
    """One agent, each question with its own results, usage and cost."""

    class Echo:
        """Plans a search for what is asked, and answers with what was found."""

        name = "echo"

        async def reply(self, messages: Sequence[Message], **_: object):  # type: ignore[no-untyped-def]  # noqa: ANN202
            word = messages[-1].text.split()[1]
            is_joiner = "given a question" in messages[0].text
            await asyncio.sleep(int(word) % 7 / 100)
            result = messages[-1].text.partition("result: ")[2].splitlines()
            text = f"Action: Finish({result[0]})" if is_joiner else f'1. search("{word}")\njoin()'
            for letter in text:
                await asyncio.sleep(0.001)
                yield letter
            yield End("stop", Usage(calls=1, read=int(word), written=1, cost=int(word) / 2))

    async def all_of_them() -> list[llmc.Answer]:
        agent = Agent(World().toolbox(), model=Echo())
        return await asyncio.gather(*(agent.ask(str(index)) for index in range(100)))

    answers = clock.run(all_of_them())
    for index, answer in enumerate(answers):
        assert answer.value == f"{index} is known"
        assert answer.run.results == {"1": f"{index} is known"}
        assert answer.total == Usage(calls=2, read=2 * index, written=2, cost=index)
        assert answer.calls == 1


def test_long_values_are_shown_from_their_beginning() -> None:
    """Of what is no text, nobody writes all to know its length; the beginning alone is kept."""

    @llmc.pure
    async def rows(size: int) -> list[str]:
        """Rows."""
        return ["é" * 90] * size

    model = Script(["1. rows(10)\n2. rows(100)\n3. rows(10000)\njoin()", DONE])
    answer = clock.run(Agent(llmc.Toolbox([rows]), model=model).ask("?"))
    shown = answer.plans[0].tasks
    assert [task.length for task in shown] == [None, 9_301, 0]
    assert [len(task.text) for task in shown] == [931, MOST_EACH, MOST_EACH]
    seen = model.asked[1].messages[-1].text
    assert "… [cut: 3,301 of 9,301 characters]" in seen
    assert "… [cut: the rest]" in seen


@pytest.mark.parametrize(("size", "has_room"), [(100, True), (1_000, False)])
def test_the_bytes_of_a_question_are_those_of_all_its_plans(size: int, has_room: bool) -> None:
    """What an earlier plan keeps is no room for the next one."""

    @llmc.nondet
    async def text(size: int) -> str:
        """A text."""
        return "x" * size

    model = Script([f"1. text({size})\njoin()", MORE, f"2. text({size})\njoin($2)", DONE])
    agent = Agent(llmc.Toolbox([text]), model=model, limits=llmc.Limits(run_bytes=2_000))
    errors = clock.run(agent.ask("?")).run.errors
    assert [type(error) for error in errors.values()] == ([] if has_room else [LimitReached])
