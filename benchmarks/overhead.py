"""What a task costs: a plan of tools that do nothing, against a loop written by hand for the same shape.

Both run in the same process, in turns; the figures are medians. Times depend on the machine, ratios hardly.
"""

import argparse
import asyncio
import gc
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import process_time

from llmc_compiler.graph import JOIN, Call, Graph, Join, Node, TaskId
from llmc_compiler.term import Const, Get, ListOf, NodeId, Term
from llmc_compiler.tools import Tool, nondet
from llmc_runtime.run import execute


@nondet
async def nothing(x: int) -> int:
    """Come back at once."""
    return x


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


_turns = Turns()


@nondet
async def turn(x: int) -> int:
    """Come back one a turn of the loop."""
    await _turns.wait()
    return x


@dataclass(frozen=True)
class Shape:
    """So many tasks of one tool; in a chain each takes the result of the one before."""

    name: str
    tool: Tool
    size: int
    is_chain: bool = False


SHAPES = (
    Shape("chain", nothing, 200, is_chain=True),
    Shape("independent", nothing, 1_000),
    Shape("one end a loop turn", turn, 1_000),
)


async def by_hand(tool: Callable[[int], Awaitable[int]], needs: Sequence[int | None]) -> list[int]:
    """Start each task when the one it needs has ended."""
    results = [0] * len(needs)
    waiting = [int(need is not None) for need in needs]
    users: list[list[int]] = [[] for _ in needs]
    for index, need in enumerate(needs):
        if need is not None:
            users[need].append(index)

    async def run(index: int) -> None:
        need = needs[index]
        results[index] = await tool(0 if need is None else results[need])
        for user in users[index]:
            waiting[user] -= 1
            if not waiting[user]:
                group.create_task(run(user))

    async with asyncio.TaskGroup() as group:
        for index, count in enumerate(waiting):
            if not count:
                group.create_task(run(index))
    return results


def graph_of(shape: Shape) -> Graph:
    """The shape as a graph, joined by the last result of a chain, or by all."""
    ids = [NodeId(str(index)) for index in range(shape.size)]
    nodes: dict[NodeId, Node] = {}
    for index, key in enumerate(ids):
        needs = (ids[index - 1],) if shape.is_chain and index else ()
        argument: Term = Get(needs[0]) if needs else Const(0)
        call = Call(shape.tool, (("x", argument),))
        nodes[key] = Node(key, call, TaskId(key), needs=needs, effects=(shape.tool.effect,))
    last = ids[-1:] if shape.is_chain else ids
    nodes[JOIN] = Node(JOIN, Join(ListOf(tuple(map(Get, last)))), TaskId(JOIN), needs=tuple(last))
    return Graph(nodes, {TaskId(key): key for key in ids})


async def _timed(run: Callable[[], Awaitable[object]]) -> float:
    gc.collect()
    start = process_time()
    await run()
    return process_time() - start


async def measure(shape: Shape, repetitions: int) -> tuple[float, float]:
    """Microseconds a task: by hand, and by llmc."""
    graph = graph_of(shape)
    needs = [index - 1 if shape.is_chain and index else None for index in range(shape.size)]
    hand: list[float] = []
    ours: list[float] = []
    for _ in range(repetitions):
        hand.append(await _timed(lambda: by_hand(shape.tool.call, needs)))
        ours.append(await _timed(lambda: execute(graph, {})))
    assert (await execute(graph, {})).value == [0] * (1 if shape.is_chain else shape.size)
    return median(hand) / shape.size * 1e6, median(ours) / shape.size * 1e6


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=50)
    repetitions = parser.parse_args().repetitions
    print(f"{'µs a task':<22}{'by hand':>9}{'llmc':>9}{'ratio':>8}")
    for shape in SHAPES:
        hand, ours = asyncio.run(measure(shape, repetitions))
        print(f"{shape.name:<22}{hand:>9.2f}{ours:>9.2f}{ours / hand:>8.2f}")


if __name__ == "__main__":
    main()
