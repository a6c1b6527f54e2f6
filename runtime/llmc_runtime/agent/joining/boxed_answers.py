r"""Answers in a box, as models write them that were taught mathematics.

The answer is $\boxed{42}$.         \[ \boxed{\text{Paris}} \]
"""

import re
from typing import Final, NamedTuple

_BOX: Final = r"\boxed{"
_AROUND: Final = " \t\r\n$"
_OPENS: Final = re.compile(r"(?:\$|\\\(|\\\[|\s)*\Z")
_BEHIND: Final = re.compile(r"(?:\$|\\\)|\\\]|[\s.*`])*")
_TEXT: Final = re.compile(r"\\(?:text|textbf|mathrm)\{([^{}]*)\}")


class Boxed(NamedTuple):
    """The content of a box, and where the box begins."""

    start: int
    content: str


def find_boxed(text: str) -> Boxed | None:
    """Return the last box of a text that ends with it, None if there is none."""
    start = text.rfind(_BOX)
    end = _end(text, start + len(_BOX)) if start >= 0 else -1
    if end < 0 or not _BEHIND.fullmatch(text, end + 1):
        return None
    content = text[start + len(_BOX) : end].strip()
    words = _TEXT.fullmatch(content)
    content = words[1].strip() if words else content
    return Boxed(start, content) if content else None


def unboxed(text: str) -> str:
    """Return the content of the box that a text is, or the text."""
    found = find_boxed(text) if text.endswith(("}", "}$", ")", "]")) else None
    return found.content if found is not None and _OPENS.fullmatch(text, 0, found.start) else text


def _end(text: str, start: int) -> int:
    """Where the brace is that closes a box, -1 if it is open."""
    depth = 1
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if not depth:
            return at
    return -1
