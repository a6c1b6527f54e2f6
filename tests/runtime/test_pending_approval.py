"""Approvers: who sees all calls that wait; and answers that are texts."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

import llmc
from llmc_runtime.program.run_result import Run
from llmc_runtime.state import events
from tests.runtime import clock
from tests.runtime.asked import TOOLS, Asked, reasons, written
from tests.runtime.nested import marking, running
from tests.runtime.nested import play as play_around

LOOP = "1. balance()\n2. balance() for x in [1, 2, 3]\njoin(1)\n"


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Each test has its own writes."""
    written.clear()
    yield
    written.clear()


def compiled(text: str) -> llmc.Program:
    """A program that calls all that is written."""
    return llmc.compile(text, TOOLS, passes=())


def play(text: str, approve: Any) -> Run:  # noqa: ANN401 — whatever may approve
    """Run a plan in virtual time."""
    return clock.run(compiled(text).run(approve=approve))


class Person:
    """Answers a number of calls in each round, all alike; keeps what each round showed."""

    def __init__(self, answer: Any = True, *, at_once: int = 100, seconds: float = 0) -> None:  # noqa: ANN401 — also wrong ones
        self.answer = answer
        self.at_once = at_once
        self.seconds = seconds
        self.rounds: list[list[str]] = []

    async def ask_all(self, waiting: Sequence[llmc.PendingApproval]) -> None:
        """Answer."""
        self.rounds.append([pending.request.place for pending in waiting])
        await asyncio.sleep(self.seconds)
        for pending in waiting[: self.at_once]:
            pending.answer(self.answer)


ALL = ["task 1", "task 2[0]", "task 2[1]", "task 2[2]"]


def test_an_approver_sees_all_calls_that_wait() -> None:
    """A function is asked for one after the other."""
    person = Person()
    run = play(LOOP, person)
    assert run.errors == {}
    assert sorted(person.rounds[0]) == ALL
    assert len(person.rounds) == 1
    kinds = [type(event).__name__ for event in run.events if isinstance(event, events.Asked | events.Answered)]
    assert kinds == ["Asked"] * 4 + ["Answered"] * 4
    open_, most = 0, 0

    async def ask(_: llmc.ApprovalRequest) -> bool:
        nonlocal open_, most
        open_ += 1
        most = max(most, open_)
        await asyncio.sleep(1)
        open_ -= 1
        return True

    assert play(LOOP, ask).errors == {}
    assert most == 1


def test_what_an_approver_leaves_open_comes_again_with_what_is_new() -> None:
    """In the order in which it came."""
    person = Person(at_once=1, seconds=1)
    text = "1. balance()\n2. balance()\nb = slow(0.5)\n3. balance() if $b > 0\njoin(1)\n"
    run = play(text, person)
    assert run.errors == {}
    assert person.rounds == [["task 1", "task 2"], ["task 2", "task 3"], ["task 3"]]


@pytest.mark.parametrize("answer", [False, "", "  ", None, 1, [True]])
def test_only_true_is_a_yes(answer: object) -> None:
    """As with a function."""
    run = play("1. balance()\njoin(1)\n", Person(answer))
    assert reasons(run) == {"1": "no"}
    error = run.errors["1"]
    assert isinstance(error, llmc.NotApproved)
    assert error.why is None
    assert str(error).endswith("and the answer was no")


def test_an_approver_that_answers_nothing_has_said_no() -> None:
    """It is not asked for ever."""
    person = Person(at_once=0)
    assert reasons(play("1. balance()\n2. balance()\njoin(1)\n", person)) == {"1": "no", "2": "no"}
    assert len(person.rounds) == 1


@pytest.mark.parametrize("what", [ValueError("bad"), asyncio.CancelledError(), StopIteration(3), SystemExit(3)])
def test_an_approver_that_fails_has_not_said_yes(what: BaseException) -> None:
    """All that it was asked for is refused, and what comes later is asked."""
    rounds: list[int] = []

    class Failing:
        async def ask_all(self, waiting: Sequence[llmc.PendingApproval]) -> None:
            rounds.append(len(waiting))
            if len(rounds) == 1:
                raise what
            for pending in waiting:
                pending.answer(True)

    text = '1. balance()\n2. send("a")\nb = slow(1)\n3. balance() if $b > 0\njoin(1)\n'
    run = play(text, Failing())
    assert reasons(run) == {"1": "failed", "2": "failed"}
    assert rounds == [2, 1]
    assert written == ["balance"]


def test_a_run_that_is_cancelled_gives_up_its_approver() -> None:
    """Nothing is called."""
    person = Person(seconds=1000)

    async def main() -> None:
        run = asyncio.ensure_future(compiled(LOOP).run(approve=person))
        await asyncio.sleep(1)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert asyncio.all_tasks() == {asyncio.current_task()}

    clock.run(main())
    assert written == []


@pytest.mark.parametrize("way", ["await", "thread"])
def test_an_approver_sees_the_calls_of_runs_inside_too(way: str) -> None:
    """Together where they come together, on the loop of the run around."""
    person = Person(seconds=0.1)
    mark = marking("mark", approve=True, writes=False)
    tool, runs = running("mark()\n" * 3, mark, way=way, approve="all")
    play_around(tool, way=way, approve=person)
    assert not runs[0].errors
    assert sorted({place for places in person.rounds for place in places}) == ["task 1", "task 2", "task 3"]
    assert way == "thread" or len(person.rounds) == 1
    function = Asked()
    tool, _ = running("mark()\n" * 3, mark, way=way, approve="all")
    play_around(tool, way=way, approve=function)
    assert len(function.requests) == 3


# A no with its reason

REASON = "the address is wrong:\n  \x1b[2J ask ann " + "x" * 1000


@pytest.mark.parametrize("who", [Asked(REASON), Person(REASON), lambda _: REASON])
def test_a_text_is_a_no_with_its_reason(who: Any) -> None:  # noqa: ANN401 — whoever
    """In the error, in the events and in JSON; bounded, on one line, and nothing in it controls a terminal."""
    run = play('1. send("a")\njoin(1)\n', who)
    assert written == []
    error = run.errors["1"]
    assert isinstance(error, llmc.NotApproved)
    why = error.why
    assert why is not None
    assert why.startswith("the address is wrong: \\x1b[2J ask ann xxx")
    assert len(why) <= 300
    assert why.isprintable()
    assert f"and the answer was no: {why}" in str(error)
    (failed,) = (event for event in run.events if isinstance(event, events.Failed))
    assert failed.error is error
    told = run.to_json()["errors"]["1"]
    assert (told["reason"], told["why"], told["message"]) == ("no", why, str(error))


@pytest.mark.parametrize(("answer", "words"), [("not ann", "not ann (decided in the run around it)"), (False, None)])
def test_a_reason_of_the_run_around_says_whose_it_is(answer: object, words: str | None) -> None:
    """The error is that of the run inside."""
    tool, runs = running("mark()\n", marking("mark", approve=True), approve="all")
    play_around(tool, approve=Asked(answer))
    error = runs[0].errors["1"]
    assert isinstance(error, llmc.NotApproved)
    assert error.why == (words or "decided in the run around it")


def test_a_secret_in_a_reason_is_hidden() -> None:
    """As in everything that a run shows."""

    @llmc.write("mail", approve=True)
    async def enter(password: llmc.Secret[str]) -> None:
        written.append(password)

    program = llmc.compile("input word: str\nenter($word)\n", llmc.Toolbox([enter]))
    run: Run = clock.run(program.run({"word": "correct horse"}, approve=Asked("not with correct horse")))
    assert str(run.errors["1"]).endswith("and the answer was no: not with [secret]")
