"""Run the calls that a plan means, and no others: `python examples/meant.py`.

Scripted models answer four questions. One reasons aloud, one is cut off, one renumbers its plan, one repeats a payment.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import llmc
from llmc_runtime.models.messages import End

THINKS: Final = """<think>
1. pay("bob", 1000)
2. join($1)
No, only what is there is wanted.
</think>
1. balance()
2. join("There are $1 in the account.")
"""

CUT: Final[list[str | float | End]] = ['1. balance()\n2. pay("bob", 1000)', End("length", llmc.Usage())]
REWRITE: Final = '2. pay("bob", 1000) if $1 > 5000\njoin("Bob was paid only if there was enough.")\n'

PRICES: Final = '1. price("tea")\n2. price("coffee")\n3. join()\n'
MORE: Final = "Action: Replan(add both up)"
TAKEN: Final = '1. total([$1, $2])\n2. join("Both cost $1.")\n'
MENDED: Final = "3. total([$1, $2])\n"

PAYS: Final = '1. pay("bob", 100)\n2. join()\n'
AGAIN: Final = '2. pay("bob", 1e2)\n3. join("Bob was paid.")\n'

SCENES: Final[tuple[tuple[str, list[str | list[str | float | End]]], ...]] = (
    ("thinks of a payment", [THINKS]),
    ("is cut off in front of a condition", [CUT, REWRITE]),
    ("numbers its second plan from 1, and mends one line of it", [PRICES, MORE, TAKEN, MENDED]),
    ("pays once more, spelled otherwise", [PAYS, "Action: Replan(has he got it?)", AGAIN]),
)


@dataclass
class Account:
    """An account and its payments."""

    paid: list[str] = field(default_factory=list)

    def tools(self) -> list[llmc.Tool]:
        """Return the tools of the account and of a shop."""

        @llmc.read("account")
        async def balance() -> int:
            """The balance of the account."""
            return 4000

        @llmc.write("account")
        async def pay(to: str, amount: float) -> str:
            """Pay an amount to a person."""
            self.paid.append(f"{amount:g} to {to}")
            return f"paid {to}"

        @llmc.read("shop")
        async def price(item: str) -> float:
            """The price of an item."""
            return {"tea": 4.5, "coffee": 6.0}[item]

        @llmc.pure
        async def total(prices: list[float]) -> float:
            """The sum of prices."""
            return sum(prices)

        return [balance, pay, price, total]


async def main() -> None:
    """Ask each question, and print the answer and the payments."""
    for what, script in SCENES:
        account = Account()
        model = llmc.ScriptedModel(script)
        answer = await llmc.Agent(account.tools(), model=model, grant=["pay"]).ask("?")
        print(f"a model {what}\n    {answer.text}\n    paid: {', '.join(account.paid) or 'nothing'}")


if __name__ == "__main__":
    asyncio.run(main())
