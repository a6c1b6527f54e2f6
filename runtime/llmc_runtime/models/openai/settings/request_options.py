"""Checks of options that are sent unchanged: headers, keys of the body, texts that end a reply, numbers.

Values of headers and of the body may be secrets, so no message shows them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, Final

MOST_HEADERS: Final = 64
LONGEST_VALUE: Final = 16 * 1024
"""Maximum number of characters in a header's value; access tokens can have a few thousand."""

DEEPEST: Final = 32
LARGEST: Final = 1024 * 1024
"""Maximum number of characters in all texts of a body together; any other value counts as one."""

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SECRET: Final = re.compile(r"auth|cookie|credential|key|passw|secret|signature|token", re.IGNORECASE)
_SHOWN: Final = 100
"""Maximum number of characters of a name that a message shows."""

_SEEDS: Final = 2**63
_SHORTEST: Final = 4
"""Minimum number of characters in a secret; a shorter text would match unrelated text."""

_OF_HTTP: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OF_LLMC: Final = {
    "input": "the agent writes it",
    "messages": "the agent writes them",
    "n": "one reply is read; `llm_tool` takes `n`",
    "prompt": "the agent writes it",
    "stream": "set the option `stream`",
}
"""Keys that `extra_body` may not have, and the reasons."""


def checked_headers(given: Mapping[Any, Any]) -> dict[str, str]:
    """Return the headers with lower-case names; raises TypeError or ValueError for headers that HTTP cannot send."""
    if len(given) > MOST_HEADERS:
        message = f"`headers` has {len(given):,} headers; at most {MOST_HEADERS} are allowed"
        raise ValueError(message)
    headers: dict[str, str] = {}
    for name, value in given.items():
        lower = _checked_name(name)
        if lower in headers:
            message = f"`headers` has `{lower[:_SHOWN]}` twice: names of headers are case-insensitive"
            raise ValueError(message)
        headers[lower] = _checked_value(lower, value)
    return headers


def _checked_name(name: object) -> str:
    """Return the name of a header in lower case."""
    if not isinstance(name, str):
        message = f"a name in `headers` is a text, not {type(name).__name__}"
        raise TypeError(message)
    if not _NAME.fullmatch(name):
        message = f"`headers` has an invalid name: {name[:_SHOWN]!r}"
        raise ValueError(message)
    if name.lower() in _OF_HTTP:
        message = f"`headers` has `{name.lower()}`, which the client itself sets: remove it"
        raise ValueError(message)
    return name.lower()


def _checked_value(name: str, value: object) -> str:
    """Return the value of a header; errors do not show it."""
    if not isinstance(value, str):
        message = f"`headers` needs a text for `{name[:_SHOWN]}`, not a value of type {type(value).__name__}"
        raise TypeError(message)
    text = value.strip()
    if len(text) > LONGEST_VALUE or not (text.isascii() and text.isprintable()):
        fault = f"is longer than {LONGEST_VALUE:,} characters, or not printable ASCII"
        message = f"the value of `{name[:_SHOWN]}` in `headers` {fault}"
        raise ValueError(message)
    return text


def checked_body(given: Mapping[Any, Any]) -> dict[str, Any]:
    """Copy the keys of a body; raises TypeError or ValueError if they are not JSON data of bounded size."""
    for key, why in _OF_LLMC.items():
        if key in given and not (key == "n" and given[key] == 1):
            message = f"`extra_body` has `{key}`: {why}"
            raise ValueError(message)
    body: dict[str, Any] = _Copy().data(given, "extra_body", 0)
    return body


class _Copy:
    """Copies JSON data, up to its bounds."""

    def __init__(self) -> None:
        self._left = LARGEST

    def data(self, value: object, place: str, depth: int) -> Any:  # noqa: ANN401 — JSON data
        """Copy the value at a place."""
        self._left -= 1 + (len(value) if isinstance(value, str) else 0)
        if self._left < 0 or depth > DEEPEST:
            message = f"`extra_body` is larger than {LARGEST:,} characters, or deeper than {DEEPEST} levels"
            raise ValueError(message)
        if isinstance(value, Mapping):
            return {self._key(key, place): self.data(part, f"{place}.{key}", depth + 1) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.data(part, f"{place}[{index}]", depth + 1) for index, part in enumerate(value)]
        if isinstance(value, float) and not isfinite(value):
            message = f"`{place[:_SHOWN]}` is not a finite number, and JSON has no other numbers"
            raise ValueError(message)
        if value is None or type(value) in {str, int, float, bool}:
            return value
        message = f"`{place[:_SHOWN]}` is of type {type(value).__name__}, which is not JSON data"
        raise TypeError(message)

    def _key(self, key: object, place: str) -> str:
        """Return a key of a mapping."""
        if not isinstance(key, str):
            message = f"a key in `{place[:_SHOWN]}` is a text, not {type(key).__name__}"
            raise TypeError(message)
        self._left -= len(key)
        return key


def checked_stops(given: str | Sequence[Any]) -> tuple[str, ...]:
    """Return the texts that end a reply; raises TypeError for other values, and ValueError for an empty text."""
    stops = (given,) if isinstance(given, str) else tuple(given)
    for stop in stops:
        if not isinstance(stop, str):
            message = f"`stop` is a text, or a list of texts, not of {type(stop).__name__}"
            raise TypeError(message)
        if not stop:
            message = "`stop` has an empty text, which would end each reply at once: remove it"
            raise ValueError(message)
    return stops


def check_sampling(max_tokens: int | None, top_p: float | None, seed: int | None, effort: str | None) -> None:
    """Raise ValueError for a number out of its range, and for an empty text."""
    if max_tokens is not None and max_tokens < 1:
        message = f"`max_tokens` is a whole number from 1, not {max_tokens!r}"
        raise ValueError(message)
    if top_p is not None and not 0 <= top_p <= 1:
        message = f"`top_p` is a number from 0 to 1, not {top_p!r}"
        raise ValueError(message)
    if seed is not None and abs(seed) >= _SEEDS:
        message = "`seed` is a whole number of at most 64 bits"
        raise ValueError(message)
    if effort is not None and not effort.strip():
        message = '`reasoning_effort` is empty: set a text such as "low", or leave it out'
        raise ValueError(message)


def has_credentials(headers: Mapping[str, str]) -> bool:
    """Whether a header takes the place of the key."""
    return any(_SECRET.search(name) for name in headers)


def secrets_in(headers: Mapping[str, str], body: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts of headers and of a checked body that are secrets by their names."""
    for name, value in headers.items():
        if _SECRET.search(name):
            yield from (text for text in (value, value.rpartition(" ")[2]) if len(text) >= _SHORTEST)
    open_: list[tuple[str, Any]] = list(body.items())
    while open_:
        name, value = open_.pop()
        if isinstance(value, dict):
            open_ += value.items()
        elif isinstance(value, list):
            open_ += [(name, item) for item in value]
        elif isinstance(value, str) and len(value) >= _SHORTEST and _SECRET.search(name):
            yield value
