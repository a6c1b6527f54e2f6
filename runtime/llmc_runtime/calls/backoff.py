"""Retries: whether and when another attempt follows an exception of a tool.

The waits are exponential with full jitter, as in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015): a
random part of a bound that doubles. Libraries for it (tenacity, stamina) wrap a function and sleep in it. Here a wait
must free the call's slot, count towards the task's deadline and hold back all calls of the tool, which a wrapper around
one call cannot do.

An exception's type, attributes and response decide, and for a group those of all its exceptions. Its `__cause__` does
not count: the tool chose to raise another exception.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any, Final

from llmc_runtime import errors
from llmc_runtime.errors import NotSent
from llmc_runtime.foreign_errors import leaves

FIRST_DELAY: Final = 0.05
"""Upper bound of the wait before the second attempt, in seconds; each further attempt doubles it."""

DOUBLINGS: Final = 7

FINAL: Final = frozenset({400, 401, 402, 403, 404, 405, 410, 422})
"""HTTP statuses of requests that are themselves wrong and would be refused again (RFC 9110, 15.5)."""

_AGAIN: Final = re.compile(
    "Throttl|TooManyRequests|(Limit|Throughput)Exceeded|SlowDown|RequestTimeout|InProgress|NotComplete"
)
"""Error codes of AWS services, which also answer 400 to requests that come too fast (botocore retries these)."""

_SECONDS: Final = re.compile(r"\s*[+-]?[0-9]{1,15}(\.[0-9]{0,15})?\s*")
_LONGEST: Final = 64


def backoff(attempt: int, random: Callable[[], float]) -> float:
    """Return the seconds between this attempt, counted from 1, and the next; `random` returns numbers from 0 to 1."""
    bound: float = FIRST_DELAY * 2 ** min(attempt - 1, DOUBLINGS)
    return random() * bound


@dataclass(frozen=True, slots=True)
class RetryAdvice:
    """The facts in an exception: whether the request `was_sent`, the least `pause` it asks for, why it is `final`."""

    was_sent: bool
    pause: float | None
    final: str | None

    @staticmethod
    def of(error: BaseException, wall: Callable[[], float], most: float) -> "RetryAdvice":
        """Read an exception; a group has the longest pause of its exceptions, and only facts that all of them share."""
        inner = leaves(error)
        pauses = [retry_after(leaf, wall, most) for leaf in inner]
        finals = [_finality(leaf, pause) for leaf, pause in zip(inner, pauses, strict=True)]
        was_sent = not inner or not all(isinstance(leaf, NotSent) for leaf in inner)
        pause = max((pause for pause in pauses if pause is not None), default=None)
        return RetryAdvice(was_sent, pause, finals[0] if finals and None not in finals else None)


def _finality(error: BaseException, pause: float | None) -> str | None:
    """Why another attempt would fail too, None if it may succeed; a service that asks to wait expects a retry."""
    if isinstance(error, errors.Final):
        return "it is final"
    try:
        status = None if pause is not None else _status(error)
    except Exception:  # noqa: BLE001 — an exception of a tool may run any code when it is read
        return None
    return f"status {status}" if status in FINAL else None


def _status(error: BaseException) -> int | None:
    """The HTTP status of an exception: of its response (httpx, requests, botocore), or its own (aiohttp, openai)."""
    response: object = getattr(error, "response", None)
    if isinstance(response, Mapping):
        number, code = _inside(response, "ResponseMetadata", "HTTPStatusCode"), _inside(response, "Error", "Code")
        if isinstance(code, str) and _AGAIN.search(code[:_LONGEST]):
            return None
        response = SimpleNamespace(status=number)
    for holder in (response, error):
        for name in ("status_code", "status", "http_status"):
            status = getattr(holder, name, None)
            if isinstance(status, int):
                return int(status)
    return None


def _inside(response: Mapping[Any, Any], part: str, name: str) -> object:
    """A value in a part of a response of botocore."""
    values = response.get(part)
    return values.get(name) if isinstance(values, Mapping) else None


def retry_after(error: BaseException, wall: Callable[[], float], most: float) -> float | None:
    """Return the seconds that an exception asks to wait, from 0 to `most`; None without a readable request.

    Read from its `retry_after`, then from the `Retry-After` of its `response.headers` or `headers` (RFC 9110, 10.2.3:
    seconds or a date). `wall` returns the time of day as seconds since 1970.
    """
    try:
        seconds = _seconds(_asked(error), wall)
    except Exception:  # noqa: BLE001 — an exception of a tool may run any code when it is read
        return None
    return None if seconds is None else min(max(seconds, 0.0), most)


def _asked(error: BaseException) -> object:
    """The wait that an exception asks for, as given."""
    wait: object = getattr(error, "retry_after", None)
    if wait is not None:
        return wait
    for holder in (getattr(error, "response", None), error):
        headers = getattr(holder, "headers", None)
        # Clients have their own mapping types, most of them case-insensitive.
        for name in ("Retry-After", "retry-after") if hasattr(headers, "get") else ():
            if (wait := headers.get(name)) is not None:  # type: ignore[union-attr]  # it has `get`
                return wait
    return None


def _seconds(asked: object, wall: Callable[[], float]) -> float | None:
    """Convert the requested wait to seconds from now."""
    if isinstance(asked, bytes):
        asked = asked[: _LONGEST + 1].decode("latin-1")
    if isinstance(asked, (int, float)) and not isinstance(asked, bool):
        return float(asked) if math.isfinite(asked) else None
    if not isinstance(asked, str) or len(asked) > _LONGEST:
        return None
    if _SECONDS.fullmatch(asked):
        return float(asked)
    date = parsedate_to_datetime(asked)
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - wall()
