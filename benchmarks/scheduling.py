"""What ranks from traces are worth: runs of random plans in virtual time, beside the optimum of CP-SAT.

    python -m benchmarks.scheduling [--plans N] [--seed N] [--check]     # ortools needs the extra `bench`

A plan has 8 to 40 calls, and each reads up to three of the eight before it. The tools differ by a lognormal of sigma
0.8, and the calls of a tool by one of sigma 0.1 to 0.6. A plan runs three times, traced as `llmc run --trace` does, and
then once for each row, with other durations. They are whole seconds, so that the solver proves nearly each optimum;
where it does not, the row counts against the solver's lower bound. Printed is the mean of makespan over optimum.
`--check` fails if the ranks from three traces miss their target.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Final

from ortools.sat.python import cp_model

import llmc
from llmc.cli.tracing.trace_file import TraceFile
from llmc_compiler.analysis.critical_path import rank
from llmc_compiler.analysis.measured_latencies import with_latencies
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.steps import Add
from llmc_compiler.tools.tool import Tool
from llmc_runtime.scheduler.executor import Executor
from tests.runtime.clock import VirtualLoop

LEARNED: Final = "rank, three traces"
TARGETS: Final = {2: 1.020, 4: 1.008}
"""The longest mean makespan of `LEARNED` at each width."""

SHARES: Final = (0.15, 0.4, 0.3, 0.15)
"""The shares of calls that read none, one, two and three others."""

UNIT: Final = 10
"""The seconds that a call of the median tool takes."""

FOREVER: Final = 1e8
SOLVER_SECONDS: Final = 10.0
"""The solver's deterministic time for a plan."""

Ranks = Mapping[NodeId, float]


@dataclass(frozen=True, slots=True)
class Case:
    """A plan: the calls that each call reads, counted from 0, its tool, and the seconds that it takes in a run."""

    needs: tuple[tuple[int, ...], ...]
    tools: tuple[int, ...]
    takes: list[int] = field(default_factory=list)

    def program(self) -> llmc.Program:
        """Compile the plan; its tools declare no latency."""
        lines = [
            f"{index + 1}. t{tool}({index}, [{', '.join(f'${need + 1}' for need in needs)}])"
            for index, (tool, needs) in enumerate(zip(self.tools, self.needs, strict=True))
        ]
        tools = [self._tool(f"t{tool}") for tool in sorted(set(self.tools))]
        return llmc.compile("\n".join([*lines, "join()"]), tools)

    def _tool(self, name: str) -> Tool:
        """Return a tool whose calls take their time."""

        @llmc.nondet(name=name)
        async def call(index: int, needs: list[int]) -> int:
            """Wait."""
            await asyncio.sleep(self.takes[index])
            return index + len(needs)

        return call

    def exact_ranks(self) -> Ranks:
        """Return the ranks by the duration of each call, as if each had a tool of its own."""
        graph = replace(self, tools=tuple(range(len(self.tools)))).program().graph
        return rank(with_latencies(graph, {f"t{index}": seconds for index, seconds in enumerate(self.takes)}))


def random_needs(rng: Random) -> tuple[tuple[int, ...], ...]:
    """Return the reads of 8 to 40 calls."""
    needs: list[tuple[int, ...]] = []
    for index in range(rng.randint(8, 40)):
        recent = range(max(0, index - 8), index)
        reads = rng.choices(range(len(SHARES)), SHARES)[0]
        needs.append(tuple(rng.sample(recent, min(reads, len(recent)))))
    return tuple(needs)


def limits(width: int) -> llmc.Limits:
    """Return a width, and no other limit."""
    return llmc.Limits(width=width, tool_width=width, run_time=FOREVER, task_time=FOREVER, attempt_time=FOREVER)


async def record(program: llmc.Program, file: str, width: int) -> None:
    """Run a plan, and write its trace as the command line does."""
    trace = TraceFile(file, program)
    try:
        await program.run(emit=trace, limits=limits(width))
    finally:
        trace.close()


async def ranked(program: llmc.Program, width: int, ranks: Ranks) -> float:
    """Return the seconds of a run whose waiting calls are ordered by these ranks."""
    async with Executor({}, limits=limits(width)) as executor:
        executor.rank_by(lambda: ranks)
        executor.apply([Add(tuple(program.graph.nodes.values()))])
        executor.seal()
        await executor.settled()
    return executor.seconds


async def makespans(program: llmc.Program, case: Case, width: int, traces: Sequence[str]) -> dict[str, float]:
    """Return the seconds of a run for each order of waiting calls."""
    exact = case.exact_ranks()
    after = {NodeId(str(index + 1)): exact[NodeId(str(index + 1))] - took for index, took in enumerate(case.takes)}
    one, three = (llmc.Profile.from_traces(*traces[:count]) for count in (1, 3))
    return {
        "first come, first served": await ranked(program, width, {}),
        "rank, each call counts as one": (await program.run(limits=limits(width))).seconds,
        "rank, one trace": (await program.run(limits=limits(width), profile=one)).seconds,
        LEARNED: (await program.run(limits=limits(width), profile=three)).seconds,
        "earliest deadline first, exact durations": await ranked(program, width, after),
        "rank, exact durations": await ranked(program, width, exact),
    }


def optimum(case: Case, width: int, best: int) -> tuple[float, bool]:
    """Return the shortest makespan, at most `best`, and whether it is proven; if not, a lower bound of it."""
    model = cp_model.CpModel()
    starts = [model.new_int_var(0, best - took, "") for took in case.takes]
    calls = [model.new_fixed_size_interval_var(start, took, "") for start, took in zip(starts, case.takes, strict=True)]
    model.add_cumulative(calls, [1] * len(calls), width)
    end = model.new_int_var(-(-sum(case.takes) // width), best, "")
    for index, needs in enumerate(case.needs):
        model.add(end >= starts[index] + case.takes[index])
        for need in needs:
            model.add(starts[index] >= starts[need] + case.takes[need])
    model.minimize(end)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = SOLVER_SECONDS
    status = solver.solve(model)
    assert status in (cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.UNKNOWN)
    return solver.best_objective_bound, status == cp_model.OPTIMAL


class Figures:
    """The makespans over the optimum by width and row, the number of plans, and that of proven optima."""

    def __init__(self) -> None:
        self.ratios: dict[int, dict[str, list[float]]] = {width: {} for width in TARGETS}
        self.plans = 0
        self.proven = dict.fromkeys(TARGETS, 0)

    async def add(self, rng: Random, folder: Path) -> None:
        """Record one plan three times, and run it once for each row."""
        needs, tools = random_needs(rng), rng.randint(5, 10)
        case = Case(needs, tuple(rng.randrange(tools) for _ in needs))
        medians = [UNIT * rng.lognormvariate(0, 0.8) for _ in range(tools)]
        spreads = [rng.uniform(0.1, 0.6) for _ in range(tools)]
        program = case.program()
        self.plans += 1
        traces = [str(folder / f"{self.plans}-{number}.jsonl") for number in range(3)]
        for file in (*traces, None):
            case.takes[:] = [max(1, round(medians[tool] * rng.lognormvariate(0, spreads[tool]))) for tool in case.tools]
            if file is not None:
                await record(program, file, 4)
        for width, rows in self.ratios.items():
            seconds = await makespans(program, case, width, traces)
            shortest, is_proven = optimum(case, width, round(min(seconds.values())))
            self.proven[width] += is_proven
            for row, took in seconds.items():
                assert took > shortest - 1e-6
                rows.setdefault(row, []).append(took / shortest)

    def mean(self, width: int, row: str) -> float:
        """Return the mean makespan of a row."""
        return fmean(self.ratios[width][row])


async def measure(plans: int, seed: int) -> Figures:
    """Measure random plans."""
    rng, figures = Random(seed), Figures()
    with TemporaryDirectory() as folder:
        for _ in range(plans):
            await figures.add(rng, Path(folder))
    return figures


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plans", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        figures = runner.run(measure(given.plans, given.seed))
    proven = ", ".join(f"{number} at width {width}" for width, number in figures.proven.items())
    print(f"{given.plans} plans, seed {given.seed}; optima proven: {proven}")
    print(f"{'mean makespan over optimum':<42}" + "".join(f"{f'width {width}':>10}" for width in TARGETS))
    for row in figures.ratios[2]:
        print(f"{row:<42}" + "".join(f"{figures.mean(width, row):>10.4f}" for width in TARGETS))
    missed = [width for width, most in TARGETS.items() if figures.mean(width, LEARNED) > most]
    if given.check and missed:
        sys.exit(f"{LEARNED}: above the target at width {', '.join(map(str, missed))}")


if __name__ == "__main__":
    main()
