"""Conversion of results that have one exact form as JSON data.

    numpy.int64(3), Size.SMALL      the number
    Decimal("1.10"), date, UUID     the string that pydantic writes
    dataclass, attrs, model         a mapping
    tuple, range, numpy.ndarray     a list
    pandas.NA, NaT                  null

Other libraries are not imported: their objects are recognized by attributes of their types. A type with several forms
(a set, a table), or without an exact form, is refused. The code of these types runs here: its errors are errors of the
result.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from itertools import islice
from numbers import Integral
from pathlib import PurePath
from typing import Any, Final, cast
from uuid import UUID

from llmc_compiler.expressions.terms import Json, Path, written
from llmc_compiler.expressions.value_identity import json_form
from llmc_compiler.tools.results.result_words import BYTES, remedy_for, said, typed
from llmc_compiler.tools.signature import ArgumentError, ResultBounds, ResultError

PART: Final = 16
"""Bytes charged for each value in a list or mapping, besides its text."""

_DATA: Final = frozenset({str, int, float, bool, type(None)})
JSON_TYPES: Final = _DATA | {list, dict}
_AS_TEXT: Final = (UUID, PurePath, IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network)
_MISSING: Final = frozenset({"NAType", "NaTType"})
"""Types of pandas' placeholders for missing values."""
_TIMES: Final = "mM"
"""Kinds of numpy's types for times, whose items `tolist` returns as plain counts of units."""
_DIGITS: Final = 3_000
"""Maximum number of digits of a number, counting the zeros of its exponent: as many as the longest integer has."""


def forms(result: object, bounds: ResultBounds, *, declared: bool = False, or_itself: bool = False) -> Iterator[object]:
    """Yield the forms of a result as JSON data, the likeliest first; JSON data itself only if `or_itself`.

    Decimals are strings first, then numbers. A result with a `declared` type may be a set. Raises ResultError.
    """
    first = _Reader(bounds, declared)
    data = first.whole(result)
    if first.has_changed:
        yield data
    elif or_itself:
        yield result
    if first.has_decimals:
        yield _Reader(bounds, declared, decimals_are_numbers=True).whole(result)


def checked(result: object, complain: Callable[[object], None], bounds: ResultBounds) -> object:
    """Return the first form of a result that passes a check; raises ResultError.

    `complain` raises ArgumentError for data that does not fit.
    """
    error: ArgumentError | None = None
    for data in (result,) if _is_data(result, bounds) else forms(result, bounds, declared=True, or_itself=True):
        try:
            complain(data)
        except ArgumentError as why:
            error = error or why
        else:
            return data
    words = str(error) if bounds.shows else "it does not fit its schema"
    is_data = type(result) in JSON_TYPES
    raise ResultError(
        words if is_data else f"{words}; it is of type {typed(result)}: convert it in the tool"
    ) from error


def _is_data(result: object, bounds: ResultBounds) -> bool:
    """Whether a result is JSON data, judged by its types alone."""
    left, open_ = bounds.size // PART, [result]
    while open_ and left >= 0:
        current = open_.pop()
        if type(current) is dict:
            if any(type(key) is not str for key in current):
                return False
            open_ += current.values()
            left -= len(current)
        elif type(current) is list:
            open_ += current
            left -= len(current)
        elif type(current) not in _DATA:
            return False
    return left >= 0


def form(result: object, bounds: ResultBounds) -> Json:
    """Return the likeliest form of a result as JSON data; raises ResultError."""
    return _Reader(bounds, declared=False).whole(result)


def collected(result: object, bounds: ResultBounds) -> object:
    """Return an iterator's items as a list, and any other result as it is; raises ResultError if there are too many."""
    if not isinstance(result, Iterator):
        return result
    most = bounds.size // PART
    items = list(islice(result, most + 1))
    if len(items) > most:
        raise _too_large((), bounds)
    return items


def mismatch(words: str, value: object, bounds: ResultBounds) -> ResultError:
    """Return the error for a value that does not fit the declared type; `words` say why."""
    foreign = type(value) not in JSON_TYPES
    shown = said(value) if bounds.shows else ""
    what = f"{shown} ({typed(value)})" if shown else f"a value of type {typed(value)}"
    return ResultError(f"{words}, not {what}{': convert it in the tool' if foreign else ''}")


@dataclass(slots=True, eq=False, repr=False)
class _Reader:
    """Reads one result within bounds."""

    bounds: ResultBounds
    declared: bool
    decimals_are_numbers: bool = False
    has_changed: bool = False
    has_decimals: bool = False
    left: int = field(init=False)
    depth: int = 0

    def __post_init__(self) -> None:
        self.left = self.bounds.size // PART + 1

    def whole(self, result: object) -> Json:
        """Return the form of a result; raises ResultError."""
        try:
            return self.read(result, ())
        except ResultError:
            raise
        except Exception as error:  # the code of the result's own type
            raise ResultError(f"`result` cannot be read as JSON data: {_raised(error, self.bounds)}") from error

    def read(self, value: object, steps: Path) -> Json:
        """Return the form of the value at these steps."""
        if type(value) in _DATA:
            return cast("Json", value)
        # Data that contains itself exceeds any limit.
        if self.depth > self.bounds.depth:
            raise ResultError(f"`result` is nested more than {self.bounds.depth} deep, or contains itself")
        self.depth += 1
        data = self._container(value, steps)
        self.depth -= 1
        return data

    def _container(self, value: object, steps: Path) -> Json:
        """Return the form of a value that is not a scalar of JSON."""
        # Lists and mappings are read by the methods of `list` and `dict`, so that a subclass cannot interfere.
        if isinstance(value, list):
            return self._list(list.__iter__(value), list.__len__(value), steps)
        if isinstance(value, dict):
            return self._mapping(dict.items(cast("dict[object, object]", value)), dict.__len__(value), steps)
        self.has_changed = True
        if isinstance(value, tuple):
            return self._list(tuple.__iter__(value), tuple.__len__(value), steps)
        if isinstance(value, Enum):
            return self.read(value.value, steps)
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            return int.__int__(value)
        if isinstance(value, float):
            return float.__float__(value)
        return self._object(value, steps)

    def _list(self, items: Iterable[object], length: int, steps: Path) -> Json:
        """Return the form of a list."""
        self._take(length, steps)
        return [
            cast("Json", each) if type(each) in _DATA else self.read(each, (*steps, position))
            for position, each in enumerate(islice(items, length))
        ]

    def _mapping(self, entries: Iterable[tuple[object, object]], length: int, steps: Path) -> Json:
        """Return the form of a mapping."""
        self._take(length, steps)
        return {
            (text := key if type(key) is str else self._key(key, steps)): self.read(value, (*steps, text))
            for key, value in islice(entries, length)
        }

    def _key(self, key: object, steps: Path) -> str:
        """Return a key that is a string; others are refused, since `1` and `"1"` are two keys of one mapping."""
        if isinstance(key, str):
            return str.__str__(key)
        what = f" ({shown})" if self.bounds.shows and (shown := said(key)) else ""
        raise ResultError(
            f"`result{written(steps)}` is a mapping with a key of type {typed(key)}, not `str`{what}: "
            "make its keys strings, or declare their type (`-> dict[int, str]`)"
        )

    def _take(self, length: int, steps: Path) -> None:
        """Count parts, before any of them is read."""
        self.left -= length
        if self.left < 0:
            raise _too_large(steps, self.bounds)

    def _object(self, value: Any, steps: Path) -> Json:  # noqa: ANN401 — of any type
        """Return the form of an object."""
        kind = type(value)
        if kind.__name__ in _MISSING and str(kind.__module__).startswith("pandas."):
            return None
        if hasattr(kind, "get_secret_value"):  # pydantic writes asterisks
            raise self._refused(value, steps)
        if hasattr(kind, "__pydantic_serializer__"):
            return self.read(_by_pydantic(kind.__pydantic_serializer__, value, self.fallback), steps)
        if hasattr(kind, "__dataclass_fields__") or hasattr(kind, "__attrs_attrs__"):
            return self._record(value, _field_names(kind), steps)
        if isinstance(value, Decimal):
            return self._decimal(value, steps)
        if isinstance(value, (date, time, timedelta)):
            return _time(value)
        if isinstance(value, _AS_TEXT):
            return str(value)
        if all(hasattr(kind, name) for name in ("dtype", "shape", "tolist")):
            return self._array(value, steps)
        return self._collection(value, steps)

    def _record(self, value: object, names: list[str], steps: Path) -> Json:
        """Return the form of an object whose class declares its fields."""
        before, self.declared = self.declared, True
        data = self._mapping(((name, getattr(value, name)) for name in names), len(names), steps)
        self.declared = before
        return data

    def fallback(self, value: object) -> Json:
        """Return the form of a value in a model that pydantic cannot serialize."""
        return self.read(value, ())

    def _collection(self, value: object, steps: Path) -> Json:
        """Return the form of a collection that is not a subclass of Python's, or of another library's integer."""
        kind: Any = type(value)
        is_table = hasattr(kind, "iterrows") or hasattr(kind, "to_dicts")
        if isinstance(value, Mapping) or (hasattr(kind, "keys") and hasattr(kind, "__getitem__") and not is_table):
            keys = list(islice(cast("Mapping[object, object]", value).keys(), self.left + 1))
            return self._mapping(((key, cast("Any", value)[key]) for key in keys), len(keys), steps)
        is_list = isinstance(value, Sequence) and not isinstance(value, BYTES) and not hasattr(kind, "casefold")
        if is_list or isinstance(value, _VIEWS) or hasattr(kind, "typecode"):
            return self._items(cast("Iterable[object]", value), steps)
        if self.declared and isinstance(value, AbstractSet):
            return sorted(cast("list[Json]", self._items(value, steps)), key=_in_order)
        if isinstance(value, Integral):
            return int(value)
        raise self._refused(value, steps)

    def _items(self, value: Iterable[object], steps: Path) -> Json:
        """Return the form of a collection as a list of its items."""
        items = list(islice(value, self.left + 1))
        return self._list(items, len(items), steps)

    def _array(self, value: Any, steps: Path) -> Json:  # noqa: ANN401 — of any library
        """Return the form of an array, or of a single number of an array library."""
        shape, kind = tuple(value.shape), getattr(value.dtype, "kind", "")
        # A series has an index besides its values, which a list would lose.
        if hasattr(type(value), "index") and not self.declared:
            raise self._refused(value, steps)
        if shape:
            if math.prod(shape) > self.left:
                raise _too_large(steps, self.bounds)
            return self.read(list(value) if kind in _TIMES and kind else value.tolist(), steps)
        return self._scalar(value, kind, steps)

    def _scalar(self, value: Any, kind: str, steps: Path) -> Json:  # noqa: ANN401 — of any library
        """Return the form of a single value of an array library."""
        data = value.item()
        if kind == "M":
            return None if data is None else str(value)
        if kind == "m" and isinstance(data, int):
            # The item is a count of units that are too short, or too long, for Python.
            raise self._refused(value, steps, "return a `datetime.timedelta`")
        if type(data) is not type(value):
            return self.read(data, steps)
        # The type is wider than Python's float.
        if kind == "f" and float(data) == data:
            return float(data)
        raise self._refused(value, steps, "convert it in the tool")

    def _decimal(self, value: Decimal, steps: Path) -> Json:
        """Return the form of a decimal: its text, or the exact number if a number is wanted."""
        self.has_decimals = True
        if not value.is_finite() or abs(value.adjusted()) > _DIGITS:
            raise self._refused(value, steps)
        if not self.decimals_are_numbers:
            return str(value)
        if value == value.to_integral_value():
            return int(value)
        number = float(value)
        if Decimal(repr(number)) != value:
            raise self._refused(value, steps, "return a string, or round it: it has more digits than a float")
        return number

    def _refused(self, value: object, steps: Path, remedy: str = "") -> ResultError:
        """Return the error for a value without an exact form."""
        shown = f" ({words})" if self.bounds.shows and (words := said(value)) else ""
        what = f"of type {typed(value)}, which is not JSON{shown}"
        return ResultError(f"`result{written(steps)}` is {what}: {remedy or remedy_for(value)}")


_VIEWS: Final[tuple[type, ...]] = (type({}.keys()), type({}.values()), type({}.items()))


def _by_pydantic(serializer: Any, value: object, fallback: Any) -> object:  # noqa: ANN401 — as pydantic has them
    """Return a model as its own serializer writes it for JSON."""
    return serializer.to_python(value, mode="json", by_alias=True, warnings=False, fallback=fallback)


def _field_names(kind: Any) -> list[str]:  # noqa: ANN401 — a class
    """Return the names of the fields of a dataclass or attrs class."""
    return [each.name for each in (fields(kind) if hasattr(kind, "__dataclass_fields__") else kind.__attrs_attrs__)]


def _time(value: Any) -> str:  # noqa: ANN401 — a date, a time or a duration
    """Return a time as pydantic writes it, or to the nanosecond if its type has that precision."""
    from pydantic_core import to_jsonable_python  # noqa: PLC0415 — pydantic is heavy

    if getattr(value, "nanosecond", 0) or getattr(value, "nanoseconds", 0):
        return str(value.isoformat())
    return str(to_jsonable_python(value))


def _in_order(value: Json) -> tuple[bool, Any, str]:
    """Sort key of a value in a list that was a set: numbers by size, then all others by their text."""
    is_number = isinstance(value, (int, float))
    return not is_number, value if is_number else 0, value if isinstance(value, str) else json_form(value)


def _raised(error: Exception, bounds: ResultBounds) -> str:
    """Return an exception as one line of text."""
    try:
        words = " ".join(str(error)[:_LONGEST_ERROR].split()) if bounds.shows else ""
    except Exception:  # noqa: BLE001 — its `__str__` may fail
        words = ""
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


_LONGEST_ERROR: Final = 200


def _too_large(steps: Path, bounds: ResultBounds) -> ResultError:
    """Return the error for a result that is too large."""
    return ResultError(f"`result{written(steps)}` is larger than the {bounds.size:,} bytes that it may have")
