"""The usage of a question's models by role, checked against its budget."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal

from llmc_grammar.forks import fork_safe_lock
from llmc_runtime.agent.agent_errors import BudgetSpent
from llmc_runtime.calls.leak_detector import starter
from llmc_runtime.calls.nested_runs import surrounding
from llmc_runtime.models.messages import Part, Usage
from llmc_runtime.validation import check_amount

Role = Literal["planner", "joiner", "tools"]
"""The models of a question."""
ROLES: Final[tuple[Role, ...]] = ("planner", "joiner", "tools")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The budget of one question's models: tokens read and written, and cost in the unit of their prices.

    None means no limit. Raises ValueError for a negative amount, and TypeError if an amount is not a number.
    """

    tokens: int | None = None
    """Tokens read and written, None for no limit."""
    cost: float | None = None
    """The cost in the unit of the models' prices, None for no limit."""

    def __post_init__(self) -> None:
        """Refuse an invalid amount."""
        for name, value in (("tokens", self.tokens), ("cost", self.cost)):
            check_amount(f"the budget's `{name}`", value)


NO_LIMIT: Final = Budget()

Listener = Callable[[Role, Part], None]
"""Receives the pieces of a question's replies."""


class UsageTracker:
    """The usage of one question; it also counts for the question `around` it, in the role `tools`."""

    def __init__(self, budget: Budget = NO_LIMIT, around: "UsageTracker | None" = None) -> None:
        self._budget = budget
        self._around = around
        self._usage: dict[Role, Usage] = {}
        self.listener: Listener | None = None

    @property
    def usage(self) -> Mapping[Role, Usage]:
        """The usage of each role."""
        usage = dict(self._usage)
        return {role: usage.get(role, Usage()) for role in ROLES}

    @property
    def total(self) -> Usage:
        """The usage of all roles together."""
        return Usage.total(dict(self._usage).values())

    def add(self, role: Role, usage: Usage) -> None:
        """Note the usage of a reply; raises BudgetSpent if it exceeds the budget."""
        self.note(role, usage)
        self._check(is_before=False)

    def note(self, role: Role, usage: Usage) -> None:
        """Note usage here and in the questions around this one, which may run in another thread.

        The budget is checked before the next reply.
        """
        with _noting:
            for tracker in self._chain():
                noted: Role = role if tracker is self else "tools"
                tracker._usage[noted] = tracker._usage.get(noted, Usage()) + usage  # noqa: SLF001

    def hear(self, role: Role, piece: Part) -> None:
        """Pass a piece of a reply to the listener."""
        if self.listener is not None:
            self.listener(role, piece)

    def most_tokens(self) -> int | None:
        """Return how many tokens the next reply may have, None for no limit; raises BudgetSpent if no tokens remain."""
        self._check(is_before=True)
        limits = [(tracker, tracker._budget.tokens) for tracker in self._chain()]  # noqa: SLF001 — other trackers'
        return min((tokens - tracker.total.tokens for tracker, tokens in limits if tokens is not None), default=None)

    def _chain(self) -> "Iterator[UsageTracker]":
        """Yield this tracker and those of the questions around it."""
        tracker: UsageTracker | None = self
        while tracker is not None:
            yield tracker
            tracker = tracker._around  # noqa: SLF001

    def _check(self, *, is_before: bool) -> None:
        """Check the usage against this budget and those around it; before a reply, some tokens must be left."""
        for tracker in self._chain():
            budget, spent = tracker._budget, tracker.total  # noqa: SLF001
            models = "its models" if tracker is self else "the models of the question around it"
            tokens, cost = budget.tokens, budget.cost
            if tokens is not None and (spent.tokens > tokens or (is_before and spent.tokens == tokens)):
                raise BudgetSpent(f"{models} used {spent.tokens:,} tokens; the budget is {tokens:,}", spent)
            if cost is not None and spent.calls and spent.cost is None:
                message = f"the cost of {models} is unknown: give each model `prices=llmc.Prices(read=…, written=…)`"
                raise BudgetSpent(message, spent)
            if cost is not None and spent.cost is not None and spent.cost > cost:
                raise BudgetSpent(f"{models} cost {spent.cost:g}; the budget is {cost:g}", spent)


_noting: Final = fork_safe_lock()
_current: ContextVar[UsageTracker] = ContextVar("tracker")


def tracker_of(budget: Budget) -> UsageTracker:
    """Open the usage tracker of a question; if a tool asks the question, nest it in that of the tool's question."""
    host = surrounding()
    return UsageTracker(budget, None if host is None else host.context.get(_current))


@contextmanager
def kept(tracker: UsageTracker) -> Iterator[None]:
    """Make this the tracker in which tools note the usage of models, within the context."""
    token = _current.set(tracker)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> UsageTracker:
    """Return the usage tracker of the question that a tool is called for, also in a tool's thread; else a new one."""
    tracker = _current.get(None)
    if tracker is None and (call := starter()) is not None:
        tracker = call.run.context.get(_current)
    return tracker or UsageTracker()
