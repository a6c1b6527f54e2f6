"""What a task costs: plans of tools that do nothing, against a loop written by hand for the same shape.

Both run in the same process, in turns, with events, limits, timeouts and checks of values on. Times are those of the
processor, medians; they depend on the machine, ratios hardly. At last, how much longer than the loop a plan takes whose
tools wait for 5 to 45 ms.
"""

import argparse
import asyncio
import gc
from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter, process_time

from benchmarks.shapes import WIDE, Shape, by_hand, chain, layered, tree, turns, waiting, wide
from llmc_runtime.program.execution import execute

SHAPES = (chain(200), wide(1_000), wide(10_000), tree(10), layered(1_000), turns(1_000), turns(4_000))


async def _timed(clock: Callable[[], float], run: Callable[[], Awaitable[object]]) -> float:
    gc.collect()
    start = clock()
    await run()
    return clock() - start


async def measure(shape: Shape, repetitions: int, clock: Callable[[], float] = process_time) -> tuple[float, float]:
    """Seconds: by hand, and by llmc."""
    graph = shape.graph()
    hand: list[float] = []
    ours: list[float] = []
    for _ in range(repetitions):
        hand.append(await _timed(clock, lambda: by_hand(shape)))
        ours.append(await _timed(clock, lambda: execute(graph, {}, limits=WIDE)))
    value = (await execute(graph, {}, limits=WIDE)).value
    assert isinstance(value, list)
    assert len(value) == len(shape.last())
    return median(hand), median(ours)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=30)
    repetitions = parser.parse_args().repetitions
    print(f"{'µs a task':<22}{'by hand':>9}{'llmc':>9}{'ratio':>8}")
    for shape in SHAPES:
        size = len(shape.needs)
        hand, ours = asyncio.run(measure(shape, max(repetitions * 1_000 // max(size, 1_000), 3)))
        print(f"{shape.name:<22}{hand / size * 1e6:>9.2f}{ours / size * 1e6:>9.2f}{ours / hand:>8.2f}", flush=True)
    hand, ours = asyncio.run(measure(waiting(500), 5, perf_counter))
    print(f"\ntools that wait 5 to 45 ms: {hand:.3f} s by hand, {ours:.3f} s by llmc, {ours / hand - 1:+.1%}")


if __name__ == "__main__":
    main()
