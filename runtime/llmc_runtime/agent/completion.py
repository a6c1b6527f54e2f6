"""Replies of chat models, in pieces or as a whole, with their usage noted."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from typing import Any, Final, NamedTuple, get_args

from llmc_grammar.reasoning import ReasoningTags, reasoning_tags
from llmc_runtime.agent.budget import Role, UsageTracker
from llmc_runtime.foreign_errors import LONGEST, shortened
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
"""Maximum number of bytes in the text and reasoning of any reply, and of its pieces."""

_REASONS: Final[tuple[str, ...]] = get_args(Reason)

LONGEST_REPLY = 64 * 1024
"""Characters after which a whole reply is cut off."""


async def reply(
    chat_model: ChatModel,
    messages: Sequence[Message],
    role: Role,
    tracker: UsageTracker,
    *,
    grammar: Grammar | None = None,
    schema: Schema | None = None,
    stop: Sequence[str] = (),
    most_tokens: int | None = None,
) -> AsyncGenerator[Part, None]:
    """Yield the reply in pieces, and its End last; raises BudgetSpent, StreamBroken, and the model's errors.

    Its usage is always noted, as an estimate if the reply is cut off or the model counts no tokens.
    """
    left = tracker.most_tokens()
    most = min((limit for limit in (left, most_tokens) if limit is not None), default=None)
    pieces = chat_model.reply(messages, grammar=grammar, schema=schema, stop=stop, most_tokens=most)
    _check_form(chat_model, pieces)
    taken = ReplyEstimate(messages, _prices(chat_model), asyncio.get_running_loop().time)
    is_over = was_refused = False
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                _check_piece(chat_model, piece)
                if isinstance(piece, End):
                    is_over = True
                    tracker.add(role, taken.counted(piece))
                taken.hear(piece)
                if taken.size > LARGEST_REPLY:
                    raise StreamBroken(name_of(chat_model), f"its reply is larger than {LARGEST_REPLY:,} bytes")
                tracker.hear(role, piece)
                yield piece
    except ModelError as error:
        was_refused = not taken.is_heard and not _may_have_read(error)
        raise
    finally:
        if not is_over:
            tracker.note(role, taken.nothing() if was_refused else taken.estimate())


def _may_have_read(error: ModelError) -> bool:
    """Whether a model that sent nothing may still have read the request."""
    return isinstance(error, ModelTimedOut | StreamBroken) and not isinstance(error, NoStream)


class WholeReply(NamedTuple):
    """The text of a reply, its End (None if it was cut off by the limit above), and the beginning of its reasoning."""

    text: str
    end: End | None
    reasoned: str = ""


async def whole_reply(
    chat_model: ChatModel,
    messages: Sequence[Message],
    role: Role,
    tracker: UsageTracker,
    *,
    grammar: Grammar | None = None,
    schema: Schema | None = None,
    stop: Sequence[str] = (),
    most_tokens: int | None = None,
) -> WholeReply:
    """Return a reply as a whole; raises like `reply`."""
    texts: list[str] = []
    length, reasoned = 0, ""
    pieces = reply(
        chat_model, messages, role, tracker, grammar=grammar, schema=schema, stop=stop, most_tokens=most_tokens
    )
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


def _check_form(chat_model: ChatModel, pieces: object) -> None:
    """Raise StreamBroken if a user's model does not return an async generator."""
    if hasattr(pieces, "__aiter__") and hasattr(pieces, "aclose"):
        return
    if isinstance(pieces, Coroutine):
        pieces.close()
    raise StreamBroken(name_of(chat_model), f"its `reply` returns a `{type(pieces).__name__}`, not an async generator")


def _check_piece(chat_model: ChatModel, piece: object) -> None:
    """Raise StreamBroken for an invalid piece, and for an End with which no budget would hold."""
    text = piece.text if isinstance(piece, Reasoning) else piece
    fault = None
    if not isinstance(text, str | End):
        fault = f"a piece of its reply is neither text nor an End, but a `{type(piece).__name__}`"
    elif isinstance(text, End):
        fault = _wrong_end(text)
    if fault is not None:
        raise StreamBroken(name_of(chat_model), fault)


def _wrong_end(end: End) -> str | None:
    """Return the fault of an End of a user's model, or None."""
    if end.reason not in _REASONS:
        return f"its End has the reason {shortened(repr(end.reason))}, which is not one of {', '.join(_REASONS)}"
    usage: object = end.usage
    if not isinstance(usage, Usage):
        return f"the usage of its End is not a llmc.Usage, but a `{type(usage).__name__}`"
    return None if usage.fault is None else f"the usage of its End is invalid: {shortened(usage.fault)}"


def name_of(chat_model: ChatModel) -> str:
    """Return the name of a chat model in reports; a user's model without a name gets the name of its class."""
    return str(getattr(chat_model, "name", type(chat_model).__name__))


def _prices(chat_model: ChatModel) -> Prices | None:
    """Return the prices of a model, None if they are not set."""
    prices: Prices | None = _setting(chat_model, "prices", None)
    return prices


def has_no_prices(chat_model: ChatModel) -> bool:
    """Whether a model has an attribute for prices, and it is None."""
    return _setting(chat_model, "prices", ...) is None


CONTINUED_TOKENS = 400
"""Tokens of a decision or of repaired lines, for a model that continues a text and would never stop."""


def bounded_tokens(chat_model: ChatModel) -> int | None:
    """Return the bound of a short reply in tokens; None for a model that may reason first, and needs its own bound."""
    return CONTINUED_TOKENS if continues(chat_model) else None


def continues(chat_model: ChatModel) -> bool:
    """Whether the model only continues a text, as with the API `completions`."""
    return bool(_setting(chat_model, "api", "chat") == "completions")


def takes_schemas(chat_model: ChatModel) -> bool:
    """Whether the model's server constrains JSON replies to a schema."""
    return bool(_setting(chat_model, "schemas", None))


def _setting(chat_model: ChatModel, name: str, default: object) -> Any:  # noqa: ANN401 — of a user's model
    """Return an attribute of a model's settings, or of the model itself."""
    return getattr(getattr(chat_model, "settings", chat_model), name, default)


def reasoning_of(chat_model: ChatModel) -> ReasoningTags:
    """Return the tags around a model's reasoning."""
    return reasoning_tags(tuple(_setting(chat_model, "reasoning_tags", ())))
