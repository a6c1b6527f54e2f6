"""Finds calls inside blocks of code, which depend on a header line that a plan cannot express."""

import re
from dataclasses import replace
from typing import Final

from llmc_grammar.errors.repairs import UnreadableCall
from llmc_grammar.repair.decorations import is_doubtful
from llmc_grammar.repair.statements.statement_repair import RepairedStatement, Setting, refuse
from llmc_grammar.split import Piece, indent_of

_HEADER: Final = re.compile(
    r"[ \t]*(?:(?:async[ \t]+)?(?:for[ \t]+\(?(?:(?:const|let|var)[ \t]+)?\w+[ \t]+(?:in|of)|with|def)|while|if|elif"
    r"|else|}[ \t]*else|try|except|finally|class|function)\b[^\n]*[:{][ \t]*(?:#.*)?$"
)


_LEAVES: Final = re.compile(r"[ \t]*(?:return|raise|throw|exit|quit|break|continue|assert)\b")
_CONDITION: Final = re.compile(
    r"[^\w\n]*(?:[0-9]{1,4}[.):][ \t]*)?(?:[-*+][ \t]+)?(?:(?:if|elif|else|otherwise|unless|when|while|until|foreach"
    r"|repeat|loop|match|switch|case|do)\b|for[ \t]+(?:each|every|all|\w+[ \t]+(?:in|of))\b|for[ \t]*\()",
    re.IGNORECASE,
)
_OPENS: Final = re.compile(r"(?:[:{(]|=>|\bthen|\bdo|\))[ \t]*(?:```\w*)?[ \t]*$", re.IGNORECASE)


def is_conditional(line: str) -> bool:
    """Whether an omitted line may decide if the call after it is made: a condition, a negation, an example."""
    if _LEAVES.match(line):
        return True
    opens = _OPENS.search(line)
    return opens is not None and (_CONDITION.match(line) is not None or (":" in opens[0] and is_doubtful(line)))


class CodeBlocks:
    """Finds statements inside the block of a header line."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._header: tuple[str, int] | None = None
        self._is_refused = False

    def pass_over(self, text: str, start: int) -> None:
        """Take an omitted line."""
        if _HEADER.match(text):
            self._header, self._is_refused = (text, start), False

    def holds(self, text: str) -> bool:
        """Whether a statement that begins with this line is in a block."""
        if self._header is not None and indent_of(text) <= indent_of(self._header[0]):
            self._header = None
        return self._header is not None

    @property
    def is_open(self) -> bool:
        """Whether the last statement was in a block."""
        return self._header is not None

    def refused_header(self) -> Piece | None:
        """Return the block's header as a refused task, only once."""
        if self._header is None or self._is_refused:
            return None
        self._is_refused = True
        header, start = self._header
        found = refuse(header, start, self._setting).found
        return Piece("", start + indent_of(header), read=(None, list(found)), stop=start + len(header.rstrip()))


def refused_in_block(mended: RepairedStatement) -> RepairedStatement:
    """Return a statement in a block, refused."""
    why, advice = (
        "it depends on the line that begins its block",
        "write the loop or condition after the call, on one line",
    )
    mistake = UnreadableCall(span=mended.span, why=why, suggestion=advice)
    return replace(mended, statement=None, found=(mistake,), moved=False)
