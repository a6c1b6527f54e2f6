"""What a run may take. Every limit has a finite default, and is checked when it is set, not when it is reached.

    Limits(width=8, run_time=60.0, tools={"search": ToolLimits(width=2, rate=Rate(10, 1.0))})

Times are in seconds, sizes in bytes, and the cost is in whatever unit the tools declare theirs.
"""

import math
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from llmc_compiler.expressions.operators import VALUE_DEPTH, VALUE_TEXT
from llmc_grammar.portable import Portable

Unit = Literal["count", "seconds", "bytes", "cost"]

Policy = Literal["finish", "fail_fast"]
"""What a failure does to the rest of a run: `finish` what does not depend on it, or `fail_fast`."""

POLICIES: Final[tuple[Policy, ...]] = get_args(Policy)

_LARGEST: Final = 10**12
"""So that sums of limits stay exact, and no timer overflows."""


class LimitError(Portable, ValueError):
    """A limit is unknown, or its value is none that it can have."""


def _limit(default: float | None, unit: Unit, what: str, *, least: float = 1, most: float = _LARGEST) -> Any:  # noqa: ANN401
    """A field: what its values may be, and what it bounds."""
    metadata = {"unit": unit, "what": what, "least": least, "most": most}
    return field(default=default, metadata=metadata)


def _time(default: float, what: str) -> Any:  # noqa: ANN401 — makes a field, as `field` does
    """A field for a time."""
    return _limit(default, "seconds", what, least=0.001, most=10**9)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `calls` begin in any `seconds`; raises LimitError."""

    calls: int = _limit(1, "count", "calls that begin", most=10**6)
    seconds: float = _time(1.0, "the time in which they do")

    def __post_init__(self) -> None:
        """Check both."""
        _check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolLimits:
    """Limits of one tool, beside those of the run; raises LimitError."""

    width: int | None = _limit(None, "count", "calls at the same time")
    rate: Rate | None = None

    def __post_init__(self) -> None:
        """Check both."""
        _check(self)
        if self.rate is not None and not isinstance(self.rate, Rate):
            raise LimitError(f"limit `rate` must be a Rate, such as Rate(10, 1.0), not {self.rate!r}")


_NO_TOOLS: Final[Mapping[str, ToolLimits]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may take: counts, times in seconds, sizes in bytes, cost; `tools` has more by tool.

    Raises LimitError for a value that a limit cannot have.
    """

    width: int = _limit(64, "count", "calls at the same time")
    tool_width: int = _limit(32, "count", "calls of one tool at the same time, where `tools` says nothing else")
    threads: int = _limit(64, "count", "sync tools at the same time", most=10_000)
    attempt_time: float = _time(300.0, "an attempt of a call")
    task_time: float = _time(900.0, "a call, with its waits and retries")
    run_time: float = _time(3_600.0, "the run, the wait for a plan that arrives included")
    attempts: int = _limit(10, "count", "attempts of a call, whatever its `@retry` says")
    calls: int = _limit(10_000, "count", "calls in the run")
    cost: float = _limit(1_000.0, "cost", "the sum of what tools declare as `cost`, each attempt counted", least=0)
    result_bytes: int = _limit(VALUE_TEXT, "bytes", "a result: its text in UTF-8, and 16 for each value in it")
    run_bytes: int = _limit(
        16 * VALUE_TEXT, "bytes", "memory of all results, and of what is put together for calls under way"
    )
    result_depth: int = _limit(VALUE_DEPTH, "count", "lists and mappings inside each other", most=VALUE_DEPTH)
    elements: int = _limit(1_000, "count", "elements of a loop")
    tasks: int = _limit(100_000, "count", "tasks, each element of a loop counted with all that is done for it")
    runs: int = _limit(4, "count", "runs inside each other, where a tool runs a plan", most=32)
    abandoned: int = _limit(8, "count", "calls of one tool that were given up and still run, before others are refused")
    retry_after: float = _time(60.0, "the longest wait that a `Retry-After` may ask for")
    grace: float = _time(0.5, "what was told to end may take to end")
    stall: float = _time(1.0, "a tool may block the event loop before it is named")
    tools: Mapping[str, ToolLimits] = field(default_factory=lambda: _NO_TOOLS)

    def __post_init__(self) -> None:
        """Check every limit."""
        _check(self)
        if not isinstance(self.tools, Mapping):
            raise LimitError(f"limit `tools` must be a mapping from names to ToolLimits, not {self.tools!r}")
        for name, limits in self.tools.items():
            if not isinstance(limits, ToolLimits):
                raise LimitError(f"the limits of tool `{name}` must be ToolLimits, not {limits!r}")
        object.__setattr__(self, "tools", MappingProxyType(dict(self.tools)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Its values by name: a read-only mapping cannot be pickled."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return partial(Limits, **given | {"tools": dict(self.tools)}), ()

    def too_many_tasks(self, number: int) -> str | None:
        """Why a run may not have so many tasks, if so."""
        return f"the run would have {number:,} tasks, and may have {self.tasks:,}" if number > self.tasks else None


def limit_fields(kind: type = Limits) -> Mapping[str, Field[Any]]:
    """The limits that have a number, by name, with `unit` and `what` in their metadata."""
    return {each.name: each for each in fields(kind) if each.metadata}


def unknown_limit(name: str, kind: type = Limits) -> LimitError:
    """The error about a limit that does not exist, with what may have been meant."""
    known = list(limit_fields(kind)) + (["rate"] if kind is ToolLimits else [])
    near = get_close_matches(name.replace("-", "_"), known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(f'`{each}`' for each in known)}"
    return LimitError(f"no limit is called `{name}`: {hint}")


def check_policy(policy: str) -> None:
    """Refuse a policy that does not exist; raises LimitError."""
    if policy not in POLICIES:
        raise LimitError(f"policy is one of {', '.join(map(repr, POLICIES))}, not {policy!r}")


def _check(limits: Any) -> None:  # noqa: ANN401 — any of the three
    """Check all that have a number; raises LimitError."""
    for name, each in limit_fields(type(limits)).items():
        if (value := getattr(limits, name)) is not None or each.default is not None:
            _check_value(name, value, each.metadata)


_KINDS: Final[Mapping[str, str]] = {
    "count": "a whole number",
    "seconds": "a number of seconds",
    "bytes": "a whole number of bytes",
    "cost": "a number",
}


def _check_value(name: str, value: object, allowed: Mapping[str, Any]) -> None:
    """Refuse a value that a limit cannot have; raises LimitError."""
    unit, least, most = allowed["unit"], allowed["least"], allowed["most"]
    fits = isinstance(value, int if unit in {"count", "bytes"} else (int, float)) and not isinstance(value, bool)
    # A number that is not finite is no limit.
    if not fits or not isinstance(value, (int, float)) or not math.isfinite(value) or not least <= value <= most:
        raise LimitError(f"limit `{name}` must be {_KINDS[unit]} from {least:,} to {most:,}, not {value!r}")
