"""Plans that are cut by length, or just end: a statement that was not written to its end writes nothing."""

from dataclasses import dataclass, field
from typing import Final

import pytest

import llmc
from llmc_grammar import PlanStream
from llmc_runtime.agent.agent_errors import PlanFailed
from llmc_runtime.errors import Held
from llmc_runtime.models.messages import End, Usage
from tests.runtime import clock

pytestmark = pytest.mark.no_cover
"""The searches are long, and other tests reach the lines."""

READ = "1. balance()\n"
GUARDED = [
    "2. transfer(amount=1000) if $1 > 5000",
    "2. transfer(1000) if $1 > 5000 and true",
    "2. transfer(amount=1000) if not ($1 <= 5000)",
    '2. transfer(amount=1000, to="bob") if $1 > 5000',
    "2. transfer(\n  amount=1000\n) if $1 > 5000",
    '2. transfer(1000, """bob\njones""") if $1 > 5000',
    "2. transfer(amount=1000) if $1 in [5001, 6000]",
    "2. transfer(amount=1000) @fallback(null) if $1 > 5000",
    "2. transfer(1000) for x in [1, 2] if $1 > 5000",
    "2. transfer($x) for x in [1000] if $1 > 5000",
    "2. transfer(amount=1000 * 1) if $1 > 5000",
    "2. transfer(amount=1000 if $1 > 5000 else 1) if $1 > 5000",
    "gone = transfer(amount=1000) if $1 > 5000",
    "transfer(amount=1000) if $1 > 5000",
    "2. transfer(amount=1000) if $1 > 5000 # only then",
    "Thought: carefully\n2. transfer(amount=1000) if $1 > 5000",
    "2. transfer(amount=1000) if $1 > 5000\n3. transfer(amount=2000) if $1 > 5000",
    "2. transfer(amount=1000) if balance() > 5000",
    "2. transfer(amount=1000, to='o''b') if $1 > 5000",
    "2. $1 > 5000\n3. transfer(amount=1000) if $2",
]
GUARDED[7] = "2. transfer(amount=1000) if $1 > 5000 @fallback(null)"
GUARDED[18] = "2. transfer(amount=1000, to='o\\'b') if $1 > 5000"


@dataclass
class Bank:
    """An account with so much on it; `moved` is what was transferred."""

    balance: int = 100
    moved: list[float] = field(default_factory=list)

    def toolbox(self) -> llmc.Toolbox:
        """The tools, of this account from here on."""
        NOW.bank = self
        return TOOLS


class Now:
    """The account that the tools are about, and what the planner says next."""

    def __init__(self) -> None:
        self.bank = Bank()
        self.said: list[str | list[str | End]] = []


NOW: Final = Now()


@llmc.read("bank")
async def balance() -> int:
    """What is there."""
    return NOW.bank.balance


@llmc.write("bank")
async def transfer(amount: float, to: str = "ann") -> float:
    """Move an amount."""
    NOW.bank.moved.append(amount)
    return amount


TOOLS: Final = llmc.Toolbox([balance, transfer])
AGENT: Final = llmc.Agent(TOOLS, model=llmc.ScriptedModel(lambda _: NOW.said.pop(0)))


async def asked(bank: Bank, first: str, *others: str) -> llmc.Answer | None:
    """Ask a question whose first plan is cut; None where no plan came about."""
    end = End("length", Usage())
    NOW.bank, NOW.said = bank, [[first, end] if first else [end], *others]
    try:
        return await AGENT.ask("?")
    except PlanFailed:
        return None


def ask(bank: Bank, first: str, *others: str) -> llmc.Answer | None:
    """The same, in a loop of its own."""
    return clock.run(asked(bank, first, *others))


def plan_of(guarded: str) -> str:
    """The whole plan."""
    return f'{READ}{guarded}\njoin("done")\n'


async def unguarded(plan: str, *always: str) -> list[tuple[int, str]]:
    """Where a plan was cut, and what was replied to that, so that something was transferred from too small an account.

    Replies are the rewrite of what followed the first line, and by turns the continuation, all of it, an apology; or
    `always` the same.
    """
    found: list[tuple[int, str]] = []
    for at in range(len(plan) + 1):
        turns = (plan[at:], plan, "I am sorry.")
        for reply in always or (plan.removeprefix(READ), turns[at % len(turns)]):
            bank = Bank()
            await asked(bank, plan[:at], reply, "I am sorry.", "I am sorry.")
            found += [(at, reply)] if bank.moved else []
    return found


@pytest.mark.parametrize("guarded", GUARDED)
def test_no_cut_takes_a_guard_away(guarded: str) -> None:
    """Whatever is cut, and whatever is replied to that."""
    assert clock.run(unguarded(plan_of(guarded))) == []


def test_without_the_rule_guards_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: where the open statement of a cut text is read as if it had ended, transfers are made unguarded."""
    close = PlanStream.close
    monkeypatch.setattr(PlanStream, "close", lambda self, **_: close(self))
    monkeypatch.setattr(PlanStream, "_find_unended", lambda *_: None)
    assert len([at for each in GUARDED[:4] for at in clock.run(unguarded(plan_of(each), 'join("done")\n'))]) > 10


@pytest.mark.parametrize("guarded", GUARDED)
def test_a_plan_that_is_written_again_does_what_it_says(guarded: str) -> None:
    """The correct rewrite of what was cut is carried out, once."""
    plan = plan_of(guarded)

    async def main() -> None:
        whole = Bank(balance=6000)
        await llmc.Agent(whole.toolbox(), model=llmc.ScriptedModel([plan])).ask("?")
        assert whole.moved
        for at in range(len(READ), len(plan) + 1, 7):
            start = plan.rfind("\n", 0, at) + 1
            for reply in (plan[start:] if "\n" not in guarded else plan, plan):
                bank = Bank(balance=6000)
                answer = await asked(bank, plan[:at], reply, plan)
                assert answer is not None, (at, reply)
                assert (answer.value, bank.moved) == ("done", whole.moved), (at, reply)

    clock.run(main())


def test_a_cut_plan_is_complete_only_with_a_join() -> None:
    """Of a reply without one, not even a whole one, the good lines are not the plan."""
    for reply in ("I am sorry.", "2. transfer(5)\n", "2. balance()\n"):
        bank = Bank()
        assert ask(bank, f"{READ}2. trans", reply, "I am sorry.") is None
        assert bank.moved == []
    bank = Bank()
    answer = ask(bank, f"{READ}2. trans", "2. transfer(5)\n", "join($2)\n")
    assert answer is not None
    assert (answer.value, bank.moved) == (5.0, [5.0])


def test_what_is_kept_of_a_cut_plan_is_not_done_twice() -> None:
    """Where the rest begins with the same write under another number, all of the plan is asked for."""
    for again in ("2. transfer(5)\n3. join($2)\n", "1. transfer(5)\n2. join($1)\n"):
        bank = Bank()
        answer = ask(bank, "1. transfer(5)\n2. bal", "2. transfer(5)\n3. join($2)\n", again)
        assert answer is not None
        assert (answer.value, answer.plans[0].repairs, bank.moved) == (5.0, 2, [5.0])


@pytest.mark.parametrize(("cut", "is_clear"), [("2. not ", False), ("2. (", False), ("2. re", True), ("2. ", True)])
def test_what_may_go_on_in_the_cut_line_is_asked_for_again(cut: str, is_clear: bool) -> None:
    """Where it would be another statement than it is by itself."""
    bank = Bank()
    answer = ask(bank, f"{READ}{cut}", *["transfer(5)\njoin($2)\n"] * 2)
    assert (answer is not None, bool(bank.moved)) == (is_clear, is_clear)


# A text that just ends


@pytest.mark.parametrize("end", ["", "  ", " # yes", "\n  "])
def test_a_last_task_that_may_go_on(end: str) -> None:
    """Without a newline, a join or an end mark behind it, it reads, and asks before it writes; others are free."""
    is_ended = end.startswith("\n")
    model = llmc.ScriptedModel([f"1. transfer(1)\n2. transfer(100){end}", "Finish(x)"])
    bank = Bank()
    answer = clock.run(llmc.Agent(bank.toolbox(), model=model, approve="all").ask("?"))
    assert bank.moved == ([1.0, 100.0] if is_ended else [1.0])
    assert is_ended or isinstance(answer.run.errors["2"], Held)
    model = llmc.ScriptedModel([f"1. balance(){end}", "Finish(x)"])
    assert clock.run(llmc.Agent(bank.toolbox(), model=model).ask("?")).run.results == {"1": 100}


def test_a_line_of_a_repair_that_may_go_on() -> None:
    """It is held in the mended plan too, and so is one that was kept."""
    for replies, moved in (
        (["1. transfr(100)\njoin($1)\n", "1. transfer(100)"], []),
        (["1. transfr(100)\njoin($1)\n", "1. transfer(100)\n"], [100.0]),
        (["1. balnce()\n2. transfer(100)", "1. balance()\n"], []),
        (["1. balnce()\n2. transfer(100)\n", "1. balance()\n"], [100.0]),
    ):
        bank = Bank()
        model = llmc.ScriptedModel([*replies, "Finish(x)"])
        clock.run(llmc.Agent(bank.toolbox(), model=model).ask("?"))
        assert bank.moved == moved


def test_a_boundary_that_was_moved_stays_so_in_a_mended_plan() -> None:
    """A closer that was added, in the plan or in its repair, holds the writes of the plan that they make."""
    for first, second in (
        ("1. transfer(100\n2. balnce()\njoin($1, $2)\n", "2. balance()\n"),
        ("1. balance()\n2. transfr(100)\njoin($1, $2)\n", "2. transfer(100\njoin($1, $2)\n"),
    ):
        bank = Bank()
        model = llmc.ScriptedModel([first, second, "hm", "Finish(x)"])
        clock.run(llmc.Agent(bank.toolbox(), model=model).ask("?"))
        assert bank.moved == []


def test_a_plan_to_be_read_says_what_is_held() -> None:
    """The program of a question has the same holds."""
    agent = llmc.Agent(Bank().toolbox(), model=llmc.ScriptedModel(["1. transfr(1)\n", "1. transfer(1)"]))
    program = clock.run(agent.plan("?"))
    assert program.unended is not None
    assert program.source.text[slice(*program.unended)] == "1. transfer(1)"
    assert program.approved().unended is None


# A plan that does nothing


@pytest.mark.parametrize(
    "plan", ["1. join()", "join()", "1. 42\njoin($1)\n", "join(42)\n", 'join(a="x")\n', "1. 1 + 1\n"]
)
def test_a_plan_without_a_call_goes_back(plan: str) -> None:
    """It is no plan of a model; `compile` reads it nonetheless."""
    model = llmc.ScriptedModel([plan, "1. balance()\njoin($1)\n"])
    answer = clock.run(llmc.Agent(Bank().toolbox(), model=model).ask("?"))
    assert answer.value == 100
    assert "The plan calls no tool." in model.asked[1].messages[-1].text
    assert llmc.compile(plan, Bank().toolbox(), mode="lenient").run_sync().has_value
    with pytest.raises(PlanFailed, match="the plan calls no tool"):
        clock.run(llmc.Agent(Bank().toolbox(), model=llmc.ScriptedModel([plan] * 3)).ask("?"))
    with pytest.raises(PlanFailed, match="the plan calls no tool"):
        clock.run(llmc.Agent(Bank().toolbox(), model=llmc.ScriptedModel([plan] * 3)).plan("?"))


@pytest.mark.parametrize("plan", ['join("Paris")', '1. "Paris"\njoin("It is $1.")\n'])
def test_a_join_may_answer_by_itself(plan: str) -> None:
    """With a text."""
    model = llmc.ScriptedModel([plan])
    assert "Paris" in clock.run(llmc.Agent(Bank().toolbox(), model=model).ask("?")).text


@pytest.mark.parametrize(("plan", "value"), [("2. $1 + $1\n3. join($2)\n", 200), ("join($1)", 100), ("2. $1\n", None)])
def test_a_replan_may_work_on_earlier_results(plan: str, value: object) -> None:
    """Without a call of its own."""
    model = llmc.ScriptedModel(["1. balance()\njoin()\n", "Action: Replan(double it)", plan, "Finish(done)"])
    answer = clock.run(llmc.Agent(Bank().toolbox(), model=model).ask("?"))
    assert answer.value == ("done" if value is None else value)


# What random conversations have found


@pytest.mark.parametrize(
    ("again", "is_clear"),
    [
        ('11. transfer(amount=5.0, to="ann")\njoin("x")\n', False),
        ('11. transfer(5e0)\n12. balance()\njoin("x")\n', False),
        ('11. transfer(6)\njoin("x")\n', True),
        ('2. transfer(5, "bob")\njoin("x")\n', True),
        ('2. transfer($1, "bob")\njoin("x")\n', True),
    ],
)
def test_a_write_that_stands_is_known_however_it_is_spelled(again: str, is_clear: bool) -> None:
    """A reply that makes it once more under another number is unclear; another write is not."""
    bank = Bank()
    answer = ask(bank, "1. transfer(5)\n2. bal", again, "I am sorry.")
    assert (answer is not None) == is_clear
    assert len(bank.moved) == 2 * is_clear


@pytest.mark.parametrize(
    ("cut", "again", "is_clear"),
    [
        ("2. transfer(amount=6, t", "2. transfer(6, 'eve')", True),
        ("2. transfer(", '2. transfer(6, "eve")', True),
        ("2. transfer(7", "2. transfer(5)", True),
        ("2. transfer(7, ", "2. transfer(6)", False),
        ("4. transfer(", "2. transfer(6)", False),
        ("2. ", "2. transfer(6)", False),
    ],
)
def test_a_reply_that_begins_with_the_cut_statement_goes_on(cut: str, again: str, is_clear: bool) -> None:
    """It is no whole plan under other numbers, although its calls may be equal to those that stand."""
    bank = Bank()
    answer = ask(bank, f"1. balance()\n3. transfer($1)\n{cut}", f'{again}\njoin("x")\n', "I am sorry.")
    assert (answer is not None) == is_clear
    assert len(bank.moved) == 2 * is_clear


def test_the_rest_of_a_cut_reply_is_no_whole_plan() -> None:
    """Although it has a join, and all of the plan was asked for."""
    end = End("length", Usage())
    cut: list[str | End] = ["1. transfer(5)\n2. bal", end]
    again: list[str | End] = ["2. balance()\n3. transfer(5)\n4. transfer(8", end]
    bank, model = Bank(), llmc.ScriptedModel([cut, again, "4. transfer(8)\njoin()\n"])
    with pytest.raises(PlanFailed, match="to happen twice"):
        clock.run(llmc.Agent(bank.toolbox(), model=model).ask("?"))
    assert bank.moved == []


def test_a_question_that_was_not_answered_is_in_the_error() -> None:
    """It is not said that there was no plan."""
    cut: list[str | End] = ["1. transfer(5)\n2. bal", End("length", Usage())]
    model = llmc.ScriptedModel([cut, "2. transfer(5)\n3. join($2)\n", "I am sorry."])
    with pytest.raises(PlanFailed, match=r"not clear whether `2. transfer\(5\)` is to happen twice"):
        clock.run(llmc.Agent(Bank().toolbox(), model=model).ask("?"))


@pytest.mark.parametrize("rest", ["2. tra", '1. transfer(5, "eve")', '1. transfer(5, "eve") @fallback(4'])
def test_a_closing_tag_in_the_line_that_is_cut(rest: str) -> None:
    """What stands in front of it is void, join and all, and what stands behind it was cut."""
    bank = Bank()
    assert ask(bank, f"1. transfer(1)\njoin($1)\n</think> {rest}", "I am sorry.", "I am sorry.") is None
    bank = Bank()
    answer = ask(bank, f"1. transfer(1)\njoin($1)\n</think> {rest}", "1. transfer(7)\n2. join($1)\n")
    assert answer is not None
    assert (answer.value, bank.moved) == (7.0, [7.0])


def test_a_write_in_a_line_that_swallowed_it_is_not_lost() -> None:
    """A reply for the line alone leaves unclear what becomes of it."""
    bank = Bank()
    model = llmc.ScriptedModel(["1. balance(\nt = transfer(5)\njoin()\n", "1. balance()\n", "1. balance()\n"])
    with pytest.raises(PlanFailed):
        clock.run(llmc.Agent(bank.toolbox(), model=model).ask("?"))
    assert "still to be called" in model.asked[2].messages[-1].text


def test_a_broken_write_that_a_reply_does_not_mention_is_not_lost() -> None:
    """A new line stands neither for it nor instead of it, unless it calls the same tool or has the same id."""
    plan = "1. balnce()\n2. transfer(5, too=$1)\njoin()\n"
    for reply, moved in (
        ("1. balance()\n7. balance()\n", None),
        ("1. balance()\n7. transfer(5)\n", [5.0]),
        ("1. balance()\n2. balance()\n", []),
    ):
        bank = Bank()
        agent = llmc.Agent(bank.toolbox(), model=llmc.ScriptedModel([plan, reply, "I am sorry.", "Finish(x)"]))
        if moved is None:
            with pytest.raises(PlanFailed, match="still to be called"):
                clock.run(agent.ask("?"))
        else:
            clock.run(llmc.Agent(bank.toolbox(), model=llmc.ScriptedModel([plan, reply, "Finish(x)"])).ask("?"))
        assert bank.moved == (moved or [])
