"""Exceptions that survive pickling and copying, with their attributes and their causes.

Python copies an exception by calling its class with `args`. This fails if `__init__` takes other arguments, and it
drops the cause. Here, a copy in memory shares the cause. A pickle keeps a cause from another library only if it holds
nothing but plain data, since it may hold requests with credentials, or objects that cannot be pickled. Otherwise an
exception of the same name and text replaces it.
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
"""The most foreign exceptions in one chain of causes."""

MOST_WORDS: Final = 4_000
"""The most characters of an exception's text that its stand-in keeps."""

_MOST_PARTS: Final = 1_000
_MOST_CHARACTERS: Final = 256 * 1024
_SIMPLE: Final = (int, float, complex, Enum, type(None))
_PLAIN: Final = frozenset({"datetime", "decimal", "fractions", "pathlib", "uuid", "zoneinfo"})


class Portable(BaseException):
    """Mixin: an exception that is copied without a call of its `__init__`, together with its cause."""

    def __copy__(self) -> Self:
        """Return a copy with the same attributes and cause."""
        return _with(_made(type(self), self.args), self.__dict__, self.__cause__)

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Return a copy with copied attributes and the same cause."""
        made = memo[id(self)] = _made(type(self), self.args)
        return _with(made, deepcopy(self.__dict__, memo), self.__cause__)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return the class and `args`, then the state."""
        return _made, (type(self), self.args), self._state()

    def _state(self) -> tuple[dict[str, Any], "Cause | None"]:
        """Return the attributes and the cause in the form of a pickle."""
        return self.__dict__, None if self.__cause__ is None else Cause(self.__cause__)

    def __setstate__(self, state: Any) -> None:  # noqa: ANN401 — as returned by `_state`
        """Restore attributes and cause."""
        attributes, cause = state
        _with(self, attributes, None if cause is None else cause.error)


class StandIn(Portable, Exception):  # noqa: N818 — a subclass has the name of the replaced class
    """Replaces an exception that is not pickled or not shown; a subclass has its name and its module."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Remake the class, which cannot be imported by name."""
        kind = type(self)
        if "is_made" not in vars(kind):
            return super().__reduce__()
        return stand_in, (kind.__mro__[1], kind.__name__, kind.__module__, *self.args), self._state()


class Cause:
    """The cause of an exception in a pickle, as text only if `words`; `depth` counts the foreign causes above it."""

    __slots__ = ("depth", "error", "words")

    def __init__(self, error: BaseException, *, words: bool = False, depth: int = 0) -> None:
        self.error = error
        self.words = words
        self.depth = depth

    def __reduce__(self) -> tuple[Any, ...]:
        """Return the call that restores the cause."""
        error, kind, deeper = self.error, type(self.error), self.depth + 1
        if isinstance(error, StandIn) or (isinstance(error, Portable) and kind.__module__.partition(".")[0] in OURS):
            return Cause, (error,)
        above = error.__cause__ if deeper < MOST_CAUSES else None
        inner = None if above is None else Cause(above, words=self.words, depth=deeper)
        packed = None if self.words else _packed(error)
        return _revived, (packed, kind.__name__, kind.__module__, words_of(error), inner)


def stand_in(kind: type[S], name: str, module: str, *args: object) -> S:
    """Make an exception with this class name, module and `args`."""
    made = type(name, (kind,), {"__module__": module, "is_made": True})
    return cast("type[S]", made)(*args)


def words_of(error: BaseException) -> str:
    """Return the beginning of an exception's text; empty if the exception cannot describe itself."""
    try:
        return str(error)[:MOST_WORDS]
    except Exception:  # noqa: BLE001 — `__str__` may raise anything
        return ""


def _made(kind: type[P], args: tuple[object, ...]) -> P:
    """Make an exception with these `args`, without calling its `__init__`."""
    made = kind.__new__(kind, *args)
    made.args = args
    return made


def _with(error: P, attributes: dict[str, Any], cause: BaseException | None) -> P:
    """Set the attributes and the cause of an exception; without a cause, its context stays visible."""
    error.__dict__.update(attributes)
    if cause is not None:
        error.__cause__ = cause
    return error


def _packed(error: BaseException) -> bytes | None:
    """Pickle a foreign exception separately, since only the receiver knows whether it can be unpickled.

    Return None if it cannot be pickled, or holds more than plain data.
    """
    try:
        return pickle.dumps(error) if _is_plain(error) else None
    except Exception:  # noqa: BLE001 — foreign code may raise anything
        return None


def _is_plain(error: BaseException) -> bool:
    """Whether an exception and the exceptions in its group hold a limited amount of plain data and nothing else."""
    stack: list[object] = [error]
    parts, length = 0, 0
    while stack:
        part = stack.pop()
        parts += 1
        if isinstance(part, BaseException):
            stack += [part.args, part.__dict__]
        elif isinstance(part, dict):
            stack += [item for pair in islice(part.items(), _MOST_PARTS) for item in pair]
        elif isinstance(part, (list, tuple, set, frozenset)):
            stack += islice(part, _MOST_PARTS)
        elif isinstance(part, (str, bytes, bytearray)):
            length += len(part)
        elif not isinstance(part, _SIMPLE) and type(part).__module__ not in _PLAIN:
            return False
        if parts > _MOST_PARTS or length > _MOST_CHARACTERS:
            return False
    return True


def _revived(packed: bytes | None, name: str, module: str, words: str, inner: Cause | None) -> Cause:
    """Restore the foreign exception, or make its stand-in."""
    error: object = None
    if packed is not None:
        with suppress(Exception):
            error = pickle.loads(packed)  # noqa: S301 — part of a pickle that is already being loaded
    if not isinstance(error, BaseException):
        error = stand_in(StandIn, name, module, words)
    if inner is not None:
        error.__cause__ = inner.error
    return Cause(error)
