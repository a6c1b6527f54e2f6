"""Idempotency keys: a write that carries one may be repeated, and has one effect."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

import llmc
from llmc_compiler.ir.graph import Graph
from llmc_compiler.tools.tool import Tool
from llmc_runtime.calls.injected_signature import InjectedSignature
from llmc_runtime.errors import CallError
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from llmc_runtime.safety.run_guard import RunGuard, idempotency_key
from tests.runtime import clock


class Shop:
    """Takes orders, and loses so many replies; an order of a known key is one that was taken already."""

    def __init__(self, lost: int) -> None:
        self.lost = lost
        self.keys: list[str] = []
        self.orders: dict[str, str] = {}

    def take(self, item: str, key: str) -> int:
        """Take an order; the reply may get lost afterwards."""
        self.keys.append(key)
        self.orders.setdefault(key or str(len(self.keys)), item)
        if len(self.keys) <= self.lost:
            raise ConnectionError("the reply is lost")
        return len(self.orders)


def keyed(shop: Shop) -> Tool:
    """An order with a key."""

    async def order(item: str, key: str) -> int:
        """Order something."""
        return shop.take(item, key)

    return llmc.write("shop", idempotency_key="key")(order)


def unkeyed(shop: Shop) -> Tool:
    """An order without one."""

    async def order(item: str) -> int:
        """Order something."""
        return shop.take(item, "")

    return llmc.write("shop")(order)


def unkeyed_and_repeated(shop: Shop) -> Tool:
    """What a runtime that repeats whatever failed would do."""

    async def order(item: str) -> int:
        """Order something."""
        return shop.take(item, "")

    return llmc.write("shop", idempotent=True)(order)


def compiled(text: str, *tools: Tool) -> Graph:
    """The graph of a plan."""
    return llmc.compile(text, llmc.Toolbox(tools)).graph


def play(text: str, *tools: Tool, run_id: str = "run") -> Run:
    """Run a plan in virtual time, as the run of this name."""

    async def main() -> Run:
        return await execute(compiled(text, *tools), {}, random=lambda: 1.0, trust=RunGuard(run_id=run_id))

    return clock.run(main())


@pytest.mark.parametrize(
    ("declared", "orders", "attempts", "in_doubt"),
    [(keyed, 1, 3, None), (unkeyed, 1, 1, True), (unkeyed_and_repeated, 3, 3, None)],
)
def test_a_lost_reply_gives_one_effect(
    declared: Callable[[Shop], Tool], orders: int, attempts: int, in_doubt: bool | None
) -> None:
    """With a key it is repeated; without, it is in doubt and not repeated; repeated without one, it has three."""
    shop = Shop(lost=2)
    run = play('1. order("tea") @retry(2)\n', declared(shop))
    assert (len(shop.orders), len(shop.keys)) == (orders, attempts)
    error = run.errors.get("1")
    assert (error.in_doubt if isinstance(error, CallError) else None) is in_doubt


def test_a_key_that_did_not_help_is_in_doubt() -> None:
    """After the last attempt nobody knows, and the order is there once."""
    shop = Shop(lost=5)
    error = play('1. order("tea") @retry(1)\n', keyed(shop)).errors["1"]
    assert isinstance(error, CallError)
    assert error.in_doubt
    assert len(shop.orders) == 1


def test_a_time_limit_does_not_give_two_effects() -> None:
    """An attempt that is left behind and the one after it carry the same key."""
    keys: list[str] = []

    @llmc.write("shop", idempotency_key="key")
    async def order(key: str) -> None:
        keys.append(key)
        if len(keys) == 1:
            await asyncio.sleep(10)

    assert play("1. order() @retry(1) @timeout(1s)\n", order).errors == {}
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_a_key_is_of_a_run_a_node_and_an_element() -> None:
    """The same plan has the same keys in a run of the same name, and other ones in another; no two calls share one."""
    text = '1. order("tea")\n2. order(item=$x) for x in ["tea", "tea"]\njoin(order("tea"), $1, $2)\n'
    found = []
    for run_id in ("a", "a", "b"):
        shop = Shop(lost=0)
        play(text, keyed(shop), run_id=run_id)
        found.append(shop.keys)
    first, again, other = found
    assert len(set(first)) == 4
    assert first == again
    assert not set(first) & set(other)
    assert all(0 < len(key) <= 64 and key.isalnum() for key in first)


def test_runs_have_names_of_their_own() -> None:
    """Nobody has to give one."""
    program = llmc.compile("join(1)\n", llmc.Toolbox())
    ids = [program.run_sync().id for _ in range(5)]
    assert len(set(ids)) == 5


def test_a_key_does_not_run_into_its_neighbours() -> None:
    """The parts of a key are told apart, whatever they are called."""
    keys = [
        idempotency_key("r", ("a", (1, 2))),  # type: ignore[arg-type]  # ids are texts
        idempotency_key("r", ("a", (12,))),  # type: ignore[arg-type]
        idempotency_key("ra", ("", (1, 2))),  # type: ignore[arg-type]
    ]
    assert all(one != other for one, other in pairwise(sorted(keys)))


@pytest.mark.parametrize("is_async", [True, False])
def test_a_sync_tool_gets_its_key_too(is_async: bool) -> None:
    """In its thread; and a default of the parameter is not used."""
    found: list[str] = []

    def order(key: str = "none") -> None:
        found.append(key)

    async def order_async(key: str = "none") -> None:
        found.append(key)

    tool = llmc.write("shop", name="order", idempotency_key="key")(order_async if is_async else order)
    assert play("1. order()\n", tool).errors == {}
    assert found == [idempotency_key("run", ("1", ()))]  # type: ignore[arg-type]  # ids are texts


def test_a_filled_signature_is_the_tools_own_but_for_what_is_filled_in() -> None:
    """Whoever looks at the call sees what a plan sees."""
    own = keyed(Shop(lost=0)).signature
    filled = InjectedSignature(own, {"key": "k"})
    assert (filled.shape, filled.parameters, filled.returns) == (own.shape, own.parameters, own.returns)
    assert (filled.gives, filled.wants("item")) == (own.gives, own.wants("item"))
    filled.check("item", "tea")
    assert filled.prepare([("item", "tea")]) == ([], {"item": "tea", "key": "k"})
    assert filled.accept(1) == 1
