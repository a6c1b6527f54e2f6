"""Escapes in strings, and the offset of each decoded character in the text.

In a model's text, one unknown escape turns every backslash of its string into text, except before a backslash, a double
quote or the quote of the string.
"""

import re
from bisect import bisect_right
from typing import Final, NamedTuple

from llmc_grammar.errors.expressions import HalfSurrogate, UnknownEscape
from llmc_grammar.errors.lines import StringTooLong
from llmc_grammar.errors.repairs import BackslashKept
from llmc_grammar.lazy_pattern import lazy_pattern
from llmc_grammar.mistake import Edit
from llmc_grammar.parse_state import ParseState
from llmc_grammar.source import Span

_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "\n": "", "\r\n": ""}
_ESCAPE: Final = lazy_pattern(r"\\(u[0-9a-fA-F]{4}|\r\n|[\s\S])|\r\n")
_KNOWN: Final = lazy_pattern(r"\\(?:u[0-9a-fA-F]{4}|\r\n|[ntr\\\"'\n]|(?P<unknown>u?))")
_KEPT: Final = {'"': lazy_pattern(r'\\([\\"])|\r\n'), "'": lazy_pattern(r"\\([\\\"'])|\r\n")}
"""The escapes of a string whose other backslashes are text, by its quote."""

BACKSLASH: Final = {
    '"': lazy_pattern(r'\\[\\"]|(?P<text>\\)(?P<line>\r?\n)?'),
    "'": lazy_pattern(r"\\[\\\"']|(?P<text>\\)(?P<line>\r?\n)?"),
}
"""The same escapes, and the backslashes that are text with a line break after them."""


class _Half(NamedTuple):
    """The first half of a surrogate pair, without the second so far."""

    code: int
    escape: str
    span: Span


class Decoded:
    """The decoded content of a string, and the offset of each of its characters in the text.

    The content begins at offset `start`. `edited` is true once a diagnostic offers an edit of its backslashes, which
    excludes further edits.
    """

    __slots__ = ("dollars", "edited", "marks", "text")

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.marks: list[tuple[int, int]] = [(0, start)]
        self.dollars: set[int] = set()
        self.edited = False

    def place(self, at: int) -> int:
        """Return the offset in the text of a character of the content."""
        decoded, source = self.marks[bisect_right(self.marks, (at, 1 << 62)) - 1]
        return source + at - decoded

    def span(self, start: int, end: int) -> Span:
        """Return the span in the text of a part of the content."""
        return Span(self.place(start), self.place(end))


def read_plain(token: str, start: int, reading: ParseState) -> str:
    """Return the value of a string token without references."""
    return decode(token, start, reading).text


def decode(token: str, start: int, reading: ParseState) -> Decoded:
    """Return the content of a string token, without quotes and with decoded escapes."""
    width = 3 if token.startswith('"""') else 1
    content = token[width:-width]
    decoded = Decoded(content, start + width)
    if len(content) > reading.bounds.string:
        span = Span(start, start + len(token))
        reading.report(StringTooLong(span=span, length=len(content), limit=reading.bounds.string))
        decoded.text = ""
    elif reading.lenient and (unknown := unknown_escape(content, 0, len(content))):
        span, edit = Span(start, start + len(token)), _doubled(content, start + width, token[:width])
        reading.report(BackslashKept(span=span, reason=f"`{unknown}` is not an escape", edit=edit))
        decoded.edited = True
        _unescape(decoded, reading, _KEPT[token[0]])
    elif "\\" in content or "\r" in content:
        _unescape(decoded, reading)
    return decoded


def unknown_escape(text: str, start: int, end: int) -> str | None:
    """Return the first unknown escape between two offsets, or None."""
    for match in _KNOWN.finditer(text, start, end):
        if match["unknown"] is not None:
            return text[match.start() : min(end, match.start() + 2)]
    return None


def _doubled(content: str, start: int, quotes: str) -> Edit:
    """Return the edit that doubles the backslashes that are text; the content begins at offset `start`."""
    pieces: list[str] = []
    first, end = -1, 0
    for match in BACKSLASH[quotes[0]].finditer(content):
        if match["text"]:
            line = match["line"] or ""
            first = match.start() if first < 0 else first
            pieces += (content[max(end, first) : match.start()], "\\\\", "\\n" if line and quotes != '"""' else line)
            end = match.end()
    return Edit(Span(start + first, start + end), "".join(pieces))


def _unescape(decoded: Decoded, reading: ParseState, escapes: re.Pattern[str] = _ESCAPE) -> None:
    """Decode the escapes in place and mark where each one ends."""
    content, start, end, length = decoded.text, decoded.marks[0][1], 0, 0
    pieces: list[str] = []
    high: _Half | None = None
    for match in escapes.finditer(content):
        span = Span(start + match.start(), start + match.end())
        if high and match.start() > end:
            reading.report(HalfSurrogate(span=high.span, found=high.escape))
            high = None
        pieces.append(content[end : match.start()])
        length += match.start() - end
        end = match.end()
        value = _value(match, span, reading)
        high, value = _pair(high, value, match.group(), span, reading)
        if value == "$":
            decoded.dollars.add(length)
        pieces.append(value)
        length += len(value)
        decoded.marks.append((length, start + end))
    if high:
        reading.report(HalfSurrogate(span=high.span, found=high.escape))
    pieces.append(content[end:])
    decoded.text = "".join(pieces)


def _value(match: re.Match[str], span: Span, reading: ParseState) -> str:
    """Return the value of one escape."""
    escape = match.group(1)
    if escape is None:
        return "\n"
    if len(escape) == 5:  # noqa: PLR2004 (u and four digits)
        return chr(int(f"0x{escape[1:]}", 0))
    if escape not in _ESCAPES:
        reading.report(UnknownEscape(span=span, found=f"\\{escape}", edit=Edit(span, f"\\\\{escape}")))
    return _ESCAPES.get(escape, escape)


def _pair(high: _Half | None, value: str, escape: str, span: Span, reading: ParseState) -> tuple[_Half | None, str]:
    """Join the halves of a surrogate pair; return the half that is still open, and the text to add."""
    if high and "\udc00" <= value <= "\udfff":
        return None, chr(0x10000 + ((high.code - 0xD800) << 10) + (ord(value) - 0xDC00))
    if high:
        reading.report(HalfSurrogate(span=high.span, found=high.escape))
    if "\ud800" <= value <= "\udbff":
        return _Half(ord(value), escape, span), ""
    if "\udc00" <= value <= "\udfff":
        reading.report(HalfSurrogate(span=span, found=escape))
        return None, ""
    return None, value
