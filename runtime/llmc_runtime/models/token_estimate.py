"""Estimates of tokens for replies that no server has counted.

A token is estimated as 4 bytes of UTF-8: 4 letters of English, or a little more than one character of Chinese.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from llmc_runtime.models.messages import End, Message, Part, Prices, Reasoning, Usage

SIZE_OF_A_TOKEN: Final = 4


def tokens_of(size: int) -> int:
    """Estimate the tokens of a text with this number of bytes."""
    return -(-size // SIZE_OF_A_TOKEN)


def estimated_tokens(*texts: str) -> int:
    """Estimate the tokens of texts together."""
    return tokens_of(text_size(texts))


def text_size(texts: Iterable[str]) -> int:
    """Count the bytes of texts in UTF-8, including lone surrogates."""
    return sum(len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")) for text in texts)


@dataclass(slots=True)
class ReplyEstimate:
    """The usage of a reply so far, measured by the client."""

    messages: Sequence[Message]
    prices: Prices | None
    now: Callable[[], float]
    is_heard: bool = False
    _start: float = field(init=False)
    _first_token: float | None = None
    _text: int = 0
    _reasoning: int = 0
    _pieces: int = 0

    def __post_init__(self) -> None:
        self._start = self.now()

    def hear(self, piece: Part) -> None:
        """Count a piece of the reply."""
        self.is_heard = True
        self._pieces += 1
        if isinstance(piece, str):
            self._text += text_size((piece,))
            self._first_token = self.now() - self._start if self._first_token is None else self._first_token
        elif isinstance(piece, Reasoning):
            self._reasoning += text_size((piece.text,))

    @property
    def size(self) -> int:
        """The bytes of the reply; a piece without text counts as one."""
        return self._text + self._reasoning + self._pieces

    def nothing(self) -> Usage:
        """Return the usage of a request that was refused."""
        return Usage(calls=1, cost=None if self.prices is None else 0.0, seconds=self.now() - self._start)

    def estimate(self) -> Usage:
        """Estimate the usage of a reply without a count."""
        read = estimated_tokens(*(message.text for message in self.messages))
        written = tokens_of(self._text + self._reasoning)
        return Usage(
            calls=1,
            read=read,
            written=written,
            cost=None if self.prices is None else self.prices.cost(read=read, cached=0, written=written),
            seconds=self.now() - self._start,
            first_token=self._first_token,
            reasoning=min(tokens_of(self._reasoning), written),
            estimated=True,
        )

    def counted(self, end: End) -> Usage:
        """Return the usage of a reply that ended: that of its End, or an estimate if the End has no token counts."""
        usage = end.usage
        if usage.tokens:
            cost = usage.cost
            if cost is None and self.prices is not None:
                cost = self.prices.cost(read=usage.read, cached=usage.cached, written=usage.written)
            return replace(usage, calls=max(usage.calls, 1), cost=cost)
        estimate = self.estimate()
        seconds, cost = usage.seconds or estimate.seconds, usage.cost
        return replace(estimate, seconds=seconds, cost=estimate.cost if cost is None else cost)
