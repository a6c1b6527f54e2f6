"""The exceptions in exception groups."""

from typing import Any, Final, cast

MOST: Final = 1_000
"""Exceptions of a group, the groups in it included, that are looked at."""

SHOWN: Final = 3
"""Exceptions of a group that a text names."""

# A subclass may say anything, or raise.
_inside: Final = cast("Any", BaseExceptionGroup.exceptions)


def leaves(error: BaseException) -> tuple[BaseException, ...]:
    """The exceptions in a group, and in the groups in it, in their order; of any other exception itself."""
    found: list[BaseException] = []
    waiting, looked_at = [error], 0
    while waiting and looked_at < MOST:
        each = waiting.pop()
        looked_at += 1
        if isinstance(each, BaseExceptionGroup):
            waiting += reversed(_inside.__get__(each)[:MOST])
        else:
            found.append(each)
    return tuple(found)
