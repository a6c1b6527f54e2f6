"""Asking on a terminal whether a call may be made."""

import asyncio
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from llmc import ApprovalRequest

_LONGEST: Final = 4096
_YES: Final = frozenset({"y", "yes"})


class Pausing(Protocol):
    """What is drawn while a run goes on, and can be kept still."""

    def still(self) -> AbstractContextManager[object]:
        """Draw nothing meanwhile."""
        ...


class Prompt:
    """Asks on standard error, and reads the answer from standard input; nothing else of the run waits for it."""

    def __init__(self) -> None:
        """Nothing is drawn."""
        self.progress: Pausing | None = None

    async def __call__(self, request: "ApprovalRequest") -> bool:
        """Whether the answer is yes; an end of the input is a no."""
        with nullcontext() if self.progress is None else self.progress.still():
            _forget_typed(sys.stdin.fileno())
            print(f"{request}\nmay this run? [y/N] ", end="", file=sys.stderr, flush=True)
            try:
                answer = await _line(sys.stdin.fileno())
            except asyncio.CancelledError:
                print(file=sys.stderr)
                raise
        return answer.strip().lower() in _YES


def can_ask() -> bool:
    """Whether there is a terminal to ask on and to read from."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _forget_typed(descriptor: int) -> None:
    """Drop what was typed so far: before the question it is no answer to it."""
    import termios

    termios.tcflush(descriptor, termios.TCIFLUSH)


async def _line(descriptor: int) -> str:
    """The next line from a terminal."""
    loop = asyncio.get_running_loop()
    came: asyncio.Future[bytes] = loop.create_future()

    def ready() -> None:
        if not came.done():
            try:
                came.set_result(os.read(descriptor, _LONGEST))
            except OSError:
                came.set_result(b"")  # the terminal is gone

    loop.add_reader(descriptor, ready)
    try:
        return (await came).decode("utf-8", "replace")
    finally:
        loop.remove_reader(descriptor)
