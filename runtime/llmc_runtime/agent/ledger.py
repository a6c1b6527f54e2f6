"""What the models of a question took, by role, and whether it may take more."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal

from llmc_runtime.agent.dialogue import Prices, Usage
from llmc_runtime.agent.failures import BudgetSpent
from llmc_runtime.kinds import check_amount

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


class Ledger:
    """The usage of one question."""

    def __init__(self, budget: Budget = NO_LIMIT) -> None:
        """Nothing was said."""
        self._budget = budget
        self._usage: dict[Role, Usage] = {}

    @property
    def usage(self) -> Mapping[Role, Usage]:
        """What each role took."""
        return {role: self._usage.get(role, Usage()) for role in ROLES}

    @property
    def total(self) -> Usage:
        """What all took together."""
        return Usage.total(self._usage.values())

    def add(self, role: Role, usage: Usage) -> None:
        """Note what a reply took; raises BudgetSpent where that was too much."""
        self._usage[role] = self._usage.get(role, Usage()) + usage
        self._check(is_before=False)

    def add_cut(self, role: Role, pieces: int, prices: Prices | None) -> None:
        """Note a reply that was cut off: its pieces are counted as tokens, and what it read is not known."""
        cost = None if prices is None else prices.cost(read=0, cached=0, written=pieces)
        self._usage[role] = self._usage.get(role, Usage()) + Usage(calls=1, written=pieces, cost=cost)

    def most_tokens(self) -> int | None:
        """How many tokens the next reply may have, None for any number; raises BudgetSpent where none are left."""
        self._check(is_before=True)
        tokens = self._budget.tokens
        return None if tokens is None else tokens - self.total.tokens

    def _check(self, *, is_before: bool) -> None:
        """Compare with the budget; before a reply, what is just used up is too much as well."""
        spent = self.total
        tokens, cost = self._budget.tokens, self._budget.cost
        if tokens is not None and (spent.tokens > tokens or (is_before and spent.tokens == tokens)):
            raise BudgetSpent(f"its models took {spent.tokens:,} tokens, and may take {tokens:,}", spent)
        if cost is not None and spent.calls and spent.cost is None:
            message = "what its models cost is not known: give each `prices=llmc.Prices(read=…, written=…)`"
            raise BudgetSpent(message, spent)
        if cost is not None and spent.cost is not None and spent.cost > cost:
            raise BudgetSpent(f"its models cost {spent.cost:g}, and may cost {cost:g}", spent)


_current: ContextVar[Ledger] = ContextVar("ledger")


@contextmanager
def kept(ledger: Ledger) -> Iterator[None]:
    """In here, tools that ask models note it in this ledger."""
    token = _current.set(ledger)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Ledger:
    """The ledger of the question that a tool is called for; a new one outside of any."""
    return _current.get(None) or Ledger()
