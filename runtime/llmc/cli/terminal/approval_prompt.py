"""Asking on a terminal whether calls may be made: all that wait are shown together, and one is asked for at a time.

    y       yes                                 a       yes to all of the task that were shown
    n WHY   no, and perhaps why                 x       no to all that were shown
    v       show everything, and ask again

Any other answer is a no.
"""

import asyncio
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final, Protocol

from llmc.cli.terminal.output import counted
from llmc.cli.terminal.screen import terminal_width
from llmc_compiler.terminal_cells import marked

if TYPE_CHECKING:
    from llmc import ApprovalRequest, PendingApproval

_LONGEST: Final = 4096
_YES: Final = frozenset({"y", "yes"})
_NO: Final = frozenset({"n", "no"})
_ALL: Final = frozenset({"a", "all"})
_NONE: Final = frozenset({"x", "none"})
_VIEW: Final = frozenset({"v", "view"})

_TOGETHER: Final = 50
"""Calls that are shown at once; those behind them follow."""


class Pausing(Protocol):
    """What is drawn while a run goes on, and can be kept still."""

    def still(self) -> AbstractContextManager[object]:
        """Draw nothing meanwhile."""
        ...


class Prompt:
    """Asks on standard error, and reads the answer from standard input; nothing else of the run waits for it."""

    def __init__(self) -> None:
        """Nothing is drawn, and nothing was shown."""
        self.progress: Pausing | None = None
        self._shown: dict[PendingApproval, None] = {}
        self._turn = asyncio.Lock()  # a plan that is repaired may run beside the one that it continues

    async def ask_all(self, waiting: "Sequence[PendingApproval]") -> None:
        """Show calls that wait, and answer the first of them, or more; an end of the input is a no."""
        async with self._turn:
            waits = set(waiting)
            self._shown = {pending: None for pending in self._shown if pending in waits}
            new = [pending for pending in waiting if pending not in self._shown][:_TOGETHER]
            with nullcontext() if self.progress is None else self.progress.still():
                self._show(waiting, new, whole=False)
                while (answer := await self._answer(waiting[0])).lower() in _VIEW:
                    self._show(waiting, waiting, whole=True)
            self._take(answer, waiting[0])

    def _show(self, waiting: "Sequence[PendingApproval]", new: "Sequence[PendingApproval]", *, whole: bool) -> None:
        """Show the calls that are new, and last the one that is asked for."""
        self._shown |= dict.fromkeys((*new, waiting[0]))
        lines = _lines(waiting, new, len(waiting) - len(self._shown), whole=whole)
        print("\n".join(lines), file=sys.stderr, flush=True)

    def _is_alone(self, first: "PendingApproval") -> bool:
        """Whether there is nothing else to answer with it."""
        return len(self._shown) == 1 and not first.request.indices

    def _of_task(self, first: "PendingApproval") -> "list[PendingApproval]":
        """The calls of its task that were shown."""
        task = _task(first.request)
        return [each for each in self._shown if _task(each.request) == task]

    async def _answer(self, first: "PendingApproval") -> str:
        """Ask, and return the answer."""
        what, ways = "this", "y: yes, n: no, v: show everything"
        if not self._is_alone(first):
            what, task = marked(first.request.place), marked(first.request.task)
            ways += f", a: yes to all {len(self._of_task(first))} of task {task}, x: no to all {len(self._shown)}"
        _forget_typed(sys.stdin.fileno())
        print(f"may {what} run? {ways} [y/N] ", end="", file=sys.stderr, flush=True)
        try:
            return (await _line(sys.stdin.fileno())).strip()
        except asyncio.CancelledError:
            print(file=sys.stderr)
            raise

    def _take(self, answer: str, first: "PendingApproval") -> None:
        """Answer the first call, and with it those that the answer is about."""
        said, (word, _, why) = answer.lower(), answer.partition(" ")
        if said in _ALL and not self._is_alone(first):
            for pending in self._of_task(first):
                pending.answer(True)  # noqa: FBT003 — as it is asked
        elif said in _NONE:
            for pending in self._shown:
                pending.answer(False)  # noqa: FBT003 — as above
        elif said in _YES:
            first.answer(True)  # noqa: FBT003 — as above
        else:
            first.answer(why.strip() if word.lower() in _NO else "")


def _task(request: "ApprovalRequest") -> tuple[str, tuple[str, ...]]:
    """The task of a call, in its run."""
    return request.task, request.inside


def _lines(
    waiting: "Sequence[PendingApproval]", new: "Iterable[PendingApproval]", hidden: int, *, whole: bool
) -> Iterator[str]:
    """The calls that are new, then the first, in lines of the terminal."""
    width = terminal_width(sys.stderr)
    first = waiting[0].request
    others = [pending.request for pending in new if pending is not waiting[0]]
    if others:
        yield f"{counted(len(others), 'more call')} waiting:"
    for request in others:
        is_like = _task(request) == _task(first) and request.tool == first.tool and not whole
        yield from request.lines(width, whole=whole, like=first if is_like else None)
    if hidden:
        yield f"… {hidden:,} more, which are shown after these"
    yield from first.lines(width, whole=whole)


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
