"""Early ends of runs, and the notes on their open calls.

An exception of a listener ends its run, as does any other error outside a task. The run starts no more calls, and
raises the error. A note on the error names the writes in doubt and the calls that still run. `in_doubt` returns the
former.
"""

from asyncio import Future
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from llmc_runtime.state import events
from llmc_runtime.state.events import Event, RunFinished

_DOUBTS: Final = "_llmc_in_doubt"
"""The attribute of an exception that holds the tasks in doubt."""


class RunEnding:
    """The end of a run: `reached` completes when every task has an outcome, or fails with the error that ends the run.

    `halt` stops the run from starting calls.
    """

    __slots__ = ("halt", "reached")

    def __init__(self, reached: "Future[None]", halt: Callable[[], None]) -> None:
        self.reached = reached
        self.halt = halt

    def reach(self) -> None:
        """End the run normally: every task has an outcome."""
        if not self.reached.done():
            self.reached.set_result(None)

    def fail(self, error: BaseException) -> None:
        """Start no more calls, and raise the error in the code that waits for the end."""
        self.halt()
        if not self.reached.done():
            self.reached.set_exception(error)

    def give_up(self) -> None:
        """Cancel the wait for the end."""
        if not self.reached.cancel() and not self.reached.cancelled():
            self.reached.exception()  # retrieved, so that asyncio does not warn of it


def left_open(happened: Sequence[Event]) -> str:
    """Describe the writes in doubt and the calls that still run after abandoned runs; empty without any."""
    doubts, running = events.in_doubt(happened), still_running(happened)
    words = f"; in doubt: {', '.join(doubts)}" if doubts else ""
    return words + (f"; still running: {', '.join(running)}" if running else "")


def still_running(happened: Iterable[Event]) -> list[str]:
    """Return the names of calls that outlive their run."""
    return [name for event in happened if isinstance(event, RunFinished) for name in event.abandoned]


def name_open(error: BaseException, happened: Sequence[Event]) -> None:
    """Add a note on open calls to an exception that ended a run, if there are any."""
    if words := left_open(happened):
        error.add_note(f"the run was ended{words}")
        vars(error)[_DOUBTS] = tuple(dict.fromkeys((*in_doubt(error), *events.in_doubt(happened))))


@contextmanager
def naming(happened: Sequence[Event]) -> Iterator[None]:
    """Add a note on open calls to an exception that leaves the block."""
    try:
        yield
    except BaseException as error:
        name_open(error, happened)
        raise


def in_doubt(error: BaseException) -> tuple[str, ...]:
    """Return the tasks whose writes are in doubt since this error ended their run, with loop indices."""
    doubts: tuple[str, ...] = vars(error).get(_DOUBTS, ())
    return doubts
