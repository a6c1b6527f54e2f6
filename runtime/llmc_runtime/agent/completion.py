"""One reply, taken whole or in pieces, with what it took noted."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from typing import Any, Final, NamedTuple, get_args

from llmc_grammar.reasoning import ReasoningTags, reasoning_tags
from llmc_runtime.agent.budget import Role, UsageTracker
from llmc_runtime.errors import LONGEST, shortened
from llmc_runtime.models.messages import (
    ChatModel,
    End,
    Grammar,
    Message,
    Part,
    Prices,
    Reason,
    Reasoning,
    Schema,
    Usage,
)
from llmc_runtime.models.model_errors import ModelError, ModelTimedOut, NoStream, StreamBroken
from llmc_runtime.models.token_estimate import ReplyEstimate

LARGEST_REPLY: Final = 16 * 1024 * 1024
"""Bytes of text and reasoning, and pieces, that any reply may have."""

_REASONS: Final[tuple[str, ...]] = get_args(Reason)

LONGEST_REPLY = 64 * 1024
"""Characters after which a reply that is taken whole is cut off."""


async def reply(
    speaker: ChatModel,
    messages: Sequence[Message],
    role: Role,
    ledger: UsageTracker,
    *,
    grammar: Grammar | None = None,
    schema: Schema | None = None,
    stop: Sequence[str] = (),
    most_tokens: int | None = None,
) -> AsyncGenerator[Part, None]:
    """The reply in pieces, at last its End; raises BudgetSpent, StreamBroken, and what the model raises.

    What it took is noted in any case: an estimate of it where the reply is cut off, or the model counts nothing.
    """
    left = ledger.most_tokens()
    most = min((limit for limit in (left, most_tokens) if limit is not None), default=None)
    pieces = speaker.reply(messages, grammar=grammar, schema=schema, stop=stop, most_tokens=most)
    _check_form(speaker, pieces)
    taken = ReplyEstimate(messages, _prices(speaker), asyncio.get_running_loop().time)
    is_over = was_refused = False
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                _check_piece(speaker, piece)
                if isinstance(piece, End):
                    is_over = True
                    ledger.add(role, taken.counted(piece))
                taken.hear(piece)
                if taken.size > LARGEST_REPLY:
                    raise StreamBroken(name_of(speaker), f"its reply is larger than {LARGEST_REPLY:,} bytes")
                ledger.hear(role, piece)
                yield piece
    except ModelError as error:
        was_refused = not taken.is_heard and not _may_have_read(error)
        raise
    finally:
        if not is_over:
            ledger.note(role, taken.nothing() if was_refused else taken.estimate())


def _may_have_read(error: ModelError) -> bool:
    """Whether a model that said nothing may have read the request all the same."""
    return isinstance(error, ModelTimedOut | StreamBroken) and not isinstance(error, NoStream)


class WholeReply(NamedTuple):
    """All of a reply's text, how it ended (None: it was cut off here), and the beginning of its reasoning."""

    text: str
    end: End | None
    reasoned: str = ""


async def whole_reply(
    speaker: ChatModel,
    messages: Sequence[Message],
    role: Role,
    ledger: UsageTracker,
    *,
    grammar: Grammar | None = None,
    schema: Schema | None = None,
    stop: Sequence[str] = (),
    most_tokens: int | None = None,
) -> WholeReply:
    """Take a reply whole; raises as `reply` does."""
    texts: list[str] = []
    length, reasoned = 0, ""
    pieces = reply(speaker, messages, role, ledger, grammar=grammar, schema=schema, stop=stop, most_tokens=most_tokens)
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, End):
                return WholeReply("".join(texts), piece, reasoned)
            if isinstance(piece, Reasoning):
                reasoned += piece.text[: LONGEST - len(reasoned)]
                continue
            texts.append(piece[: LONGEST_REPLY - length])
            length += len(piece)
            if length >= LONGEST_REPLY:
                break
    return WholeReply("".join(texts), None, reasoned)


def _check_form(speaker: ChatModel, pieces: object) -> None:
    """Raises StreamBroken where a model of somebody's own does not give its reply in pieces."""
    if hasattr(pieces, "__aiter__") and hasattr(pieces, "aclose"):
        return
    if isinstance(pieces, Coroutine):
        pieces.close()
    raise StreamBroken(name_of(speaker), f"its `reply` is no async generator, but a `{type(pieces).__name__}`")


def _check_piece(speaker: ChatModel, piece: object) -> None:
    """Raises StreamBroken for a piece that is none, and for an End with which no budget would hold."""
    text = piece.text if isinstance(piece, Reasoning) else piece
    what = None
    if not isinstance(text, str | End):
        what = f"a piece of its reply is neither text nor an End, but a `{type(piece).__name__}`"
    elif isinstance(text, End):
        what = _wrong_end(text)
    if what is not None:
        raise StreamBroken(name_of(speaker), what)


def _wrong_end(end: End) -> str | None:
    """What is wrong with an End of somebody's own model."""
    if end.reason not in _REASONS:
        return f"its End has the reason {shortened(repr(end.reason))}, which is none of {', '.join(_REASONS)}"
    usage: object = end.usage
    if not isinstance(usage, Usage):
        return f"its End has no llmc.Usage, but a `{type(usage).__name__}`"
    return None if usage.fault is None else f"of the usage in its End, {shortened(usage.fault)}"


def name_of(speaker: ChatModel) -> str:
    """What reports call it, which somebody's own may have forgotten to say."""
    return str(getattr(speaker, "name", type(speaker).__name__))


def _prices(speaker: ChatModel) -> Prices | None:
    """What its tokens cost, if anybody said."""
    found: Prices | None = _setting(speaker, "prices", None)
    return found


def has_no_prices(speaker: ChatModel) -> bool:
    """Whether it has a place for prices, and nothing in it."""
    return _setting(speaker, "prices", ...) is None


CONTINUED_TOKENS = 400
"""Tokens of a decision, or of mended lines, of a model that would go on for as long as it may."""


def bounded_tokens(speaker: ChatModel) -> int | None:
    """How many tokens a short reply may have; a model that thinks before it speaks needs its own number."""
    return CONTINUED_TOKENS if continues(speaker) else None


def continues(speaker: ChatModel) -> bool:
    """Whether the model only continues a text, as those of the API `completions` do."""
    return bool(_setting(speaker, "api", "chat") == "completions")


def takes_schemas(speaker: ChatModel) -> bool:
    """Whether a reply that is JSON can be made to follow a schema."""
    return bool(_setting(speaker, "schemas", None))


def _setting(speaker: ChatModel, name: str, default: object) -> Any:  # noqa: ANN401 — whatever somebody's own has
    """What a model was set to, or says of itself."""
    return getattr(getattr(speaker, "settings", speaker), name, default)


def reasoning_of(speaker: ChatModel) -> ReasoningTags:
    """Return the tags around a model's reasoning."""
    return reasoning_tags(tuple(_setting(speaker, "reasoning_tags", ())))
