"""Text from outside, made fit for a line on a terminal: bounded, and without characters that control it."""

from llmc_grammar.terminal_text import visible
from llmc_runtime.text import start_of_json


def shown(text: str, limit: int) -> str:
    """The text in at most so many characters, with escapes for what a terminal would obey or not show."""
    safe = visible(text[: limit + 1])
    return safe if len(text) <= limit and len(safe) <= limit else safe[: limit - 1] + "…"


def shown_value(value: object, limit: int) -> str:
    """The start of a value as JSON, found without writing all of it."""
    return shown(start_of_json(value, limit), limit)


def shown_time(seconds: float) -> str:
    """A duration with as many digits as one reads."""
    if seconds >= 60:  # noqa: PLR2004 — a minute
        return f"{int(seconds // 60)} min {int(seconds % 60):02} s"
    return f"{seconds:.2f} s"
