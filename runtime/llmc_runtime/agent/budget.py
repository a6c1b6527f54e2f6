"""What the models of a question took, by role, and whether it may take more."""

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
ROLES: Final[tuple[Role, ...]] = ("planner", "joiner", "tools")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What the models of one question may take: tokens read and written, cost in the unit of their prices; None: any.

    Raises ValueError for what is no amount.
    """

    tokens: int | None = None
    cost: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no amount."""
        for name, value in (("tokens", self.tokens), ("cost", self.cost)):
            check_amount(f"the budget's `{name}`", value)


NO_LIMIT: Final = Budget()

Listener = Callable[[Role, Part], None]
"""Is told the pieces of a question's replies."""


class UsageTracker:
    """The usage of one question; what it takes is taken by the question `around` it as well, as of its tools."""

    def __init__(self, budget: Budget = NO_LIMIT, around: "UsageTracker | None" = None) -> None:
        """Nothing was said."""
        self._budget = budget
        self._around = around
        self._usage: dict[Role, Usage] = {}
        self.listener: Listener | None = None

    @property
    def usage(self) -> Mapping[Role, Usage]:
        """What each role took."""
        usage = dict(self._usage)
        return {role: usage.get(role, Usage()) for role in ROLES}

    @property
    def total(self) -> Usage:
        """What all took together."""
        return Usage.total(dict(self._usage).values())

    def add(self, role: Role, usage: Usage) -> None:
        """Note what a reply took; raises BudgetSpent where that was too much."""
        self.note(role, usage)
        self._check(is_before=False)

    def note(self, role: Role, usage: Usage) -> None:
        """Note what was taken, here and in the questions around this one, which may run in another thread.

        The budget is compared before the next reply.
        """
        with _noting:
            for ledger in self._chain():
                noted: Role = role if ledger is self else "tools"
                ledger._usage[noted] = ledger._usage.get(noted, Usage()) + usage  # noqa: SLF001

    def hear(self, role: Role, piece: Part) -> None:
        """Tell the listener of a piece of a reply."""
        if self.listener is not None:
            self.listener(role, piece)

    def most_tokens(self) -> int | None:
        """How many tokens the next reply may have, None for any number; raises BudgetSpent where none are left."""
        self._check(is_before=True)
        limited = [(each, each._budget.tokens) for each in self._chain()]  # noqa: SLF001 — of questions around it
        return min((tokens - each.total.tokens for each, tokens in limited if tokens is not None), default=None)

    def _chain(self) -> "Iterator[UsageTracker]":
        """This ledger, and those of the questions around it."""
        ledger: UsageTracker | None = self
        while ledger is not None:
            yield ledger
            ledger = ledger._around  # noqa: SLF001

    def _check(self, *, is_before: bool) -> None:
        """Compare with the budget, and those around it; before a reply, what is just used up is too much as well."""
        for ledger in self._chain():
            budget, spent = ledger._budget, ledger.total  # noqa: SLF001
            models = "its models" if ledger is self else "the models of the question around it"
            tokens, cost = budget.tokens, budget.cost
            if tokens is not None and (spent.tokens > tokens or (is_before and spent.tokens == tokens)):
                raise BudgetSpent(f"{models} took {spent.tokens:,} tokens, and may take {tokens:,}", spent)
            if cost is not None and spent.calls and spent.cost is None:
                message = f"what {models} cost is not known: give each `prices=llmc.Prices(read=…, written=…)`"
                raise BudgetSpent(message, spent)
            if cost is not None and spent.cost is not None and spent.cost > cost:
                raise BudgetSpent(f"{models} cost {spent.cost:g}, and may cost {cost:g}", spent)


_noting: Final = fork_safe_lock()
_current: ContextVar[UsageTracker] = ContextVar("ledger")


def ledger_of(budget: Budget) -> UsageTracker:
    """The ledger of a question that begins here; where a tool asks it, inside of that of the tool's question."""
    host = surrounding()
    return UsageTracker(budget, None if host is None else host.context.get(_current))


@contextmanager
def kept(ledger: UsageTracker) -> Iterator[None]:
    """In here, tools that ask models note it in this ledger."""
    token = _current.set(ledger)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> UsageTracker:
    """The ledger of the question that a tool is called for, also in a thread that it started; else a new one."""
    ledger = _current.get(None)
    if ledger is None and (call := starter()) is not None:
        ledger = call.run.context.get(_current)
    return ledger or UsageTracker()
