"""Usage of models that tools call without llmc, noted by the tools."""

from dataclasses import replace
from types import NoneType
from typing import Final

from llmc_runtime.agent.budget import current
from llmc_runtime.foreign_errors import shortened
from llmc_runtime.models.messages import Prices, Usage
from llmc_runtime.models.usage_formats import MOST, usage_of
from llmc_runtime.validation import Kinds, check_amount, check_kind, check_kinds

_NOT_GIVEN: Final = object()

_KINDS: Final[Kinds] = {
    "cost": ((int, float, NoneType), "a number"),
    "seconds": ((int, float), "a number of seconds"),
    "prices": ((Prices, NoneType), "llmc.Prices(read=…, written=…)"),
}


def note_usage(
    usage: object = _NOT_GIVEN,
    *,
    read: int | None = None,
    written: int | None = None,
    cached: int = 0,
    reasoning: int = 0,
    cost: float | None = None,
    prices: Prices | None = None,
    seconds: float = 0.0,
) -> Usage:
    """Note the usage of a model that a tool has called itself, for the question that the tool is called for.

    `usage` is a `llmc.Usage`, the `usage` of a reply in the form of OpenAI, Anthropic, Google and others, or the reply
    itself; None stands for a reply without counts. Alternatively, give the tokens `read` (of which `cached`) and
    `written` (of which `reasoning`). `cost` is in the unit of the budget, and is computed from `prices` if it is not
    given. Returns the usage, which is noted in the role `tools`.

    Noting never raises BudgetSpent: the budget is checked before the next reply. Outside of a question, nothing is
    noted. A thread belongs to the question of the tool that started it; work in a shared pool must run in the tool's
    context (`contextvars.copy_context`).

    Raises TypeError and ValueError for an invalid usage.
    """
    noted = _given(usage, {"read": read, "written": written, "cached": cached, "reasoning": reasoning})
    check_kinds({"cost": cost, "seconds": seconds, "prices": prices}, _KINDS)
    check_amount("`cost`", cost)
    check_amount("`seconds`", seconds)
    if cost is None and prices is not None and noted.cost is None:
        cost = prices.cost(read=noted.read, cached=noted.cached, written=noted.written)
    noted = replace(noted, cost=noted.cost if cost is None else cost, seconds=noted.seconds or seconds)
    current().note("tools", noted)
    return noted


def _given(usage: object, numbers: dict[str, int | None]) -> Usage:
    """Read the usage from an object, or from numbers."""
    if usage is not _NOT_GIVEN and any(numbers.values()):
        message = "`usage` and numbers of tokens are both given: leave one of them out"
        raise TypeError(message)
    if usage is None:
        return Usage(calls=1, estimated=True)
    if isinstance(usage, Usage):
        _check({"read": usage.read, "written": usage.written, "cached": usage.cached, "reasoning": usage.reasoning})
        if usage.fault is not None:
            message = f"`usage` cannot be noted: {shortened(usage.fault)}"
            raise ValueError(message)
        return replace(usage, calls=max(usage.calls, 1))
    if usage is not _NOT_GIVEN:
        return usage_of(usage)
    if numbers["read"] is None and numbers["written"] is None:
        message = "`usage` is missing: give the usage of a reply, or `read=` and `written=`"
        raise TypeError(message)
    counts = {name: 0 if number is None else number for name, number in numbers.items()}
    _check(counts)
    return Usage(1, counts["read"], counts["cached"], counts["written"], reasoning=counts["reasoning"])


def _check(numbers: dict[str, int]) -> None:
    """Raise TypeError or ValueError for an invalid number of tokens."""
    for name, number in numbers.items():
        check_kind(name, number, int, "a number of tokens")
        if not 0 <= number <= MOST:
            message = f"`{name}` is a number of tokens from 0 to {MOST:,}"
            raise ValueError(message)
    for part, whole in (("cached", "read"), ("reasoning", "written")):
        if numbers[part] > numbers[whole]:
            message = f"`{part}` is a part of `{whole}`, and {numbers[part]:,} is more than {numbers[whole]:,}"
            raise ValueError(message)
