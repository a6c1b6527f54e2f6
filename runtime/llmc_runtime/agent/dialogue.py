"""What is said to a model, and what comes back: the one interface between the agent and whatever speaks.

async for part in model.reply([Message("system", "…"), Message("user", "…")]):
    part        a piece of text (str) as it arrives, and at last how the reply ended (End)
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from llmc_compiler.decoder.dialects import Dialect
from llmc_compiler.decoder.grammar import Level

Grammar = Callable[[Dialect, Level], str]
"""Gives the grammar that a reply has to follow; raises ValueError where it would be too large."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something said to a model."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What replies took: how many there were, tokens read (of these `cached`) and written, cost, and seconds.

    `cost` is None where prices are not known; `first_token` is the time until the first text arrived, of one reply.
    """

    calls: int = 0
    read: int = 0
    cached: int = 0
    written: int = 0
    cost: float | None = None
    seconds: float = 0.0
    first_token: float | None = None


@dataclass(frozen=True, slots=True)
class End:
    """How a reply ended: by itself, by a bound on its length, by a refusal or a filter of the server."""

    reason: Literal["stop", "length", "refusal"]
    usage: Usage


class Speaker(Protocol):
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
        stop: Sequence[str] = (),
        most_tokens: int | None = None,
    ) -> AsyncGenerator[str | End, None]:
        """The reply in pieces as they arrive, at last its End; raises ModelError. Closing it ends the connection."""
        ...
