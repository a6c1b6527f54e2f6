"""R3: many runs in one process, many tasks in one run; `make soak` has more of both."""

import asyncio
import gc
import subprocess
import sys
from pathlib import Path
from time import process_time

import llmc
from benchmarks.soak import descriptors, many_tasks
from tests.patience import PATIENCE
from tests.runtime.fakes import broken, echo, slow

ROOT = Path(__file__).parents[3]


@llmc.pure
def in_thread(x: int) -> int:
    """The number."""
    return x


PROGRAM = llmc.compile(
    "a = echo(1)\nb = in_thread(2)\nc = broken() @retry(1)\nd = slow(1, 1) @timeout(1ms)\njoin([$a, $b])",
    llmc.Toolbox([echo, slow, broken, in_thread]),
    passes=(),
)


def objects() -> int:
    """How many objects there are that may contain others."""
    gc.collect()
    return len(gc.get_objects())


def growth() -> tuple[int, int]:
    """How many descriptors and objects a hundred runs leave behind, after the first ones."""

    async def runs(number: int) -> None:
        for _ in range(number):
            assert (await PROGRAM.run()).value == [1, 2]

    asyncio.run(runs(50))
    before = descriptors(), objects()
    asyncio.run(runs(100))
    return descriptors() - before[0], objects() - before[1]


def test_memory_and_descriptors_are_flat() -> None:
    """Not even one object a run is left; in a process of its own, since coverage keeps some for every thread."""
    command = [sys.executable, "-m", "tests.runtime.faults.test_r3_many_runs"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=PATIENCE)
    files, found = map(int, run.stdout.split())
    assert files <= 0
    assert found < 100


def processor(tasks: int) -> float:
    """How many seconds of the processor a run of so many tasks takes, with the collection of its garbage."""
    before = process_time()
    asyncio.run(many_tasks(tasks))
    return process_time() - before


def test_time_is_linear_in_tasks() -> None:
    """Four times the tasks take less than eight times as long."""
    gc.collect()
    gc.freeze()  # what other tests have left in memory would be looked through again and again
    small = min(processor(1_000) for _ in range(5))
    large = min(processor(4_000) for _ in range(3))
    assert large < 8 * small


if __name__ == "__main__":
    sys.stdout.write("{} {}\n".format(*growth()))
