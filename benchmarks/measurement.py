"""Rows of a benchmark and their measurement: minima of processor time, interleaved in one process.

Before each run its graph or data are made and the garbage is collected, both untimed. During the run the collector
works as it does for users: with Python's thresholds, and nothing frozen. A minimum falls towards the true cost as
rounds are added, so a check measures a row that is over its target again, and keeps the minima.
"""

import argparse
import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Final

from benchmarks.ratios import HEAD, Ratio, line, verdict

Clock = Callable[[], float]
Run = Callable[[], Awaitable[object]]
Work = Callable[[], Run]
"""Makes what is needed for a run, and returns the run."""

PATIENCE: Final = 4
"""How often a check measures a row before it believes that it is over its target."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The runs that a row compares, and the number of tasks in each."""

    ours: Work
    theirs: Work
    tasks: int = 1
    their_tasks: int | None = None
    """None for the same number."""
    checked: Work | None = None
    """The loop by hand that checks too."""

    @property
    def works(self) -> tuple[Work, ...]:
        """The runs, in the order in which they take turns."""
        return (self.theirs, self.ours) if self.checked is None else (self.theirs, self.ours, self.checked)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a benchmark; its graphs are made when its turn comes, since the collector walks all that live."""

    name: str
    against: str
    sides: Callable[[], Sides]
    most: float | None = None
    share: float = 1.0
    """The part of the rounds that the row needs; rows of short runs need more."""
    clock: Clock = process_time


async def seconds(work: Work, clock: Clock) -> float:
    """How long a run takes."""
    run = work()
    gc.collect()
    start = clock()
    await run()
    return clock() - start


async def minima(works: Sequence[Work], rounds: int, clock: Clock) -> list[float]:
    """The shortest time of each, in turns."""
    times = [[await seconds(work, clock) for work in works] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


def measured(row: Row, rounds: int, patience: int = 1) -> Ratio:
    """Measure a row: once, or until it is within its target, at most `patience` times."""
    sides = row.sides()
    least: list[float] = []
    while True:
        times = asyncio.run(minima(sides.works, max(round(rounds * row.share), 2), row.clock))
        least = [min(pair) for pair in zip(least or times, times, strict=True)]
        theirs, ours, *checked = least
        ratio = Ratio(
            row.name,
            ours / sides.tasks,
            row.against,
            theirs / (sides.their_tasks or sides.tasks),
            row.most,
            checked[0] / sides.tasks if checked else None,
        )
        patience -= 1
        if patience <= 0 or not ratio.is_over:
            return ratio


def run_rows(rows: Iterable[Row], description: str | None, rounds: int) -> int:
    """Measure the rows that the command line names, print a table, and return the exit status."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=rounds, help="runs of each side")
    parser.add_argument("--only", metavar="NAME", default="", help="only the rows whose name contains NAME")
    parser.add_argument("--check", action="store_true", help="only the rows with a target; status 1 if one is over")
    given = parser.parse_args()
    chosen = [row for row in rows if given.only in row.name and (row.most is not None or not given.check)]
    print(HEAD)
    ratios = []
    for row in chosen:
        ratios.append(measured(row, given.rounds, PATIENCE if given.check else 1))
        print(line(ratios[-1]), flush=True)
    if not given.check:
        return 0
    status, words = verdict(ratios)
    print(f"\n{words}")
    return status
