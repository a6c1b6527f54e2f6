"""P12: a plan is cut off by its length inside `transfer(amount=100`: nothing of it runs, and no repair closes it."""

import pytest

import llmc
from llmc_runtime.agent.agent_errors import PlanFailed
from llmc_runtime.models.messages import End
from llmc_runtime.models.openai.settings.settings import Api
from tests.agent.events import USAGE
from tests.agent.http_faults.asking import ask
from tests.agent.server import TOKENS, Piece

CUT = '1. search("a")\n2. transfer(amount=100'
LENGTH = End("length", USAGE)


class Bank:
    """Moves amounts, and remembers them."""

    def __init__(self) -> None:
        self.moved: list[int] = []

    @property
    def tools(self) -> list[llmc.Tool]:
        """One tool, whose call is complete as soon as somebody closes it."""

        @llmc.write("bank")
        async def transfer(amount: int, to: str = "bob") -> str:
            """Move an amount."""
            self.moved.append(amount)
            return f"{amount} to {to}"

        return [transfer]


def cut(text: str = CUT, end: End = LENGTH) -> list[Piece]:
    """The tokens of a plan, and how it ends."""
    return [*TOKENS.findall(text), end]


@pytest.mark.parametrize("api", ["chat", "completions", "responses"])
async def test_p12_the_line_is_written_again(api: Api) -> None:
    """From what came before it, it is asked for; the amount is that of the whole line, moved once."""
    bank = Bank()
    seen = await ask(cut(), '2. transfer(amount=100000, to="ann")\n3. join($2)\n', tools=bank.tools, model={"api": api})
    assert seen.answer.value == "100000 to ann"
    assert "The plan breaks off." in seen.requests[1].said
    assert bank.moved == [100000]
    assert seen.calls_at[1] == {"search a": 1}


@pytest.mark.parametrize(
    "text", [CUT, f"{CUT})", f"{CUT}, to=", f"```\n{CUT}", CUT.replace("100", "100 "), f"{CUT})\n"]
)
async def test_p12_it_stays_cut_off(text: str) -> None:
    """After two more cut replies it is the error: nothing moved, also where only a newline or the join is missing."""
    bank = Bank()
    seen = await ask(cut(text), cut("2. transfer(amount=100"), tools=bank.tools)
    assert isinstance(seen.error, PlanFailed)
    assert bank.moved == []
    assert len(seen.requests) == 3
    assert seen.world.calls == {"search a": 1}


async def test_p12_control_the_same_text_closed() -> None:
    """Runs, where the model ends of its own accord."""
    bank = Bank()
    seen = await ask(f"{CUT})\n3. join($2)", tools=bank.tools)
    assert (seen.answer.value, bank.moved) == ("100 to bob", [100])


async def test_p12_who_stops_there_is_not_closed_either() -> None:
    """A bracket is not added on the last line of a plan that has no end."""
    bank = Bank()
    seen = await ask(cut(end=End("stop", USAGE)), tools=bank.tools)
    assert isinstance(seen.error, PlanFailed)
    assert bank.moved == []


async def test_p12_a_repair_that_is_cut_off() -> None:
    """Is no better."""
    bank = Bank()
    plan = '1. search("a")\n2. tranfer(amount=5)\n3. join($2)\n'
    seen = await ask(plan, cut("2. transfer(amount=100"), "2. transfer(amount=5)\n", tools=bank.tools)
    assert seen.answer.value == "5 to bob"
    assert bank.moved == [5]
