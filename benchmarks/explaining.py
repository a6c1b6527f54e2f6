"""What it costs to tell what the compiler did, against compiling: milliseconds of the processor, the best of some runs.

A fifth of the plan's tasks each are pure calls, reads, writes under a constant condition, loops with a call that can be
moved out, and opaque calls, for which other declarations are tried.

    python benchmarks/explaining.py [--tasks N…] [--runs N]
"""

import argparse
import time
from collections.abc import Callable

from llmc_compiler.compiler import compile_parsed
from llmc_compiler.explain.story import Story
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.passes.stages import optimize, stages
from llmc_compiler.tools.tool import Tool
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar import parse
from llmc_grammar.bounds import Bounds

EFFECTS = {"f": "pure", "rows": "read(db)", "store": "write(db)", "act": "opaque"}
TOOLS = Toolbox([Tool.from_schema(name, "", {}, effect, lambda: None) for name, effect in EFFECTS.items()])
KINDS = ("f({i}, $1)", "rows({few})", "store({i}) if 1 + 1 == 2", "f($x, f({i})) for x in [1, 2]", "act({i})")


def plan(tasks: int) -> str:
    """A plan of so many tasks."""
    kinds = ((number, KINDS[number % len(KINDS)]) for number in range(2, tasks + 1))
    lines = ["1. f(0)", *(f"t{number} = {kind.format(i=number, few=number % 7)}" for number, kind in kinds)]
    return "\n".join([*lines, f"join($t{tasks}, $t{tasks - 2})", ""])


def best(runs: int, what: Callable[[], object]) -> float:
    """The least time of the processor, in milliseconds."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        what()
        times.append(time.process_time() - start)
    return 1000 * min(times)


def row(tasks: int, runs: int) -> tuple[float, ...]:
    """The figures for a plan of so many tasks."""
    parsed = parse(plan(tasks), bounds=Bounds.FILE)
    found = compile_parsed(parsed, TOOLS)
    written = found.written
    assert len(found.graph.nodes) > tasks / 3
    return (
        best(runs, lambda: compile_parsed(parsed, TOOLS)),
        best(runs, lambda: optimize(written, PIPELINE)),
        best(runs, lambda: [stage.remarks() for stage in stages(written, PIPELINE)]),
        best(runs, lambda: Story.of(written, PIPELINE, parsed.source)),
    )


def main() -> None:
    """Print a row for each number of tasks."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tasks", type=int, nargs="+", default=[100, 1000, 4000])
    options.add_argument("--runs", type=int, default=5)
    given = options.parse_args()
    print("| tasks | compiling | of that the passes | passes and remarks | story with one tool tried |")
    print("| --- | --- | --- | --- | --- |")
    for tasks in given.tasks:
        print(f"| {tasks:,} | {' | '.join(f'{figure:,.0f}' for figure in row(tasks, given.runs))} |", flush=True)


if __name__ == "__main__":
    main()
