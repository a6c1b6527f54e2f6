"""Wording of errors about results that are refused: their type, module and value, and the remedy.

The types are the tool's own, so that any access to a value may raise an error or return something huge.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from enum import Enum
from functools import partial
from itertools import islice
from types import SimpleNamespace
from typing import Any, Final, cast

from llmc_compiler.representation.short_repr import cut, short_repr

_LONGEST: Final = 80
"""Maximum number of characters of a value, or of a name, that are shown."""

_MOST: Final = 1_000
"""Maximum number of characters that are read for those."""
_FEW: Final = 10
"""Maximum number of items of a list that `short_repr` may show."""

_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
_FLAT: Final = frozenset({list, tuple, set, frozenset, deque})
BYTES: Final = (bytes, bytearray, memoryview)
_WHOLE: Final = (Collection, SimpleNamespace, BaseException, partial)
_RECORDS: Final = ("__dataclass_fields__", "__attrs_attrs__", "__pydantic_serializer__")
"""Attributes of types whose `repr` writes all parts, however deeply they are nested."""
_NO_REPR: Final[Any] = object.__repr__
_AWAITED: Final = frozenset({"coroutine", "Task", "Future", "async_generator"})


def typed(value: object) -> str:
    """Return the type of a value, and its module unless that is `builtins`."""
    kind: Any = type(value)
    name, module = cut(str(kind.__name__), _LONGEST), kind.__module__
    return f"`{name}`" if module == "builtins" else f"`{name}` of `{cut(str(module), _LONGEST)}`"


def said(value: object) -> str:
    """Return a value as short text, or an empty text if its `repr` is missing or may take long."""
    try:
        text = short_repr(value) if type(value) in _SCALARS or _is_flat(value) else _own_repr(value)
        return cut(" ".join(text[:_MOST].split()), _LONGEST)
    except Exception:  # noqa: BLE001 — `repr` is the tool's own code
        return ""


def raised(error: Exception) -> str:
    """Return the text of an error of the tool's own code: its type, and the start of its message."""
    name, words = cut(type(error).__name__, _LONGEST), ""
    with suppress(Exception):
        words = cut(" ".join(str(error)[:_MOST].split()), _LONGEST)
    return f"{name}: {words}" if words else name


def _is_flat(value: object) -> bool:
    """Whether a value is a list, or a similar collection, of scalars."""
    return type(value) in _FLAT and all(
        type(each) in _SCALARS for each in islice(cast("Iterable[object]", value), _FEW)
    )


def _own_repr(value: Any) -> str:  # noqa: ANN401 — of any type
    """Return the `repr` of a value, or an empty text if that would write all parts, or an address."""
    if isinstance(value, BYTES):
        return repr(bytes(value[:_LONGEST]))
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    kind = type(value)
    is_array = hasattr(kind, "dtype") or hasattr(kind, "dtypes")
    if isinstance(value, _WHOLE) and not (isinstance(value, str) or is_array):
        return ""
    if kind.__repr__ is _NO_REPR or any(hasattr(kind, name) for name in _RECORDS):
        return ""
    text = repr(value)
    return "" if " at 0x" in text[:_MOST] else text


def remedy_for(value: object) -> str:
    """Return an instruction for a value without an exact form as JSON data."""
    kind = type(value)
    if kind.__name__ in _AWAITED or hasattr(kind, "__await__"):
        return "await it in the tool"
    if hasattr(kind, "get_secret_value"):
        return "return `.get_secret_value()`, and declare `-> Secret[str]`"
    if isinstance(value, BYTES):
        return "decode it to a string"
    if isinstance(value, AbstractSet):
        return "return a list (`sorted(…)`)"
    if hasattr(kind, "to_dicts"):
        return "return its rows (`.to_dicts()`)"
    if hasattr(kind, "iterrows"):
        return 'return its rows (`.to_dict("records")`)'
    for name in ("tolist", "to_list", "to_pylist", "as_py"):
        if hasattr(kind, name):
            return f"return its values (`.{name}()`)"
    if isinstance(value, Iterator):
        return "return a list (`list(…)`)"
    if isinstance(value, complex):
        return "return its parts, or a string"
    return "convert it in the tool, or declare a model (`-> Model`)"
