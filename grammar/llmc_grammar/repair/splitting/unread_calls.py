"""Refuses calls of known tools that cannot be read, so that no call is dropped silently."""

from collections.abc import Container
from dataclasses import replace
from typing import Final

from llmc_grammar.errors.repairs import (
    BackslashKept,
    CallUnread,
    CurlyQuotes,
    QuoteAtStart,
    QuoteInside,
    TailLeftOut,
    TextQuoted,
)
from llmc_grammar.repair.decorations import ORDINAL, number_of
from llmc_grammar.repair.full_width import fold, string_end
from llmc_grammar.repair.splitting.tool_mentions import find_call, is_aside
from llmc_grammar.repair.statements.statement_repair import RepairedStatement
from llmc_grammar.source import Span
from llmc_grammar.split import Piece

_HIDES: Final = (TailLeftOut, QuoteInside, QuoteAtStart, TextQuoted, CurlyQuotes, BackslashKept)
"""Repairs that may leave a call out or turn it into text."""


def refused_prose(text: str, start: int, tools: Container[str]) -> Piece | None:
    """Return a text that is not a statement as a refused task with its number, None unless it calls a tool."""
    call = None if is_aside(text) else find_call(fold(text), tools)
    if call is None:
        return None
    ordinal = ORDINAL.match(text)
    number = None if ordinal is None else number_of(ordinal)
    mistake = CallUnread(span=Span(start + call.start, start + call.end), tool=call.tool)
    return Piece("" if number is None else f"{number}. ", start, read=(None, [mistake]), stop=start + len(text))


def without_hidden_calls(mended: RepairedStatement, text: str, tools: Container[str]) -> RepairedStatement:
    """Return a repaired statement, refused if a repair left a call out or turned it into text."""
    base = mended.span.start
    suspects = [one.span for one in mended.found if isinstance(one, _HIDES)] if mended.statement is not None else []
    folded = fold(text) if suspects else text
    for start, end in ((span.start - base, span.end - base) for span in suspects):
        call = None if string_end(folded, start) == end else find_call(folded, tools, start, end)
        if call is not None:
            span = Span(base + call.start, base + call.end)
            return replace(mended, statement=None, found=(CallUnread(span=span, tool=call.tool),), moved=False)
    return mended
