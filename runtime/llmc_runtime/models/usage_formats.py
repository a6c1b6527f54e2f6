"""Counts of tokens, read by their shape: in replies of servers, and in objects of OpenAI, Anthropic, Google and others.

    read        prompt_tokens, input_tokens, …
    written     completion_tokens, output_tokens, …
    cached      prompt_tokens_details.cached_tokens, cache_read_input_tokens, …
    reasoning   completion_tokens_details.reasoning_tokens, thoughts_token_count, …

Anthropic and Bedrock count cached tokens beside `input_tokens`, llama.cpp beside `prompt_n`, and Google its thoughts
beside the candidates. Gemini's compatible endpoint has them in `total_tokens` alone.
"""

from collections.abc import Mapping
from operator import index
from typing import Final, NamedTuple

from llmc_runtime.models.messages import Usage

MOST: Final = 10**15
"""Tokens that are a number of tokens."""

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
"""Where a whole reply has its usage."""


class TokenCount(NamedTuple):
    """Tokens of a reply: those read, of these cached, written, and of these reasoning (None: that is not told)."""

    read: int
    cached: int
    written: int
    reasoning: int | None


def token_count(counts: object, *, is_partial: bool = False) -> TokenCount | None:
    """Read a count of tokens; None where it is none, or, unless it may be partial, where a half of it is missing."""
    read, written = _first(counts, _READ), _first(counts, _WRITTEN)
    if (read is None and written is None) or (not is_partial and (read is None or written is None)):
        return None
    hit, made = _first(counts, _CACHE_READ) or 0, _first(counts, _CACHE_MADE) or 0
    # LiteLLM has the counts of both, and `prompt_tokens` are all of them.
    whole = (read or 0) + (hit + made if _first(counts, _READ[:1]) is None else 0)
    thought = _first(counts, _THOUGHT_BESIDE) or 0
    if read is not None and written is not None:
        thought += max((_first(counts, _TOTAL) or 0) - whole - written - thought, 0)
    said = (written or 0) + thought
    cached, reasoning = hit or _first(counts, _CACHED) or 0, _first(counts, _REASONING)
    known = thought or None if reasoning is None else max(min(reasoning, said), thought)
    return TokenCount(whole, min(cached, whole), said, known)


def usage_of(given: object) -> Usage:
    """The usage that an object counts, or a reply that has one; raises TypeError where it counts no tokens."""
    for counts in (given, *(_at(given, name) for name in _WHOLE)):
        if (found := token_count(counts, is_partial=True)) is not None:
            return Usage(1, found.read, found.cached, found.written, reasoning=found.reasoning or 0)
    message = (
        f"`usage` is a llmc.Usage, or counts tokens as `prompt_tokens` or `input_tokens` do, and a value of type "
        f"{type(given).__name__} does not: give `read=` and `written=`"
    )
    raise TypeError(message)


def _first(counts: object, names: tuple[str, ...]) -> int | None:
    """The first of some counts that is there."""
    for name in names:
        value = counts
        for step in name.split("."):
            value = _at(value, step)
        if (count := _count(value)) is not None:
            return count
    return None


def _at(value: object, name: str) -> object:
    """The value of an object, or of a mapping, under a name."""
    try:
        return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
    except Exception:  # noqa: BLE001 — a property of a foreign object may raise any
        return None


def _count(value: object) -> int | None:
    """A number of tokens, None for anything else."""
    if isinstance(value, bool | str | bytes):
        return None
    try:
        number = index(value)  # type: ignore[arg-type]  # whatever has no index raises
    except Exception:  # noqa: BLE001 — the same
        return None
    return number if 0 <= number <= MOST else None
