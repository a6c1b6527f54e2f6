"""Token counts, read by their shape from replies of servers and from objects of OpenAI, Anthropic, Google and others.

    read        prompt_tokens, input_tokens, …
    written     completion_tokens, output_tokens, …
    cached      prompt_tokens_details.cached_tokens, cache_read_input_tokens, …
    reasoning   completion_tokens_details.reasoning_tokens, thoughts_token_count, …

Cached tokens are not part of `input_tokens` at Anthropic and Bedrock, nor of `prompt_n` in llama.cpp. Thoughts are not
part of Google's candidates; Gemini's compatible endpoint includes them in `total_tokens` alone.
"""

from collections.abc import Mapping
from operator import index
from typing import Final, NamedTuple

from llmc_runtime.models.messages import Usage

MOST: Final = 10**15
"""The largest number that is read as a count of tokens."""

_READ: Final = (
    "prompt_tokens", "input_tokens", "inputTokens", "prompt_token_count", "promptTokenCount", "prompt_eval_count",
    "prompt_n", "request_tokens",
)  # fmt: skip
_WRITTEN: Final = (
    "completion_tokens", "output_tokens", "outputTokens", "candidates_token_count", "candidatesTokenCount",
    "eval_count", "predicted_n", "response_tokens",
)  # fmt: skip
_CACHED: Final = (
    "prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens", "input_token_details.cache_read",
    "prompt_cache_hit_tokens", "cached_content_token_count", "cachedContentTokenCount", "cache_read_tokens",
)  # fmt: skip
_REASONING: Final = (
    "completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens",
    "output_token_details.reasoning", "reasoning_tokens",
)  # fmt: skip
_CACHE_READ: Final = ("cache_read_input_tokens", "cacheReadInputTokens", "cache_n")
_CACHE_MADE: Final = ("cache_creation_input_tokens", "cacheWriteInputTokens")
_THOUGHT_BESIDE: Final = ("thoughts_token_count", "thoughtsTokenCount")
_TOTAL: Final = ("total_tokens",)
_WHOLE: Final = ("usage", "usage_metadata", "usageMetadata")
"""The keys under which a whole reply has its usage."""


class TokenCount(NamedTuple):
    """Tokens of a reply: read, of which cached; written, of which reasoning (None if not reported)."""

    read: int
    cached: int
    written: int
    reasoning: int | None


def token_count(counts: object, *, is_partial: bool = False) -> TokenCount | None:
    """Read a token count; return None for other data, and for a count of one direction unless it may be partial."""
    read, written = _first(counts, _READ), _first(counts, _WRITTEN)
    if (read is None and written is None) or (not is_partial and (read is None or written is None)):
        return None
    cache_read, cache_made = _first(counts, _CACHE_READ) or 0, _first(counts, _CACHE_MADE) or 0
    # LiteLLM sends both kinds of counts; its `prompt_tokens` include cached tokens.
    whole = (read or 0) + (cache_read + cache_made if _first(counts, _READ[:1]) is None else 0)
    thought = _first(counts, _THOUGHT_BESIDE) or 0
    if read is not None and written is not None:
        thought += max((_first(counts, _TOTAL) or 0) - whole - written - thought, 0)
    said = (written or 0) + thought
    cached, stated = cache_read or _first(counts, _CACHED) or 0, _first(counts, _REASONING)
    reasoning = thought or None if stated is None else max(min(stated, said), thought)
    return TokenCount(whole, min(cached, whole), said, reasoning)


def usage_of(given: object) -> Usage:
    """Read the usage from an object with token counts, or from a reply with one; raises TypeError for other objects."""
    for counts in (given, *(_at(given, name) for name in _WHOLE)):
        if (count := token_count(counts, is_partial=True)) is not None:
            return Usage(1, count.read, count.cached, count.written, reasoning=count.reasoning or 0)
    message = (
        f"`usage` is a llmc.Usage, or an object with token counts such as `prompt_tokens` or `input_tokens`, "
        f"not a value of type {type(given).__name__}: give `read=` and `written=`"
    )
    raise TypeError(message)


def _first(counts: object, names: tuple[str, ...]) -> int | None:
    """Return the first count that is present under some names."""
    for name in names:
        value = counts
        for step in name.split("."):
            value = _at(value, step)
        if (count := _count(value)) is not None:
            return count
    return None


def _at(value: object, name: str) -> object:
    """Return the attribute of an object, or the value of a mapping, with a name."""
    try:
        return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
    except Exception:  # noqa: BLE001 — a property of a foreign object may raise any
        return None


def _count(value: object) -> int | None:
    """Return a number of tokens, None for any other value."""
    if isinstance(value, bool | str | bytes):
        return None
    try:
        number = index(value)  # type: ignore[arg-type]  # raises for a value that is not an integer
    except Exception:  # noqa: BLE001 — the same
        return None
    return number if 0 <= number <= MOST else None
