"""Read a planner's reply to its end.

Text after a plan may turn the plan into reasoning. Reading therefore continues after the plan, up to a limit of
characters and seconds.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Protocol

from llmc_grammar import Parsed
from llmc_runtime.agent.budget import UsageTracker
from llmc_runtime.agent.completion import reply
from llmc_runtime.agent.planning.plan_reader import PlanReader
from llmc_runtime.agent.planning.planner import Planner
from llmc_runtime.foreign_errors import LONGEST
from llmc_runtime.models.messages import End, Grammar, Message, Part, Reasoning

LONGEST_TAIL: Final = 4_096
"""The number of characters after a plan at which the reply is cut off."""

LONGEST_WAIT: Final = 2.0
"""The number of seconds after a plan at which the reply is cut off."""


class ReplyTarget(Protocol):
    """A plan that is being fed."""

    @property
    def is_ended(self) -> bool:
        """Whether a join or an end mark has ended it."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether it exceeds a limit, which ends reading."""
        ...

    @property
    def has_tail(self) -> bool:
        """Whether text follows its end."""
        ...


@dataclass(frozen=True, slots=True)
class ReplyReading:
    """How a reply ended: with the model's End, or cut off by the reader.

    `is_cut_behind`: the reply was cut off after its plan, by the limits above. `is_over`: the plan exceeds a limit of
    plans. `has_tail`: text follows the plan. `reasoned` is the beginning of the reasoning that a server sent separately
    from the text.
    """

    end: End | None
    is_cut_behind: bool = False
    is_over: bool = False
    has_tail: bool = False
    reasoned: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether the model finished its reply."""
        return self.end is not None and self.end.reason == "stop"

    @property
    def may_go_on(self) -> bool:
        """Whether the text after the plan was cut, and may have withdrawn the plan."""
        return self.is_cut_behind or (self.has_tail and not self.is_whole)

    @property
    def is_complete(self) -> bool:
        """Whether all statements are complete."""
        return self.is_whole or self.is_cut_behind or self.is_over

    @property
    def is_refused(self) -> bool:
        """Whether the model refused to answer."""
        return self.end is not None and self.end.reason == "refusal"


async def read_plan(pieces: AsyncGenerator[Part, None], feed: Callable[[str], None], plan: ReplyTarget) -> ReplyReading:
    """Feed the pieces of a reply to a plan until the reply ends or is cut off."""
    now = asyncio.get_running_loop().time
    tail, reasoned = 0, ""
    bound = asyncio.timeout(None)
    try:
        async with bound, aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, End):
                    return ReplyReading(piece, has_tail=plan.has_tail, reasoned=reasoned)
                if isinstance(piece, Reasoning):
                    reasoned += piece.text[: LONGEST - len(reasoned)]
                    continue
                was_ended = plan.is_ended
                feed(piece)
                if plan.is_over:
                    return ReplyReading(None, is_over=True)
                if not plan.is_ended:
                    bound.reschedule(None)
                    tail = 0
                elif not was_ended:
                    bound.reschedule(now() + LONGEST_WAIT)
                elif (tail := tail + len(piece)) > LONGEST_TAIL:
                    return ReplyReading(None, is_cut_behind=True)
    except TimeoutError:
        if not bound.expired():
            raise
        return ReplyReading(None, is_cut_behind=True)
    return ReplyReading(None, reasoned=reasoned)


async def plan_reply(
    planner: Planner,
    messages: Sequence[Message],
    reader: PlanReader,
    tracker: UsageTracker,
    *,
    grammar: Grammar | None = None,
    most_tokens: int | None = None,
) -> tuple[Parsed, ReplyReading]:
    """Return the parsed text of a planner's reply, and how it ended."""
    pieces = reply(
        planner.chat_model, messages, "planner", tracker, grammar=grammar, stop=planner.stops, most_tokens=most_tokens
    )
    parser = reader.parser()

    def feed(piece: str) -> None:
        parser.feed(piece)

    reading = await read_plan(pieces, feed, parser.stream)
    if reading.is_over:
        # Its last line is cut at the bound, and has to count as a line.
        return reader.read(parser.stream.text), reading
    parser.close(complete=reading.is_complete)
    return parser.parsed("<plan>"), reading
