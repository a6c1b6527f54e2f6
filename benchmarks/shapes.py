"""Shapes of graphs to measure with, the same for every runner: what each task needs, and the tools that do nothing."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from itertools import chain as chain_of
from itertools import repeat
from typing import Any, Final

from llmc_compiler.expressions.terms import Const, Get, ListOf, NodeId, Term
from llmc_compiler.ir.graph import JOIN, Call, Join, Node, TaskId
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_compiler.tools.decorators import nondet
from llmc_compiler.tools.tool import Tool
from llmc_runtime.limits import Limits

WIDE: Final = Limits(width=20_000, tool_width=20_000, tasks=20_000, calls=20_000)
"""All at once, as a loop by hand does."""


@nondet
async def nothing(x: int = 0) -> int:
    """Come back at once."""
    return x


@nondet
async def two(a: int, b: int) -> int:
    """Come back at once, with two results of others."""
    return a + b


@nondet
async def three(a: int, b: int, c: int) -> int:
    """Come back at once, with three results of others."""
    return a | b | c


class Turns:
    """Lets one waiting tool go on in each turn of the loop."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self) -> None:
        """Wait for the turn."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._tick)
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _tick(self) -> None:
        self._waiting.popleft().set_result(None)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._tick)


_turns: Final = Turns()


@nondet
async def turn(x: int = 0) -> int:
    """Come back one a turn of the loop."""
    await _turns.wait()
    return x


_waits: Final = random.Random(1)


@nondet
async def wait3(a: int, b: int, c: int) -> int:
    """Come back after 5 to 45 ms, as long as `a` says."""
    await asyncio.sleep(0.005 + a % 1_000 * 0.04 / 1_000)
    return (a * 31 + b * 17 + c) % 9_973


@nondet
async def wait0() -> int:
    """Come back after 25 ms."""
    await asyncio.sleep(0.025)
    return _waits.randrange(9_973)


@dataclass(frozen=True)
class Shape:
    """Tasks by number: which ones each of them needs, all of them earlier, and the tool for so many needs."""

    name: str
    needs: tuple[tuple[int, ...], ...]
    tools: tuple[Tool, ...]

    def tool(self, index: int) -> Tool:
        """The tool of a task."""
        return self.tools[len(self.needs[index])]

    def graph(self) -> Graph:
        """The shape as a graph, joined by the results that no other task needs; parameters without a need get 0."""
        ids = [NodeId(str(index)) for index in range(len(self.needs))]
        nodes: dict[NodeId, Node] = {}
        for index, key in enumerate(ids):
            needs = tuple(ids[need] for need in self.needs[index])
            tool = self.tool(index)
            terms: Iterable[Term] = chain_of(map(Get, needs), repeat(Const(0)))
            call = Call(tool, tuple(zip(tool.signature.shape.positional, terms, strict=False)))
            nodes[key] = Node(key, call, TaskId(key), needs=needs, effects=(tool.effect,))
        last = [ids[index] for index in self.last()]
        nodes[JOIN] = Node(JOIN, Join(ListOf(tuple(map(Get, last)))), TaskId(JOIN), needs=tuple(last))
        return Graph(nodes, {TaskId(key): key for key in ids})

    def last(self) -> list[int]:
        """The tasks that no other needs."""
        needed = {need for needs in self.needs for need in needs}
        return [index for index in range(len(self.needs)) if index not in needed]


def chain(size: int) -> Shape:
    """Each needs the one before."""
    return Shape(f"chain {size:,}", tuple((index - 1,) if index else () for index in range(size)), (nothing, nothing))


def wide(size: int) -> Shape:
    """None needs another."""
    return Shape(f"wide {size:,}", ((),) * size, (nothing,))


def tree(depth: int) -> Shape:
    """A binary tree, from the leaves to the root."""
    size = 2**depth - 1
    leaves = 2 ** (depth - 1)
    needs = tuple(() if i < leaves else (2 * (i - leaves), 2 * (i - leaves) + 1) for i in range(size))
    return Shape(f"tree {size:,}", needs, (nothing, nothing, two))


def layered(size: int, width: int = 50, *, tools: tuple[Tool, ...] = (nothing, nothing, two, three)) -> Shape:
    """Layers, in which each task needs three of the layer before, at random."""
    rng = random.Random(0)
    needs: list[tuple[int, ...]] = []
    for index in range(size):
        first = index // width * width
        needs.append(tuple(rng.sample(range(first - width, first), 3)) if first else ())
    return Shape(f"layered {size:,}", tuple(needs), tools)


def turns(size: int) -> Shape:
    """Independent tasks that end one a turn of the loop."""
    return Shape(f"one a turn {size:,}", ((),) * size, (turn,))


def waiting(size: int) -> Shape:
    """Layers of tools that take 5 to 45 ms."""
    return layered(size, tools=(wait0, wait0, wait0, wait3))


async def by_hand(shape: Shape) -> list[Any]:
    """Start each task when those it needs have ended: what one would write for this shape alone."""
    needs = shape.needs
    results: list[Any] = [0] * len(needs)
    missing = [len(each) for each in needs]
    users: list[list[int]] = [[] for _ in needs]
    calls: list[Callable[..., Awaitable[int]]] = [shape.tool(index).call for index in range(len(needs))]
    for index, each in enumerate(needs):
        for need in each:
            users[need].append(index)

    async def run(index: int) -> None:
        results[index] = await calls[index](*[results[need] for need in needs[index]])
        for user in users[index]:
            missing[user] -= 1
            if not missing[user]:
                group.create_task(run(user))

    async with asyncio.TaskGroup() as group:
        for index, count in enumerate([*missing]):
            if not count:
                group.create_task(run(index))
    return [results[index] for index in shape.last()]
