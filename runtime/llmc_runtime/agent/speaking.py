"""One reply, taken whole or in pieces, with what it took noted."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from llmc_runtime.agent.dialogue import End, Grammar, Message, Prices, Schema, Speaker
from llmc_runtime.agent.ledger import Ledger, Role

LONGEST_REPLY = 64 * 1024
"""Characters after which a reply that is taken whole is cut off."""


async def reply(
    speaker: Speaker,
    messages: Sequence[Message],
    role: Role,
    ledger: Ledger,
    *,
    grammar: Grammar | None = None,
    schema: Schema | None = None,
    stop: Sequence[str] = (),
    most_tokens: int | None = None,
) -> AsyncGenerator[str | End, None]:
    """The reply in pieces, at last its End; raises BudgetSpent, and what the model raises."""
    left = ledger.most_tokens()
    most = min((limit for limit in (left, most_tokens) if limit is not None), default=None)
    pieces = speaker.reply(messages, grammar=grammar, schema=schema, stop=stop, most_tokens=most)
    is_over, count = False, 0
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, End):
                    is_over = True
                    ledger.add(role, piece.usage)
                count += 1
                yield piece
    finally:
        if not is_over:
            ledger.add_cut(role, count, _prices(speaker))


async def whole_reply(
    speaker: Speaker,
    messages: Sequence[Message],
    role: Role,
    ledger: Ledger,
    *,
    grammar: Grammar | None = None,
    schema: Schema | None = None,
    stop: Sequence[str] = (),
    most_tokens: int | None = None,
) -> tuple[str, End | None]:
    """All of a reply's text, and how it ended: None where it was cut off here."""
    texts: list[str] = []
    length = 0
    pieces = reply(speaker, messages, role, ledger, grammar=grammar, schema=schema, stop=stop, most_tokens=most_tokens)
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, End):
                return "".join(texts), piece
            texts.append(piece[: LONGEST_REPLY - length])
            length += len(piece)
            if length >= LONGEST_REPLY:
                break
    return "".join(texts), None


def _prices(speaker: Speaker) -> Prices | None:
    """What its tokens cost, if anybody said."""
    return getattr(getattr(speaker, "settings", speaker), "prices", None)


CONTINUED_TOKENS = 400
"""Tokens of a decision, or of mended lines, of a model that would go on for as long as it may."""


def bounded_tokens(speaker: Speaker) -> int | None:
    """How many tokens a short reply may have; a model that thinks before it speaks needs its own number."""
    return CONTINUED_TOKENS if continues(speaker) else None


def continues(speaker: Speaker) -> bool:
    """Whether the model only continues a text, as those of the API `completions` do."""
    return getattr(getattr(speaker, "settings", speaker), "api", "chat") == "completions"


def takes_schemas(speaker: Speaker) -> bool:
    """Whether a reply that is JSON can be made to follow a schema."""
    return getattr(getattr(speaker, "settings", None), "schemas", False)
