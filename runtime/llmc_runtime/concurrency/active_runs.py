"""The active runs of this process: signals close them, and the child of a fork does not continue them.

`os.fork` copies the runs into the child, where only the forking thread continues. It may be the loop's thread, inside a
tool, or a worker thread of a tool. The child exits when it returns from the tool: when the run emits an event, when the
loop takes its next step, or when a thread reports a result to the loop. A child may exit by itself or execute another
program before that, and it may start new runs.
"""

import os
from asyncio import AbstractEventLoop, Handle
from contextlib import suppress
from typing import Final, NoReturn, Protocol

STATUS: Final = 1
"""The exit status of a child that returns to a run."""


class Active(Protocol):
    """An active run."""

    @property
    def loop(self) -> AbstractEventLoop:
        """Its event loop."""
        ...

    def close(self) -> None:
        """Stop starting calls; safe in a signal handler."""
        ...

    def cut_off(self) -> None:
        """Disable this copy of the run in the child of a fork."""
        ...


_runs: Final[dict[Active, None]] = {}


def begin(run: Active) -> None:
    """Add a run."""
    _runs[run] = None


def end(run: Active) -> None:
    """Remove a run."""
    _runs.pop(run, None)


def close() -> None:
    """Stop all runs from starting calls; safe in a signal handler."""
    for run in list(_runs):
        run.close()


def leave(*_: object, **__: object) -> NoReturn:
    """Exit the child of a fork at once: buffers, contexts and files belong to its parent."""
    os._exit(STATUS)


def _cut_off() -> None:
    """Leave the runs to the parent process."""
    for run in _runs:
        run.cut_off()
        _stop(run.loop)
    _runs.clear()


def _stop(loop: AbstractEventLoop) -> None:
    """Exit this process when the loop takes its next step, or when a thread reports to it."""
    handle = Handle(leave, (), loop)
    if hasattr(loop, "_ready"):
        loop._ready.appendleft(handle)  # noqa: SLF001 — `call_soon` runs other callbacks first
    else:
        loop.call_soon(leave)
    with suppress(AttributeError):  # loops in C do not allow this
        loop.call_soon_threadsafe = leave  # type: ignore[method-assign]  # only of this loop, in this process


os.register_at_fork(after_in_child=_cut_off)
