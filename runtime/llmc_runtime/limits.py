"""Limits of a run. Every limit has a finite default, and is checked when it is set.

    Limits(width=8, run_time=60.0, tools={"search": ToolLimits(width=2, rate=Rate(10, 1.0))})

Times are in seconds, sizes in bytes, and costs in the unit that the tools use.
"""

import math
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from llmc_compiler.expressions.operators import VALUE_DEPTH, VALUE_TEXT
from llmc_grammar.portable import Portable
from llmc_grammar.suggestion import suggest

Unit = Literal["count", "seconds", "bytes", "cost"]

Policy = Literal["finish", "fail_fast"]
"""The effect of a failure on a run: `finish` completes the independent tasks, `fail_fast` stops."""

POLICIES: Final[tuple[Policy, ...]] = get_args(Policy)

_LARGEST: Final = 10**12
"""Largest limit, so that sums stay exact and timers do not overflow."""


class LimitError(Portable, ValueError):
    """A limit is unknown, or its value is out of range."""


def _limit(default: float | None, unit: Unit, what: str, *, least: float = 1, most: float = _LARGEST) -> Any:  # noqa: ANN401
    """Define a field with the range of its values and the quantity that it bounds."""
    metadata = {"unit": unit, "what": what, "least": least, "most": most}
    return field(default=default, metadata=metadata)


def _time(default: float, what: str) -> Any:  # noqa: ANN401 — makes a field, as `field` does
    """Define a field for a time."""
    return _limit(default, "seconds", what, least=0.001, most=10**9)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `calls` begin in any `seconds`; raises LimitError."""

    calls: int = _limit(1, "count", "calls that may begin", most=10**6)
    """Calls that may begin in the time."""
    seconds: float = _time(1.0, "the time span for these calls")
    """The time in seconds."""

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolLimits:
    """Limits of one tool, in addition to those of the run; raises LimitError."""

    width: int | None = _limit(None, "count", "calls at the same time")
    """Calls of the tool at the same time, None for the limit of the run."""
    rate: Rate | None = None
    """How many calls may begin in a time, None for any number."""

    def __post_init__(self) -> None:
        _check(self)
        if self.rate is not None and not isinstance(self.rate, Rate):
            raise LimitError(f"limit `rate` must be a Rate, such as Rate(10, 1.0), not {self.rate!r}")


_NO_TOOLS: Final[Mapping[str, ToolLimits]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of a run: counts, times in seconds, sizes in bytes, cost; `tools` has limits by tool.

    Raises LimitError for a value out of range.
    """

    width: int = _limit(64, "count", "calls at the same time")
    """Calls at the same time."""
    tool_width: int = _limit(32, "count", "calls of one tool at the same time, unless `tools` says otherwise")
    """Calls of one tool at the same time, unless `tools` says otherwise."""
    threads: int = _limit(64, "count", "sync tools at the same time", most=10_000)
    """Sync tools at the same time."""
    attempt_time: float = _time(300.0, "an attempt of a call")
    """Seconds for an attempt of a call."""
    task_time: float = _time(900.0, "a call, with its waits and retries")
    """Seconds for a call, with its waits and retries."""
    run_time: float = _time(3_600.0, "the run, including the wait for a plan that arrives")
    """Seconds for the run, including the wait for a plan that arrives."""
    attempts: int = _limit(10, "count", "attempts of a call, regardless of its `@retry`")
    """Attempts of a call, regardless of its `@retry`."""
    calls: int = _limit(10_000, "count", "calls in the run")
    """Calls in the run."""
    cost: float = _limit(1_000.0, "cost", "the sum of the tools' declared `cost`, counted for each attempt", least=0)
    """The sum of the tools' declared `cost`, counted for each attempt."""
    result_bytes: int = _limit(VALUE_TEXT, "bytes", "a result: its text in UTF-8, plus 16 for each value in it")
    """Bytes of a result: its text in UTF-8, plus 16 for each value in it."""
    run_bytes: int = _limit(
        16 * VALUE_TEXT, "bytes", "memory of all results, and of arguments built for calls under way"
    )
    """Bytes of all results, and of arguments built for calls under way."""
    result_depth: int = _limit(VALUE_DEPTH, "count", "nested lists and mappings", most=VALUE_DEPTH)
    """Levels of lists and mappings in a result."""
    elements: int = _limit(1_000, "count", "elements of a loop")
    """Elements of a loop."""
    tasks: int = _limit(100_000, "count", "tasks, including those of each loop element")
    """Tasks, including those of each loop element."""
    runs: int = _limit(4, "count", "nested runs, if a tool runs a plan", most=32)
    """Levels of nested runs, if a tool runs a plan."""
    abandoned: int = _limit(8, "count", "abandoned calls of one tool that still run, before others are refused")
    """Abandoned calls of one tool that still run, before further calls are refused."""
    retry_after: float = _time(60.0, "the longest wait that a `Retry-After` may ask for")
    """Seconds that a `Retry-After` may ask for."""
    grace: float = _time(0.5, "the time that cancelled work has to end")
    """Seconds that cancelled work has to end."""
    stall: float = _time(1.0, "the time that a tool may block the event loop without a warning")
    """Seconds that a tool may block the event loop without a warning."""
    tools: Mapping[str, ToolLimits] = field(default_factory=lambda: _NO_TOOLS)
    """The limits of single tools, by name."""

    def __post_init__(self) -> None:
        _check(self)
        if not isinstance(self.tools, Mapping):
            raise LimitError(f"limit `tools` must be a mapping from names to ToolLimits, not {self.tools!r}")
        for name, limits in self.tools.items():
            if not isinstance(limits, ToolLimits):
                raise LimitError(f"the limits of tool `{name}` must be ToolLimits, not {limits!r}")
        object.__setattr__(self, "tools", MappingProxyType(dict(self.tools)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the values by name: a read-only mapping cannot be pickled."""
        given = {limit.name: getattr(self, limit.name) for limit in fields(self)}
        return partial(Limits, **given | {"tools": dict(self.tools)}), ()

    def too_many_tasks(self, number: int) -> str | None:
        """Return why a run may not have so many tasks, None if it may."""
        return (
            f"the run would have {number:,} tasks; at most {self.tasks:,} are allowed" if number > self.tasks else None
        )


def limit_fields(kind: type = Limits) -> Mapping[str, Field[Any]]:
    """Return the numeric limits by name, with `unit` and `what` in their metadata."""
    return {limit.name: limit for limit in fields(kind) if limit.metadata}


def unknown_limit(name: str, kind: type = Limits) -> LimitError:
    """Return the error for an unknown limit, with the most similar one."""
    names = list(limit_fields(kind)) + (["rate"] if kind is ToolLimits else [])
    hint = suggest(name.replace("-", "_"), names, f"there are: {', '.join(f'`{other}`' for other in names)}")
    return LimitError(f"no limit is called `{name}`: {hint}")


def check_policy(policy: str) -> None:
    """Raise LimitError for an unknown policy."""
    if policy not in POLICIES:
        raise LimitError(f"policy must be one of {', '.join(map(repr, POLICIES))}, not {policy!r}")


def _check(limits: Any) -> None:  # noqa: ANN401 — any of the three
    """Check all numeric limits; raises LimitError."""
    for name, limit in limit_fields(type(limits)).items():
        if (value := getattr(limits, name)) is not None or limit.default is not None:
            _check_value(name, value, limit.metadata)


_KINDS: Final[Mapping[str, str]] = {
    "count": "a whole number",
    "seconds": "a number of seconds",
    "bytes": "a whole number of bytes",
    "cost": "a number",
}


def _check_value(name: str, value: object, allowed: Mapping[str, Any]) -> None:
    """Raise LimitError for a value out of range."""
    unit, least, most = allowed["unit"], allowed["least"], allowed["most"]
    fits = isinstance(value, int if unit in {"count", "bytes"} else (int, float)) and not isinstance(value, bool)
    # Infinity and NaN are not limits.
    if not fits or not isinstance(value, (int, float)) or not math.isfinite(value) or not least <= value <= most:
        raise LimitError(f"limit `{name}` must be {_KINDS[unit]} from {least:,} to {most:,}, not {value!r}")
