"""Whether work costs what the length of its input says, on however slow a machine."""

from collections.abc import Callable
from time import process_time
from timeit import repeat
from typing import Final, TypeVar

Input = TypeVar("Input")

NOISE: Final = 0.002
"""Seconds below which a reading says nothing."""


def fastest(work: Callable[[], object], readings: int = 3) -> float:
    """The least reading, in seconds of the processor: others may use it meanwhile.

    No garbage is collected: that takes time by the size of all that other tests have left.
    """
    return min(repeat(work, timer=process_time, number=1, repeat=readings))


def is_linear(work: Callable[[Input], object], small: Input, large: Input, noise: float = NOISE) -> bool:
    """Whether an input eight times as long costs at most 24 times the time: a square would cost 64 times."""
    return fastest(lambda: work(large)) <= 24 * max(fastest(lambda: work(small)), noise)
