"""The runs that go on in this process: signals close them, and the child of a fork does not go on with them.

`os.fork` copies the runs into the child, where only the thread that forked goes on. That thread may be the loop's, in
the middle of a tool, or one in which a tool works. The child ends where it would come back from the tool: when the run
would tell an event, when the loop would take its next step, when a thread would tell the loop of a result. A child that
ends by itself before that, or executes another program, is not disturbed, and it may begin runs of its own.
"""

import os
from asyncio import AbstractEventLoop, Handle
from contextlib import suppress
from typing import Final, NoReturn, Protocol

STATUS: Final = 1
"""The exit status of a child that would have gone on with a run."""


class Active(Protocol):
    """A run that goes on."""

    @property
    def loop(self) -> AbstractEventLoop:
        """Its event loop."""
        ...

    def close(self) -> None:
        """Let no call begin any more; may be called by a signal, in the middle of anything."""
        ...

    def cut_off(self) -> None:
        """Tell nothing: this is a copy in the child of a fork."""
        ...


_runs: Final[dict[Active, None]] = {}


def begin(run: Active) -> None:
    """A run begins."""
    _runs[run] = None


def end(run: Active) -> None:
    """A run is over."""
    _runs.pop(run, None)


def close() -> None:
    """Let no call of any run begin any more; may be called by a signal."""
    for run in list(_runs):
        run.close()


def leave(*_: object, **__: object) -> NoReturn:
    """End the child of a fork at once: buffers, contexts and files are its parent's."""
    os._exit(STATUS)


def _cut_off() -> None:
    """Leave the runs to the parent of this process."""
    for run in _runs:
        run.cut_off()
        _stop(run.loop)
    _runs.clear()


def _stop(loop: AbstractEventLoop) -> None:
    """End this process where the loop would go on, or be told something by a thread."""
    handle = Handle(leave, (), loop)
    if hasattr(loop, "_ready"):
        loop._ready.appendleft(handle)  # noqa: SLF001 — `call_soon` would let others go first
    else:
        loop.call_soon(leave)
    with suppress(AttributeError):  # a loop that is written in another language
        loop.call_soon_threadsafe = leave  # type: ignore[method-assign]  # of this loop alone, in this process


os.register_at_fork(after_in_child=_cut_off)
