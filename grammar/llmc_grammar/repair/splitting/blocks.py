"""Finds lines of a model's text inside tool-call marks, which are never statements."""

import re
from typing import Final

from llmc_grammar.source import Span
from llmc_grammar.tool_marks import OPENING, mark_of

_FOLLOWS: Final = re.compile(r"[ \t]*(?:[{\[<]|$)")
"""The beginning of a call after an opening mark."""


class Blocks:
    """Finds blocks of lines, each from the line of an opening mark to the line of its closing mark."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._is_open = False
        self._closing: str | None = None

    def takes(self, text: str, start: int, *, anywhere: bool = False) -> bool:
        """Whether a line belongs to a block; `anywhere`: other text may precede the opening mark."""
        if self._is_open:
            self.spans[-1] = Span(self.spans[-1].start, start + len(text))
            self._close(text, 0)
            return True
        opening = OPENING.search(text)
        if opening is None:
            return False
        if text[: opening.start()].strip() and not (anywhere and _begins_call(text, opening)):
            return False
        self.spans.append(Span(start + opening.start(), start + len(text)))
        self._is_open, self._closing = True, mark_of(opening[0]).closing
        self._close(text, opening.end())
        return True

    def _close(self, text: str, offset: int) -> None:
        """End the block if its closing mark is after `offset`, and no other block begins on the rest of the line."""
        while self._closing is not None and (end := text.find(self._closing, offset)) >= 0:
            opening = OPENING.search(text, end + len(self._closing))
            if opening is None:
                self._is_open = False
                return
            self._closing, offset = mark_of(opening[0]).closing, opening.end()


def _begins_call(text: str, opening: re.Match[str]) -> bool:
    """Whether a call follows an opening mark; otherwise the line only mentions the mark."""
    return opening[0][-1] not in ">]" or _FOLLOWS.match(text, opening.end()) is not None
