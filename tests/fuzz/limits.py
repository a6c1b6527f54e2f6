"""A check with a limit to the processor's time that it takes."""

import signal
from types import FrameType
from typing import Final

from tests.fuzz.targets import Check

LONGEST: Final = 1.0
"""Seconds that any input may take while fuzzing; inputs are small, and usual ones take milliseconds."""


class TooSlow(BaseException):
    """A check takes too long; no exception that the product may catch."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise TooSlow


def limited(check: Check, data: bytes, seconds: float = LONGEST) -> None:
    """The check of an input; raises what it raises, and TooSlow."""
    before = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        check(data)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
