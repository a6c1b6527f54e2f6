"""What compiling costs as plans grow: parsing beside parsing and all passes, and whatever else takes a whole graph.

Plans have layers of tasks, each of which reads three of the layer above. They differ in what their tools do to the
world: nothing, or reads and writes of one resource, of nested resources, of files named by arguments. All rows but the
last are measured in one process, in turns; the figures are medians of the processor's time, but for the last. Times
depend on the machine, ratios hardly.

    python benchmarks/scaling.py [--rounds N] [--largest N]
"""

import argparse
import gc
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from statistics import median
from time import perf_counter, process_time
from typing import Final

import llmc
from llmc_compiler.analysis.critical_path import estimate, rank
from llmc_compiler.analysis.levels import levels
from llmc_compiler.ir.graph import Graph
from llmc_compiler.ir.networkx_export import to_networkx
from llmc_compiler.rendering.graph_view import GraphView
from llmc_compiler.serialization.graph_json import from_json, to_json
from llmc_grammar import Bounds, parse

SMALL: Final = 1_000
LARGE: Final = 10_000
WIDTH: Final = 100
"""Tasks in a layer."""

NEEDS: Final = 3
WIDE: Final = Bounds(text=2**30, tasks=10**7)


def _pass(*values: object) -> list[object]:
    """Give what was given."""
    return list(values)


def _tool(name: str, effect: str, *more: str) -> llmc.Tool:
    """A tool of three values, which may take others by name."""
    properties: dict[str, object] = {key: {} for key in ("a", "b", "c", *more)}
    return llmc.Tool.from_schema(name, name, {"properties": properties}, effect, _pass)


@dataclass(frozen=True, slots=True)
class Shape:
    """Plans of these tools, one as likely as the other; an argument `path` is a text of its own, or else unknown."""

    name: str
    tools: tuple[llmc.Tool, ...]
    has_paths: bool = False


SHAPES: Final = (
    Shape("calls", (_tool("combine", "pure"), _tool("search", "read(web)"), _tool("guess", "nondet"))),
    Shape("one resource", (_tool("rows", "read(db)"), _tool("store", "write(db)"), _tool("combine", "pure"))),
    Shape(
        "nested resources",
        (
            *(
                _tool(f"{access}_{at}", f"{access}({where})")
                for at, where in enumerate(("db", "db:a", "db:b", "db:a:x", "db:a:y", "*"))
                for access in ("read", "write")
            ),
            _tool("combine", "pure"),
        ),
    ),
    Shape(
        "files by argument",
        (_tool("look", "read(file:{path})", "path"), _tool("keep", "write(file:{path})", "path")),
        has_paths=True,
    ),
)


TOOLS: Final = llmc.Toolbox(SHAPES[0].tools)


def plan(shape: Shape, count: int, seed: int = 1) -> str:
    """So many tasks, each of which reads three of the layer above it; the value is the last layer."""
    rng = Random(seed)
    lines = []
    for number in range(count):
        above = range(max(0, (number // WIDTH - 1) * WIDTH), number // WIDTH * WIDTH)
        given = [f"$t{other}" for other in rng.sample(above, NEEDS)] if above else [f'"{number}"', "1", "2.5"]
        if shape.has_paths:
            path = rng.choice([f'"f{number}"', f'"f{rng.randrange(WIDTH)}"', given[0]])
            given.append(f"path={path}")
        lines.append(f"t{number} = {rng.choice(shape.tools).name}({', '.join(given)})")
    last = range((count - 1) // WIDTH * WIDTH, count)
    return "\n".join([*lines, f"join({', '.join(f'$t{number}' for number in last)})"])


def compiled(shape: Shape, text: str) -> llmc.Program:
    """The plan, parsed and through all passes."""
    return llmc.compile(text, llmc.Toolbox(shape.tools), bounds=WIDE)


def seconds(work: Callable[[], object]) -> float:
    """How much of a processor's time it takes, without what others left to be collected."""
    gc.collect()
    began = process_time()
    work()
    return process_time() - began


def in_turns(works: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """The times of each, in turns, after one round that fills the caches."""
    return [[seconds(work) for work in works] for _ in range(rounds + 1)][1:]


def micros(times: Sequence[float], count: int) -> str:
    """The median time of a task."""
    return f"{1e6 * median(times) / count:9.1f}"


def show_compiling(shape: Shape, rounds: int) -> None:
    """A row: parsing, parsing and compiling, their ratio, and how a task's cost grows."""
    small, large = plan(shape, SMALL), plan(shape, LARGE)
    works: list[Callable[[], object]] = [
        lambda: parse(small, bounds=WIDE),
        lambda: compiled(shape, small),
        lambda: parse(large, bounds=WIDE),
        lambda: compiled(shape, large),
    ]
    times = in_turns(works, rounds)
    columns = list(zip(*times, strict=True))
    whole = median(one[3] / one[2] for one in times)
    grows = median(one[3] / one[1] * SMALL / LARGE for one in times)
    graph = compiled(shape, large).graph
    edges = sum(len(node.needs) + len(node.after) for node in graph.nodes.values()) / LARGE
    cells = "".join(micros(column, count) for column, count in zip(columns, (SMALL, SMALL, LARGE, LARGE), strict=True))
    print(f"{shape.name:18}{cells}{whole:8.2f}{grows:10.2f}{edges:8.2f}")


FACES: Final[dict[str, Callable[[llmc.Program], object]]] = {
    "levels": lambda program: levels(program.graph),
    "rank": lambda program: rank(program.graph),
    "estimate": lambda program: estimate(program.graph),
    "picture": lambda program: GraphView.of(program.graph, program.plan),
    "print_graph": lambda program: program.to_llmc(),
    "to_json": lambda program: to_json(program.graph),
    "to_json and back": lambda program: from_json(to_json(program.graph), TOOLS, bounds=WIDE),
    "to_networkx": lambda program: to_networkx(program.graph),
}
"""What is offered for a compiled plan as a whole."""


def show_faces(shape: Shape, rounds: int) -> None:
    """Rows: each of what is offered for a compiled plan, and how a task's cost grows."""
    small, large = (compiled(shape, plan(shape, count)) for count in (SMALL, LARGE))
    for name, face in FACES.items():
        times = in_turns([lambda face=face: face(small), lambda face=face: face(large)], rounds)  # type: ignore[misc] # a lambda's default has no type
        columns = list(zip(*times, strict=True))
        grows = median(one[1] / one[0] * SMALL / LARGE for one in times)
        print(f"{name:18}{micros(columns[0], SMALL)}{micros(columns[1], LARGE)}{grows:10.2f}")


def alone(count: int) -> None:
    """Compile one plan in a process of its own, and print what that took, as JSON."""
    text = plan(SHAPES[0], count)
    began = perf_counter()
    graph: Graph = compiled(SHAPES[0], text).graph
    took = perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"seconds": took, "nodes": len(graph.nodes), "peak": peak}))


def show_largest(count: int) -> None:
    """A line: time and memory of one large plan."""
    run = subprocess.run([sys.executable, __file__, "--alone", str(count)], stdout=subprocess.PIPE, check=True)
    found = json.loads(run.stdout)
    took, peak = found["seconds"], found["peak"] / 2**20
    print(f"\n{count:,} tasks, alone: {took:.1f} s, {1e6 * took / count:.1f} µs a task, peak {peak:,.0f} MiB")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--largest", type=int, default=100_000)
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        alone(given.alone)
        return
    print(f"µs a task{SMALL:15,} tasks{LARGE:12,} tasks")
    print(f"{'':18}{'parse':>9}{'graph':>9}{'parse':>9}{'graph':>9}{'ratio':>8}{'grows by':>10}{'edges':>8}")
    for shape in SHAPES:
        show_compiling(shape, given.rounds)
    print(f"\nµs a task{SMALL:18,}{LARGE:9,}{'grows by':>10}")
    show_faces(SHAPES[0], given.rounds)
    show_largest(given.largest)


if __name__ == "__main__":
    main()
