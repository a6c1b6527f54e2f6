r"""Answers in a box, as models trained on mathematics write them.

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
    """The content of a box, and the offset of the box."""

    start: int
    content: str


def find_boxed(text: str) -> Boxed | None:
    """Return the box at the end of a text, or None."""
    start = text.rfind(_BOX)
    end = _end(text, start + len(_BOX)) if start >= 0 else -1
    if end < 0 or not _BEHIND.fullmatch(text, end + 1):
        return None
    content = text[start + len(_BOX) : end].strip()
    words = _TEXT.fullmatch(content)
    content = words[1].strip() if words else content
    return Boxed(start, content) if content else None


def unboxed(text: str) -> str:
    """Return the content of a text that is only a box; return any other text unchanged."""
    box = find_boxed(text) if text.endswith(("}", "}$", ")", "]")) else None
    return box.content if box is not None and _OPENS.fullmatch(text, 0, box.start) else text


def _end(text: str, start: int) -> int:
    """Return the offset of the brace that closes a box, -1 if the box is open."""
    depth = 1
    for offset in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[offset], 0)
        if not depth:
            return offset
    return -1
