"""Questions before the turn of their calls: when somebody is asked, and what an early answer does."""

import asyncio
from collections.abc import Sequence
from itertools import product
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator

import llmc
from llmc_compiler.steps import Add
from llmc_runtime.errors import Held
from llmc_runtime.program.run_result import Run
from llmc_runtime.safety.approval import Approval, Hold
from llmc_runtime.safety.run_guard import RunGuard
from llmc_runtime.scheduler import early_approval
from llmc_runtime.scheduler.early_approval import EarlyApproval
from llmc_runtime.scheduler.executor import Executor
from llmc_runtime.state import events
from tests.runtime import clock
from tests.runtime.asked import Asked

sent: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    """Each test has its own letters."""
    sent.clear()


@llmc.write("mail", approve=True)
async def send(to: str, *, fails: bool = False) -> str:
    """Send a letter, which takes 10 s."""
    await asyncio.sleep(10)
    if fails:
        raise OSError("lost")
    sent.append(to)
    return to


@llmc.pure
async def think(value: llmc.Json) -> llmc.Json:
    """The value, after 3 s."""
    await asyncio.sleep(3)
    return value


TOOLS = llmc.Toolbox([send, think])


def compiled(text: str) -> llmc.Program:
    """A program whose tasks are as written."""
    return llmc.compile(text, TOOLS, passes=())


def play(text: str, approve: Any = None, **terms: Any) -> Run:  # noqa: ANN401 — whatever may approve
    """Run a plan in virtual time."""
    return clock.run(compiled(text).run(approve=Asked() if approve is None else approve, **terms))


def times(run: Run, kind: type) -> list[tuple[str, float]]:
    """When something happened, and to what."""
    return [(f"{event.key[0]}{list(event.key[1]) or ''}", event.at) for event in run.events if isinstance(event, kind)]  # type: ignore[union-attr]  # of events of instances


THREE = 'send("a")\nsend("b")\nsend("c")\njoin(1)\n'


def test_a_call_that_waits_for_others_in_order_alone_is_asked_for_at_once() -> None:
    """It is made when its turn comes; without the rule it is asked for then."""
    run = play(THREE)
    assert times(run, events.Asked) == [("1", 0), ("2", 0), ("3", 0)]
    assert times(run, events.Started) == [("1", 0), ("2", 10), ("3", 20)]
    assert sent == ["a", "b", "c"]


def test_without_the_rule_it_is_asked_for_in_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(EarlyApproval, "add", lambda *_: None)
    assert times(play(THREE), events.Asked) == [("1", 0), ("2", 10), ("3", 20)]


def test_nobody_is_asked_before_arguments_and_guards_are_known() -> None:
    """What is skipped is never asked for."""
    text = 'send("a")\nb = think("b")\nsend($b)\nyes = think(true)\nsend("c") if $yes\nsend("d") if not $yes\njoin(1)\n'
    run = play(text)
    assert times(run, events.Asked) == [("1", 0), ("2", 3), ("3", 3)]
    assert times(run, events.Started)[-2:] == [("2", 10), ("3", 20)]
    assert run.skipped == ("4",)


def test_elements_of_a_loop_are_asked_for_together() -> None:
    """As soon as the loop has them, whatever their order; those with a filter that does not hold are not."""
    run = play('xs = think(["a", "b", "c"])\nsend("first")\nsend($x) for x in $xs if $x != "b"\njoin(1)\n')
    assert times(run, events.Asked) == [("1", 0), ("2/each[0]", 3), ("2/each[2]", 3)]
    assert times(run, events.Started)[-2:] == [("2/each[0]", 10), ("2/each[2]", 20)]


def test_elements_of_nested_loops_are_asked_for_together() -> None:
    """As soon as each inner loop has them; they are sent in the order of all elements."""
    plan = (
        'xs = think([["a", "b"], [], ["c"]])\nsend("first")\nsend($y) for x in $xs for y in $x if $y != "b"\njoin(1)\n'
    )
    run = play(plan)
    assert times(run, events.Asked) == [("1", 0), ("2/each/each[0, 0]", 3), ("2/each/each[2, 0]", 3)]
    assert times(run, events.Started)[-2:] == [("2/each/each[0, 0]", 10), ("2/each/each[2, 0]", 20)]


def test_very_many_questions_give_way_to_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are left are asked when it has had its turn."""
    monkeypatch.setattr(early_approval, "SLICE", 0)
    run = play("send($x) for x in [" + ", ".join(f'"{at}"' for at in range(20)) + "]\njoin(1)\n")
    assert [at for _, at in times(run, events.Asked)] == [0] * 20
    assert len(sent) == 20


MANY = "xs = think([" + ", ".join(f'"{at}"' for at in range(50)) + "])\nsend($x * 50000) for x in $xs\njoin(1)\n"


@pytest.mark.parametrize(("run_bytes", "most"), [(1_000_000, 22), (100_000_000, 50)])
def test_arguments_of_calls_that_wait_count(run_bytes: int, most: int) -> None:
    """Nobody is asked for calls once the run has no room for what is put together for them."""
    person = Silent({})
    limits = llmc.Limits(run_bytes=run_bytes, run_time=100)
    run = play(MANY, person, limits=limits)
    asked = times(run, events.Asked)
    assert most / 3 < len(asked) <= most
    assert {at for _, at in asked} == {3}


class Silent:
    """Answers what it is told to, else waits until it is cancelled; who was asked, and who was given up."""

    def __init__(self, answers: dict[str, object]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.withdrawn: list[tuple[str, float]] = []

    async def ask_all(self, waiting: Sequence[llmc.PendingApproval]) -> None:
        """Answer."""
        self.asked += [pending.request.task for pending in waiting if pending.request.task not in self.asked]
        known = [pending for pending in waiting if pending.request.task in self.answers]
        for pending in known:
            pending.answer(self.answers[pending.request.task])  # type: ignore[arg-type]  # whatever it is
        if not known:
            try:
                await asyncio.sleep(1000)
            except asyncio.CancelledError:
                now = asyncio.get_running_loop().time()
                self.withdrawn += [(pending.request.task, now) for pending in waiting if not pending.is_open]
                raise


LOST = '1. send("a", fails=true)\n2. send("b")\n3. send("c")\njoin(1)\n'


def test_a_question_is_withdrawn_once_its_call_cannot_be_made() -> None:
    """An earlier write failed, and nobody is asked any more; the run ends then."""
    person = Silent({"1": True})
    run = play(LOST, person)
    assert (person.asked, person.withdrawn) == (["1", "2", "3"], [("2", 10), ("3", 10)])
    assert {task: type(error).__name__ for task, error in run.errors.items()} == {
        "1": "ToolFailed",
        "2": "Blocked",
        "3": "Blocked",
    }
    assert (run.seconds, sent) == (10, [])


@pytest.mark.parametrize("answer", [True, "not now"])
def test_an_early_answer_makes_no_call_that_is_blocked(answer: object) -> None:
    """Neither a yes nor a no counts then: the outcome is that of an answer in its turn."""
    run = play(LOST, Silent({"1": True, "2": answer, "3": answer}))
    assert [type(run.errors[task]).__name__ for task in "23"] == ["Blocked"] * 2
    assert sent == []


def test_an_early_no_is_told_in_its_turn() -> None:
    """What comes before is done, also if the first failure stops the run."""
    run = play(THREE, Silent({"1": True, "2": "no", "3": True}), policy="fail_fast")
    assert times(run, events.Answered) == [("1", 0), ("2", 0), ("3", 0)]
    assert times(run, events.Failed) == [("2", 10)]
    assert sent == ["a"]


@pytest.mark.parametrize("way", ["fail_fast", "run_time", "cancel"])
def test_a_run_that_stops_withdraws_its_questions(way: str) -> None:
    """Those before their turn too."""
    person = Silent({"1": True})

    async def main() -> Run | None:
        limits = llmc.Limits(run_time=5) if way == "run_time" else llmc.Limits()
        policy: Any = "fail_fast" if way == "fail_fast" else "finish"
        run = asyncio.ensure_future(compiled(LOST).run(approve=person, limits=limits, policy=policy))
        if way != "cancel":
            return await run
        await asyncio.sleep(5)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        return None

    run = clock.run(main())
    assert sorted(task for task, _ in person.withdrawn) == ["2", "3"]
    assert sent == []
    assert run is None or {type(run.errors[task]).__name__ for task in "23"} <= {"Blocked", "Stopped", "LimitReached"}


ANSWERS: tuple[object, ...] = (True, False, "why")


@pytest.mark.parametrize("policy", ["finish", "fail_fast"])
def test_the_time_of_an_answer_changes_no_outcome(policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """For all answers, and with each write failing or not, all is as with questions in turn."""
    cases = list(product(ANSWERS, ANSWERS, ANSWERS, (True, False)))

    def outcomes() -> list[Any]:
        found = []
        for first, second, third, fails in cases:
            sent.clear()
            text = f'1. send("a", fails={str(fails).lower()})\n2. send("b") @fallback("f")\n3. send($2)\njoin(1)\n'
            run = play(text, Silent({"1": first, "2": second, "3": third}), policy=policy)
            found.append(({task: str(error) for task, error in run.errors.items()}, run.results, list(sent)))
        return found

    early = outcomes()
    monkeypatch.setattr(EarlyApproval, "add", lambda *_: None)
    assert early == outcomes()
    assert len({str(each) for each in early}) > 5


@pytest.mark.parametrize("way", ["early", "in turn"])
def test_a_tool_receives_what_was_shown(way: str) -> None:
    """Also in attempts after the first, and if converting the argument again gives something else."""
    count = iter(range(100))
    got: list[str] = []

    def numbered(text: str) -> str:
        return f"{text} {next(count)}"

    @llmc.write("mail", approve=True, idempotent=True)
    async def post(to: Annotated[str, AfterValidator(numbered)]) -> None:
        got.append(to)
        if len(got) < 3:
            raise OSError("no")

    asked = Asked()
    first = 'send("first")\n' if way == "early" else ""
    program = llmc.compile(f'{first}post("ann") @retry(3)\n', llmc.Toolbox([send, post]), passes=())
    assert clock.run(program.run(approve=asked)).errors == {}
    shown = asked.requests[-1].arguments[0]
    assert got == [shown.value] * 3
    assert (shown.is_converted, shown.written) == (True, "ann")


def test_a_call_that_is_held_meanwhile_is_asked_for_again() -> None:
    """An answer from before it was held does not say why."""
    asked = Asked()

    async def main() -> None:
        graph = compiled(THREE).graph
        async with Executor({}, trust=RunGuard(Approval(None, asked))) as executor:
            executor.apply([Add(tuple(graph.nodes.values()))])
            executor.seal()
            await asyncio.sleep(5)
            executor.hold(Hold("it was repaired; approve it"))
            await executor.settled()

    clock.run(main())
    held = [(request.task, request.held is not None) for request in asked.requests]
    assert held == [("1", False), ("2", False), ("3", False), ("2", True), ("3", True)]
    assert sent == ["a", "b", "c"]


def test_a_call_that_nobody_can_be_asked_for_is_refused_in_its_turn() -> None:
    """As without the rule."""
    run = clock.run(compiled(THREE).run())
    assert times(run, events.Asked) == []
    assert [type(error).__name__ for error in run.errors.values()] == ["NotApproved", "Blocked", "Blocked"]
    held = llmc.compile('1. think("a"\n2. send("b")\n3. join($1, $2)', TOOLS, mode="lenient").run()
    assert {type(error) for error in clock.run(held).errors.values()} == {Held}
