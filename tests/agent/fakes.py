"""Scripted models, and tools whose calls are counted."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from llmc_compiler.tools.decorators import nondet, pure, read, write
from llmc_compiler.tools.toolbox import Toolbox
from llmc_runtime.models.messages import End, Grammar, Message, Schema, Usage

Reply = str | Exception | Callable[[Sequence[Message]], "str | Exception"]
Reason = Literal["stop", "length", "refusal"]


@dataclass
class Asked:
    """What a model was asked for."""

    messages: tuple[Message, ...]
    grammar: Grammar | None
    schema: Schema | None
    stop: tuple[str, ...]
    most_tokens: int | None

    @property
    def text(self) -> str:
        """All that was said."""
        return "\n\n".join(message.text for message in self.messages)


@dataclass
class Script:
    """A model that says these things, one after the other: a text, or an exception that breaks off.

    Texts come in pieces of `size` letters, `pause` seconds before each; `reasons` are how the replies end, "stop" where
    there is none. A token is a word.
    """

    replies: Sequence[Reply]
    size: int = 5
    pause: float = 0.0
    reasons: Sequence[Reason] = ()
    api: str = "chat"
    name: str = "script"
    cost: float | None = None
    asked: list[Asked] = field(default_factory=list)
    closed: int = 0

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        grammar: Grammar | None = None,
        schema: Schema | None = None,
        stop: Sequence[str] = (),
        most_tokens: int | None = None,
    ) -> AsyncGenerator[str | End, None]:
        """The next reply."""
        number = len(self.asked)
        self.asked.append(Asked(tuple(messages), grammar, schema, tuple(stop), most_tokens))
        said = self.replies[number]
        text = said(messages) if callable(said) else said
        failure = text if isinstance(text, Exception) else None
        whole = str(text.args[0]) if isinstance(text, Exception) else text
        try:
            for at in range(0, len(whole), self.size):
                await asyncio.sleep(self.pause)
                yield whole[at : at + self.size]
            if failure is not None:
                raise failure
            read_ = sum(len(message.text.split()) for message in messages)
            reason = self.reasons[number] if number < len(self.reasons) else "stop"
            yield End(reason, Usage(calls=1, read=read_, written=len(whole.split()), cost=self.cost))
        finally:
            self.closed += 1


class World:
    """Tools for tests: `calls` counts them by text, `sent` is what was written."""

    def __init__(self, latency: float = 0.2) -> None:
        self.calls: Counter[str] = Counter()
        self.sent: list[str] = []
        self.latency = latency

    def toolbox(self) -> Toolbox:
        """Search (read), add (pure), dice (nondet), fail (pure), send (write)."""

        @read("web")
        async def search(entity: str) -> str:
            """What is known of an entity."""
            self.calls[f"search {entity}"] += 1
            await asyncio.sleep(self.latency)
            return f"{entity} is known"

        @read("mail")
        async def inbox() -> list[str]:
            """All mails."""
            self.calls["inbox"] += 1
            await asyncio.sleep(self.latency)
            return list(self.sent)

        @pure
        async def add(a: float, b: float) -> float:
            """The sum."""
            self.calls["add"] += 1
            return a + b

        @nondet
        async def dice() -> int:
            """Another number each time."""
            self.calls["dice"] += 1
            await asyncio.sleep(self.latency)
            return self.calls["dice"]

        @pure
        async def fail(why: str) -> str:
            """Always fails."""
            self.calls["fail"] += 1
            raise RuntimeError(why)

        @write("mail")
        async def send(to: str) -> str:
            """Send a mail."""
            self.calls[f"send {to}"] += 1
            await asyncio.sleep(self.latency)
            self.sent.append(to)
            return f"sent to {to}"

        return Toolbox([search, inbox, add, dice, fail, send])
