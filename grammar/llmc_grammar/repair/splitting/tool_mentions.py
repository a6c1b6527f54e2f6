"""Finds calls of known tools anywhere in a line.

A call is a tool's name and a bracket that closes on the same line. Blanks may separate them only if a string or a
reference follows the bracket. Names inside strings do not count. Apostrophes, typographic quotes and quotes in the
middle of a sentence do not begin a string.
"""

import re
from collections.abc import Container
from typing import Final, NamedTuple

from llmc_grammar.repair.full_width import QUOTE, string_end

_TOKEN: Final = re.compile(
    rf"[\"']|(?<![A-Za-z0-9_.])(?P<name>[A-Za-z0-9_.]+)(?:[*`\u200b-\u200d\u2060\ufeff]{{0,4}}\("
    rf"|[ \t]{{1,2}}\((?=[$]|[{QUOTE}]))"
)
_ASIDE: Final = re.compile(
    r"[ \t>*_+\u2022-]{0,16}(?:thought|observation)s?[ \t]{0,4}[0-9]{0,4}[*_]{0,2}[ \t]{0,4}[:\uff1a]", re.IGNORECASE
)
_MOST_PARTS: Final = 8


class Mention(NamedTuple):
    """A call of a tool: the tool's name and the name's offsets."""

    tool: str
    start: int
    end: int


def is_aside(line: str) -> bool:
    """Whether a line is a thought or an observation, in any spelling."""
    return _ASIDE.match(line) is not None


def find_call(folded: str, tools: Container[str], start: int = 0, end: int | None = None) -> Mention | None:
    """Return the first call of a tool that begins between two offsets of a line; the line has been folded to ASCII."""
    last = folded.rfind(")")
    match = _TOKEN.search(folded, start)
    while match and match.end() <= last and (end is None or match.start() < end):
        offset = match.end()
        if match["name"] is None:
            offset = max(offset, string_end(folded, match.start()))
        elif (tool := _tool(match["name"], tools)) is not None:
            stop = match.end("name")
            return Mention(tool, stop - len(tool), stop)
        match = _TOKEN.search(folded, offset)
    return None


def _tool(name: str, tools: Container[str]) -> str | None:
    """Return the tool that a name is or ends with, after a full stop or a number."""
    if name in tools:
        return name
    parts = name.strip(".").split(".")[-_MOST_PARTS:]
    names = (".".join(parts[index:]) for index in range(len(parts)))
    candidates = (shorter for suffix in names for shorter in (suffix, suffix.lstrip("0123456789_")))
    return next((candidate for candidate in candidates if candidate in tools), None) if name[-1] != "." else None
