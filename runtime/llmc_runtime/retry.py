"""When another attempt follows: after how long, and what a service says about it.

The waits are exponential with full jitter, as in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015): a
random part of a bound that doubles. Libraries for it (tenacity, stamina) wrap a function and sleep in it: here the
wait must give up its turn, count to the deadline of the task and hold for all calls of a tool, which a loop that owns
the call cannot do.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

FIRST_DELAY: Final = 0.05
"""Upper bound of the wait before the second attempt, in seconds; each further one doubles it."""

DOUBLINGS: Final = 7

_SECONDS: Final = re.compile(r"\s*[+-]?[0-9]{1,15}(\.[0-9]{0,15})?\s*")
_LONGEST: Final = 64


def backoff(attempt: int, random: Callable[[], float]) -> float:
    """The seconds between the attempt of this number, from 1, and the next; `random` is from 0 to 1."""
    bound: float = FIRST_DELAY * 2 ** min(attempt - 1, DOUBLINGS)
    return random() * bound


def retry_after(error: BaseException, wall: Callable[[], float], most: float) -> float | None:
    """The seconds for which an exception asks to wait, from 0 to `most`; None if it asks for nothing readable.

    Looked for in its `retry_after`, then in the `Retry-After` of its `response.headers` or `headers` (RFC 9110, 10.2.3:
    seconds or a date). `wall` gives the time of day as seconds since 1970.
    """
    try:
        seconds = _seconds(_asked(error), wall)
    except Exception:  # noqa: BLE001 — an exception of a tool may do anything when it is looked at
        return None
    return None if seconds is None else min(max(seconds, 0.0), most)


def _asked(error: BaseException) -> object:
    """What an exception says about it, as it says it."""
    found: object = getattr(error, "retry_after", None)
    if found is not None:
        return found
    for holder in (getattr(error, "response", None), error):
        headers = getattr(holder, "headers", None)
        # Clients have mappings of their own, most of which care for no case.
        for name in ("Retry-After", "retry-after") if hasattr(headers, "get") else ():
            if (found := headers.get(name)) is not None:  # type: ignore[union-attr]  # it has `get`
                return found
    return None


def _seconds(asked: object, wall: Callable[[], float]) -> float | None:
    """What was asked for, in seconds from now."""
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
