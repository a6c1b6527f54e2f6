"""Text from outside, made fit for a line on a terminal: bounded, and without characters that control it."""

import os

from llmc_grammar.terminal_text import visible
from llmc_runtime.text_format import cut_middle, start_of_json


def shown(text: str, limit: int) -> str:
    """The text in at most so many characters, with escapes for what a terminal would obey or not show."""
    safe = visible(text[: limit + 1])
    return safe if len(text) <= limit and len(safe) <= limit else safe[: limit - 1] + "…"


def shown_ends(text: str, limit: int, *, keeps_urls: bool = True) -> str:
    """The text as `shown` has it, but cut in its middle; URLs that stay whole may make it longer."""
    safe = visible(cut_middle(text, limit, keeps_urls=keeps_urls))
    return cut_middle(safe, limit, keeps_urls=keeps_urls)


def shown_place(place: tuple[str, int]) -> str:
    """A file and its line; the file as seen from here, if it is in or below the current folder."""
    file, line = place
    here = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118 — texts, since a file need not have the name of one
    return f"{file.removeprefix(here)}:{line}"


def shown_value(value: object, limit: int) -> str:
    """The start of a value as JSON, found without writing all of it."""
    return shown(start_of_json(value, limit), limit)


def shown_time(seconds: float) -> str:
    """A duration with as many digits as one reads."""
    if seconds >= 60:  # noqa: PLR2004 — a minute
        return f"{int(seconds // 60)} min {int(seconds % 60):02} s"
    return f"{seconds:.2f} s"
