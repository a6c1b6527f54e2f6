"""What an agent's runs are trusted with: who is asked, which limits and contexts they have, what stays secret."""

import asyncio
import json
from typing import Any

import pytest

import llmc
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.agent_run import AFTER_RESULTS
from llmc_runtime.cache.call_cache import CallCache
from llmc_runtime.errors import REPAIRED, Held, LimitReached, NotApproved, Repeated, Stopped
from llmc_runtime.program.execution import execute
from llmc_runtime.program.program import compile_plan
from llmc_runtime.program.run_result import Run
from tests.agent.asking import ask
from tests.agent.fakes import Reply, Script, World
from tests.runtime import clock

PLAN = '1. search("a")\n2. join()'
MORE = "Thought: a mail is missing\nAction: Replan(write to bob)"
MAIL = '2. send("bob")\n3. join($2)'


class Asked:
    """Says the same to everything, and remembers what it was asked."""

    def __init__(self, *, answer: bool | str = True) -> None:
        self.answer = answer
        self.requests: list[llmc.ApprovalRequest] = []

    async def __call__(self, request: llmc.ApprovalRequest) -> bool | str:
        """The answer."""
        self.requests.append(request)
        return self.answer


@pytest.mark.parametrize("word", [None, "ask", "all"])
def test_a_later_plan_asks_before_it_writes(word: str | None) -> None:
    """Whatever the word: who is asked is told why; the planner is told of the tool."""
    asked = Asked()
    answer, model, world = ask([PLAN, MORE, MAIL], approve=llmc.Approval(word, asked))  # type: ignore[arg-type]  # a word
    assert answer.value == "sent to bob"
    assert world.sent == ["bob"]
    assert [(request.tool, request.held) for request in asked.requests] == [("send", AFTER_RESULTS)]
    shown = "  held back: its plan was made after results were seen, and one of them may have asked for it"
    assert str(asked.requests[0]).splitlines()[1] == shown
    assert "send(to: str)" in model.asked[2].text


def test_a_later_plan_that_is_refused_writes_nothing() -> None:
    """The task fails; without anybody to ask it is held, and the tool not offered."""
    answer, _, world = ask([PLAN, MORE, MAIL, "Finish(no mail)"], approve=Asked(answer=False))
    assert isinstance(answer.plans[1].run.errors["2"], NotApproved)
    for word in (None, "ask", "all", "none"):
        answer, model, world = ask([PLAN, MORE, MAIL, "Finish(no mail)"], approve=word)
        assert isinstance(error := answer.plans[1].run.errors["2"], Held)
        assert error.why == AFTER_RESULTS
        assert "send(to: str)" not in model.asked[2].text
    assert world.sent == []


def test_a_no_says_why_to_the_joiner_and_to_the_planner() -> None:
    """A text as an answer is the reason."""
    replies = [PLAN, MORE, MAIL, "Thought: so\nAction: Replan(go on)", '3. search("c")\n4. join()', "Finish(no mail)"]
    answer, model, world = ask(replies, approve=Asked(answer="bob has left"))
    assert (answer.value, world.sent) == ("no mail", [])
    words = "task 2 was not approved: `send` asks first, and the answer was no: bob has left"
    joiner, planner = model.asked[3].text, model.asked[4].text
    assert words in joiner
    assert words in planner


def test_what_earlier_plans_gave_is_from_their_tasks() -> None:
    """Through expressions, and over more than one plan."""
    asked = Asked()
    plans = ['1. search("a")\n2. "so: $1"\n3. join()', MORE, '4. search("b") if $2 != ""\n5. [$4, $2]\n6. join()', MORE]
    ask([*plans, '7. send("to $5")\n8. join($7)'], approve=asked)
    assert [str(origin) for origin in asked.requests[0].arguments[0].origins] == [
        "task 5, line 2, in plan 2",
        "task 4, search, line 1, in plan 2",
        "task 2, line 2, in plan 1",
        "task 1, search, line 1, in plan 1",
    ]


def test_what_was_granted_is_not_asked_for() -> None:
    """But by what the tool itself, or the word, says."""
    asked = Asked()
    _, _, world = ask([PLAN, MORE, MAIL], approve=asked, grant=["send"])
    assert (world.sent, asked.requests) == (["bob"], [])
    answer, _, _ = ask([PLAN, MORE, MAIL], approve=llmc.Approval("ask", asked), grant=["send"])
    assert answer.value == "sent to bob"
    assert [(request.tool, request.held) for request in asked.requests] == [("send", None)]


def test_what_was_repaired_is_not_granted() -> None:
    """Who wrote it has not said where its statements end."""
    asked = Asked()
    broken = '2. search("c"\n3. send("bob")\n4. join($3)'
    answer, _, _ = ask([PLAN, MORE, broken, "what", "what"], approve=asked, grant=["send"])
    assert answer.value == "sent to bob"
    assert [request.held for request in asked.requests] == [REPAIRED]


def test_limits_are_those_of_each_run() -> None:
    """A second plan has its own."""
    plan = '1. search("a")\n2. search("b")\njoin()'
    answer, _, _ = ask([plan, MORE, '3. search("c")\njoin($3)'], limits=llmc.Limits(calls=1))
    assert isinstance(answer.plans[0].run.errors["2"], LimitReached)
    assert answer.value == "c is known"


BROKEN = '1. search("a")\n2. serch("b")\njoin()\n'


def times(
    replies: list[Reply], world: World | None = None, **settings: Any
) -> tuple[float, llmc.Answer | BaseException]:
    """When a question ended whose runs may take ten seconds, and how; each reply of the model takes some."""

    async def main() -> tuple[float, llmc.Answer | BaseException]:
        model = Script(replies, size=1000, **settings)
        agent = Agent((world or World()).toolbox(), model=model, limits=llmc.Limits(run_time=10))
        (found,) = await asyncio.gather(agent.ask("?"), return_exceptions=True)
        assert model.closed == len(model.asked)
        return asyncio.get_running_loop().time(), found

    return clock.run(main())


@pytest.mark.parametrize(("replies", "pause"), [([PLAN], 500.0), ([BROKEN, '2. search("b")'], 6.0)])
def test_a_planner_has_no_more_time_than_the_run(replies: list[Reply], pause: float) -> None:
    """Whether it writes or mends: the question ends, and so does the reply."""
    at, error = times(replies, pause=pause)
    assert at == 10
    assert isinstance(error, llmc.RunRefused)
    assert error.limit == "run_time"


def test_a_plan_that_is_mended_has_no_more_time_than_another() -> None:
    """Its tasks time out when the plan began so long ago, and the joiner is told."""
    at, answer = times([BROKEN, '2. search("b")', "Finish(late)"], World(latency=8), pause=3.0)
    assert at == 10 + 3
    assert isinstance(answer, llmc.Answer)
    assert answer.value == "late"
    assert isinstance(error := answer.run.errors["2"], llmc.ToolTimedOut)
    assert error.limit == "run"


def test_each_plan_has_time_of_its_own() -> None:
    """What one took is not missing to the next, and the joiner's is no run's."""
    at, answer = times([PLAN, MORE, '2. search("b")\njoin($2)'], World(latency=3), pause=6.0)
    assert at == 3 * 6 + 2 * 3
    assert isinstance(answer, llmc.Answer)
    assert answer.value == "b is known"


def test_tools_get_the_context() -> None:
    """That of the agent, in every plan."""

    @llmc.read("web")
    async def name(of: str, session: llmc.Context[dict[str, str]]) -> str:
        """Who it is."""
        return session[of]

    model = Script(['1. name("a")\njoin()', MORE, '2. name("b")\njoin($1, $2)'])
    answer = clock.run(Agent([name], model=model, context={"a": "Ann", "b": "Bob"}).ask("?"))
    assert answer.value == ["Ann", "Bob"]


def test_secrets_are_shown_to_nobody() -> None:
    """Not to models, not in what is printed, and not in later plans that read them."""

    @llmc.read("vault")
    async def key() -> llmc.Secret[str]:
        """The key."""
        return "hunter22"

    @llmc.pure
    async def spend(what: llmc.Secret[str]) -> str:
        """Fails."""
        raise RuntimeError(what)

    model = Script(["1. key()\njoin()", MORE, "2. spend($1)\njoin()", MORE, "3. join($1)"])
    answer = clock.run(Agent([key, spend], model=model).ask("?"))
    assert answer.value == "hunter22"
    assert "1. key()\n  result: [secret]" in model.asked[1].text
    assert "`spend` raised RuntimeError: [secret]" in model.asked[3].text
    assert not any("hunter22" in asked.text for asked in model.asked)
    assert "hunter22" not in json.dumps(answer.to_json()) + repr(answer)
    assert answer.to_json()["answer"] == "[secret]"


@pytest.mark.parametrize(
    ("line", "code"), [("3. show($1)", "E231"), ('3. show("<$2>")', "E231"), ('3. show("a") if $1 < "i"', "E232")]
)
def test_a_later_plan_may_not_show_a_secret(line: str, code: str) -> None:
    """It goes back to the planner; what is built from the secret in one plan is a secret in the next."""
    shown: list[str] = []

    @llmc.read("vault")
    async def key() -> llmc.Secret[str]:
        """The key."""
        return "hunter22"

    @llmc.read("log")
    async def show(what: str) -> str:
        """Show it."""
        shown.append(what)
        return what

    first = '1. key()\n2. [1, {"k": "$1"}]\njoin()'
    model = Script([first, MORE, f"{line}\njoin($3)", '3. show("it")'])
    answer = clock.run(Agent([key, show], model=model).ask("?"))
    assert f"error[{code}]" in model.asked[3].text
    assert (answer.value, shown) == ("it", ["it"])
    assert "hunter22" not in "".join(asked.text for asked in model.asked)
    assert answer.plans[0].run.to_json()["results"] == {"1": "[secret]", "2": "[secret]"}


def keyed(sent: list[str]) -> llmc.Tool:
    """A write with a key, which says after a while that it failed."""

    @llmc.write("shop", idempotency_key="key")
    async def order(what: str, key: str) -> str:
        """Order it."""
        sent.append(key)
        await asyncio.sleep(0.01)
        message = "no answer"
        raise ConnectionError(message)

    return order


def runs(tools: llmc.Toolbox, *plans: str, **options: object) -> list[Run]:
    """The runs of plans, one after the other with one call cache."""
    cache = CallCache()

    async def all_of_them() -> list[Run]:
        found = []
        for plan in plans:
            cache.next_plan()
            graph = compile_plan(plan, tools).graph
            found.append(await execute(graph, {}, memo=cache, random=lambda: 1.0, **options))  # type: ignore[arg-type]
        return found

    return clock.run(all_of_them())


def test_a_write_that_was_stopped_in_doubt_is_not_made_again() -> None:
    """Between two attempts, when the run was stopped: in another plan it would have another key."""
    sent: list[str] = []

    @llmc.nondet
    async def late() -> str:
        """Fails."""
        await asyncio.sleep(0.02)
        raise RuntimeError

    tools = llmc.Toolbox([keyed(sent), late])
    first, second = runs(
        tools, '1. order("tea") @retry(3)\n2. late()\njoin()', '3. order("tea")\njoin()', policy="fail_fast"
    )
    assert isinstance(error := first.errors["1"], Stopped)
    assert error.in_doubt
    assert isinstance(second.errors["3"], Repeated)
    assert len(sent) == 1


def test_a_write_that_never_began_is_made() -> None:
    """It waited for its turn when the run was stopped: nothing is in doubt."""
    world = World()

    @llmc.nondet
    async def early() -> str:
        """Fails."""
        await asyncio.sleep(0.01)
        raise RuntimeError

    tools = llmc.Toolbox([*world.toolbox(), early])
    limits = llmc.Limits(width=1)
    plans = ('1. early()\n2. send("bob")\njoin()', '3. send("bob")\njoin($3)')
    first, second = runs(tools, *plans, policy="fail_fast", limits=limits)
    assert isinstance(first.errors["2"], Stopped)
    assert second.value == "sent to bob"
    assert world.sent == ["bob"]


def test_a_run_out_of_time_waits_for_no_other() -> None:
    """What it waited for goes on; a call of its own timed out."""
    world = World()
    cache = CallCache()

    async def both() -> tuple[Run, Run]:
        graph = compile_plan('1. search("a")\njoin($1)', world.toolbox()).graph
        first = asyncio.ensure_future(execute(graph, {}, memo=cache))
        await asyncio.sleep(0)
        plan = '1. search("a")\n2. search("b")\njoin()'
        other = compile_plan(plan, world.toolbox()).graph
        second = await execute(other, {}, memo=cache, limits=llmc.Limits(run_time=0.1))
        return await first, second

    first, second = clock.run(both())
    assert first.value == "a is known"
    assert isinstance(second.errors["1"], LimitReached)
    assert isinstance(second.errors["2"], llmc.ToolTimedOut)
    assert world.calls == {"search a": 1, "search b": 1}
