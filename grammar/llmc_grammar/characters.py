"""The characters that a plan may contain, and where."""

import unicodedata
from typing import Final

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.errors.lines import CurlyQuote, ForbiddenCharacter, NotUtf8, StrayCharacter
from llmc_grammar.lazy_pattern import lazy_pattern
from llmc_grammar.mistake import Edit
from llmc_grammar.source import Span
from llmc_grammar.terminal_text import escape_unicode, visible

HIDDEN: Final = "\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
"""Line and paragraph separators and bidirectional controls, as part of a regular expression's class."""

_FORBIDDEN: Final = lazy_pattern(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff{HIDDEN}]+|\r+(?!\n)")
_QUOTES: Final = {
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u201f": '"',
    "\u2033": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": "'",
    "\u201b": "'",
    "\u2032": "'",
    "\u00b4": "'",
}
_LOOKALIKES: Final = {
    **dict.fromkeys("\u00a0\u1680\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", ""),
    **dict.fromkeys("\u2010\u2011\u2012\u2015", "-"),
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "\u00d7": "*",
    "\u00f7": "/",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2260": "!=",
    "\uff0c": ",",
    "\uff08": "(",
    "\uff09": ")",
    "\uff1a": ":",
    "\uff1d": "=",
    "\uff3b": "[",
    "\uff3d": "]",
    "\uff5b": "{",
    "\uff5d": "}",
    "\uff0e": ".",
    "\uff04": "$",
    "\u3001": ",",
}
_PIECES: Final = lazy_pattern(rf"[{''.join((*_QUOTES, *_LOOKALIKES))}]|[^{''.join((*_QUOTES, *_LOOKALIKES))}]+")


def forbidden(text: str, start: int) -> list[Diagnostic]:
    """Return a diagnostic for each run of forbidden characters; `text` begins at offset `start`."""
    return [_forbidden(match[0], start + match.start()) for match in _FORBIDDEN.finditer(text)]


def _forbidden(run: str, at: int) -> Diagnostic:
    """Make the diagnostic of one run of forbidden characters."""
    span = Span(at, at + len(run))
    if "\udc80" <= run[0] <= "\udcff":
        return NotUtf8(span=span)
    return ForbiddenCharacter(span=span, character=describe(run[0]), escape=_escape(run[0]), edit=Edit(span, ""))


def _escape(character: str) -> str:
    """Return the escape of a character in a string."""
    return "\\r" if character == "\r" else escape_unicode(character)


def describe(character: str) -> str:
    """Return a character's code point and, if it has one, its name."""
    names = {"\r": "a lone carriage return", "\x00": "NUL"}
    name = names.get(character) or unicodedata.name(character, "").lower()
    code = f"U+{ord(character):04X}"
    return f"{name} ({code})" if name else f"the character {code}"


def stray(run: str, start: int) -> list[Diagnostic]:
    """Return diagnostics for a run of non-ASCII characters outside strings, comments and thoughts."""
    return [
        _stray(match[0], start + match.start()) for match in _PIECES.finditer(run) if not _FORBIDDEN.match(match[0])
    ]


def _stray(run: str, at: int) -> Diagnostic:
    """Make the diagnostic of a quote, or of a run without quotes."""
    span = Span(at, at + len(run))
    if run in _QUOTES:
        return CurlyQuote(span=span, character=describe(run), edit=Edit(span, _QUOTES[run]))
    lookalike = _LOOKALIKES.get(run)
    if lookalike is not None:
        suggestion = {" ": "write a plain space", "": "delete it"}.get(lookalike, f"write `{lookalike}`")
        return StrayCharacter(span=span, character=describe(run), suggestion=suggestion, edit=Edit(span, lookalike))
    shown = run if visible(run) == run and len(run) <= 20 else run[0]  # noqa: PLR2004 (a word's length)
    character = f"`{shown}`" if visible(shown) == shown else describe(run[0])
    return StrayCharacter(span=span, character=character, suggestion=_advice(run[0]))


def _advice(character: str) -> str:
    """Return the help for a character that has no ASCII equivalent."""
    if character in "\u2192\u21d2":
        return "name the task before its call: `name = …`"
    if character in "\u2026\u22ef":
        return "write out the omitted values"
    if character in "\u2022\u25cf\u25aa\u2023":
        return "delete it; a line with a call runs it"
    if character.isalpha():
        return "write names with the letters a to z, and put text in double quotes"
    return StrayCharacter.suggestion
