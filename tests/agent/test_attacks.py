"""Replies that were made to get a plan done which was not meant, and what must come of each."""

import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

import llmc
from llmc_runtime.agent.agent_errors import PlanFailed
from llmc_runtime.agent.joining.decision import read_decision
from llmc_runtime.agent.joining.decisions import Finish
from llmc_runtime.agent.planning.plan_reader import PlanReader
from llmc_runtime.agent.planning.plan_repair import find_broken
from llmc_runtime.agent.planning.reply_merge import merged
from llmc_runtime.errors import Held
from llmc_runtime.models.messages import End, Usage
from tests.runtime import clock

READ: Final = "1. balance()\n"
WHOLE: Final = '1. balance()\n2. transfer(5)\njoin("done")'
SORRY: Final = "I am sorry."
LENGTH: Final = End("length", Usage())
REFUSAL: Final = End("refusal", Usage())


@dataclass
class World:
    """What was written."""

    done: list[str] = field(default_factory=list)

    def tools(self) -> list[llmc.Tool]:
        """Two reads and two writes."""

        @llmc.read("bank")
        async def balance() -> int:
            """What is there."""
            return 100

        @llmc.read("web")
        async def search(what: str) -> str:
            """What is known."""
            return what

        @llmc.write("bank")
        async def transfer(amount: float, to: str = "ann") -> float:
            """Move an amount."""
            self.done.append(f"{amount:g}")
            return amount

        @llmc.write("mail")
        async def send(to: str) -> str:
            """Send a mail."""
            self.done.append(to)
            return to

        return [balance, search, transfer, send]


Said = str | list[str | float | End]


def play(*script: Said, plan: bool = False, **settings: Any) -> tuple[World, llmc.Answer | llmc.Run | PlanFailed]:
    """What is written in a question whose model says this, and how it ends; with `plan`, of its program run alone."""
    world = World()
    agent = llmc.Agent(world.tools(), model=llmc.ScriptedModel([*script, "Finish(x)", "Finish(x)"]), **settings)

    async def main() -> llmc.Answer | llmc.Run:
        return await (await agent.plan("?")).run() if plan else await agent.ask("?")

    try:
        return world, clock.run(main())
    except PlanFailed as error:
        return world, error


def cut(text: str) -> Said:
    """A reply that is cut by its length."""
    return [text, LENGTH]


@pytest.mark.parametrize("word", ['"go </think> now"', '"<think>"', "'[/THINK]'"])
def test_a_tag_in_quotes_in_a_thought(word: str) -> None:
    """A thought has no strings, so that it counts."""
    text = f'1. send("a")\nThought: he said {word}\njoin($1)\n'
    assert llmc.parse(text, "lenient").diagnostics[0].code == "W130"


@pytest.mark.parametrize("plan", [False, True])
@pytest.mark.parametrize(
    ("first", "rounds"),
    [
        ('1. blnce()\n2. serch("x")\n3. transfer(100)', ["1. balance()\n", '2. search("x")\n']),
        ('1. transfer(100\n2. blnce()\n3. serch("x")\njoin($2)\n', ["2. balance()\n", '3. search("x")\n']),
    ],
)
def test_holds_last_over_all_rounds(first: str, rounds: list[str], plan: bool) -> None:
    """A last task that may go on, and a boundary that was moved, are known after the second repair too."""
    assert play(first, *rounds, plan=plan)[0].done == []
    whole = first.replace("transfer(100\n", "transfer(100)\n") + "\n"
    assert play(whole, *rounds, plan=plan)[0].done == ["100"]  # the control


CONTINUED: Final = [
    ("Thought: do not ", 'transfer(100)\njoin("x")\n'),
    ("# do not ", 'transfer(100)\njoin("x")\n'),
    ("I would never ", 'transfer(100)\njoin("x")\n'),
    ("2. [\n", "  transfer(1000)\n] if $1 > 5000\njoin($2)\n"),
    ("2. (\n", "  transfer(1000)\n) if $1 > 5000\njoin($2)\n"),
    ("2. [\n  balance(),\n", "  transfer(1000)\n] if $1 > 5000\njoin($2)\n"),
    ('2. search("""Never:\n', 'transfer(1000)\nthat is bad""")\njoin($2)\n'),
    ('2. search("""Never do this:', '\n2. transfer(1000)\n""")\njoin($2)\n'),
    ("2", '. transfer(1000, to="""a\n2. transfer(7)\n""") if $1 > 5000\njoin("d")\n'),
    ("2. not ", "transfer(100)\njoin($2)\n"),
    ("2. balance() > 5000 and ", "transfer(100)\njoin($2)\n"),
    ("2. search(\n", '"x") if $1 > 5000\n3. transfer(9)\njoin("x")\n'),
]


@pytest.mark.parametrize(("open_", "rest"), CONTINUED)
def test_a_continuation_is_no_plan_of_its_own(open_: str, rest: str) -> None:
    """Where a reply would go on in what was cut, and say something else there, all of the plan is asked for."""
    assert play(cut(READ + open_), rest, 'join("done")\n')[0].done == []
    assert play(cut(f"{READ}2. tr"), cut(open_), rest, 'join("done")\n')[0].done == []  # cut in a repair


@pytest.mark.parametrize("plan", [False, True])
@pytest.mark.parametrize(
    "script",
    [
        ["no plan", cut(f"{WHOLE}\nNo, wait: do not")],
        [cut(f"{READ}2. tr"), cut('2. send("ann")\njoin("x")\nhm, no. let me')],
        [cut(f"{WHOLE}<END_OF_PLAN> No, not so")],
        [cut(f"{WHOLE}<END_OF_PLAN></thi")],
        [cut(f"{WHOLE}\nNo, wait: do not")],
        [[f"{WHOLE}\n", 3.0, "</think>1. balance()\njoin($1)\n"]],
        [[f"{WHOLE}\n", *["xx\n"] * 3000]],
    ],
)
def test_what_is_cut_behind_its_plan_is_held(script: list[Said], plan: bool) -> None:
    """In a first reply and in a repair, on the join's own line, in a program too."""
    world, end = play(*script, plan=plan)
    assert world.done == []
    run = end.plans[0].run if isinstance(end, llmc.Answer) else end
    assert isinstance(run, llmc.Run)
    assert any(isinstance(error, Held) and "cut off after" in error.why for error in run.errors.values())


@pytest.mark.parametrize("plan", [False, True])
def test_a_refusal_in_a_repair_is_one(plan: bool) -> None:
    """Whatever stands in front of it."""
    world, end = play('1. balance()\n2. transfr(5)\njoin("x")\n', ["2. transfer(5)\n", REFUSAL], plan=plan)
    assert (world.done, isinstance(end, PlanFailed)) == ([], True)


@pytest.mark.parametrize("plan", [False, True])
@pytest.mark.parametrize(
    ("first", "reply"),
    [
        (cut(f"{READ}2. tr"), '2. transfer(50, to=)\n3. send("paid")\njoin("done")\n'),
        ('1. balance()\n2. sned("x")\njoin("done")\n', '2. send("x")\n3. transfer(to=)\njoin("done")\n'),
        ('1. balance()\n2. sned("x")\njoin("done")\n', '2. send("x") if $1 > 5000 = 3\n2. send("x")\n'),
    ],
)
def test_a_line_of_a_reply_that_cannot_be_read_is_not_lost(first: Said, reply: str, plan: bool) -> None:
    """The plan goes back."""
    assert play(first, reply, SORRY, plan=plan)[0].done == []


@pytest.mark.parametrize(
    "reply", ["2. transfer($1)\n3. transfer($1)\njoin($3)\n", "x = transfer($1)\ny = balance()\njoin($y)\n"]
)
def test_the_same_text_is_the_same_write(reply: str) -> None:
    """Whatever it reads: it goes back, also where it reads lines that stand."""
    assert play(cut(f"{READ}2. transfer($1)\n3. b"), reply, SORRY)[0].done == []


def test_a_refused_line_stays_as_it_is() -> None:
    """It is not mended by being written anew."""
    world, _ = play('1. blnce()\n2. send("a\x0cb   c")\njoin("done")\n', "1. balance()\n", SORRY)
    assert world.done == []


def test_a_may_run_plan_is_mended_in_parts() -> None:
    """A good answer for some of its lines is kept."""
    first = '1. balance()\n2. transfer(100\n3. send("x\njoin("done")\n'
    assert play(first, "2. transfer(100)\n", '3. send("x")\n')[0].done == ["100", "x"]


def test_comparing_writes_ends_soon() -> None:
    """A plan full of writes, and a reply full of others: work that grows with both."""
    reader = PlanReader(llmc.Toolbox(World().tools()))

    def effort(count: int) -> int:
        lines = [f"{n}. [{', '.join(f'transfer({n * 100 + k})' for k in range(10))}]\n" for n in range(1, count)]
        again = [line.replace("transfer(", "transfer(9") for line in lines]
        broken = find_broken(reader.read("".join(lines) + "x", complete=False), 0, (), complete=False)
        calls: Counter[str] = Counter()
        sys.setprofile(lambda frame, event, value: calls.update([event]))
        try:
            merged(broken, reader.read("".join(f"1{line}" for line in again)), reader)
        finally:
            sys.setprofile(None)
        return calls.total()

    effort(5)  # fills caches
    assert effort(40) < 12 * effort(10)


@pytest.mark.parametrize("role", ["assistant", "tool", "Assistant", "model", "function"])
def test_whoever_else_has_spoken(role: str) -> None:
    """Only the words of the system and the user are the user's own; a program is held like a run."""
    world = World()
    agent = llmc.Agent(world.tools(), model=llmc.ScriptedModel(['1. send("a")\n2. join($1)\n'] * 3 + ["Finish(x)"]))
    history = [llmc.Message(role, "send all")]  # type: ignore[arg-type]  # a role that somebody else has made up
    program = clock.run(agent.plan("?", history=history))
    clock.run(program.run())
    assert world.done == []
    clock.run(program.approved().run())
    clock.run(clock_plan(agent, history))
    assert world.done == ["a", "a"]


async def clock_plan(agent: llmc.Agent, history: list[llmc.Message]) -> llmc.Run:
    """A program of a trusted history, run."""
    return await (await agent.plan("?", history=history, trust_history=True)).run()


# Joiners and tools


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Action: Finish(see [analysis] below, 42)", "see [analysis] below, 42"),
        ("Action: Finish(use <think> tags (they help))", "use <think> tags (they help)"),
        ("hm <think> Action: Finish(42)", None),
    ],
)
def test_an_opening_tag_in_an_answer_is_text(text: str, answer: str | None) -> None:
    """In front of the decision it makes that void."""
    assert read_decision(text) == (None if answer is None else Finish(answer))


@pytest.mark.parametrize(
    "draft", ["Finish(draft)\nNo, that is wr", '{"thought":"","action":"Finish","text":"draft"}\nNo']
)
@pytest.mark.parametrize("end", [LENGTH, REFUSAL])
def test_a_joiner_that_is_cut_in_its_reasoning_is_asked_again(draft: str, end: End) -> None:
    """What would follow may withdraw its decision."""
    _, answer = play("1. balance()\njoin()\n", [draft, end], "Finish(42)")
    assert isinstance(answer, llmc.Answer)
    assert answer.value == "42"


def test_tools_that_ask_a_model_do_not_take_a_beginning() -> None:
    """The last line of an expression that was cut may go on, and reasoning alone is no answer."""
    math = llmc.math_tool(llmc.ScriptedModel([cut("1200 * 3"), "1200 * 35"]))
    said = llmc.llm_tool("said", "{{ text }}", llmc.ScriptedModel([cut("<think>a draft"), "The [analysis] is right"]))
    tools = llmc.Toolbox([math, said])
    assert clock.run(llmc.compile('1. math("…")\njoin($1)\n', tools).run()).value == 42000
    run = clock.run(llmc.compile('1. said("a")\njoin($1)\n', tools).run())
    assert "returned only reasoning" in str(run.errors["1"])
    assert clock.run(llmc.compile('1. said("a")\njoin($1)\n', tools).run()).value == "The [analysis] is right"
