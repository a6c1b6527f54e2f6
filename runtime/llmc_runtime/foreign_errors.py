"""Exceptions and text from outside: the exceptions in a group, and the one bounded line that a message quotes."""

from typing import Any, Final, cast

from llmc_runtime.text_format import cut_middle

LONGEST: Final = 300
"""Characters of foreign text that a message quotes."""

_OF_MANY: Final = 80
"""Characters of each text if a message quotes several."""

_READ: Final = 10_000
"""Characters at each end of a foreign text that are considered for a quote."""


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


def described(error: BaseException) -> str:
    """Return the name of an exception and its message."""
    words = shortened(error)
    return type(error).__name__ + (f": {words}" if words else "")


def shortened(words: object) -> str:
    """Return foreign text as one bounded line, cut in its middle; an exception group names its first exceptions."""
    if isinstance(words, BaseExceptionGroup):
        inner = leaves(words)
        named = [_line(f"{type(leaf).__name__}: {_text(leaf)}".removesuffix(": "), _OF_MANY) for leaf in inner[:SHOWN]]
        more = [f"… {len(inner) - SHOWN} more"] if len(inner) > SHOWN else []
        return _line(f"{_line(_text(words), _OF_MANY)}: {'; '.join([*named, *more])}".removesuffix(": "), LONGEST)
    return _line(_text(words), LONGEST)


def _text(words: object) -> str:
    """The text of an object."""
    try:
        return str(words)
    except Exception:  # noqa: BLE001 — an exception may fail to describe itself
        return f"({type(words).__name__} without a readable text)"


def _line(text: str, most: int) -> str:
    """The text as one line, cut in its middle but not within a URL."""
    whole = text if len(text) <= 2 * _READ else f"{text[:_READ]}…{text[-_READ:]}"
    return cut_middle(" ".join(whole.split()), most)
