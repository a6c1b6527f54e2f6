"""Classify the errors of servers as ModelErrors."""

import re
from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from typing import Final

import httpx2

from llmc_runtime.models.model_errors import (
    AuthenticationFailed,
    ContentRefused,
    ContextTooLong,
    ModelError,
    NoStream,
    QuotaSpent,
    RateLimited,
    RequestRefused,
    ServerFailed,
    StreamBroken,
)
from llmc_runtime.models.openai.settings.settings import ModelSettings, shown
from llmc_runtime.models.server_messages import ServerWords, cleaned, is_too_long, words_of

FAULTS: Final = 500
"""The lowest status of errors inside the server."""

_FILTERED: Final = {
    "content_filter",
    "content_policy_violation",
    "data_inspection_failed",
    "responsibleaipolicyviolation",
    "safety",
}
_FLAGGED: Final = re.compile(
    r"\b(?:was|were|been) flagged\b|content exists risk|inappropriate content|content management policy"
    r"|violat\w+ (?:our |the |its )?(?:usage|content|safety) |requires moderation|\u654f\u611f\u5185\u5bb9",
    re.IGNORECASE,
)
"""Words of filters whose errors have neither a code nor a status for it."""

_UNPAID: Final = {
    "arrearage",
    "billing_hard_limit_reached",
    "billing_not_active",
    "exceeded_current_quota_error",
    "insufficient_balance",
    "insufficient_credits",
    "insufficient_quota",
    "insufficient_user_quota",
    "payment_required",
}
_SPENT: Final = re.compile(
    r"insufficient (?:account )?(?:balance|credits?|funds|quota)|balance is (?:too low|insufficient)"
    r"|used all (?:available |your |of your )?credits|n[o']t have any credits|out of credits|spending limit"
    r"|\u4f59\u989d\u4e0d\u8db3",
    re.IGNORECASE,
)
"""Words of servers that report a spent quota under a status other than 402."""

_REFUSING: Final = {None, 400, 403, 412, 422, 429, 451}
_UNKNOWN_KEY: Final = {"invalid_api_key", "authentication_error", "permission_denied", "unauthenticated"}
_WRONG_KEY: Final = re.compile(
    r"\b(?:incorrect|invalid|wrong|expired) api[ _-]?key\b"
    r"|\bapi[ _-]?key (?:is )?(?:not valid|invalid|incorrect|expired)|\blogin fail",
    re.IGNORECASE,
)
"""Words of servers that report a wrong key under status 400, as Gemini and Grok do."""

_TOO_MUCH: Final = {"rate_limit_exceeded", "rate_limit_error", "too_many_requests", "resource_exhausted"}
_MISSING: Final = {"model_not_found", "not_found_error", "notfounderror"}
_REFUSED: Final = {
    "invalid_request_error",
    "badrequesterror",
    "invalid_argument",
    "invalid_prompt",
    "unsupported_parameter",
    "bad_request",
}
_FOR_LATER: Final = {408, 409, 425}

_STATUSES: Final[tuple[tuple[int, set[str]], ...]] = (
    (402, _UNPAID),
    (401, _UNKNOWN_KEY),
    (429, _TOO_MUCH),
    (404, _MISSING),
    (400, _REFUSED),
)
"""The statuses for error codes, for errors without a status."""


def server_error(
    asked: ModelSettings, said: ServerWords, *, headers: Mapping[str, str] | None = None, url: str = ""
) -> ModelError:
    """Return the error that a server reports, by the status of the response or the words of the error."""
    hide = asked.without_key
    whole = hide(said.whole)
    # Keys are redacted before the text is cut, since half a key would not be recognised.
    text = cleaned(whole) if whole else hide(said.text)
    said = replace(
        said, text=text, whole=whole, code=hide(said.code), kind=hide(said.kind), parameter=hide(said.parameter)
    )
    error = _server_error(asked, said, {} if headers is None else headers, url)
    error.said = said
    return error


def _server_error(asked: ModelSettings, said: ServerWords, headers: Mapping[str, str], url: str) -> ModelError:
    """Return an error of the class that matches the server's codes, status and words."""
    name, codes = asked.name, {said.code.lower(), said.kind.lower()}
    status = said.status or next((status for status, words in _STATUSES if codes & words), None)
    why = said.text or said.code or "the server gave no reason"
    why = f"{why} (HTTP {said.status})" if said.status else why
    is_refusing = said.status in _REFUSING
    if codes & _FILTERED or (is_refusing and _FLAGGED.search(said.words)):
        return ContentRefused(name, why)
    if is_too_long(said):
        return ContextTooLong(name, why, status or 400)
    if codes & _UNPAID or status == 402 or (is_refusing and _SPENT.search(said.words)):  # noqa: PLR2004 — payment
        return QuotaSpent(name, why, _asked_to_wait(headers))
    if status in {401, 403} or (status in {None, 400} and _WRONG_KEY.search(said.words)):
        return AuthenticationFailed(name, why, asked.variable, has_key=asked.has_key, meant=asked.meant)
    if status == 429:  # noqa: PLR2004 — too many requests
        return RateLimited(name, why, _asked_to_wait(headers))
    if status is None or status >= FAULTS or status in _FOR_LATER:
        return ServerFailed(name, why, _asked_to_wait(headers))
    place = None if said.is_of_api or not url else shown(url)
    meant = asked.meant if status == 404 else None  # noqa: PLR2004 — no such model
    return RequestRefused(name, why, status, place, meant)


def no_reply(asked: ModelSettings, response: httpx2.Response, said: ServerWords | None) -> ModelError:
    """Return the error for a response without events; another attempt makes sense only if it was a stream."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    quoted = asked.without_key(said.text) if said is not None else ""
    if kind in {"", "text/event-stream"}:
        why = f"{asked.place} sent no event of a reply"
        return StreamBroken(asked.name, f"{why}: {quoted}" if quoted else why)
    return NoStream(asked.name, asked.place, kind, quoted)


def no_event(asked: ModelSettings, data: str) -> StreamBroken:
    """Return the error for an event that is not JSON."""
    return StreamBroken(asked.name, f"an event is not JSON: {cleaned(words_of(asked.without_key(data)[:1000]))}")


def _asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait, or None; dates are ignored."""
    for name, parts in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers.get(name, "")) / parts
        except ValueError:
            continue
        if isfinite(seconds) and seconds >= 0:
            return seconds
    return None
