"""Signals in a run: the first stops it, the second ends the process at once, even in the middle of a tool."""

import asyncio
import os
import signal
from asyncio import Task
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from threading import local
from types import FrameType
from typing import Any, Final, Generic, NoReturn, TypeVar

import typer

from llmc.cli.terminal.output import Waiting, say
from llmc.cli.terminal.screen import aside
from llmc_grammar.portable import Portable
from llmc_runtime.concurrency import active_runs
from llmc_runtime.concurrency.run_sync import run_sync
from llmc_runtime.foreign_errors import described
from llmc_runtime.state import run_ending
from llmc_runtime.state.events import Event

T = TypeVar("T")

WORDS: Final = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
"""The signals that stop a run, and the word for each."""

_STDERR: Final = 2
_STOPPING: Final = {
    signal.SIGINT: b"llmc: stopping; press Ctrl-C again to end at once\n",
    signal.SIGTERM: b"llmc: stopping; a second signal ends it at once\n",
    signal.SIGHUP: b"llmc: stopping; a second signal ends it at once\n",
}


def status_of(number: int) -> int:
    """Return the exit status for a signal, as in shells: 130, 143, 129."""
    return 128 + number


class Interruption(Portable, KeyboardInterrupt):
    """A signal stopped a run; the cause is the exception that ended the run."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(WORDS[number])
        self.status = status_of(number)

    def leave(self, words: str = "") -> NoReturn:
        """Report how the run ended, and exit with the status of the signal."""
        cause = self.__cause__
        if cause is not None and not isinstance(cause, (asyncio.CancelledError, KeyboardInterrupt)):
            say(described(cause))
        say(f"{self}{words}")
        raise typer.Exit(self.status) from self


class Interruptible(Generic[T]):
    """A coroutine that the first signal cancels; signals that are ignored at the start stay ignored."""

    def __init__(self, main: Coroutine[Any, Any, T]) -> None:
        self._main = main
        self._task: Task[T] | None = None
        self._number: signal.Signals | None = None
        self._before = {number: signal.getsignal(number) for number in WORDS}

    def run(self) -> T:
        """Return its result; raises Interruption after a signal, when everything has stopped."""
        global _current  # noqa: PLW0603 — signals belong to the process as well
        _current = self
        try:
            with aside():
                return run_sync(self._run())
        except BaseException as error:
            is_pressed = isinstance(error, (asyncio.CancelledError, KeyboardInterrupt))
            number = signal.SIGINT if self._number is None and is_pressed else self._number
            if number is None:
                raise
            raise Interruption(number) from error
        finally:
            _current = None
            self.restore()
            self._main.close()  # in case it never started

    def restore(self) -> None:
        """Restore the previous signal handlers."""
        for number, action in self._before.items():
            signal.signal(number, action)

    async def _run(self) -> T:
        """Run the coroutine in a task that the signal handler can cancel."""
        self._task = asyncio.ensure_future(self._main)
        for number, action in self._before.items():
            if action != signal.SIG_IGN:
                # The loop's handler wakes the loop, whichever thread receives the signal. A tool may block the loop,
                # so Python's handler does the work.
                asyncio.get_running_loop().add_signal_handler(number, lambda: None)
                signal.signal(number, self._interrupt)
        return await self._task

    def _interrupt(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 — the signature of signal handlers
        """Stop the run on the first signal, and exit on the second."""
        if self._number is not None or self._task is None:
            # A normal exit could wait for a lock that an interrupted tool holds.
            os._exit(status_of(number))
        self._number = signal.Signals(number)
        active_runs.close()
        with suppress(OSError):  # after SIGHUP the terminal is gone
            os.write(_STDERR, _STOPPING[self._number])
        self._task.cancel()


_current: "Interruptible[Any] | None" = None


_masks: Final = local()
"""The signals blocked in a thread before it forked."""


def _before_fork() -> None:
    """Block signals until the child has its own handlers, since Python would lose them."""
    if _current is not None:
        _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, WORDS)


def _after_fork() -> None:
    """Unblock signals."""
    before, _masks.before = getattr(_masks, "before", None), None
    if before is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _in_child() -> None:
    """Restore the previous handlers in the child of a fork, and detach it from its parent's loop."""
    if _current is not None:
        signal.set_wakeup_fd(-1)
        _current.restore()
    _after_fork()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_in_child)


def left_open(happened: Sequence[Event]) -> str:
    """Describe writes in doubt and calls that still run, and do not wait for those calls at exit."""
    if run_ending.still_running(happened):
        Waiting.is_wanted = False
    return run_ending.left_open(happened)
