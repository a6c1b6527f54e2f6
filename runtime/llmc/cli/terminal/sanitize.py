"""Prepares text from outside for one line of a terminal: shortened, and without control characters."""

import os

from llmc_grammar.terminal_text import visible
from llmc_runtime.text_format import cut_middle, start_of_json


def shown(text: str, limit: int) -> str:
    """Return the text in at most `limit` characters, with escapes for characters that a terminal would obey or hide."""
    safe = visible(text[: limit + 1])
    return safe if len(text) <= limit and len(safe) <= limit else safe[: limit - 1] + "…"


def shown_ends(text: str, limit: int, *, keeps_urls: bool = True) -> str:
    """Return the text like `shown`, but cut in the middle; URLs that are kept whole may exceed the limit."""
    safe = visible(cut_middle(text, limit, keeps_urls=keeps_urls))
    return cut_middle(safe, limit, keeps_urls=keeps_urls)


def shown_place(place: tuple[str, int]) -> str:
    """Return a file and a line; the file is relative if it is in or below the current folder."""
    file, line = place
    here = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118 — strings, since a tool's file name need not be a valid path
    return f"{file.removeprefix(here)}:{line}"


def shown_value(value: object, limit: int) -> str:
    """Return the start of a value as JSON, without serializing all of it."""
    return shown(start_of_json(value, limit), limit)


def shown_time(seconds: float) -> str:
    """Return a duration with a readable number of digits."""
    if seconds >= 60:  # noqa: PLR2004 — a minute
        return f"{int(seconds // 60)} min {int(seconds % 60):02} s"
    return f"{seconds:.2f} s"
