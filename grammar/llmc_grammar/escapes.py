"""Escapes in strings, and where each character of a decoded string stands in the text.

In model text, one escape that does not exist makes text of every backslash of its string, but for those before a
backslash, a double quote and the string's own quote.
"""

import re
from bisect import bisect_right
from typing import Final, NamedTuple

from llmc_grammar.errors.expressions import HalfSurrogate, UnknownEscape
from llmc_grammar.errors.lines import StringTooLong
from llmc_grammar.errors.repairs import BackslashKept
from llmc_grammar.mistake import Edit
from llmc_grammar.parse_state import ParseState
from llmc_grammar.source import Span

_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "\n": "", "\r\n": ""}
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|\r\n|[\s\S])|\r\n")
_KNOWN: Final = re.compile(r"\\(?:u[0-9a-fA-F]{4}|\r\n|[ntr\\\"'\n]|(?P<unknown>u?))")
_KEPT: Final = {'"': re.compile(r'\\([\\"])|\r\n'), "'": re.compile(r"\\([\\\"'])|\r\n")}
"""The escapes of a string whose other backslashes are text, by its quote."""

BACKSLASH: Final = {
    '"': re.compile(r'\\[\\"]|(?P<text>\\)(?P<line>\r?\n)?'),
    "'": re.compile(r"\\[\\\"']|(?P<text>\\)(?P<line>\r?\n)?"),
}
"""The same with the backslashes that are text, and line breaks behind these."""


class _Half(NamedTuple):
    """The first half of a surrogate pair, which waits for the second."""

    code: int
    escape: str
    span: Span


class Decoded:
    """A string's content after its escapes, and where each character of it stands in the text.

    `edited`: an edit of its backslashes was offered, so that no other may be.
    """

    __slots__ = ("dollars", "edited", "marks", "text")

    def __init__(self, text: str, start: int) -> None:
        """`start` is where the content begins in the text."""
        self.text = text
        self.marks: list[tuple[int, int]] = [(0, start)]
        self.dollars: set[int] = set()
        self.edited = False

    def place(self, at: int) -> int:
        """The offset in the text of a character of the content."""
        decoded, source = self.marks[bisect_right(self.marks, (at, 1 << 62)) - 1]
        return source + at - decoded

    def span(self, start: int, end: int) -> Span:
        """The span in the text of a stretch of the content."""
        return Span(self.place(start), self.place(end))


def read_plain(token: str, start: int, reading: ParseState) -> str:
    """The value of a string token in which a `$` is a `$`."""
    return decode(token, start, reading).text


def decode(token: str, start: int, reading: ParseState) -> Decoded:
    """The content of a string token without its quotes and escapes."""
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
    """The first escape between two offsets that does not exist."""
    for match in _KNOWN.finditer(text, start, end):
        if match["unknown"] is not None:
            return text[match.start() : min(end, match.start() + 2)]
    return None


def _doubled(content: str, start: int, quotes: str) -> Edit:
    """The edit that doubles the backslashes of a content that are text; it begins at offset `start`."""
    pieces: list[str] = []
    first, at = -1, 0
    for match in BACKSLASH[quotes[0]].finditer(content):
        if match["text"]:
            line = match["line"] or ""
            first = match.start() if first < 0 else first
            pieces += (content[max(at, first) : match.start()], "\\\\", "\\n" if line and quotes != '"""' else line)
            at = match.end()
    return Edit(Span(start + first, start + at), "".join(pieces))


def _unescape(decoded: Decoded, reading: ParseState, escapes: re.Pattern[str] = _ESCAPE) -> None:
    """Decode the escapes in place and mark where each one ends."""
    content, start, at, length = decoded.text, decoded.marks[0][1], 0, 0
    pieces: list[str] = []
    high: _Half | None = None
    for match in escapes.finditer(content):
        span = Span(start + match.start(), start + match.end())
        if high and match.start() > at:
            reading.report(HalfSurrogate(span=high.span, found=high.escape))
            high = None
        pieces.append(content[at : match.start()])
        length += match.start() - at
        at = match.end()
        value = _value(match, span, reading)
        high, value = _pair(high, value, match.group(), span, reading)
        if value == "$":
            decoded.dollars.add(length)
        pieces.append(value)
        length += len(value)
        decoded.marks.append((length, start + at))
    if high:
        reading.report(HalfSurrogate(span=high.span, found=high.escape))
    pieces.append(content[at:])
    decoded.text = "".join(pieces)


def _value(match: re.Match[str], span: Span, reading: ParseState) -> str:
    """What one escape stands for."""
    escape = match.group(1)
    if escape is None:
        return "\n"
    if len(escape) == 5:  # noqa: PLR2004 (u and four digits)
        return chr(int(f"0x{escape[1:]}", 0))
    if escape not in _ESCAPES:
        reading.report(UnknownEscape(span=span, found=f"\\{escape}", edit=Edit(span, f"\\\\{escape}")))
    return _ESCAPES.get(escape, escape)


def _pair(high: _Half | None, value: str, escape: str, span: Span, reading: ParseState) -> tuple[_Half | None, str]:
    """Put two halves of a surrogate pair together: the half that waits, and what goes into the text now."""
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
