"""A model with scripted replies, for tests without a server.

    model = llmc.ScriptedModel(["1. search('K2') …", "Finish(8611)"])
    agent = llmc.Agent(tools, model=model)
    …
    model.asked[0].messages        the messages of the first question

The script has one line for each question, in their order. A line is one of

    "text"                          the whole reply in one piece
    ["te", 0.2, "xt", error]        pieces, seconds of silence, and an exception in mid-stream
    [Reasoning("…"), "text"]        reasoning, separate from the text
    error                           an exception instead of a reply
    lambda messages: …              a function of the messages that returns any of these

An exception may be a class. An End as the last piece sets how the reply ends; without one it ends with "stop". A
question after the last line is an error; `ScriptedModel(function)` answers any number of questions.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from llmc_grammar.reasoning import ReasoningTags, TagName
from llmc_runtime.foreign_errors import shortened
from llmc_runtime.models.messages import End, Grammar, Message, Part, Prices, Reasoning, Schema, Usage
from llmc_runtime.models.model_errors import ModelError

Failure: TypeAlias = BaseException | type[BaseException]
"""An error that a scripted model raises, or its class."""
Piece: TypeAlias = str | float | Reasoning | End | Failure
"""A piece of a scripted reply; a number is a wait in seconds."""
Answer: TypeAlias = str | Failure | Sequence[Piece]
"""A scripted reply: a text, its pieces, or an error."""
Line: TypeAlias = Answer | Callable[[Sequence[Message]], Answer]
"""A scripted reply, or a function of the messages that returns one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The arguments of one question."""

    messages: tuple[Message, ...]
    grammar: Grammar | None
    schema: Schema | None
    stop: tuple[str, ...]
    most_tokens: int | None


class ScriptEnded(ModelError):  # noqa: N818 — named like the other model errors
    """A scripted model was asked more questions than it has lines."""


class ScriptedModel:
    """A model that replies with its lines; its usage counts each word as a token, and its cost follows from `prices`.

    `reasoning_tags` are the same as for a Model. Raises ValueError for an invalid tag, and for a single text instead of
    a list of lines.
    """

    __slots__ = ("_lines", "_name", "asked", "closed", "prices", "reasoning_tags")

    def __init__(
        self,
        lines: Sequence[Line] | Callable[[Sequence[Message]], Answer],
        *,
        name: str = "scripted",
        prices: Prices | None = None,
        reasoning_tags: Sequence[TagName] = (),
    ) -> None:
        if isinstance(lines, str):
            message = f"the lines of a script are a list: [{shortened(lines)!r}]"
            raise ValueError(message)  # noqa: TRY004 — a text is a sequence of texts, but not of lines
        self.asked: list[Asked] = []
        """The questions so far, with their arguments."""
        self.closed = 0
        """The number of replies that were closed before their end."""
        self._lines = lines
        self._name = name
        self.prices = prices
        """The prices of tokens."""
        self.reasoning_tags = tuple(reasoning_tags)
        """The additional tags around reasoning."""
        ReasoningTags(self.reasoning_tags)

    @property
    def name(self) -> str:
        """The name of the model in reports."""
        return self._name

    def with_options(self, **_options: object) -> "ScriptedModel":
        """Return the same model: no option changes its lines."""
        return self

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        grammar: Grammar | None = None,
        schema: Schema | None = None,
        stop: Sequence[str] = (),
        most_tokens: int | None = None,
    ) -> AsyncGenerator[Part, None]:
        """Yield the next line as a reply; `closed` counts the replies that were closed before their end."""
        self.asked.append(Asked(tuple(messages), grammar, schema, tuple(stop), most_tokens))
        pieces = self._pieces(messages, len(self.asked))
        clock = asyncio.get_running_loop().time
        start = clock()
        said: list[str] = []
        first: float | None = None
        whole = False
        try:
            for piece in pieces:
                match piece:
                    case str():
                        first = clock() - start if first is None else first
                        said.append(piece)
                        yield piece
                    case Reasoning():
                        yield piece
                    case int() | float():
                        await asyncio.sleep(piece)
                    case End():
                        whole = True
                        yield piece
                        return
                    case _:
                        whole = True
                        raise piece
            whole = True
            yield End("stop", self._usage(messages, said, clock() - start, first))
        finally:
            self.closed += not whole

    def _pieces(self, messages: Sequence[Message], number: int) -> Sequence[Piece]:
        """Return the pieces of the reply to the question with this number."""
        if callable(self._lines):
            line: Line = self._lines
        elif number > len(self._lines):
            lines = f"{len(self._lines)} line{'' if len(self._lines) == 1 else 's'}"
            raise ScriptEnded(self._name, f"has no line for question {number}: its script has {lines}")
        else:
            line = self._lines[number - 1]
        if callable(line) and not isinstance(line, type):
            line = line(messages)
        return (line,) if isinstance(line, str | BaseException | type) else line

    def _usage(self, messages: Sequence[Message], said: list[str], seconds: float, first: float | None) -> Usage:
        """Return the usage of the reply, counted in words."""
        read = sum(len(message.text.split()) for message in messages)
        written = len("".join(said).split())
        cost = None if self.prices is None else self.prices.cost(read=read, cached=0, written=written)
        return Usage(1, read, 0, written, cost, seconds, first)
