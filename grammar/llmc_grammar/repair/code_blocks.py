"""Blocks of code in a model's text: a call in one depends on the line above it, which is no statement."""

import re
from typing import Final

from llmc_grammar.repair.mend import Setting, refuse
from llmc_grammar.split import Piece

_HEADER: Final = re.compile(
    r"[ \t]*(?:(?:async[ \t]+)?(?:for[ \t]+\(?(?:(?:const|let|var)[ \t]+)?\w+[ \t]+(?:in|of)|with|def)|while|if|elif"
    r"|else|}[ \t]*else|try|except|finally|class|function)\b[^\n]*[:{][ \t]*(?:#.*)?$"
)


class CodeBlocks:
    """Remembers the last line that begins a block of code."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._header: tuple[str, int] | None = None

    def pass_over(self, text: str, start: int) -> None:
        """Take a line that is left out."""
        if _HEADER.match(text):
            self._header = (text, start)

    def refused(self, text: str) -> Piece | None:
        """Return the first line of the block that a statement stands in, as a refused task, None outside of blocks."""
        if self._header is None:
            return None
        (header, start), self._header = self._header, None
        if _indent(text) <= _indent(header):
            return None
        found = refuse(header, start, self._setting).found
        end = start + len(header.rstrip())
        return Piece("", start + _indent(header), read=(None, list(found)), stop=end)


def _indent(text: str) -> int:
    """Return the number of blanks at the beginning of a line."""
    return len(text) - len(text.lstrip(" \t"))
