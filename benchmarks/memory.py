"""Peak memory of a run, over that at its start, in multiples of the limit `run_bytes`: each shape of values, each way.

The tool of the plan gives values until there is no room; for `llmc run`, which prints them, as many as fit. A dry run
computes them. All ratios should be at most 3. `--naive` counts memory as results are counted. Linux only.

    python -m benchmarks.memory [MIB] [--way WAY] [--naive]
"""

import argparse
import asyncio
import gc
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import llmc
from llmc.cli import main as run_command
from llmc_compiler.expressions import memory_limit
from llmc_runtime import values
from llmc_runtime.program import dry_run

MIB: Final = 1024 * 1024
USUAL: Final = llmc.Limits().run_bytes // MIB

IDS: Final = 2**62
"""Integers from here on do not fit into 60 bits, as ids often do not."""

SHAPES: Final[dict[str, tuple[Callable[[int, int], llmc.Json], str]]] = {
    "texts": (lambda size, n: f"{n:>{size}}", '"x" * ({size} + {n})'),
    "integers": (
        lambda size, n: list(range(IDS + n * size, IDS + n * size + size // 48)),
        "[1{n}00000] * ({size} // 40)",
    ),
    "records": (
        lambda size, n: [{"id": n * size + each} for each in range(size // 280)],
        '[{{"id": {n}}}] * ({size} // 280)',
    ),
    "empty lists": (lambda size, _: [[] for _ in range(size // 64)], "[[]] * ({size} // 64 + {n})"),
    "one emoji": (lambda size, n: f"{n:>{size // 4}}\U0001f600", '"😀" * ({size} // 4 + {n})'),
}
"""A value of about so many bytes, the n-th of several; one like it as an expression."""

TOOL: Final = '''
import llmc
from benchmarks.memory import SHAPES

@llmc.nondet
async def make(shape: str, size: int, n: int) -> llmc.Json:
    """A value."""
    return SHAPES[shape][0](size, n)
'''


@llmc.nondet
async def make(shape: str, size: int, n: int) -> llmc.Json:
    """A value."""
    return SHAPES[shape][0](size, n)


def numbered(shape: str, size: int, number: int) -> str:
    """A plan with a task for each value."""
    return "".join(f'{n}. make("{shape}", {size}, {n})\n' for n in range(1, number + 1)) + "join()\n"


def looped(shape: str, size: int, number: int) -> str:
    """A plan with an element of a loop for each value."""
    return f'a = make("{shape}", {size}, $n) for n in {list(range(1, number + 1))}\njoin($a)\n'


def computed(shape: str, size: int, number: int) -> str:
    """A plan that computes the values, and has a condition on each."""
    terms = (SHAPES[shape][1].format(size=size, n=n) for n in range(number))
    tasks = (f"t{n} = {term}\nmake($k, 1, 1) if $t{n} == $k\n" for n, term in enumerate(terms))
    return f"input k: any = 1\n{''.join(tasks)}"


def by_run(program: llmc.Program, limits: llmc.Limits) -> object:
    """`Program.run`."""
    return asyncio.run(program.run(limits=limits))


def by_run_sync(program: llmc.Program, limits: llmc.Limits) -> object:
    """`Program.run_sync`."""
    return program.run_sync(limits=limits)


def by_stream(program: llmc.Program, limits: llmc.Limits) -> object:
    """`Program.stream`."""

    async def last() -> object:
        return [event async for event in program.stream(limits=limits)]

    return asyncio.run(last())


def by_agent(text: str, limits: llmc.Limits) -> object:
    """`Agent.ask_sync`."""
    model = llmc.ScriptedModel([text, 'Thought: done\nAction: Finish("done")'])
    return llmc.Agent([make], model=model, limits=limits).ask_sync("What is there?")


def by_command(text: str, limits: llmc.Limits) -> object:
    """`llmc run`."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "tools.py").write_text(TOOL, encoding="utf-8")
        Path(folder, "plan.llmc").write_text(f'use "tools.py"\n{text}', encoding="utf-8")
        sys.argv = ["llmc", "run", f"{folder}/plan.llmc", "--limit", f"run_bytes={limits.run_bytes}"]
        with suppress(SystemExit):
            run_command()
    return None


def prepared(way: str, shape: str, limits: llmc.Limits) -> Callable[[], object]:
    """What is measured."""
    size = limits.run_bytes // 24
    tools = llmc.Toolbox([make])
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    match way:
        case "dry run":
            vars(dry_run)["Limits"] = lambda: limits  # it has the usual ones
            size = min(size, MIB // 2)  # operators give no more than 1 MiB
            return llmc.compile(computed(shape, size, 2 * limits.run_bytes // size), tools).dry_run
        case "agent":
            by_agent(numbered(shape, 1, 1), limits)  # what is imported when it is needed is no value
            return lambda: by_agent(numbered(shape, size, 40), limits)
        case "llmc run":
            room = 22 if isinstance(SHAPES[shape][0](size, 1), str) else 10
            by_command(looped(shape, 1, 1), limits)
            return lambda: by_command(looped(shape, size, room), limits)
        case _:
            ways = {"run": by_run, "run_sync": by_run_sync, "stream": by_stream}
            program = llmc.compile(looped(shape, size, 80), tools)
            return lambda: ways[way](program, limits)


WAYS: Final = ("run", "run_sync", "stream", "agent", "dry run", "llmc run")


def resident(what: str) -> int:
    """Bytes that the process has in memory (`VmRSS`), or had at most (`VmHWM`)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))


def peak(work: Callable[[], object]) -> int:
    """The most bytes in memory while something is done, over those at the start."""
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the most so far is forgotten
    work()
    return resident("VmHWM") - before


def measured(way: str, shape: str, limits: llmc.Limits) -> tuple[float, float]:
    """The ratio and the seconds of one cell, in a process of its own: free memory is used again."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        work = prepared(way, shape, limits)
        began = perf_counter()
        found = peak(work)
        os.write(writing, f"{found / limits.run_bytes} {perf_counter() - began}".encode())
        os._exit(0)
    os.close(writing)
    ratio, seconds = map(float, os.read(reading, 100).split())
    os.waitpid(child, 0)
    return ratio, seconds


def count_naively() -> None:
    """Count memory as results are counted: characters, and 16 bytes for each value."""

    def own_bytes(value: Any) -> int:  # noqa: ANN401 — any JSON data
        return len(value) * (1 if isinstance(value, str) else values.PART) if hasattr(value, "__len__") else 0

    memory_limit.own_bytes = own_bytes
    sizes = {"LIST": 0, "ELEMENT": values.PART, "MAPPING": 0, "ENTRY": values.PART}
    vars(values).update(sizes, text_bytes=len, number_bytes=lambda _: 0)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mib", nargs="?", type=int, default=USUAL)
    parser.add_argument("--way", action="append", choices=WAYS)
    parser.add_argument("--naive", action="store_true")
    chosen = parser.parse_args()
    limits, ways = llmc.Limits(run_bytes=chosen.mib * MIB), chosen.way or WAYS
    if chosen.naive:
        count_naively()
    gc.freeze()
    print(f"{'':12}", *(f"{way:>15}" for way in ways), flush=True)
    for shape in SHAPES:
        cells = (measured(way, shape, limits) for way in ways)
        print(f"{shape:12}", *(f"{ratio:6.2f} ({seconds:4.1f} s)" for ratio, seconds in cells), flush=True)


if __name__ == "__main__":
    main()
