"""R1: one slow tool and 100 fast ones."""

import asyncio

from llmc_compiler.tools.decorators import nondet
from llmc_runtime.limits import Limits
from tests.runtime.build import call, play, times
from tests.runtime.fakes import slow


@nondet
async def fast(x: int) -> int:
    """Come back after a millisecond."""
    await asyncio.sleep(0.001)
    return x


def test_the_fast_are_not_held_up() -> None:
    """Neither by one slow call, nor by more calls of a slow tool than there is room for."""
    for number in (1, 500):
        nodes = [call(f"s{i}", slow, 10) for i in range(number)] + [call(f"f{i}", fast, i) for i in range(100)]
        ends = times(play(*nodes), "finished")
        assert max(end for task, end in ends.items() if task.startswith("f")) < 0.01


def test_without_a_width_of_its_own_they_would_be() -> None:
    """The control: where one tool may take all the room, it does."""
    nodes = [call(f"s{i}", slow, 10) for i in range(500)] + [call(f"f{i}", fast, i) for i in range(100)]
    ends = times(play(*nodes, limits=Limits(width=64, tool_width=64)), "finished")
    assert max(end for task, end in ends.items() if task.startswith("f")) > 10
