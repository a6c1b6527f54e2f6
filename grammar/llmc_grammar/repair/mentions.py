"""Calls of known tools on a line, whatever else it says.

A call is the name of a tool with a bracket that closes on the line, glued to it or behind a blank with a string or a
reference in it. A name inside a string is none; an apostrophe begins no string, and neither does a quote in the middle
of a sentence or a typographic one.
"""

import re
from collections.abc import Container
from typing import Final, NamedTuple

from llmc_grammar.repair.wide import QUOTE, string_end

_TOKEN: Final = re.compile(
    rf"[\"']|(?<![A-Za-z0-9_.])(?P<name>[A-Za-z0-9_.]+)(?:[*`\u200b-\u200d\u2060\ufeff]{{0,4}}\("
    rf"|[ \t]{{1,2}}\((?=[$]|[{QUOTE}]))"
)
_ASIDE: Final = re.compile(
    r"[ \t>*_+\u2022-]{0,16}(?:thought|observation)s?[ \t]{0,4}[0-9]{0,4}[*_]{0,2}[ \t]{0,4}[:\uff1a]", re.IGNORECASE
)
_MOST_PARTS: Final = 8


class Mention(NamedTuple):
    """A call of a tool: its name and where it stands."""

    tool: str
    start: int
    end: int


def is_aside(line: str) -> bool:
    """Whether a line is a thought or an observation, in any of their spellings."""
    return _ASIDE.match(line) is not None


def find_call(folded: str, tools: Container[str], start: int = 0, end: int | None = None) -> Mention | None:
    """The first call of a tool that begins between two places of a line, whose characters are those of ASCII."""
    last = folded.rfind(")")
    match = _TOKEN.search(folded, start)
    while match and match.end() <= last and (end is None or match.start() < end):
        at = match.end()
        if match["name"] is None:
            at = max(at, string_end(folded, match.start()))
        elif (tool := _tool(match["name"], tools)) is not None:
            stop = match.end("name")
            return Mention(tool, stop - len(tool), stop)
        match = _TOKEN.search(folded, at)
    return None


def _tool(name: str, tools: Container[str]) -> str | None:
    """The tool that a name is, or ends with behind a full stop or a number."""
    if name in tools:
        return name
    parts = name.strip(".").split(".")[-_MOST_PARTS:]
    names = (".".join(parts[at:]) for at in range(len(parts)))
    bare = (shorter for each in names for shorter in (each, each.lstrip("0123456789_")))
    return next((each for each in bare if each in tools), None) if name[-1] != "." else None
