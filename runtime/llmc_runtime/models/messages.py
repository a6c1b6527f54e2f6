"""What is said to a model, and what comes back: the one interface between the agent and whatever speaks.

async for part in model.reply([Message("system", "…"), Message("user", "…")]):
    part        a piece of text (str) or of reasoning (Reasoning) as it arrives, and at last how the reply ended (End)
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from llmc_compiler.decoder.decoder_grammar import Level
from llmc_compiler.decoder.syntaxes import Syntax
from llmc_compiler.representation.short_repr import short_repr
from llmc_runtime.validation import check_amount

Grammar = Callable[[Syntax, Level], str]
"""Gives the grammar that a reply has to follow; raises ValueError where it would be too large."""

Schema = Mapping[str, object]
"""A JSON Schema that a reply has to follow."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something said to a model.

    Where the text depends on what a reply may contain, `by_level` gives it for the level of the grammar that a request
    carries, None being no grammar; `text` is then that of the level which is tried first.
    """

    role: Literal["system", "user", "assistant"]
    text: str
    by_level: Callable[[Level | None], str] | None = field(default=None, repr=False, compare=False, kw_only=True)

    def at(self, level: Level | None) -> "Message":
        """The message of a request that carries a grammar of this level, or none."""
        return self if self.by_level is None else Message(self.role, self.by_level(level))


def encodable(text: str) -> str:
    """A text without halves of characters, which JSON can hold and UTF-8 cannot: pairs are joined, others replaced."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass(frozen=True, slots=True)
class Usage:
    """What replies took: how many there were, tokens read (of these `cached`) and written, cost, and seconds.

    `cost` is None where prices are not known; `first_token` is the time until the first text arrived, of one reply.
    `reasoning` counts the tokens of reasoning among those written. `estimated`: the server counted no tokens, or the
    count did not arrive, so that some of these numbers are estimates.
    """

    calls: int = 0
    read: int = 0
    cached: int = 0
    written: int = 0
    cost: float | None = None
    seconds: float = 0.0
    first_token: float | None = None
    reasoning: int = 0
    estimated: bool = False

    def __add__(self, other: "Usage") -> "Usage":
        """Both together; the cost is known if both are, and the first token is the first one's."""
        known = [usage.cost for usage in (self, other) if usage.calls or usage.cost is not None]
        costs = [cost for cost in known if cost is not None]
        return Usage(
            calls=self.calls + other.calls,
            read=self.read + other.read,
            cached=self.cached + other.cached,
            written=self.written + other.written,
            cost=sum(costs) if costs and len(costs) == len(known) else None,
            seconds=self.seconds + other.seconds,
            first_token=other.first_token if self.first_token is None else self.first_token,
            reasoning=self.reasoning + other.reasoning,
            estimated=self.estimated or other.estimated,
        )

    @staticmethod
    def total(usages: "Iterable[Usage]") -> "Usage":
        """What all of them took together."""
        return sum(usages, Usage())

    @property
    def tokens(self) -> int:
        """All tokens, read and written."""
        return self.read + self.written

    @property
    def fault(self) -> str | None:
        """The first number that is none, or below 0, in words: with it, no budget would hold."""
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
    """What a million tokens cost, in a currency of your choice; those read from the server's cache cost `cached`.

    Raises ValueError for what is no price.
    """

    read: float
    written: float
    cached: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no price: with it, no budget would hold."""
        for name, value in (("read", self.read), ("written", self.written), ("cached", self.cached)):
            check_amount(f"the price of tokens {name}", value)

    def cost(self, *, read: int, cached: int, written: int) -> float:
        """What so many tokens cost; `cached` ones are among those read."""
        price = self.read if self.cached is None else self.cached
        return ((read - cached) * self.read + cached * price + written * self.written) / 1_000_000


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A piece of the reasoning that a server sends beside the text; it belongs to neither plan nor answer."""

    text: str


Reason: TypeAlias = Literal["stop", "length", "refusal"]
"""How a reply ended."""


@dataclass(frozen=True, slots=True)
class End:
    """How a reply ended: by itself, by a bound on its length, by a refusal or a filter of the server."""

    reason: Reason
    usage: Usage


Part: TypeAlias = str | Reasoning | End
"""A part of a reply."""


class ChatModel(Protocol):
    """What can be asked: a model of a server, a local one, or a scripted one."""

    @property
    def name(self) -> str:
        """What reports call it."""
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
        """The reply in pieces as they arrive, at last its End; raises ModelError. Closing it ends the connection.

        It follows the schema, else the grammar, as far as whoever speaks can be made to.
        """
        ...
