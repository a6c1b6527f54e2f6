"""Many runs in one process, and many tasks in one run: memory, descriptors and time, which should all be flat.

python benchmarks/soak.py --runs 10000 --tasks 100000
"""

import argparse
import asyncio
import gc
import os
import resource
from time import process_time

import llmc
from llmc_compiler.expressions.terms import Const, Get, ListOf, NodeId
from llmc_compiler.ir.graph import JOIN, Call, Join, Node, TaskId
from llmc_compiler.serialization.compiled_graph import Graph
from llmc_runtime.limits import Limits
from llmc_runtime.program.execution import execute


@llmc.nondet
async def nothing(x: int) -> int:
    """Come back at once."""
    return x


@llmc.nondet
async def fails() -> int:
    """Raise an error."""
    raise ValueError


@llmc.nondet
def in_thread(x: int) -> int:
    """Come back from a thread."""
    return x


@llmc.nondet
async def hangs() -> int:
    """Wait for ever."""
    await asyncio.Event().wait()
    return 0


PLAN = """
a = nothing(1)
b = in_thread($a)
c = fails() @retry(1) @fallback(0)
d = hangs() @timeout(1ms) @fallback(0)
e = nothing($x) for x in [1, 2, 3]
join([$a, $b, $c, $d, $e])
"""


def descriptors() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 — names, not paths


def memory() -> float:
    """The memory of this process in MiB, as it is now where the system tells, else at its highest."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 — no path worth the name
            return int(file.read().split()[1]) * resource.getpagesize() / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


async def many_tasks(number: int) -> float:
    """Seconds for a run of so many calls, each second one after the one before it."""
    ids = [NodeId(str(index)) for index in range(number)]
    nodes = {}
    for index, key in enumerate(ids):
        needs = (ids[index - 1],) if index % 2 else ()
        call = Call(nothing, (("x", Get(needs[0]) if needs else Const(1)),))
        nodes[key] = Node(key, call, TaskId(key), needs=needs, effects=(nothing.effect,))
    last = ids[-1]
    nodes[JOIN] = Node(JOIN, Join(ListOf((Get(last),))), TaskId(JOIN), needs=(last,))
    limits = Limits(tasks=number + 1, calls=number)
    start = process_time()
    run = await execute(Graph(nodes, {TaskId(last): last}), {}, limits=limits)
    assert run.value == [1]
    assert run.calls == number
    return process_time() - start


async def many_runs(number: int) -> None:
    """Run a plan with all kinds of ends so often, and print what the process takes on the way."""
    program = llmc.compile(PLAN, llmc.Toolbox([nothing, fails, in_thread, hangs]))
    print(f"{'runs':>8}{'MiB':>8}{'descriptors':>13}{'ms a run':>10}")
    step = max(number // 10, 1)
    for done in range(step, number + 1, step):
        start = process_time()
        for _ in range(step):
            assert (await program.run()).value == [1, 1, 0, 0, [1, 2, 3]]
        seconds = process_time() - start
        gc.collect()
        print(f"{done:>8,}{memory():>8.1f}{descriptors():>13}{seconds / step * 1e3:>10.2f}", flush=True)


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--tasks", type=int, default=100_000)
    given = parser.parse_args()
    asyncio.run(many_runs(given.runs))
    print(f"\n{'tasks':>8}{'s':>8}{'µs a task':>11}")
    for number in (given.tasks // 100, given.tasks // 10, given.tasks):
        seconds = asyncio.run(many_tasks(number))
        print(f"{number:>8,}{seconds:>8.2f}{seconds / number * 1e6:>11.1f}", flush=True)


if __name__ == "__main__":
    main()
