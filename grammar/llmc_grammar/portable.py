"""Exceptions that survive pickling and copying, with their attributes and their causes.

Python copies an exception by calling its class with `args`, which fails where `__init__` takes anything else, and drops
the cause. A copy in memory shares the cause. In a pickle, a cause from another library is kept if it holds plain data
alone: it may hold requests, and their credentials, or objects that cannot be pickled. Else an exception of the same
name and text replaces it.
"""

import pickle
from contextlib import suppress
from copy import deepcopy
from enum import Enum
from itertools import islice
from typing import Any, Final, Self, TypeVar, cast

S = TypeVar("S", bound="StandIn")
P = TypeVar("P", bound="Portable")

OURS: Final = frozenset({"llmc", "llmc_grammar", "llmc_compiler", "llmc_runtime"})
"""The packages of this project, whose exceptions can be pickled."""

MOST_CAUSES: Final = 16
"""Foreign exceptions in a row that are each the cause of the one before."""

MOST_WORDS: Final = 4_000
"""Characters of an exception's text that its stand-in keeps."""

_MOST_PARTS: Final = 1_000
_MOST_SIGNS: Final = 256 * 1024
_SIMPLE: Final = (int, float, complex, Enum, type(None))
_PLAIN: Final = frozenset({"datetime", "decimal", "fractions", "pathlib", "uuid", "zoneinfo"})


class Portable(BaseException):
    """Mixin: an exception that is copied without a call of its `__init__`, together with its cause."""

    def __copy__(self) -> Self:
        """Another one with the same attributes and cause."""
        return _with(_made(type(self), self.args), self.__dict__, self.__cause__)

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Another one with copies of the attributes, and the same cause."""
        made = memo[id(self)] = _made(type(self), self.args)
        return _with(made, deepcopy(self.__dict__, memo), self.__cause__)

    def __reduce__(self) -> tuple[Any, ...]:
        """Its class and `args`, then its state."""
        return _made, (type(self), self.args), self._state()

    def _state(self) -> tuple[dict[str, Any], "Cause | None"]:
        """The attributes and the cause, as a pickle has them."""
        return self.__dict__, None if self.__cause__ is None else Cause(self.__cause__)

    def __setstate__(self, state: Any) -> None:  # noqa: ANN401 — as `_state` gives it
        """Take over attributes and cause."""
        attributes, cause = state
        _with(self, attributes, None if cause is None else cause.error)


class StandIn(Portable, Exception):  # noqa: N818 — it has the name of what it stands for
    """Stands for an exception that is not pickled, or not shown; a subclass has its name and its module."""

    def __reduce__(self) -> tuple[Any, ...]:
        """The class that was made for it cannot be found by name."""
        kind = type(self)
        if "is_made" not in vars(kind):
            return super().__reduce__()
        return stand_in, (kind.__mro__[1], kind.__name__, kind.__module__, *self.args), self._state()


class Cause:
    """The cause of an exception in a pickle: `words` alone, or all of it; `depth` counts the foreign ones above it."""

    __slots__ = ("depth", "error", "words")

    def __init__(self, error: BaseException, *, words: bool = False, depth: int = 0) -> None:
        self.error = error
        self.words = words
        self.depth = depth

    def __reduce__(self) -> tuple[Any, ...]:
        """How to revive it."""
        error, kind, deeper = self.error, type(self.error), self.depth + 1
        if isinstance(error, StandIn) or (isinstance(error, Portable) and kind.__module__.partition(".")[0] in OURS):
            return Cause, (error,)
        above = error.__cause__ if deeper < MOST_CAUSES else None
        inner = None if above is None else Cause(above, words=self.words, depth=deeper)
        packed = None if self.words else _packed(error)
        return _revived, (packed, kind.__name__, kind.__module__, words_of(error), inner)


def stand_in(kind: type[S], name: str, module: str, *args: object) -> S:
    """An exception of this name, with these `args`."""
    made = type(name, (kind,), {"__module__": module, "is_made": True})
    return cast("type[S]", made)(*args)


def words_of(error: BaseException) -> str:
    """The beginning of an exception's text, as far as it has one."""
    try:
        return str(error)[:MOST_WORDS]
    except Exception:  # noqa: BLE001 — an exception may fail at describing itself
        return ""


def _made(kind: type[P], args: tuple[object, ...]) -> P:
    """An exception with these `args`."""
    made = kind.__new__(kind, *args)
    made.args = args
    return made


def _with(error: P, attributes: dict[str, Any], cause: BaseException | None) -> P:
    """The exception with attributes and a cause; without one, its context stays shown."""
    error.__dict__.update(attributes)
    if cause is not None:
        error.__cause__ = cause
    return error


def _packed(error: BaseException) -> bytes | None:
    """A foreign exception as a pickle of its own, since only its receiver knows whether it can be read.

    None for one that cannot be pickled, or holds more than plain data.
    """
    try:
        return pickle.dumps(error) if _is_plain(error) else None
    except Exception:  # noqa: BLE001 — code of others, and each may fail in its own way
        return None


def _is_plain(error: BaseException) -> bool:
    """Whether `args` and attributes of an exception, and of those that it groups, are plain data, and not too much."""
    waiting: list[object] = [error]
    parts, signs = 0, 0
    while waiting:
        part = waiting.pop()
        parts += 1
        if isinstance(part, BaseException):
            waiting += [part.args, part.__dict__]
        elif isinstance(part, dict):
            waiting += [each for pair in islice(part.items(), _MOST_PARTS) for each in pair]
        elif isinstance(part, (list, tuple, set, frozenset)):
            waiting += islice(part, _MOST_PARTS)
        elif isinstance(part, (str, bytes, bytearray)):
            signs += len(part)
        elif not isinstance(part, _SIMPLE) and type(part).__module__ not in _PLAIN:
            return False
        if parts > _MOST_PARTS or signs > _MOST_SIGNS:
            return False
    return True


def _revived(packed: bytes | None, name: str, module: str, words: str, inner: Cause | None) -> Cause:
    """The foreign exception, or its stand-in."""
    error: object = None
    if packed is not None:
        with suppress(Exception):
            error = pickle.loads(packed)  # noqa: S301 — a part of a pickle that is being read
    if not isinstance(error, BaseException):
        error = stand_in(StandIn, name, module, words)
    if inner is not None:
        error.__cause__ = inner.error
    return Cause(error)
