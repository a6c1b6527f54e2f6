"""P16: the same write spelled otherwise, or undone in between, in a later plan: one write, or a question."""

import llmc
from llmc_runtime.errors import Held
from tests.agent.http_faults.asking import ask

MORE = "Action: Replan(once more)"
DONE = "Action: Finish(done)"


class Bank:
    """Pays, and remembers it."""

    def __init__(self) -> None:
        self.paid: list[str] = []

    @property
    def tools(self) -> list[llmc.Tool]:
        """One tool."""

        @llmc.write("bank")
        async def pay(to: str, amount: float = 100) -> str:
            """Pay somebody."""
            self.paid.append(to)
            return f"paid {to}"

        return [pay]


async def test_p16_another_spelling() -> None:
    """A default that is written out, and other numbers for the same: paid once."""
    bank = Bank()
    plans = ('1. pay("ann")\njoin()\n', MORE, '2. pay(to="ann", amount=1e2)\njoin($2)\n')
    seen = await ask(*plans, tools=bank.tools, grant=["pay"])
    assert (seen.answer.value, bank.paid) == ("paid ann", ["ann"])


async def test_p16_something_in_between() -> None:
    """Another payment from the same bank may have undone the first: it is held, and paid where somebody says so."""
    plans = ('1. pay("ann")\njoin()\n', MORE, '2. pay("bob")\njoin()\n', MORE, '3. pay("ann")\n4. join($3)\n', DONE)
    bank = Bank()
    seen = await ask(*plans, tools=bank.tools, grant=["pay"])
    assert bank.paid == ["ann", "bob"]
    assert isinstance(seen.answer.run.errors["3"], Held)
    bank = Bank()
    await ask(*plans, tools=bank.tools, grant=["pay"], approve=lambda request: "done in plan 1" in str(request.held))
    assert bank.paid == ["ann", "bob", "ann"]
