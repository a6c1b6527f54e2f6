"""Messages and replies: the one interface between the agent and its chat models.

async for part in model.reply([Message("system", "…"), Message("user", "…")]):
    part        a piece of text (str) or of reasoning (Reasoning) as it arrives, and last how the reply ended (End)
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from llmc_compiler.decoder.decoder_grammar import Level
from llmc_compiler.decoder.syntaxes import Syntax
from llmc_compiler.representation.short_repr import short_repr
from llmc_runtime.validation import check_amount

Grammar = Callable[[Syntax, Level], str]
"""Returns the grammar that a reply has to follow; raises ValueError if it would be too large."""

Schema = Mapping[str, object]
"""A JSON Schema that a reply has to follow."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message to a model; its text may depend on the grammar of the request."""

    role: Literal["system", "user", "assistant"]
    """The role of the author: "system", "user" or "assistant"."""
    text: str
    """The text; with `by_level`, the text for the level that is tried first."""
    by_level: Callable[[Level | None], str] | None = field(default=None, repr=False, compare=False, kw_only=True)
    """A function that returns the text for a grammar's level, and for None without a grammar."""

    def at(self, level: Level | None) -> "Message":
        """Return the message for a request with a grammar of this level, or without a grammar."""
        return self if self.by_level is None else Message(self.role, self.by_level(level))


def encodable(text: str) -> str:
    """Join the surrogate pairs of a text and replace lone surrogates, which JSON can hold and UTF-8 cannot."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of replies."""

    calls: int = 0
    """The number of replies."""
    read: int = 0
    """The tokens of the requests."""
    cached: int = 0
    """The tokens among those read that the server had in its cache."""
    written: int = 0
    """The tokens of the replies, with those of reasoning."""
    cost: float | None = None
    """The cost, None if a price is unknown."""
    seconds: float = 0.0
    """The time of the replies, in seconds."""
    first_token: float | None = None
    """Seconds until the first text of the first reply, None without any."""
    reasoning: int = 0
    """The tokens of reasoning among those written."""
    estimated: bool = False
    """True if some numbers are estimates: a server counted no tokens, or its count did not arrive."""

    def __add__(self, other: "Usage") -> "Usage":
        """Add two usages; the cost is None unless both are known, and `first_token` is that of the first."""
        all_costs = [usage.cost for usage in (self, other) if usage.calls or usage.cost is not None]
        costs = [cost for cost in all_costs if cost is not None]
        return Usage(
            calls=self.calls + other.calls,
            read=self.read + other.read,
            cached=self.cached + other.cached,
            written=self.written + other.written,
            cost=sum(costs) if costs and len(costs) == len(all_costs) else None,
            seconds=self.seconds + other.seconds,
            first_token=other.first_token if self.first_token is None else self.first_token,
            reasoning=self.reasoning + other.reasoning,
            estimated=self.estimated or other.estimated,
        )

    @staticmethod
    def total(usages: "Iterable[Usage]") -> "Usage":
        """Return the sum of usages."""
        return sum(usages, Usage())

    @property
    def tokens(self) -> int:
        """The tokens read and written."""
        return self.read + self.written

    @property
    def fault(self) -> str | None:
        """A sentence about the first field that is not a number from 0, with which no budget would hold; or None."""
        for name in ("calls", "read", "cached", "written", "reasoning"):
            number: object = getattr(self, name)
            if not isinstance(number, int) or number < 0:
                return f"its `{name}` is a number from 0, not {short_repr(number)}"
        for name, amount in (("cost", self.cost), ("seconds", self.seconds)):
            try:
                check_amount(f"its `{name}`", amount)
            except (TypeError, ValueError) as error:
                return str(error)
        return None


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of a million tokens, in a currency of your choice; tokens read from the server's cache cost `cached`.

    Raises ValueError for a negative price, and TypeError if a price is not a number.
    """

    read: float
    """The price of a million tokens read."""
    written: float
    """The price of a million tokens written."""
    cached: float | None = None
    """The price of a million tokens read from the server's cache, None for the price of `read`."""

    def __post_init__(self) -> None:
        """Refuse an invalid price: with it, no budget would hold."""
        for name, value in (("read", self.read), ("written", self.written), ("cached", self.cached)):
            check_amount(f"the price of tokens {name}", value)

    def cost(self, *, read: int, cached: int, written: int) -> float:
        """Return the cost of tokens; `cached` counts some of those `read`."""
        price = self.read if self.cached is None else self.cached
        return ((read - cached) * self.read + cached * price + written * self.written) / 1_000_000


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A piece of reasoning that a server sends separately from the text; it belongs to neither plan nor answer."""

    text: str
    """The piece of reasoning."""


Reason: TypeAlias = Literal["stop", "length", "refusal"]
"""How a reply ended."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of a reply: its reason (finished, cut at a bound on its length, or refused or filtered) and its usage."""

    reason: Reason
    """How the reply ended: "stop", "length" if it was cut, or "refusal" if it was refused or filtered."""
    usage: Usage
    """The usage of the reply."""


Part: TypeAlias = str | Reasoning | End
"""A part of a reply."""


class ChatModel(Protocol):
    """A chat model: a model on a server, a local one, or a scripted one."""

    @property
    def name(self) -> str:
        """The name of the model in reports."""
        ...

    def reply(
        self,
        messages: Sequence[Message],
        *,
        grammar: Grammar | None = None,
        schema: Schema | None = None,
        stop: Sequence[str] = (),
        most_tokens: int | None = None,
    ) -> AsyncGenerator[Part, None]:
        """Yield the reply in pieces as they arrive, and its End last; raises ModelError.

        Closing the generator closes the connection. The reply follows the schema, or else the grammar, as far as the
        model supports it.
        """
        ...
