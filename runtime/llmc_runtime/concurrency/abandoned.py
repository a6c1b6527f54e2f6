"""Calls that were given up and still run, in all runs of this process: nothing can kill them, so they are counted.

Threads come back on their own, so all of this is behind a lock. None of them goes on in the child of a fork.
"""

import os
from collections.abc import Callable, Hashable
from typing import Any, Final

from llmc_grammar.forks import fork_safe_lock

_lock: Final = fork_safe_lock()
_left: Final[dict[Hashable, Callable[..., Any]]] = {}
_numbers: Final[dict[int, int]] = {}  # by the identity of the function: not every callable can be hashed
_told: Final[dict[Hashable, list[Callable[[], object]]]] = {}


def leave(what: Hashable, function: Callable[..., Any]) -> None:
    """A task or job that calls this function was given up, and does not end."""
    with _lock:
        if what not in _left:
            _left[what] = function
            _numbers[id(function)] = _numbers.get(id(function), 0) + 1


def came_back(what: Hashable) -> None:
    """A task or job is over, whether it was left or not."""
    if not _left:
        return
    with _lock:
        function = _left.pop(what, None)
        if function is not None:
            _numbers[id(function)] -= 1
            if not _numbers[id(function)]:
                del _numbers[id(function)]
        waiting = _told.pop(what, ())
    for told in waiting:
        told()


def when_back(what: Hashable, told: Callable[[], object]) -> None:
    """Tell when a task or job that was left is over, in whichever thread that happens; at once if it is."""
    with _lock:
        is_left = what in _left
        if is_left:
            _told.setdefault(what, []).append(told)
    if not is_left:
        told()


def is_left(what: Hashable) -> bool:
    """Whether a task or job was left, and still runs."""
    return what in _left


def number_left(function: Callable[..., Any]) -> int:
    """How many calls of the function were given up and still run."""
    return _numbers.get(id(function), 0) if _numbers else 0


def all_left() -> tuple[Hashable, ...]:
    """Whatever was left and still runs."""
    with _lock:
        return tuple(_left)


def _forget() -> None:
    """In the child of a fork, nothing was left."""
    for each in (_left, _numbers, _told):
        each.clear()


os.register_at_fork(after_in_child=_forget)
