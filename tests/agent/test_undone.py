"""A write that may have been undone since an earlier plan made it is made again or asked for, never taken for done."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

import llmc
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.agent_run import AFTER_RESULTS
from llmc_runtime.cache.call_cache import CallCache
from llmc_runtime.cache.write_record import WriteRecord
from llmc_runtime.errors import Held, NotApproved, NotSent, Repeated
from llmc_runtime.limits import Policy
from llmc_runtime.program.execution import execute
from llmc_runtime.program.incremental import IncrementalRun
from llmc_runtime.safety.approval import Approval, Callback, Word
from llmc_runtime.state.events import Asked
from tests.agent.fakes import Script
from tests.runtime import clock

REPLAN = "Thought: more is to be done\nAction: Replan(go on)"
DONE = "Finish(done)"

Approve = Approval | Word | Callback | None


@dataclass
class House:
    """A lamp, a bank and a shop; `done` is what was done, `lost` whose calls end in doubt, `refused` are not sent."""

    done: list[str] = field(default_factory=list)
    lost: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    slow: frozenset[str] = frozenset()

    async def act(self, what: str) -> str:
        """Do it."""
        await asyncio.sleep(5 if what in self.slow else 0.1)
        if what in self.refused:
            raise NotSent
        self.done.append(what)
        if what in self.lost:
            raise ConnectionError
        return what

    def toolbox(self) -> Toolbox:
        """`switch` (idempotent), `pay`, `order` and `run`, of which nothing is known; `lamps` reads."""

        @llmc.write("lamp", idempotent=True)
        async def switch(to: str) -> str:
            return await self.act(to)

        @llmc.write("bank:{account}")
        async def pay(to: str, account: str = "mine") -> str:
            return await self.act(to)

        @llmc.write("shop")
        async def order(what: str) -> str:
            return await self.act(what)

        @llmc.opaque
        async def run(what: str) -> str:
            return await self.act(what)

        @llmc.read("bank")
        async def balance() -> int:
            return len(self.done)

        return Toolbox([switch, pay, order, run, balance])


class Person:
    """Says the same to everything, and remembers why it was asked."""

    def __init__(self, *, answer: bool = True) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def __call__(self, request: llmc.ApprovalRequest) -> bool:
        """The answer."""
        self.asked.append(f"{request.arguments[0].value}: {request.held}")
        return self.answer


def play(house: House, *plans: str, approve: Approve = None, policy: Policy = "finish") -> list[llmc.Run]:
    """Run plans one after the other with one call cache; nothing else holds them back."""
    cache = CallCache()

    async def one(text: str, tools: Toolbox) -> llmc.Run:
        async with IncrementalRun(tools, approve=approve, memo=cache, policy=policy) as plan:
            plan.feed(text)
            plan.close()
            plan.start()
            await plan.settled()
        return plan.run()

    async def all_of_them() -> list[llmc.Run]:
        tools, runs = house.toolbox(), []
        for text in plans:
            cache.next_plan()
            runs.append(await one(f"{text}\njoin()", tools))
        return runs

    return clock.run(all_of_them())


def ask(house: House, *plans: str, **settings: Any) -> llmc.Answer:
    """A question to an agent that plans this; no plan may be the same as one before."""
    replies = [reply for plan in plans for reply in (f"{plan}\njoin()", REPLAN)]
    model = Script([*replies[:-1], DONE])
    return clock.run(Agent(house.toolbox(), model=model, max_replans=len(plans) - 1, **settings).ask("?"))


def why(place: str, verb: str = "wrote", what: str = "done", plan: int = 1) -> str:
    """Why a call is asked for."""
    return f"the same call was {what} in plan {plan}; {place} {verb} after it; approve it to write again"


ON_OFF_ON = ('1. switch("on")', '2. switch("off")', '3. switch("on")')
ANN_BOB_ANN = ('1. pay("ann")', 'Thought: the other\n2. pay("bob")', '3. pay("ann")')


def test_the_lamp_is_on_in_the_end() -> None:
    """On, off, on: what is idempotent is made again after what undid it, and only then."""
    house = House()
    runs = play(house, *ON_OFF_ON, '4. switch("on")')
    assert house.done == ["on", "off", "on"]
    assert not any(run.errors for run in runs)
    assert runs[3].calls == 0


def test_the_lamp_is_on_within_a_plan() -> None:
    """It is decided when the call begins, which is after all that comes before it in its plan."""
    house = House()
    play(house, '1. switch("on")', '2. switch("off")\n3. switch("on")')
    assert house.done == ["on", "off", "on"]
    house = House()
    play(house, '1. switch("on")', '2. switch("on")\n3. switch("off")')
    assert house.done == ["on", "off"]
    house = House()
    play(house, '1. switch("on")\n2. switch("off")', '3. switch("on")')
    assert house.done == ["on", "off", "on"]


def test_nobody_is_paid_twice_unasked() -> None:
    """Without anybody to ask the call is held, and says why."""
    house = House()
    *_, last = play(house, *ANN_BOB_ANN)
    assert house.done == ["ann", "bob"]
    assert isinstance(error := last.errors["3"], Held)
    assert error.why == why("line 2 of plan 2")
    assert str(error) == f"task 3 was held back: {error.why}"


@pytest.mark.parametrize("word", [None, "ask", "all"])
def test_who_is_asked_is_told_why(word: Word | None) -> None:
    """Whatever the word: with a yes it is made, and is the last write from then on; with a no it is not."""
    person, house = Person(), House()
    runs = play(house, *ANN_BOB_ANN, '4. pay("ann")', '5. pay("bob")', approve=llmc.Approval(word, person))
    assert house.done == ["ann", "bob", "ann", "bob"]
    again = [f"ann: {why('line 2 of plan 2')}", f"bob: {why('line 1 of plan 3', plan=2)}"]
    assert [each for each in person.asked if not each.endswith("None")] == again
    assert len(person.asked) == (4 if word == "ask" else 2)
    assert not any(run.errors for run in runs)
    house = House()
    *_, last = play(house, *ANN_BOB_ANN, approve=llmc.Approval(None, Person(answer=False)))
    assert house.done == ["ann", "bob"]
    assert isinstance(last.errors["3"], NotApproved)


def test_a_write_that_may_be_undone_meanwhile_is_asked_for_in_its_turn() -> None:
    """Any other write of its plan is asked for at once."""
    house, person = House(slow=frozenset({"bob"})), Person()
    plan = '2. pay("bob")\n3. pay("ann")\n4. pay("eve")'
    last = play(house, '1. pay("ann")', plan, approve=llmc.Approval("ask", person))[-1]
    assert person.asked == ["ann: None", "bob: None", "eve: None", f"ann: {why('line 1 of plan 2')}"]
    assert [each.at for each in last.events if isinstance(each, Asked)] == [0, 0, 5]
    assert house.done == ["ann", "bob", "ann", "eve"]


def test_a_request_shows_both_facts() -> None:
    """What was done, and what came after it; the advice is for whoever cannot be asked."""
    shown: list[str] = []

    async def see(request: llmc.ApprovalRequest) -> bool:
        shown.append(str(request).splitlines()[1])
        return True

    play(House(), *ANN_BOB_ANN, approve=see)
    assert shown == ["  held back: the same call was done in plan 1; line 2 of plan 2 wrote after it"]


@pytest.mark.parametrize("word", ["all", "none"])
def test_no_word_answers_whether_it_is_meant(word: Word | None) -> None:
    """It was said before anybody saw the plan."""
    house = House()
    *_, last = play(house, *ANN_BOB_ANN, approve=word)
    assert house.done == ["ann", "bob"]
    assert isinstance(last.errors["3"], Held)


@pytest.mark.parametrize(
    ("between", "is_held"),
    [
        ('2. pay("bob")', True),
        ('2. pay("bob", "yours")', False),
        ('2. pay("ann", "yours")', False),
        ('2. order("tea")', False),
        ('2. switch("on")', False),
        ("2. balance()", False),
        ('2. run("x")', True),
        ('2. pay("ann")', False),
    ],
)
def test_only_what_overlaps_counts(between: str, is_held: bool) -> None:
    """By resource; of an opaque call nobody knows what it writes."""
    house = House()
    *_, last = play(house, '1. pay("ann")', between, '3. pay(to="ann", account="mine")')
    assert isinstance(last.errors.get("3"), Held) is is_held
    assert house.done.count("ann") - ("yours" in between and "ann" in between) == 1


@pytest.mark.parametrize("bare", ["parallel", "ordered"])
@pytest.mark.parametrize("fails", [False, True])
def test_what_is_not_declared_writes_everything(bare: Literal["parallel", "ordered"], fails: bool) -> None:
    """Also where it failed: nobody knows what it did until then."""

    async def tidy() -> None:
        """Nobody knows."""
        if fails:
            raise RuntimeError

    house = House()
    house.toolbox = lambda: House.toolbox(house) | Toolbox([tidy], bare=bare)  # type: ignore[method-assign]
    *_, last = play(house, '1. pay("ann")', "2. tidy()", '3. pay("ann")')
    assert isinstance(last.errors["3"], Held)
    assert house.done == ["ann"]


@pytest.mark.parametrize(
    ("house", "between", "verb"),
    [
        (House(lost=frozenset({"bob"})), '2. pay("bob")', "may have written"),
        (House(slow=frozenset({"bob"})), '2. pay("bob") @timeout(1s)', "may have written"),
        (House(refused=frozenset({"bob"})), '2. pay("bob")', None),
    ],
)
def test_a_write_in_doubt_counts_like_one_that_was_done(house: House, between: str, verb: str | None) -> None:
    """One that was certainly not sent does not."""
    *_, last = play(house, '1. pay("ann")', between, '3. pay("ann")')
    assert house.done.count("ann") == 1
    if verb is None:
        assert last.results == {"3": "ann"}
    else:
        assert isinstance(error := last.errors["3"], Held)
        assert error.why == why("line 1 of plan 2", verb)


def test_a_function_without_effect_that_was_left_may_come_later() -> None:
    """It was given up, because of its time."""

    async def tidy() -> None:
        """Nobody knows."""
        await asyncio.sleep(5)

    house = House()
    house.toolbox = lambda: House.toolbox(house) | Toolbox([tidy], bare="parallel")  # type: ignore[method-assign]
    *_, last = play(house, "1. tidy() @timeout(1s)", '3. pay("ann")', '4. pay("ann")')
    assert house.done == ["ann"]
    assert isinstance(error := last.errors["4"], Held)
    assert (
        error.why
        == "the same call was done in plan 2; line 1 of plan 1 may have written after it; approve it to write again"
    )


def test_a_write_that_was_left_may_come_later() -> None:
    """It was given up, and nobody knows when it ends: what was done before it, and after it, may be undone."""
    house = House(slow=frozenset({"off", "bob"}))
    play(house, '1. switch("off") @timeout(1s) @fallback("")', '2. switch("on")', '3. switch("on")')
    assert house.done == ["on", "on"]
    *_, last = play(house, '1. pay("bob") @timeout(1s) @fallback("")', '2. pay("ann")', '3. pay("ann")')
    assert isinstance(error := last.errors["3"], Held)
    assert error.why == why("line 1 of plan 1", "may have written", plan=2)


def test_what_is_in_doubt_itself_is_not_repeated() -> None:
    """Unless something was written after it: then it is asked for."""
    house, person = House(lost=frozenset({"ann"})), Person()
    runs = play(house, '1. pay("ann")', '2. pay("ann")', '3. pay("bob")', '4. pay("ann")', approve=person)
    assert isinstance(runs[1].errors["2"], Repeated)
    assert house.done == ["ann", "bob", "ann"]
    assert person.asked == [f"ann: {why('line 1 of plan 3', what='left in doubt')}"]


def test_what_is_given_is_not_asked_for() -> None:
    """Nothing is done, so there is nothing to approve."""
    house, person = House(), Person()
    runs = play(house, '1. pay("ann")', '2. pay("ann")', approve=llmc.Approval("ask", person))
    assert runs[1].results == {"2": "ann"}
    assert person.asked == ["ann: None"]


def test_two_writes_of_one_plan_are_two_unless_an_earlier_plan_made_one() -> None:
    """Then each of them is in question."""
    house, person = House(), Person()
    play(house, '1. pay("ann")\n2. pay("ann")')
    assert house.done == ["ann", "ann"]
    house = House()
    play(house, '1. pay("ann")', '2. pay("bob")\n3. pay("ann")\n4. pay("ann")', approve=person)
    assert house.done == ["ann", "bob", "ann", "ann"]
    assert person.asked == [f"ann: {why('line 1 of plan 2')}", f"ann: {why('line 2 of plan 2')}"]


def test_a_place_without_a_text_is_its_task() -> None:
    """A graph has no lines."""
    tools, cache = House().toolbox(), CallCache()

    async def all_of_them() -> list[llmc.Run]:
        runs = []
        for text in ANN_BOB_ANN:
            cache.next_plan()
            runs.append(await execute(llmc.compile(f"{text}\njoin()", tools).graph, {}, memo=cache))
        return runs

    assert isinstance(error := clock.run(all_of_them())[2].errors["3"], Held)
    assert error.why == why("task 2 of plan 2")


# Agents

READ = "\n4. balance()"


def test_a_grant_does_not_answer_whether_it_is_meant() -> None:
    """It lets later plans write; what may have been undone is asked for, or held."""
    house = House()
    answer = ask(house, *ANN_BOB_ANN[:2], ANN_BOB_ANN[2] + READ, grant=["pay"])
    assert house.done == ["ann", "bob"]
    assert isinstance(error := answer.plans[2].run.errors["3"], Held)
    assert error.why == why("line 2 of plan 2")
    house, person = House(), Person()
    ask(house, *ANN_BOB_ANN[:2], ANN_BOB_ANN[2] + READ, grant=["pay"], approve=person)
    assert house.done == ["ann", "bob", "ann"]
    assert person.asked == [f"ann: {why('line 2 of plan 2')}"]


def test_an_agent_asks_with_both_reasons() -> None:
    """That the plan was made after results were seen, and that the same call was done before."""
    house, person = House(), Person()
    ask(house, *ANN_BOB_ANN[:2], ANN_BOB_ANN[2] + READ, approve=person)
    assert house.done == ["ann", "bob", "ann"]
    doubt = why("line 2 of plan 2").rpartition("; ")[0]
    assert person.asked == [f"bob: {AFTER_RESULTS}", f"ann: {doubt}; {AFTER_RESULTS}"]


def test_an_agent_switches_on_off_and_on() -> None:
    """With a grant; what is repeated without anything in between is given, and asked for by nobody."""
    house, person = House(), Person(answer=False)
    plans = (*ON_OFF_ON[:2], ON_OFF_ON[2] + READ, '5. balance()\n6. switch("on")')
    answer = ask(house, *plans, grant=["switch"], approve=person)
    assert house.done == ["on", "off", "on"]
    assert person.asked == []
    assert answer.plans[3].run.results["6"] == "on"


def test_a_plan_that_is_mended_is_one_plan() -> None:
    """What it wrote, it wrote once, and its number is that of the plan."""
    house = House()
    model = Script(['1. pay("ann")\n2. pai("bob")\njoin()', '2. pay("bob")\n', REPLAN, '3. pay("ann")\njoin()', DONE])
    answer = clock.run(Agent(house.toolbox(), model=model, grant=["pay"]).ask("?"))
    assert house.done == ["ann", "bob"]
    assert isinstance(error := answer.plans[1].run.errors["3"], Held)
    assert error.why == why("line 2 of plan 1")


# Controls


def last_of(*plans: str) -> Sequence[str]:
    """What is done in the end."""
    house = House()
    play(house, *plans)
    return house.done


def test_a_memo_that_sees_no_later_writes_leaves_the_lamp_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The counts above are not blind."""
    monkeypatch.setattr(WriteRecord, "after", lambda _self, _write, _effect: None)
    assert last_of(*ON_OFF_ON) == ["on", "off"]


def test_a_memo_that_forgets_its_writes_pays_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The counts above are not blind."""
    monkeypatch.setattr(WriteRecord, "before", lambda _self, _keys, _plan: None)
    assert last_of(*ANN_BOB_ANN) == ["ann", "bob", "ann"]
