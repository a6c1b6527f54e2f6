"""What rank is worth: list schedules of random plans, the highest rank first against first come, first served.

A plan has layers of tasks, each of which needs some of the layer above it; durations are lognormal. Where estimates are
off, rank goes by what tools declare, and the schedule by what calls take. Printed is the mean makespan over the bound
max(span, work / width), which no schedule goes below.

    python benchmarks/ranking.py [--graphs N] [--seed N]
"""

import argparse
from dataclasses import dataclass
from random import Random
from statistics import fmean

from llmc_compiler.analysis.critical_path import Estimate, costs, estimate, makespan, rank
from llmc_compiler.analysis.levels import waits
from llmc_compiler.effects.effects import Effect, Kind
from llmc_compiler.expressions.terms import Get, ListOf, NodeId
from llmc_compiler.ir.graph import JOIN, Call, Join, Node, TaskId
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_compiler.tools.tool import Tool

WIDTHS = (2, 4, 8)
SIGMA = 1.0
"""How unequal durations are: at 1.0, one in twenty takes more than five times the median."""

OFF = 0.5
"""How far estimates are off: at 0.5, two in three are within a factor of 1.6."""

STUB = Tool.from_schema("stub", "", {}, "nondet", lambda: None)


@dataclass(frozen=True, slots=True)
class Case:
    """A plan of so many layers; what each task needs, how long it takes, and how long that is said to be."""

    needs: tuple[tuple[NodeId, ...], ...]
    takes: tuple[float, ...]
    says: tuple[float, ...]


def random_case(rng: Random) -> Case:
    """Three to ten layers of one to twelve tasks; each needs one to three of the layer above it."""
    needs: list[tuple[NodeId, ...]] = []
    above: list[NodeId] = []
    for _ in range(rng.randint(3, 10)):
        size = rng.randint(1, 12)
        layer = [NodeId(str(len(needs) + place)) for place in range(size)]
        needs += [tuple(rng.sample(above, min(len(above), rng.randint(1, 3)))) for _ in layer]
        above = layer
    takes = tuple(rng.lognormvariate(0, SIGMA) for _ in needs)
    return Case(tuple(needs), takes, tuple(time * rng.lognormvariate(0, OFF) for time in takes))


def graph_of(case: Case, latencies: tuple[float, ...]) -> Graph:
    """The plan, whose tools declare these latencies."""
    nodes: dict[NodeId, Node] = {}
    for index, (needs, latency) in enumerate(zip(case.needs, latencies, strict=True)):
        key = NodeId(str(index))
        tool = Tool(f"t{index}", "", Effect(Kind.NONDET), STUB.signature, STUB.call, is_async=False, latency=latency)
        nodes[key] = Node(key, Call(tool, tuple((None, Get(need)) for need in needs)), TaskId(key), needs=needs)
    every = tuple(nodes)
    nodes[JOIN] = Node(JOIN, Join(ListOf(tuple(map(Get, every)))), TaskId(JOIN), needs=every)
    return Graph(nodes, {TaskId(key): key for key in every})


def ratios(case: Case, width: int) -> tuple[float, float, float]:
    """Makespan over bound: first come, by rank of exact estimates, by rank of those that are off."""
    true, said = graph_of(case, case.takes), graph_of(case, case.says)
    before, cost = waits(true), costs(true)
    found: Estimate = estimate(true)
    orders = (None, rank(true), rank(said))
    first, exact, off = (makespan(before, cost, width, order) / found.bound(width) for order in orders)
    assert min(first, exact, off) > 1 - 1e-9
    return first, exact, off


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graphs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = Random(given.seed)
    cases = [random_case(rng) for _ in range(given.graphs)]
    tasks = fmean(len(case.takes) for case in cases)
    print(f"{given.graphs} plans of {tasks:.0f} tasks on average; mean makespan over the lower bound")
    print(f"{'width':>5}{'first come':>13}{'rank, exact':>13}{f'rank, off by {OFF}':>19}{'better by':>11}")
    for width in WIDTHS:
        first, exact, off = map(fmean, zip(*(ratios(case, width) for case in cases), strict=True))
        print(f"{width:>5}{first:>13.3f}{exact:>13.3f}{off:>19.3f}{1 - exact / first:>11.1%}")


if __name__ == "__main__":
    main()
