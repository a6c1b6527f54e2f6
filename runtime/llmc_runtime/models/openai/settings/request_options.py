"""Options that requests carry as they are: headers, keys of the body, texts that end a reply, numbers.

Values of headers and of the body may be secrets, so that no message shows them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, Final

MOST_HEADERS: Final = 64
LONGEST_VALUE: Final = 16 * 1024
"""Characters of a header's value; tokens of directories have a few thousand."""

DEEPEST: Final = 32
LARGEST: Final = 1024 * 1024
"""Characters that the texts of a body may have together; any other value counts as one."""

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SECRET: Final = re.compile(r"auth|cookie|credential|key|passw|secret|signature|token", re.IGNORECASE)
_SHOWN: Final = 100
"""Characters of a name that a message shows."""

_SEEDS: Final = 2**63
_SHORTEST: Final = 4
"""Characters of a secret; a shorter text would be found everywhere."""

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
"""Keys of a body that are not for options, and why."""


def checked_headers(given: Mapping[Any, Any]) -> dict[str, str]:
    """The headers, their names in small letters; raises TypeError or ValueError for what HTTP cannot send."""
    if len(given) > MOST_HEADERS:
        message = f"`headers` has {len(given):,} headers, and may have {MOST_HEADERS}"
        raise ValueError(message)
    headers: dict[str, str] = {}
    for name, value in given.items():
        lower = _checked_name(name)
        if lower in headers:
            message = f"`headers` has `{lower[:_SHOWN]}` twice: names are the same in any case"
            raise ValueError(message)
        headers[lower] = _checked_value(lower, value)
    return headers


def _checked_name(name: object) -> str:
    """The name of a header in small letters."""
    if not isinstance(name, str):
        message = f"a name in `headers` is a text, not {type(name).__name__}"
        raise TypeError(message)
    if not _NAME.fullmatch(name):
        message = f"`headers` has a name that no header has: {name[:_SHOWN]!r}"
        raise ValueError(message)
    if name.lower() in _OF_HTTP:
        message = f"`headers` has `{name.lower()}`, which follows from the request: remove it"
        raise ValueError(message)
    return name.lower()


def _checked_value(name: str, value: object) -> str:
    """The value of a header, which is not shown."""
    if not isinstance(value, str):
        message = f"`headers` has a value for `{name[:_SHOWN]}` that is no text, but of type {type(value).__name__}"
        raise TypeError(message)
    text = value.strip()
    if len(text) > LONGEST_VALUE or not (text.isascii() and text.isprintable()):
        what = f"that is longer than {LONGEST_VALUE:,} characters, or not ASCII"
        message = f"`headers` has a value for `{name[:_SHOWN]}` {what}"
        raise ValueError(message)
    return text


def checked_body(given: Mapping[Any, Any]) -> dict[str, Any]:
    """A copy of the keys of a body; raises TypeError or ValueError for anything but JSON data of bounded size."""
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
        """The copy of a value at a place."""
        self._left -= 1 + (len(value) if isinstance(value, str) else 0)
        if self._left < 0 or depth > DEEPEST:
            message = f"`extra_body` is larger than {LARGEST:,} characters, or deeper than {DEEPEST} levels"
            raise ValueError(message)
        if isinstance(value, Mapping):
            return {self._key(key, place): self.data(each, f"{place}.{key}", depth + 1) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.data(each, f"{place}[{index}]", depth + 1) for index, each in enumerate(value)]
        if isinstance(value, float) and not isfinite(value):
            message = f"`{place[:_SHOWN]}` is no finite number, which JSON does not have"
            raise ValueError(message)
        if value is None or type(value) in {str, int, float, bool}:
            return value
        message = f"`{place[:_SHOWN]}` is no JSON data, but of type {type(value).__name__}"
        raise TypeError(message)

    def _key(self, key: object, place: str) -> str:
        """A key of a mapping."""
        if not isinstance(key, str):
            message = f"a key in `{place[:_SHOWN]}` is a text, not {type(key).__name__}"
            raise TypeError(message)
        self._left -= len(key)
        return key


def checked_stops(given: str | Sequence[Any]) -> tuple[str, ...]:
    """The texts that end a reply; raises TypeError or ValueError for what is none."""
    stops = (given,) if isinstance(given, str) else tuple(given)
    for each in stops:
        if not isinstance(each, str):
            message = f"`stop` is a text, or a list of texts, not of {type(each).__name__}"
            raise TypeError(message)
        if not each:
            message = "`stop` has an empty text, which would end each reply at once: remove it"
            raise ValueError(message)
    return stops


def check_sampling(max_tokens: int | None, top_p: float | None, seed: int | None, effort: str | None) -> None:
    """Raises ValueError for a number out of its range, and for an empty text."""
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
        message = '`reasoning_effort` is a text, such as "low": leave it out where it is empty'
        raise ValueError(message)


def has_credentials(headers: Mapping[str, str]) -> bool:
    """Whether a header stands for the key."""
    return any(_SECRET.search(name) for name in headers)


def secrets_in(headers: Mapping[str, str], body: Mapping[str, Any]) -> Iterator[str]:
    """The texts of headers, and of a checked body, whose names say that they are secrets."""
    for name, value in headers.items():
        if _SECRET.search(name):
            yield from (each for each in (value, value.rpartition(" ")[2]) if len(each) >= _SHORTEST)
    open_: list[tuple[str, Any]] = list(body.items())
    while open_:
        name, value = open_.pop()
        if isinstance(value, dict):
            open_ += value.items()
        elif isinstance(value, list):
            open_ += [(name, each) for each in value]
        elif isinstance(value, str) and len(value) >= _SHORTEST and _SECRET.search(name):
            yield value
