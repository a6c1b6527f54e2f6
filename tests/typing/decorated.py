"""Decorated tools, used rightly and wrongly: mypy finds each mistake, since an ignore without one is an error too."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, assert_type

import llmc
from llmc import Context, Secret, Tool, Toolbox, nondet, opaque, pure, read, write

P = ParamSpec("P")
R = TypeVar("R")


@pure
def add(a: int, b: int = 0) -> int:
    """A sum."""
    return a + b


@read("web", latency=0.5)
async def search(query: str, *, limit: int = 5) -> list[str]:
    """Find pages."""
    return [query] * limit


@write("mail", idempotency_key="key")
def send(to: str, password: Secret[str], key: str, box: Context[object]) -> None:
    """Send a letter."""


@nondet()
def guess(*texts: str, **weights: float) -> str:
    """Any of the texts."""
    return max(texts, key=lambda text: weights.get(text, 0.0))


@opaque(name="look", approve=True)
def touch() -> bool:
    """Change something."""
    return True


class Shop:
    """A class with tools."""

    @pure
    def price(self, item: str, amount: int = 1) -> float:
        """The price of an item."""
        return len(item) * float(amount)

    @staticmethod
    @pure
    def rate(currency: str) -> float:
        """An exchange rate."""
        return float(len(currency))


def logged(function: Callable[P, R]) -> Callable[P, R]:
    """A decorator that keeps the types."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    return call


@logged
@pure
def square(x: int) -> int:
    """A square."""
    return x * x


def right(tool: Tool, tools: list[Tool[..., Any]]) -> Toolbox:
    """Types are those of the functions, and `Tool` alone stands for a tool of any."""
    assert_type(add(1), int)
    assert_type(add(1, b=2), int)
    assert_type(guess("a", "b", a=1.0), str)
    assert_type(touch(), bool)
    assert_type(square(2), int)
    assert_type(Shop().price("a"), float)
    assert_type(Shop().price("a", amount=2), float)
    assert_type(Shop.price(Shop(), "a"), float)
    assert_type(Shop.rate("EUR"), float)
    assert_type(add.__wrapped__(1), int)
    assert_type(add.__name__, str)
    one: Tool = add
    exact: Tool[[str], float] = Shop.rate
    kept: Callable[[int], int] = square
    awaited: Callable[[str], Awaitable[list[str]]] = search
    llmc.compile("join(1)", [add, search, square, Shop().price, one, exact, tool])
    llmc.compile("join(1)", Toolbox([add, kept, awaited], bare="ordered"))
    return Toolbox(tools) + Toolbox([send])


async def wrong() -> None:
    """Each of these lines is a mistake."""
    add("1")  # type: ignore[arg-type]
    add()  # type: ignore[call-arg]
    add(1, c=2)  # type: ignore[call-arg]
    add(1).upper()  # type: ignore[attr-defined]
    add.nothing  # type: ignore[attr-defined]  # noqa: B018
    await search("a", 3)  # type: ignore[call-arg]
    (await search("a", limit="3")).sort()  # type: ignore[arg-type]
    search("a").sort()  # type: ignore[attr-defined]
    send("eve", password=1, key="k", box=None)  # type: ignore[arg-type]
    guess("a", b="c")  # type: ignore[arg-type]
    touch(1)  # type: ignore[call-arg]
    square("2")  # type: ignore[arg-type]
    Shop().price(2)  # type: ignore[arg-type]
    Shop().price("a", 1, 2)  # type: ignore[call-arg]
    Shop.price("a")  # type: ignore[call-arg, arg-type]
    Shop.rate(1)  # type: ignore[arg-type]
    add.name = "sum"  # type: ignore[misc]
    number: str = add(1)  # type: ignore[assignment]
    other: Tool[[str], int] = add  # type: ignore[assignment]
    pure("add")  # type: ignore[call-overload]
    pure(latency="1s")  # type: ignore[call-overload]
    read("web", slow=True)  # type: ignore[call-overload]
    llmc.compile("join(1)", add)  # type: ignore[arg-type]
    llmc.compile("join(1)", ["add"])  # type: ignore[list-item]
    Toolbox([number, other])  # type: ignore[list-item]
