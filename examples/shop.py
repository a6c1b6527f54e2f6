"""A shop with little in it, for examples."""

from typing import Final

import llmc

PRICES: Final = {"tea": 3.5, "jam": 4.25, "caviar": 90.0}
STOCK: Final = {"tea", "jam"}

ordered: Final[list[str]] = []
sent: Final[list[str]] = []


class OutOfStock(llmc.NotSent, llmc.Final):
    """Nothing was ordered, and asking again does not help."""


@llmc.read("shop")
async def price(item: str) -> float:
    """The price of an item."""
    return PRICES[item]


@llmc.write("orders")
async def order(item: str) -> int:
    """Order an item, and return the number of the order."""
    if item not in STOCK:
        message = f"there is no {item}"
        raise OutOfStock(message)
    ordered.append(item)
    return len(ordered)


@llmc.write("mail")
async def send(text: str) -> None:
    """Send a letter to the customer."""
    sent.append(text)
