"""What planners do wrong, and what becomes of it: half a line never runs, nothing wrong is written."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest

import llmc
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.agent_errors import PlanFailed
from llmc_runtime.agent.agent_events import Repairing
from llmc_runtime.errors import Held, LlmcError
from llmc_runtime.models.messages import End, Message, Usage
from llmc_runtime.models.token_estimate import estimated_tokens
from tests.agent.asking import ask, starts, watch
from tests.agent.fakes import Reply, Script, World
from tests.runtime import clock

PLAN = '1. search("a")\n2. search("b")\n3. join($1, $2)'
BOTH = ["a is known", "b is known"]


class ServerError(LlmcError):
    """What a model raises."""


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_plan_in_pieces_of_any_size(size: int) -> None:
    """A letter at a time, or the whole plan in one piece."""
    assert ask([PLAN], size=size)[0].value == BOTH


def pieces(*texts: str) -> AsyncGenerator[str | End, None]:
    """A reply in these pieces."""

    async def reply() -> AsyncGenerator[str | End, None]:
        for text in texts:
            yield text
        yield End("stop", Usage(calls=1))

    return reply()


class Pieces:
    """A model that says these pieces."""

    name = "pieces"

    def __init__(self, *texts: str) -> None:
        self.texts = texts

    def reply(self, messages: Sequence[Message], **_: object) -> AsyncGenerator[str | End, None]:
        """All of them."""
        return pieces(*self.texts)


@pytest.mark.parametrize(
    "texts",
    [
        (PLAN,),
        ('1. search("a")\n\n2. search("b")\n\n', "3. join($1, $2)"),
        ('1. search("a")', '\n2. search("b")\n3. join($1, $2)\n'),
        ('1.search("a")\n', '2.search("b")', "\n3.join($1,$2)"),
        ("1. search(", '"a")\n2.', 'search("b")\n3', ".", "join($1,", " $2)"),
        ('Thought: both\n1. search("a")\r', '\n2. search("b")\r\n3. join($1, $2)<END_OF', "_PLAN>\n"),
    ],
)
def test_pieces_as_servers_cut_them(texts: tuple[str, ...]) -> None:
    """Two newlines in one piece, a blank lost at a border, a line that ends between pieces."""
    world = World()
    assert clock.run(Agent(world.toolbox(), model=Pieces(*texts)).ask("?")).value == BOTH
    assert world.calls == {"search a": 1, "search b": 1}


def test_an_unknown_tool_goes_back_while_the_others_run() -> None:
    """Its line alone is asked for again, with what is wrong with it; nothing is called twice."""
    answer, model, world = ask(['1. search("a")\n2. serch("b")\n3. join($1, $2)', '2. search("b")\n'], pause=0.01)
    assert answer.value == BOTH
    assert answer.plans[0].repairs == 1
    assert world.calls == {"search a": 1, "search b": 1}
    assert model.asked[1].messages[-2] == Message("assistant", '1. search("a")\n2. serch("b")\n3. join($1, $2)')
    request = model.asked[1].messages[-1].text
    assert "error[E201]: no tool is called `serch`" in request
    assert request.endswith('2. serch("b")')
    assert answer.plans[0].text == PLAN + "\n"


def test_an_agent_without_tools_is_told_how_to_answer() -> None:
    """No other name is suggested for a call that cannot be made."""
    model = Script(['1. search("a")\njoin($1)', 'join("It is known.")'])
    assert clock.run(Agent([], model=model).ask("?")).value == "It is known."
    request = model.asked[1].messages[-1].text
    assert 'no tools are loaded\n  = help: without tools, a plan is `join("…")` with the answer itself' in request
    assert "did you mean" not in request


def test_good_lines_start_before_the_plan_is_mended() -> None:
    """And go on meanwhile: the repair costs no more than its own time."""
    seen = watch(['1. search("a")\n2. serch("b")\n3. join($1, $2)', '2. search("b")\n'], pause=0.02)
    began = starts(seen)
    repairing = next(event for event in seen if isinstance(event, Repairing))
    assert began["1"] < repairing.at < began["2"]
    assert (repairing.plan, repairing.attempt) == (1, 1)
    assert isinstance(seen[-1], llmc.Answer)
    assert seen[-1].times.answer == pytest.approx(began["2"] + 0.2)


def test_a_line_that_was_missing_may_come_with_a_broken_one() -> None:
    """It is put in front of that."""
    answer, _, _ = ask(['1. search("a")\n3. add($2, "x")\n4. join($1, $3)', "2. add(1, 1)\n3. add($2, 3)\n"])
    assert answer.value == ["a is known", 5]
    assert answer.plans[0].ids == ("1", "2", "3")


def test_a_repair_that_contradicts_good_lines_is_a_plan_or_goes_back() -> None:
    """One with a join that reads nothing of the old plan is the plan; of any other, all is asked for."""
    bad = '1. search("a")\n3. add($2, "x")\n4. join($1, $3)'
    answer, model, world = ask([bad, '1. search("b")\n2. add(1, 1)\n3. add($2, 3)\n4. join($1)'])
    assert (answer.value, "search b" in world.calls, len(model.asked)) == ("b is known", True, 2)
    answer, model, world = ask([bad, '1. search("b")\n3. add(2, 3)\n', '1. search("a")\n3. add(2, 3)\njoin($3)'])
    assert (answer.value, world.calls["search b"]) == (5, 0)
    assert "It is not clear which lines" in model.asked[2].messages[-1].text


def test_a_model_answers_once_though_its_plan_is_read_twice() -> None:
    """A nondeterministic call that a good line started is not made again."""
    answer, _, world = ask(["1. dice()\n2. dice()\n3. dce()\n4. join($1, $2, $3)", "3. dice()"])
    assert answer.plans[0].repairs == 1
    assert world.calls["dice"] == 3


def test_a_plan_goes_back_twice_and_no_more() -> None:
    """Then there is an error with what is still wrong, and nothing was written."""
    world = World()
    bad = '1. send("bob")\n2. serch("b")\n3. join($1)'
    with pytest.raises(PlanFailed) as error:
        ask([bad, "2. saerch(1)", "2. serach(2)"], world)
    assert str(error.value).startswith("plan 1 cannot be run after 2 repairs:\nerror[E201]: no tool is called `serach`")
    assert isinstance(error.value, llmc.AgentError)
    assert error.value.plan == 1
    assert world.sent == []
    answer, model, _ = ask([bad, "2. saerch(1)", '2. search("b")'], world)
    assert answer.value == "sent to bob"
    assert answer.plans[0].repairs == 2
    assert len(model.asked) == 3


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('2. nothing("x")', "E201"),
        ("2. search()", "E210"),
        ('2. search("a", "b")', "E209"),
        ("2. search(3.5 + 1)", "E212"),
        ('2. search("a", limit=3)', "E208"),
        ("2. search($2)", "E204"),
        ("2. search($3)", "E203"),
        ("2. search($9)", "E202"),
        ('1. search("b")', "E206"),
        ("2. search(<best result>)", "E1"),
    ],
)
def test_a_wrong_line_is_told_with_its_code(line: str, code: str) -> None:
    """Unknown tools, arity, types, references to itself, below and to nothing, an id twice; nothing of it starts."""
    world = World()
    plan = f'1. search("a")\n{line}\n3. search("c")\n4. join($1)'
    answer, model, _ = ask([plan, '2. search("b")'], world)
    assert f"[{code}" in model.asked[1].messages[-1].text
    assert answer.value == "a is known"
    assert "search b" not in world.calls or line.startswith("1.")


def test_a_circle_ends() -> None:
    """Tasks that wait for each other are a mistake, not a hang."""
    answer, model, _ = ask(["1. search($2)\n2. search($1)\n3. join($2)", '1. search("a")\n2. search($1)'])
    assert "wait for each other" in model.asked[1].text
    assert answer.value == "a is known is known"


def test_an_id_twice_after_the_first_ran() -> None:
    """The first result stands."""
    answer, _, world = ask(['1. search("a")\n1. search("b")\njoin($1)', '2. search("b")'], pause=0.1)
    assert answer.value == "a is known"
    assert world.calls["search a"] == 1


def test_two_joins_and_what_stands_below() -> None:
    """The plan ends with its first join."""
    answer, model, world = ask(['1. search("a")\n2. join($1)\n3. send("eve")\n4. join(1)\nHope this helps!'])
    assert answer.value == "a is known"
    assert world.sent == []
    assert len(model.asked) == 1


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_stream_that_breaks_off(cut: int) -> None:
    """Wherever it does: what the model raises is raised, half a line never runs, nothing is written."""
    text = '1. search("a")\n2. send("bob")\n3. search("longer")\n4. join($1, $2, $3)'
    world = World(latency=0)
    with pytest.raises(ServerError):
        ask([ServerError(text[:cut])], world, size=1)
    assert world.sent == []
    assert set(world.calls) <= {"search a", "search longer"}
    assert ("search longer" in world.calls) == (cut > text.index("4"))


def test_a_broken_character_and_bytes() -> None:
    """Half a character at a border of pieces is for whoever speaks to servers; text of any script passes."""
    answer, _, _ = ask(['1. search("Ōsaka 🗾")\njoin($1)'], size=1)
    assert answer.value == "Ōsaka 🗾 is known"


def test_a_plan_that_was_cut_by_its_length() -> None:
    """Nothing of the last line runs and no repair closes it; the rest is asked for."""
    world = World()
    cut = '1. search("a")\n2. send("bo'
    answer, model, _ = ask([cut, '2. send("bob")\n3. join($1, $2)'], world, reasons=["length"])
    assert "The plan breaks off." in model.asked[1].messages[-1].text
    assert answer.value == ["a is known", "sent to bob"]
    assert world.sent == ["bob"]
    world = World()
    with pytest.raises(PlanFailed):
        ask([cut, '2. send("bo', '2. send("bo'], world, reasons=["length", "length", "length"])
    assert world.sent == []
    answer, _, _ = ask(
        ['1. sned("x")\n2. join()', '1. send("bo', '1. send("bob")\n', "Finish(x)"], world, reasons=["stop", "length"]
    )
    assert world.sent == ["bob"]


def test_a_plan_that_was_cut_behind_its_join_is_whole() -> None:
    """What was cut is not part of it."""
    answer, _, _ = ask([f"{PLAN}\nI hope th"], reasons=["length"])
    assert answer.value == BOTH


def test_a_reply_without_an_end_is_not_complete() -> None:
    """A model that stops without saying why was cut."""

    class Mute(Pieces):
        async def reply(self, messages: Sequence[Message], **_: object) -> AsyncGenerator[str | End, None]:
            yield '1. search("a")\n2. send("b'

    world = World()
    with pytest.raises(PlanFailed):
        clock.run(Agent(world.toolbox(), model=Mute()).ask("?"))
    assert world.sent == []


def test_a_refusal_is_an_error_that_quotes_it() -> None:
    """It is no plan."""
    with pytest.raises(PlanFailed, match="the planner refused: I cannot help with that"):
        ask(["I cannot help with that."], reasons=["refusal"])


@pytest.mark.parametrize("text", ["", "\n\n", "I do not know.", "```\n```", "Thought: hm\n", "# heading\nand prose"])
def test_no_plan_at_all(text: str) -> None:
    """It is asked for again; then there is an error."""
    answer, model, _ = ask([text, PLAN])
    assert answer.value == BOTH
    assert "There is no plan in this." in model.asked[1].text or "Thought" in text
    with pytest.raises(PlanFailed, match="the planner wrote no plan"):
        ask([text, text, text])


def test_an_untidy_plan_is_read() -> None:
    """Fences, prose and marks cost no reply."""
    answer, model, _ = ask(["Sure! Here is the plan:\n```\n**1.** search('a')\n2) search('b')\n```\n3. join($1, $2)"])
    assert answer.value == BOTH
    assert len(model.asked) == 1


def test_a_moved_boundary_goes_back_if_something_is_written() -> None:
    """Who wrote it says where the statement ends; without a write the repair is taken."""
    world = World()
    plan = '1. search("a"\n2. send("bob")\n3. join($1, $2)'
    answer, model, _ = ask([plan, '1. search("a")'], world)
    assert answer.value == ["a is known", "sent to bob"]
    assert len(model.asked) == 2
    answer, model, _ = ask([plan.replace("send", "search")])
    assert len(model.asked) == 1


def test_a_stubborn_planner_writes_nothing() -> None:
    """Where the boundary stays doubtful, writes are held."""
    world = World()
    plan = '1. search("a"\n2. send("bob")\n3. join()'
    answer, _, _ = ask([plan, "no", "no", "Action: Finish(held)"], world)
    assert answer.value == "held"
    assert isinstance(answer.run.errors["2"], Held)
    assert world.sent == []


@pytest.mark.parametrize(
    "flood", ['{n}. search("x")\n' * 2_000, "1. search(" + "x" * 200_000, "\n" * 100_000, "prose " * 50_000]
)
def test_a_flood_is_stopped_at_the_bound(flood: str) -> None:
    """The reply is closed long before its end."""
    text = flood
    if "{n}" in flood:
        text = "".join(f'{n}. search("x")\n' for n in range(1, 2_000))
    model = Script([text + "\n" * 10, *["no"] * 2], size=64)
    taken: list[str] = []

    class Counting:
        name = "counting"

        async def reply(self, messages: Sequence[Message], **_: object) -> AsyncGenerator[str | End, None]:
            async with aclosing(model.reply(messages)) as reply:
                async for piece in reply:
                    if isinstance(piece, str) and len(model.asked) == 1:
                        taken.append(piece)
                    yield piece

    with pytest.raises(PlanFailed):
        clock.run(Agent(World(latency=0).toolbox(), model=Counting()).ask("?"))
    assert sum(map(len, taken)) <= 64 * 1024 + 64
    assert model.closed == len(model.asked)


def test_a_model_that_goes_on_below_its_plan_is_cut_off() -> None:
    """The plan is whole; a runaway reply does not hold it up."""
    model = Script([f"{PLAN}\n" + "blah " * 100_000], size=50)
    answer = clock.run(Agent(World().toolbox(), model=model).ask("?"))
    assert answer.value == BOTH
    assert model.closed == 1
    took = answer.usage["planner"]
    assert (took.calls, took.estimated, took.cost) == (1, True, None)
    assert took.read == estimated_tokens(*(message.text for message in model.asked[0].messages)) > 400
    assert (len(PLAN) + 4096) / 4 < took.written < (len(PLAN) + 4096 + 100) / 4


def test_a_tool_may_be_called_finish() -> None:
    """Then it is no join."""

    @llmc.pure
    async def finish(text: str) -> str:
        """Finish a text."""
        return f"{text}."

    answer = clock.run(Agent([finish], model=Script(['1. finish("a")\n2. join($1)'])).ask("?"))
    assert answer.value == "a."
    assert answer.plans[0].ids == ("1",)


def test_the_joiner_may_break_too() -> None:
    """What it raises is raised."""
    replies: list[Reply] = ['1. search("a")\njoin()', ServerError("Thought: ")]
    with pytest.raises(ServerError):
        ask(replies)


def test_two_questions_do_not_mix() -> None:
    """After a plan that failed, the next question begins anew."""
    agent = Agent(
        World(latency=0).toolbox(), model=Script([ServerError('1. search("a")\n'), '1. search("b")\njoin($1)'])
    )
    with pytest.raises(ServerError):
        clock.run(agent.ask("one"))
    answer = clock.run(agent.ask("two"))
    assert answer.value == "b is known"
    assert answer.plans[0].ids == ("1",)


@pytest.mark.parametrize("text", [f"1. add({'[' * 900}{']' * 900}, 1)", f"1. {'search(' * 900}'a'{')' * 900}"])
def test_a_plan_of_brackets_inside_each_other_is_a_mistake(text: str) -> None:
    """However many there are: whatever reads the plan is spared them."""
    with pytest.raises(PlanFailed, match="E109"):
        ask([text, text, text])
