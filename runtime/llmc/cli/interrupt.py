"""Ctrl-C in a run: the first stops it, the second ends the process at once, whatever its tools are at."""

import asyncio
import os
import signal
from asyncio import Task
from collections.abc import Coroutine, Sequence
from types import FrameType
from typing import Any, Final, Generic, TypeVar

from llmc.cli.outcome import INTERRUPTED, Waiting, aside
from llmc_runtime.events import Event, RunFinished, in_doubt
from llmc_runtime.to_end import run_to_end

T = TypeVar("T")

_STDERR: Final = 2
_STOPPING: Final = b"llmc: stopping; press Ctrl-C again to end at once\n"


class Interruptible(Generic[T]):
    """A coroutine that the first Ctrl-C cancels."""

    def __init__(self, main: Coroutine[Any, Any, T]) -> None:
        self._main = main
        self._task: Task[T] | None = None
        self._times = 0

    def run(self) -> T:
        """What it gives; raises KeyboardInterrupt after a Ctrl-C, when all is stopped."""
        before = signal.getsignal(signal.SIGINT)
        try:
            with aside():
                return run_to_end(self._run())
        except asyncio.CancelledError as error:
            raise KeyboardInterrupt from error
        finally:
            signal.signal(signal.SIGINT, before)
            self._main.close()  # where it was never begun

    async def _run(self) -> T:
        """The coroutine, in a task that is known here."""
        self._task = asyncio.ensure_future(self._main)
        # The loop's own way wakes it where it waits, whichever thread the signal is given to; but a loop that a tool
        # blocks calls nobody, so that what the signal does is done by Python's.
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)
        signal.signal(signal.SIGINT, self._interrupt)
        return await self._task

    def _interrupt(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 — what signals call
        """Ctrl-C was pressed."""
        self._times += 1
        if self._times > 1 or self._task is None:
            # Nothing of the interpreter is used that a tool in the middle of something could hold.
            os._exit(INTERRUPTED)
        os.write(_STDERR, _STOPPING)
        self._task.cancel()


def left_open(happened: Sequence[Event]) -> str:
    """What may have been written, and what still runs, after runs that were given up."""
    doubts = in_doubt(happened)
    running = [name for event in happened if isinstance(event, RunFinished) for name in event.abandoned]
    if running:
        Waiting.is_wanted = False
    words = f"; in doubt: {', '.join(doubts)}" if doubts else ""
    return words + (f"; still running: {', '.join(running)}" if running else "")
