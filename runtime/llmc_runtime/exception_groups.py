"""The exceptions in exception groups."""

from typing import Any, Final, cast

MOST: Final = 1_000
"""Exceptions of a group, nested groups included, that are looked at."""

SHOWN: Final = 3
"""Exceptions of a group that a text names."""

# A subclass may return anything here, or raise.
_inside: Final = cast("Any", BaseExceptionGroup.exceptions)


def leaves(error: BaseException) -> tuple[BaseException, ...]:
    """Return the exceptions in a group and its nested groups, in order; any other exception by itself."""
    exceptions: list[BaseException] = []
    waiting, looked_at = [error], 0
    while waiting and looked_at < MOST:
        exception = waiting.pop()
        looked_at += 1
        if isinstance(exception, BaseExceptionGroup):
            waiting += reversed(_inside.__get__(exception)[:MOST])
        else:
            exceptions.append(exception)
    return tuple(exceptions)
