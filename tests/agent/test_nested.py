"""Questions that tools ask: they are bound by the question, and the run, that the tool belongs to."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

import llmc
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.agent_errors import BudgetSpent
from llmc_runtime.agent.agent_run import AFTER_RESULTS
from llmc_runtime.agent.budget import Budget
from llmc_runtime.calls import nested_runs
from llmc_runtime.errors import Held
from llmc_runtime.program.run_result import Run
from tests.agent.fakes import Script, World
from tests.runtime import clock
from tests.runtime.asked import Asked, reasons

WRITES = '1. send("bob")\njoin($1)'
READS = '1. search("a")\njoin()'
MORE = "Thought: a mail is missing\nAction: Replan(write to bob)"
DONE = "Thought: done\nAction: Finish(no mail)"


class Scene:
    """A tool `delegate` that asks an agent of its own, which says these things; its answers and errors."""

    def __init__(
        self,
        *replies: str,
        in_thread: bool = False,
        declare: Callable[..., llmc.Tool] = llmc.pure,
        **settings: Any,
    ) -> None:
        self.world = World()
        self.model = Script(replies)
        self.answers: list[llmc.Answer] = []
        self.errors: list[llmc.LlmcError] = []
        agent = Agent(self.world.toolbox(), model=self.model, **settings)

        async def delegate() -> str:
            try:
                self.answers.append(await agent.ask("write to bob"))
            except llmc.LlmcError as error:
                self.errors.append(error)
                raise
            return self.answers[-1].text

        def delegate_there() -> str:
            try:
                self.answers.append(agent.ask_sync("write to bob"))
            except llmc.LlmcError as error:
                self.errors.append(error)
                raise
            return self.answers[-1].text

        function: Any = delegate_there if in_thread else delegate
        function.__name__ = "delegate"
        self.tool = declare(function)

    @property
    def run(self) -> Run:
        """The last run of the question that the tool asked."""
        return self.answers[-1].run


def play(tool: llmc.Tool, *, in_thread: bool = False, **terms: Any) -> Run:
    """Run a plan that calls the tool."""
    program = llmc.compile("delegate()\n", llmc.Toolbox([tool]))
    return program.run_sync(**terms) if in_thread else clock.run(program.run(**terms))


@pytest.fixture
def _each_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is inside of anything."""
    monkeypatch.setattr(nested_runs, "enter", lambda _: None)


@pytest.mark.parametrize("in_thread", [False, True])
@pytest.mark.parametrize("answer", [True, False])
def test_its_writes_ask_in_the_run_around(in_thread: bool, answer: bool) -> None:
    """Whatever its agent says."""
    scene, asked = Scene(WRITES, DONE, in_thread=in_thread, approve="all"), Asked(answer)
    play(scene.tool, in_thread=in_thread, approve=llmc.Approval("ask", asked))
    assert asked.tools == ["send"]
    assert scene.world.sent == (["bob"] if answer else [])
    assert reasons(scene.answers[0].plans[0].run) == ({} if answer else {"1": "no"})


@pytest.mark.usefixtures("_each_its_own")
def test_without_the_rule_it_writes() -> None:
    """Unasked."""
    scene = Scene(WRITES, approve="all")
    play(scene.tool, approve=llmc.Approval("ask", Asked(False)))
    assert scene.world.sent == ["bob"]


def test_its_replans_are_held_by_its_own_rule_and_by_that_around() -> None:
    """A tool that is granted inside alone still asks outside."""
    for outside, sent in ((Asked(True), ["bob"]), (Asked(False), [])):
        scene = Scene(READS, MORE, '2. send("bob")\njoin($2)', DONE, grant=["send"])
        play(scene.tool, approve=llmc.Approval("ask", outside))
        assert outside.tools == ["send"]
        assert scene.world.sent == sent
    scene = Scene(READS, MORE, '2. send("bob")\njoin($2)', DONE)
    play(scene.tool, approve=Asked(True))
    assert isinstance(scene.answers[0].plans[1].run.errors["2"], Held)
    assert scene.world.sent == []


@pytest.mark.parametrize(
    ("grant", "inner_grant", "sent"),
    [([], [], []), (["delegate"], ["send"], []), (["send"], ["send"], ["bob"]), (["send"], [], ["bob"])],
)
def test_what_a_later_plan_calls_writes_only_what_is_granted_there(
    grant: list[str], inner_grant: list[str], sent: list[str]
) -> None:
    """The plan of the question around was made after results were seen: its tools may not write behind its back."""
    scene = Scene(WRITES, DONE, grant=inner_grant)
    outer = Script([READS, MORE, "2. delegate()\njoin($2)"])
    tools = llmc.Toolbox([*scene.world.toolbox(), scene.tool])
    clock.run(Agent(tools, model=outer, grant=grant).ask("?"))
    assert scene.world.sent == sent
    errors = scene.answers[0].plans[0].run.errors
    assert [error.why for error in errors.values() if isinstance(error, Held)] == ([] if sent else [AFTER_RESULTS])


@pytest.mark.usefixtures("_each_its_own")
def test_without_the_rule_a_later_plan_writes_through_its_tools() -> None:
    """Whatever is granted."""
    scene = Scene(WRITES)
    tools = llmc.Toolbox([*scene.world.toolbox(), scene.tool])
    clock.run(Agent(tools, model=Script([READS, MORE, "2. delegate()\njoin($2)"])).ask("?"))
    assert scene.world.sent == ["bob"]


@pytest.mark.parametrize("in_thread", [False, True])
def test_models_are_not_shown_secrets_of_the_run_around(in_thread: bool) -> None:
    """Neither in the question and what was said before, nor in what is shown of the answer."""
    scene = Scene('1. search("$1")\njoin()', "Thought: t\nAction: Finish(x)", in_thread=in_thread)

    async def ask(word: llmc.Secret[str]) -> str:
        agent = Agent(scene.world.toolbox(), model=scene.model)
        scene.answers.append(await agent.ask(f"who is {word}?", history=[llmc.Message("user", f"it is {word}")]))
        return scene.answers[-1].text

    def ask_there(word: llmc.Secret[str]) -> str:
        agent = Agent(scene.world.toolbox(), model=scene.model)
        scene.answers.append(agent.ask_sync(f"who is {word}?", history=[llmc.Message("user", f"it is {word}")]))
        return scene.answers[-1].text

    tool = llmc.pure(ask_there if in_thread else ask)
    text = f"input word: str\n{tool.name}($word)\n"
    program = llmc.compile(text, llmc.Toolbox([tool]))
    inputs: Any = {"word": "hunter22"}
    run = program.run_sync(inputs) if in_thread else clock.run(program.run(inputs))
    assert not run.errors
    shown = [asked.text for asked in scene.model.asked] + [
        json.dumps(scene.answers[0].to_json()),
        repr(scene.answers[0]),
    ]
    assert not any("hunter22" in each for each in shown)
    assert "who is [secret]?" in shown[0]
    assert "it is [secret]" in shown[0]


def test_a_plan_alone_is_written_without_secrets_too() -> None:
    """`Agent.plan` in a tool."""
    world, model = World(), Script([READS])

    @llmc.pure
    async def plan(word: llmc.Secret[str]) -> str:
        return (await Agent(world.toolbox(), model=model).plan(f"who is {word}?")).source.text

    program = llmc.compile("input word: str\nplan($word)\n", llmc.Toolbox([plan]))
    clock.run(program.run({"word": "hunter22"}))
    assert "who is [secret]?" in model.asked[0].text


def test_a_secret_that_its_plan_found_is_hidden_around_it() -> None:
    """In the prompts of the question around as well."""

    @llmc.read("vault")
    async def key() -> llmc.Secret[str]:
        """The key."""
        return "hunter22"

    inner = Agent([key], model=Script(["1. key()\njoin($1)"]))

    @llmc.pure
    async def delegate() -> str:
        """Ask."""
        return f"it is {(await inner.ask('which key?')).text}"

    model = Script(["1. delegate()\njoin()", "Thought: t\nAction: Finish(x)"])
    answer = clock.run(Agent([delegate], model=model).ask("?"))
    assert answer.run.results["1"] == "it is hunter22"
    assert "result: it is [secret]" in model.asked[1].text
    assert "hunter22" not in json.dumps(answer.to_json())


def question(budget: Budget, *, inner: Budget, cost: float | None = None, in_thread: bool = False) -> tuple[Scene, Any]:
    """A question with a tool that asks another one, each with a budget; what the outer one ended with."""
    # A write starts when the whole plan is there, and what its planner took is known.
    scene = Scene(READS, DONE, in_thread=in_thread, declare=llmc.write("other"), budget=inner)
    scene.model.cost = cost
    outer = Script(["1. delegate()\njoin()", DONE], cost=cost)
    agent = Agent([scene.tool], model=outer, budget=budget)
    try:
        return scene, agent.ask_sync("?") if in_thread else clock.run(agent.ask("?"))
    except BudgetSpent as error:
        return scene, error


@pytest.mark.parametrize("in_thread", [False, True])
def test_tokens_count_for_both_questions(in_thread: bool) -> None:
    """As what the tools of the one around took."""
    scene, answer = question(Budget(), inner=Budget(), in_thread=in_thread)
    inner = scene.answers[0].total
    assert inner.tokens > 0
    assert answer.usage["tools"] == inner
    assert answer.total.tokens == inner.tokens + answer.usage["planner"].tokens + answer.usage["joiner"].tokens


@pytest.mark.parametrize("in_thread", [False, True])
def test_a_question_inside_has_the_tokens_that_are_left(in_thread: bool) -> None:
    """Its models are told how many, and it ends with what the budget around it ends."""
    _, whole = question(Budget(), inner=Budget())
    planner = whole.usage["planner"].tokens
    scene, error = question(Budget(tokens=planner + 50), inner=Budget(tokens=100_000), in_thread=in_thread)
    assert scene.model.asked[0].most_tokens == 50
    assert "the models of the question around it used" in str(scene.errors[0])
    assert isinstance(error, BudgetSpent)
    scene, _ = question(Budget(tokens=100_000), inner=Budget(tokens=30))
    assert scene.model.asked[0].most_tokens == 30
    assert "its models used" in str(scene.errors[0])


def test_cost_counts_for_both_questions() -> None:
    """What a reply inside costs is spent around it, and must be known where that is bounded."""
    scene, error = question(Budget(cost=2.5), inner=Budget(), cost=1.0)
    assert len(scene.model.asked) == 2
    assert "the models of the question around it cost 3; the budget is 2.5" in str(scene.errors[0])
    assert isinstance(error, BudgetSpent)
    scene, answer = question(Budget(cost=10.0), inner=Budget(), cost=1.0)
    assert answer.total.cost == 4.0


def test_without_the_rule_each_question_has_its_own_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken inside counts nowhere else."""
    monkeypatch.setattr("llmc_runtime.agent.budget.surrounding", lambda: None)
    scene, answer = question(Budget(), inner=Budget())
    assert scene.answers[0].total.tokens > 0
    assert answer.usage["tools"].tokens == 0


def test_a_question_in_a_function_that_is_asked_is_not_inside() -> None:
    """It belongs to nobody's tools: it counts for itself, and may write."""
    scene = Scene(WRITES)
    other = Agent(scene.world.toolbox(), model=scene.model)
    usage: list[int] = []

    async def ask(_request: llmc.ApprovalRequest) -> bool:
        usage.append((await other.ask("write")).total.tokens)
        return False

    world = World()
    model = Script([WRITES, DONE])
    answer = clock.run(Agent(world.toolbox(), model=model, approve=llmc.Approval("ask", ask)).ask("?"))
    assert scene.world.sent == ["bob"]
    assert world.sent == []
    assert usage[0] > 0
    assert answer.usage["tools"].tokens == 0


def test_questions_beside_each_other_share_nothing() -> None:
    """Two at once are two questions."""

    async def main() -> list[llmc.Answer]:
        agents = [Agent(World().toolbox(), model=Script([READS, DONE])) for _ in range(2)]
        return list(await asyncio.gather(*(agent.ask("?") for agent in agents)))

    first, second = clock.run(main())
    assert first.total.tokens == second.total.tokens
    assert first.usage["tools"].tokens == 0


def test_limits_of_the_run_around_hold_for_its_plans() -> None:
    """Each plan's run is inside of it."""
    scene = Scene('1. search("a")\n2. search("b")\njoin()', DONE)
    play(scene.tool, limits=llmc.Limits(calls=2))
    assert scene.world.calls.total() == 1
    assert "the run around it has made 2 calls" in str(scene.run.errors["2"])
