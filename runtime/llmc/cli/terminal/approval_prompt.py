"""Asks for the approval of calls on a terminal: shows all waiting calls together, and asks for one at a time.

    y       yes                                 a       yes to all shown calls of the task
    n WHY   no, with an optional reason         x       no to all shown calls
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
"""The maximum number of calls to show at once; further calls follow later."""


class Pausing(Protocol):
    """A progress display that can be paused."""

    def still(self) -> AbstractContextManager[object]:
        """Draw nothing inside the block."""
        ...


class Prompt:
    """Asks on standard error and reads the answer from standard input, without blocking the rest of the run."""

    def __init__(self) -> None:

        self.progress: Pausing | None = None
        self._shown: dict[PendingApproval, None] = {}
        self._turn = asyncio.Lock()  # a repaired plan may run while the plan that it continues still runs

    async def ask_all(self, waiting: "Sequence[PendingApproval]") -> None:
        """Show the waiting calls and answer at least the first; the end of the input is a no."""
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
        """Show the new calls, and last the call that is asked for."""
        self._shown |= dict.fromkeys((*new, waiting[0]))
        lines = _lines(waiting, new, len(waiting) - len(self._shown), whole=whole)
        print("\n".join(lines), file=sys.stderr, flush=True)

    def _is_alone(self, first: "PendingApproval") -> bool:
        """Whether no other shown call could be answered with this one."""
        return len(self._shown) == 1 and not first.request.indices

    def _of_task(self, first: "PendingApproval") -> "list[PendingApproval]":
        """Return the shown calls of the same task."""
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
        """Answer the first call, and all others that the answer covers."""
        said, (word, _, why) = answer.lower(), answer.partition(" ")
        if said in _ALL and not self._is_alone(first):
            for pending in self._of_task(first):
                pending.answer(True)  # noqa: FBT003 — the answer is a boolean
        elif said in _NONE:
            for pending in self._shown:
                pending.answer(False)  # noqa: FBT003 — as above
        elif said in _YES:
            first.answer(True)  # noqa: FBT003 — as above
        else:
            first.answer(why.strip() if word.lower() in _NO else "")


def _task(request: "ApprovalRequest") -> tuple[str, tuple[str, ...]]:
    """Return the task of a call, with the plans around it."""
    return request.task, request.inside


def _lines(
    waiting: "Sequence[PendingApproval]", new: "Iterable[PendingApproval]", hidden: int, *, whole: bool
) -> Iterator[str]:
    """Yield terminal lines for the new calls, then for the first call."""
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
    """Whether standard input and standard error are terminals."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _forget_typed(descriptor: int) -> None:
    """Discard input typed before the question, which cannot be an answer to it."""
    import termios

    termios.tcflush(descriptor, termios.TCIFLUSH)


async def _line(descriptor: int) -> str:
    """Read the next line from a terminal."""
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
