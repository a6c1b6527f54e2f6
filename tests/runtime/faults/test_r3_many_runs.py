"""R3: many runs in one process, many tasks in one run; `make soak` has more of both."""

import asyncio
import gc

import llmc
from benchmarks.soak import descriptors, many_tasks
from tests.runtime.fakes import broken, echo, slow


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


def test_memory_and_descriptors_are_flat() -> None:
    """After the first runs, a hundred more leave nothing behind."""

    async def runs(number: int) -> None:
        for _ in range(number):
            assert (await PROGRAM.run()).value == [1, 2]

    asyncio.run(runs(50))
    before = descriptors(), objects()
    asyncio.run(runs(100))
    assert descriptors() <= before[0]
    # Not even one object a run; bytes would count what measures coverage.
    assert objects() - before[1] < 100


def test_time_is_linear_in_tasks() -> None:
    """Four times the tasks take less than eight times as long."""
    gc.collect()
    gc.freeze()  # what other tests have left in memory would be looked through again and again
    try:
        small = min(asyncio.run(many_tasks(1_000)) for _ in range(5))
        large = min(asyncio.run(many_tasks(4_000)) for _ in range(3))
    finally:
        gc.unfreeze()
    assert large < 8 * small
