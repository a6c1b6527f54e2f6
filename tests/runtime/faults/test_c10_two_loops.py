"""C10: two event loops in one process, one after the other and at the same time."""

import asyncio
import threading

import llmc
from tests.runtime.fakes import echo, slow

TOOLS = llmc.Toolbox([echo, slow])


@llmc.pure
def in_thread(x: int) -> int:
    """The number."""
    return x


PROGRAM = llmc.compile("a = slow(0.01, 1)\nb = in_thread($a)\njoin($b)", TOOLS | llmc.Toolbox([in_thread]))


def test_a_program_runs_on_loops_one_after_the_other() -> None:
    """Nothing of a run is bound to the first loop."""
    assert [PROGRAM.run_sync().value for _ in range(3)] == [1, 1, 1]


def test_a_program_runs_on_loops_at_the_same_time() -> None:
    """Each in a thread of its own."""
    values: list[object] = []

    def work() -> None:
        values.extend(asyncio.run(PROGRAM.run()).value for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values == [1] * 80
