"""Tracks which brackets and strings are open after each line; each line is read once."""

import re
from typing import Final

from llmc_grammar.repair.marks import FLOW_WORDS, PAIRS
from llmc_grammar.split import GOES_ON, STRING_END

_TOKEN: Final = re.compile(
    r'"""[^"\\]*(?:(?:\\.|""?(?!"))[^"\\]*)*"""|(""")|"[^"\\]*(?:\\.[^"\\]*)*"|\'[^\'\\]*(?:\\.[^\'\\]*)*\'|(["\'])'
    r"|([(\[{])|([)\]}])|(#)|(<END_OF_PLAN>)"
)
_LONG, _SHORT, _OPENER, _CLOSER, _COMMENT, _MARK = range(1, 7)
_BEHIND: Final = re.compile(r"\[|[ \t\r]*(?:$|[,)\]}:+\-*/%<>=!@#&|^~?]|<END_OF_PLAN>|(?:if|else|for|in|and|or|not)\b)")
_WORD: Final = re.compile(r"\w+\Z")
_TWO_WORDS: Final = re.compile(r"(?:^|[^\w$.\"'])(\w+)[ \t]+(\w+)[ \t]*\Z")


class Scan:
    """The open brackets and strings.

    `broken`: they cannot be closed, since a line ended inside a string or a bracket closed one of another kind. `odd`:
    a string is where the grammar has none, so its quotes may belong to others. `mark` is the offset of an end mark in
    the last line, `shut` the offset at which that line first closed everything.
    """

    __slots__ = ("brackets", "broken", "code", "mark", "odd", "quote", "quote_at", "shut")

    def __init__(self) -> None:

        self.brackets: list[str] = []
        self.quote = ""
        self.quote_at = 0
        self.broken = False
        self.odd = False
        self.mark: int | None = None
        self.shut: int | None = None
        self.code = 0

    @property
    def closed(self) -> bool:
        """Whether nothing is open, so that the statement is complete."""
        return not (self.brackets or self.quote or self.broken)

    def line(self, text: str, at: int = 0) -> None:
        """Read the next line (without its newline) from `at` on, and set `code` to the offset of its comment."""
        self.mark = self.shut = None
        self.code = len(text)
        if self.broken:
            return
        if self.quote:
            match = STRING_END[self.quote].match(text, at)
            if not match:
                self.broken |= self.quote != '"""' and not _goes_on(text)
                return
            self.quote = ""
            at = match.end()
        self._tokens(text, at)

    def _tokens(self, text: str, offset: int) -> None:
        """Read the tokens outside strings."""
        for match in _TOKEN.finditer(text, offset):
            kind = match.lastindex
            if kind is None:
                self.odd |= _is_odd(text, *match.span())
            elif kind == _OPENER:
                self.brackets.append(match[0])
            elif kind == _CLOSER:
                if self.brackets and PAIRS[self.brackets.pop()] != match[0]:
                    self.broken = True
                    return
                if not self.brackets and self.shut is None:
                    self.shut = match.end()
            elif kind == _COMMENT:
                self.code = match.start()
                self.odd |= _hides(text, match.start()) and bool(self.brackets)
                return
            elif kind == _MARK:
                self.code = self.mark = match.start()
                return
            else:
                self.quote, self.quote_at = match[0], match.start()
                self.broken = kind == _SHORT and not _goes_on(text)
                self.odd |= _is_glued(text, match.start()) or (kind == _LONG and '\\"""' in text[match.end() :])
                return


def in_string(text: str, offset: int) -> bool:
    """Whether an offset is inside a string, in a text that closes all its strings."""
    end = 0
    while (match := _TOKEN.search(text, end)) and match.start() <= offset:
        end = match.end()
        if match.lastindex == _COMMENT:
            end = text.find("\n", end) % (len(text) + 1)
        if offset < end:
            return match.lastindex is None
    return False


def _goes_on(text: str) -> bool:
    """Whether a line ends with an unescaped backslash."""
    return GOES_ON.search(text.rstrip("\r")) is not None


def _is_odd(text: str, start: int, end: int) -> bool:
    """Whether the string from `start` to `end` is where the grammar has none."""
    return _is_glued(text, start) or not _BEHIND.match(text, end)


def _is_glued(text: str, start: int) -> bool:
    """Whether a word that is not a keyword is right before a string."""
    match = _WORD.search(text, max(0, start - 8), start)
    return match is not None and match[0] not in FLOW_WORDS


def _hides(text: str, start: int) -> bool:
    """Whether a comment follows two adjacent words, as in `search(Love Potion #9)`."""
    match = _TWO_WORDS.search(text, max(0, start - 200), start)
    return match is not None and FLOW_WORDS.isdisjoint(match.groups()) and ")" in text[start:]
