"""What the models of a question took, by role, and whether it may take more."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Literal, Protocol

from llmc_runtime.agent.dialogue import Usage
from llmc_runtime.agent.failures import BudgetSpent

Role = Literal["planner", "joiner", "tools"]
ROLES: Final[tuple[Role, ...]] = ("planner", "joiner", "tools")


class Spending(Protocol):
    """Limits of what the models of one question may take: tokens read and written, and cost; None is no limit."""

    @property
    def tokens(self) -> int | None:
        """The most tokens."""
        ...

    @property
    def cost(self) -> float | None:
        """The highest cost, in the unit of the models' prices."""
        ...


class Ledger:
    """The usage of one question."""

    def __init__(self, limits: Spending | None = None) -> None:
        """Nothing was said."""
        self._limits = limits
        self._usage: dict[Role, Usage] = {}

    @property
    def usage(self) -> Mapping[Role, Usage]:
        """What each role took."""
        return {role: self._usage.get(role, Usage()) for role in ROLES}

    @property
    def total(self) -> Usage:
        """What all took together."""
        return sum(self._usage.values(), Usage())

    def add(self, role: Role, usage: Usage) -> None:
        """Note what a reply took; raises BudgetSpent where that was too much."""
        self._usage[role] = self._usage.get(role, Usage()) + usage
        self._check(is_before=False)

    def add_unknown(self, role: Role) -> None:
        """Note a reply that was cut off: what it took, nobody said."""
        self._usage[role] = self._usage.get(role, Usage()) + Usage(calls=1)

    def most_tokens(self) -> int | None:
        """How many tokens the next reply may have, None for any number; raises BudgetSpent where none are left."""
        self._check(is_before=True)
        if self._limits is None or self._limits.tokens is None:
            return None
        return self._limits.tokens - self.total.tokens

    def _check(self, *, is_before: bool) -> None:
        """Compare with the limits; before a reply, what is just used up is too much as well."""
        if self._limits is None:
            return
        spent = self.total
        tokens, cost = self._limits.tokens, self._limits.cost
        if tokens is not None and (spent.tokens > tokens or (is_before and spent.tokens == tokens)):
            raise BudgetSpent(f"its models took {spent.tokens:,} tokens, and may take {tokens:,}", spent)
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
