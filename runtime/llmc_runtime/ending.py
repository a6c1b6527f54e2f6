"""How runs end before all is done, and the words for what they leave open.

What a listener raises, and what else is no task's failure, ends its run: nothing more is begun, and whoever waits for
the run gets the error. Its note names the writes in doubt and what still runs; `in_doubt` reads the first from it.
"""

from asyncio import Future
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from llmc_runtime import events
from llmc_runtime.events import Event, RunFinished

_DOUBTS: Final = "_llmc_in_doubt"
"""The attribute of an exception with the tasks that are in doubt."""


class Ending:
    """The end of a run: `reached` is done when every task has an outcome, or holds the error that ended the run.

    `halt` lets the run begin nothing more.
    """

    __slots__ = ("halt", "reached")

    def __init__(self, reached: "Future[None]", halt: Callable[[], None]) -> None:
        self.reached = reached
        self.halt = halt

    def reach(self) -> None:
        """Every task has an outcome."""
        if not self.reached.done():
            self.reached.set_result(None)

    def fail(self, error: BaseException) -> None:
        """Begin nothing more; whoever waits for the end gets the error."""
        self.halt()
        if not self.reached.done():
            self.reached.set_exception(error)

    def give_up(self) -> None:
        """Nobody waits for the end any more."""
        if not self.reached.cancel() and not self.reached.cancelled():
            self.reached.exception()  # seen, so that nobody warns of it


def left_open(happened: Sequence[Event]) -> str:
    """The writes in doubt and what still runs, after runs that were given up; empty where there is neither."""
    doubts, running = events.in_doubt(happened), still_running(happened)
    words = f"; in doubt: {', '.join(doubts)}" if doubts else ""
    return words + (f"; still running: {', '.join(running)}" if running else "")


def still_running(happened: Iterable[Event]) -> list[str]:
    """The names of what did not end with its run."""
    return [name for event in happened if isinstance(event, RunFinished) for name in event.abandoned]


def name_open(error: BaseException, happened: Sequence[Event]) -> None:
    """Add a note to an exception that ended a run: what that leaves open, if anything."""
    if words := left_open(happened):
        error.add_note(f"the run was ended{words}")
        vars(error)[_DOUBTS] = tuple(dict.fromkeys((*in_doubt(error), *events.in_doubt(happened))))


@contextmanager
def naming(happened: Sequence[Event]) -> Iterator[None]:
    """Name what is left open in the note of an exception that leaves the block."""
    try:
        yield
    except BaseException as error:
        name_open(error, happened)
        raise


def in_doubt(error: BaseException) -> tuple[str, ...]:
    """The tasks, with the places of elements in loops, that may have written something when this ended their run."""
    doubts: tuple[str, ...] = vars(error).get(_DOUBTS, ())
    return doubts
