"""Abandoned calls that still run, in all runs of this process: they cannot be killed, so they are counted.

Threads report from anywhere, so the state is behind a lock. None of the calls goes on in the child of a fork.
"""

import os
from collections.abc import Callable, Hashable
from typing import Any, Final

from llmc_grammar.forks import fork_safe_lock

_lock: Final = fork_safe_lock()
_left: Final[dict[Hashable, Callable[..., Any]]] = {}
numbers: Final[dict[int, int]] = {}
"""How many there are, by the identity of the function, as not every callable can be hashed."""
_told: Final[dict[Hashable, list[Callable[[], object]]]] = {}


def leave(what: Hashable, function: Callable[..., Any]) -> None:
    """Record an abandoned task or job that calls this function and does not end."""
    with _lock:
        if what not in _left:
            _left[what] = function
            numbers[id(function)] = numbers.get(id(function), 0) + 1


def came_back(what: Hashable) -> None:
    """Record the end of a task or job, abandoned or not."""
    if not _left:
        return
    with _lock:
        function = _left.pop(what, None)
        if function is not None:
            numbers[id(function)] -= 1
            if not numbers[id(function)]:
                del numbers[id(function)]
        waiting = _told.pop(what, ())
    for callback in waiting:
        callback()


def when_back(what: Hashable, told: Callable[[], object]) -> None:
    """Call `told` when an abandoned task or job ends, in that thread; at once if it is not running."""
    with _lock:
        is_left = what in _left
        if is_left:
            _told.setdefault(what, []).append(told)
    if not is_left:
        told()


def is_left(what: Hashable) -> bool:
    """Whether a task or job was abandoned and still runs."""
    return what in _left


def number_left(function: Callable[..., Any]) -> int:
    """Return the number of abandoned calls of the function that still run."""
    return numbers.get(id(function), 0) if numbers else 0


def all_left() -> tuple[Hashable, ...]:
    """Return all abandoned tasks and jobs that still run."""
    with _lock:
        return tuple(_left)


def _forget() -> None:
    """Clear the records in the child of a fork."""
    for records in (_left, numbers, _told):
        records.clear()


os.register_at_fork(after_in_child=_forget)
