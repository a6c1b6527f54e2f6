"""Untrusted text on one line: without terminal control characters, and cut to a number of cells."""

from collections.abc import Iterator
from itertools import accumulate, takewhile

from llmc_grammar.terminal_text import cells, marked, visible

__all__ = ["cells", "fit", "marked", "padded", "visible", "wrapped"]


def fit(text: str, width: int) -> str:
    """Cut the visible text to a number of cells, with an ellipsis as the last one if text was left out."""
    # Combining characters take no cell, so their number is bounded too.
    start = visible(text[: 4 * width + 1])
    if len(text) <= 4 * width and cells(start) <= width:
        return start
    ends = accumulate(map(cells, start))
    fitting = takewhile(lambda pair: pair[1] < width, zip(start, ends, strict=True))
    return "".join(character for character, _ in fitting) + "…" * (width > 0)


def padded(text: str, width: int) -> str:
    """Pad the text with blanks up to the width."""
    return text + " " * (width - cells(text))


def wrapped(text: str, width: int) -> Iterator[str]:
    """Break the visible text into lines of at most `width` cells (at least two), between words where possible."""
    line = ""
    for word in visible(text).split(" "):
        for piece in _pieces(word, max(width, 2)):
            if line and cells(line) + 1 + cells(piece) > width:
                yield line
                line = ""
            line = f"{line} {piece}" if line else piece
    yield line


def _pieces(word: str, width: int) -> Iterator[str]:
    """Yield the pieces of a word that is too wide."""
    piece, used = "", 0
    for character in word:
        if used + cells(character) > width:
            yield piece
            piece, used = "", 0
        piece, used = piece + character, used + cells(character)
    yield piece
