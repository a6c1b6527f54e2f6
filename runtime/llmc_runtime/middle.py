"""Long text cut in its middle: the beginning says what it is about, the end often why."""

import re
from typing import Final

URL: Final = 2_000
"""Characters of a URL that is not cut."""

_EDGE: Final = re.compile(r"""[\s"'`<>]""")
_MARKS: Final = ("://", "www.")


def cut_middle(text: str, most: int, *, keeps_urls: bool = True) -> str:
    """The text in at most so many characters, an ellipsis for its middle; a URL that it would cut stays whole."""
    if len(text) <= most:
        return text
    head = max(2 * (most - 1) // 3, 0)
    start, end = head, len(text) - max(most - 1 - head, 0)
    first, last = (_url(text, start), _url(text, end)) if keeps_urls else (None, None)
    start = start if first is None else first[1]
    end = end if last is None else last[0]
    return text if end <= start + 1 else f"{text[:start]}…{text[end:]}"


def _url(text: str, at: int) -> tuple[int, int] | None:
    """The ends of the URL that a place is inside of, unless it is too long."""
    edges = [match.end() for match in _EDGE.finditer(text, max(at - URL, 0), at)]
    start = edges[-1] if edges else max(at - URL, 0)
    edge = _EDGE.search(text, at, at + URL)
    end = min(at + URL, len(text)) if edge is None else edge.start()
    word = text[start:end]
    return (start, end) if start < at < end <= start + URL and any(mark in word for mark in _MARKS) else None
