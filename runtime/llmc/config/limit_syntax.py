"""Reads limits written on the command line and in a configuration.

    width=8   run-time=60s   result-bytes=1MiB   cost=2.5   search.width=2   github.search.rate=10/s

A time has a unit (`ms s m h`), and so has a rate (`s m h`). The unit of a size is optional (`B KiB MiB GiB`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from llmc_compiler.representation.short_repr import short_repr
from llmc_runtime.limits import LimitError, Limits, Rate, ToolLimits, limit_fields, unknown_limit

_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES: Final = {"": 1, "B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_NUMBER: Final = r"([0-9][0-9_]{0,18}(?:\.[0-9]{1,9})?)"
_TIME: Final = re.compile(rf"{_NUMBER} ?(ms|s|m|h)")
_SIZE: Final = re.compile(rf"{_NUMBER} ?(B|KiB|MiB|GiB|)")
_RATE: Final = re.compile(r"([0-9]{1,9})/([0-9]{0,9})(s|m|h)")
_COUNT: Final = re.compile(r"[0-9][0-9_]{0,18}")
_HOW: Final = {
    "count": "a whole number, such as 8",
    "seconds": "a time with its unit, such as 500ms, 60s, 5m or 1h",
    "bytes": "a size, such as 65536, 64KiB or 1MiB",
    "cost": "a number, such as 2.5",
    "rate": "calls per time, such as 10/s or 600/m",
}


_PATTERNS: Final = {"count": _COUNT, "seconds": _TIME, "bytes": _SIZE, "rate": _RATE}


def pattern(unit: str) -> str:
    """Return the regular expression of a limit's text for the unit of the limit."""
    return _PATTERNS[unit].pattern if unit in _PATTERNS else _NUMBER


def read_limits(given: Iterable[tuple[str, str]], before: Limits) -> Limits:
    """Return the limits in `before`, replaced by those given as names and texts; raises LimitError.

    `tool.width` and `tool.rate` are the limits of one tool.
    """
    numbers: dict[str, Any] = {}
    tools: dict[str, ToolLimits] = dict(before.tools)
    for name, text in given:
        tool, _, key = name.rpartition(".")
        key = key.replace("-", "_")
        if tool:
            own: dict[str, Any] = {key: _value(ToolLimits, name, key, text)}
            tools[tool] = replace(tools.get(tool, ToolLimits()), **own)
        else:
            numbers[key] = _value(Limits, name, key, text)
    return replace(before, **numbers, tools=tools)


def flattened(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the limits in a configuration's table by name, those of a tool as `tool.limit`; raises LimitError."""
    for key, value in table.items():
        if key != "tools":
            yield key, _as_text(key, value)
            continue
        for tool, limits in _table(key, value).items():
            yield from ((f"{tool}.{name}", _as_text(name, limit)) for name, limit in _table(tool, limits).items())


def _table(name: str, value: object) -> Mapping[str, Any]:
    """Return the value as a table; raises LimitError."""
    if not isinstance(value, dict):
        raise LimitError(f"`{name}` must be a table, such as {{ width = 2 }}, not {short_repr(value)}")
    return value


def _as_text(name: str, value: object) -> str:
    """Return a number or string of a configuration as text; raises LimitError."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise LimitError(f"limit `{name}` must be a number or a string, not {short_repr(value)}")
    return value if isinstance(value, str) else short_repr(value)


def _value(kind: type, name: str, key: str, text: str) -> object:
    """Return the value of a limit from its text; raises LimitError."""
    limits = limit_fields(kind)
    unit = "rate" if kind is ToolLimits and key == "rate" else limits[key].metadata["unit"] if key in limits else None
    if unit is None:
        raise unknown_limit(name if kind is Limits else key, kind)
    value = _READERS[unit](text.strip())
    if value is None:
        raise LimitError(f"limit `{name}` must be {_HOW[unit]}, not {short_repr(text)}")
    return value


def _count(text: str) -> int | None:
    return int(text) if _COUNT.fullmatch(text) else None


def _time(text: str) -> float | None:
    match = _TIME.fullmatch(text)
    return float(match[1]) * _SECONDS[match[2]] if match else None


def _size(text: str) -> int | None:
    match = _SIZE.fullmatch(text)
    return int(float(match[1]) * _BYTES[match[2]]) if match else None


def _cost(text: str) -> float | None:
    return float(text) if re.fullmatch(_NUMBER, text) else None


def _rate(text: str) -> Rate | None:
    match = _RATE.fullmatch(text)
    return Rate(int(match[1]), float(match[2] or 1) * _SECONDS[match[3]]) if match else None


_READERS: Final = {"count": _count, "seconds": _time, "bytes": _size, "cost": _cost, "rate": _rate}
