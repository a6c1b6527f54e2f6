"""Texts of arguments as a Python function receives them: equal arguments have the same text.

Only types whose equality is known have a text, and it shows everything that an object holds. Other types may define
their own equality, or hold more than a text shows, as a user's subclass of `str` may.
"""

import re
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import InitVar, fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AnyUrl, BaseModel, SecretBytes, SecretStr
from pydantic_core import Url

from llmc_compiler.expressions.value_identity import number_form
from llmc_grammar.portable import Portable

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_LISTS: Final = frozenset({list, tuple, deque})
_SETS: Final = frozenset({set, frozenset})
_MAPPINGS: Final = frozenset({dict, OrderedDict, defaultdict, Counter})
_TEXTS: Final = (
    *(UUID, PurePath, AnyUrl, Url, timedelta, timezone, ZoneInfo),
    *(IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network),
)
"""Types whose objects are equal if their texts are."""

_HOMES: Final = frozenset(
    {
        *("builtins", "datetime", "decimal", "fractions", "uuid", "pathlib", "ipaddress", "zoneinfo", "re", "enum"),
        *("pydantic", "pydantic_core"),
    }
)
"""Modules whose types hold nothing that this module does not know."""

_EMPTY: Final = (None, str, int, float, bool, list, dict, set, frozenset, tuple)
"""Default factories that return an equal value each time."""

_VALUES: Final = frozenset({"default", "expected", "members", "metadata"})
"""Keys of a core schema that contain values rather than schemas."""

_MOST_DIGITS: Final = 10_000
"""Decimals with more digits, before or after the point, are not converted to integers."""


class UnknownEqualityError(Portable, Exception):
    """The equality of an object's type is unknown."""


def makes_defaults(schema: object) -> bool:
    """Whether code creates a default somewhere in a core schema, which may differ each time."""
    if isinstance(schema, dict):
        kind = schema.get("type")
        private = getattr(schema["cls"], "__private_attributes__", {}) if kind == "model" else {}
        made = (schema.get("default_factory"), *(attribute.default_factory for attribute in private.values()))
        # Without a string for its type, a mapping has fields by name.
        inside = (part for word, part in schema.items() if not isinstance(kind, str) or word not in _VALUES)
        return any(attribute not in _EMPTY for attribute in made) or any(map(makes_defaults, inside))
    return isinstance(schema, (list, tuple)) and any(map(makes_defaults, schema))


def known_form(value: object) -> str | None:
    """Return the text of a value, or None if its equality is unknown; the value's own code may raise anything."""
    try:
        return received_form(value)
    except Exception:  # noqa: BLE001 — see the docstring
        return None


def received_form(value: object) -> str:
    """Return the text of a value; raises UnknownEqualityError, RecursionError, and errors of the value's own code."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, Enum):
        return _member(value)
    if _holds_more(value):
        raise UnknownEqualityError
    if isinstance(value, str):
        return repr(str.__str__(value))
    if isinstance(value, (int, float, Decimal, Fraction)):
        return _number(value)
    if type(value) in _LISTS or _is_named_tuple(value):
        return f"[{','.join(map(received_form, value))}]"  # type: ignore[call-overload]  # it is one of these
    if type(value) in _SETS:
        return f"set({','.join(sorted(map(received_form, value)))})"  # type: ignore[call-overload]  # as above
    if type(value) in _MAPPINGS:
        return _mapping(value.items())  # type: ignore[attr-defined]  # as above
    return f"{type(value).__module__}.{type(value).__qualname__}({_object(value)})"


def _holds_more(value: object) -> bool:
    """Whether a value is of a user's subclass of a type with a text, and may hold more than the text shows."""
    kind = type(value)
    if kind.__module__.partition(".")[0] in _HOMES or not isinstance(value, _SHOWN):
        return False
    own = (each for each in kind.__mro__ if each.__module__.partition(".")[0] not in _HOMES)
    return hasattr(value, "__dict__") or any(each.__dict__.get("__slots__") for each in own)


def _member(value: Enum) -> str:
    """Return the text of an enum member: that of the string or number it equals, if equality is by that value."""
    own = value._value_
    if type(own) in {str, int, float} and isinstance(value, (str, int, float)) and own == value:
        return received_form(own)
    return f"{type(value).__module__}.{type(value).__qualname__}({value._name_ or received_form(own)!r})"


def _is_named_tuple(value: object) -> bool:
    """Whether a value is a named tuple, which equals a plain tuple."""
    return isinstance(value, tuple) and hasattr(value, "_fields")


def _mapping(items: Any) -> str:  # noqa: ANN401 — pairs of anything
    """Return the text of a mapping, independent of the order of its keys."""
    return f"{{{','.join(sorted(f'{received_form(key)}:{received_form(each)}' for key, each in items))}}}"


def _number(value: float | Decimal | Fraction) -> str:
    """Return the text of a number, which equal numbers of different types share."""
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, float) and value - value != 0:
        return repr(float(value))
    return number_form(value)  # type: ignore[arg-type]  # fractions have a ratio as well


def _decimal(value: Decimal) -> str:
    """Return the text of a decimal, without computing the integer that a large exponent stands for."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return str(value)
    if len(digits) + abs(exponent) <= _MOST_DIGITS:
        return number_form(value)  # type: ignore[arg-type]  # decimals have a ratio as well
    significant = "".join(map(str, digits)).lstrip("0")
    stripped = significant.rstrip("0")
    return f"{sign} {stripped}e{exponent + len(significant) - len(stripped)}" if stripped else "0/1"


def _object(value: object) -> str:
    """Return the text of an object, without its type; raises UnknownEqualityError."""
    if isinstance(value, BaseModel):
        return _model(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _dataclass(value)
    for kind, form in _FORMS:
        if isinstance(value, kind):
            return form(value)
    raise UnknownEqualityError


def _dataclass(value: "DataclassInstance") -> str:
    """Return the text of a dataclass: all fields, including those that it does not compare, and other attributes.

    A dataclass with an `InitVar`, which may affect it in unknown ways, raises UnknownEqualityError.
    """
    declared = value.__dataclass_fields__
    if not value.__dataclass_params__.eq or any(_is_init_only(each.type) for each in declared.values()):  # type: ignore[attr-defined]  # every dataclass has them
        raise UnknownEqualityError
    held = {each.name: getattr(value, each.name) for each in fields(value)}
    return _mapping({**getattr(value, "__dict__", {}), **held}.items())


def _is_init_only(annotation: object) -> bool:
    """Whether an annotation is `InitVar`, as an object or as a string."""
    if isinstance(annotation, str):
        return "InitVar" in annotation
    return annotation is InitVar or isinstance(annotation, InitVar)


def _model(value: BaseModel) -> str:
    """Return the text of a model: its fields, extra and private ones, and attributes that its code has set."""
    named = value.__dict__.items()
    more = (value.__pydantic_extra__ or {}).items()
    private = (value.__pydantic_private__ or {}).items()
    return f"{_mapping(named)}{_mapping(more)}{_mapping(private)}"


def _moment(value: datetime) -> str:
    """Return the text of a datetime: the same in every time zone, unless it has none."""
    return (value if value.utcoffset() is None else value.astimezone(UTC)).isoformat()


def _time(value: time) -> str:
    """Return the text of a time of day; with a time zone, the time since midnight in UTC."""
    offset = value.utcoffset()
    if offset is None:
        return value.isoformat()
    since = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    return f"{since - offset} UTC"


def _many(kinds: type | tuple[type, ...]) -> tuple[type, ...]:
    """Return types as a tuple."""
    return kinds if isinstance(kinds, tuple) else (kinds,)


_FORMS: Final[tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...]] = (
    (bytes, bytes.hex),
    (datetime, _moment),
    (date, date.isoformat),
    (time, _time),
    (_TEXTS, lambda value: repr(str(value))),
    (re.Pattern, lambda value: repr((value.pattern, value.flags))),
    ((SecretStr, SecretBytes), lambda value: repr(value.get_secret_value())),
)

_SHOWN: Final = (str, int, float, Decimal, Fraction, tuple, *(kind for kinds, _ in _FORMS for kind in _many(kinds)))
"""Types whose text shows everything that their objects hold, but not what those of subclasses hold."""
