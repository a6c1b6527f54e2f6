"""JSON as models write it, read with the place of each value, and written as values of the language.

Tolerated: trailing commas, line breaks and tabs in strings, `True`, `False` and `None`, single and typographic quotes,
keys without quotes. Not tolerated: comments, NaN, leading zeros, a missing comma or bracket.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.dialects.form import Written, string
from llmc_grammar.errors.repairs import BackslashKept
from llmc_grammar.portable import Portable
from llmc_grammar.print import quoted
from llmc_grammar.source import Span

LEVELS: Final = 48
"""Levels of lists and objects that are read: more than a statement may have, with its wrappers."""

_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_STRING: Final = re.compile(
    r"\"[^\"\\]*(?:\\[\s\S][^\"\\]*)*\"|'[^'\\]*(?:\\[\s\S][^'\\]*)*'|\u201c[^\u201d\\]*(?:\\[\s\S][^\u201d\\]*)*\u201d"
)
_QUOTES: Final = "\"'\u201c"
_SCALAR: Final = re.compile(
    r"(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.])"
    r"|(?P<word>true|false|null|True|False|None)(?!\w)"
)
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?=[ \t\r\n]*:)")
_WORDS: Final = {"True": "true", "False": "false", "None": "null"}
_ESCAPE: Final = re.compile(
    r"\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|u(?P<code>[0-9a-fA-F]{4})|(?P<sign>\r\n|[\s\S]))|\r\n"
)
_SIGNS: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": "", "\r\n": ""} | {
    sign: sign for sign in "\\/\"'"
}
_KEPT_SIGNS: Final = frozenset("\\\"'")


class Unreadable(Portable, Exception):  # noqa: N818 (a finding, not a fault)
    """A text is not of the form; `at` is the offset in the reply, `reach` that up to which the text was looked at."""

    def __init__(self, why: str, at: int, reach: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.at = at
        self.reach = at if reach is None else reach


@dataclass(frozen=True, slots=True)
class JsonPlaces:
    """The places of a text's characters in the reply: rising pairs of an offset in the text and one in the reply."""

    pairs: tuple[tuple[int, int], ...] = ((0, 0),)

    def at(self, offset: int) -> int:
        """Return the place of an offset."""
        inner, outer = self.pairs[bisect_right(self.pairs, offset, key=_first) - 1]
        return outer + offset - inner

    def span(self, start: int, end: int) -> Span:
        """Return the place of a part."""
        return Span(self.at(start), self.at(end))


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number, `true`, `false` or `null`, as the language writes it."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class String:
    """A string; its span includes the quotes, `places` are those of its characters."""

    value: str
    span: Span
    places: JsonPlaces
    found: tuple[Diagnostic, ...] = ()

    @property
    def content(self) -> Span:
        """The place of the characters, without the quotes."""
        return self.places.span(0, len(self.value))


@dataclass(frozen=True, slots=True)
class Array:
    """A list."""

    items: tuple["Value", ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Object:
    """A mapping; keys may repeat."""

    entries: tuple[tuple[String, "Value"], ...]
    span: Span


Value: TypeAlias = Scalar | String | Array | Object

HERE: Final = JsonPlaces()
"""The places of the reply itself."""


def _first(pair: tuple[int, int]) -> int:
    """Return the first offset of a pair."""
    return pair[0]


def skip_blanks(text: str, at: int) -> int:
    """Return the offset of the next character that is not blank."""
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def read_json(text: str, at: int = 0, places: JsonPlaces = HERE) -> tuple[Value, int]:
    """Return the value at an offset and the offset behind it; raises Unreadable."""
    return _Reader(text, places).value(at, 0)


def read_whole(text: str, places: JsonPlaces = HERE) -> Value:
    """Return the value that a whole text is; raises Unreadable."""
    value, end = read_json(text, skip_blanks(text, 0), places)
    end = skip_blanks(text, end)
    if end < len(text):
        raise Unreadable("text follows its JSON", places.at(end))
    return value


class _Reader:
    """Reads values; each method takes an offset and returns the value with the offset behind it."""

    def __init__(self, text: str, places: JsonPlaces) -> None:
        self._text = text
        self._places = places

    def value(self, at: int, depth: int) -> tuple[Value, int]:
        """Read any value."""
        first = self._text[at : at + 1]
        if first in ("{", "["):
            if depth >= LEVELS:
                raise self._stop("it has too many levels", at)
            return self._object(at, depth) if first == "{" else self._array(at, depth)
        if first and first in _QUOTES:
            return self._string(at)
        match = _SCALAR.match(self._text, at)
        if match is None:
            raise self._stop("this is not JSON", at)
        return Scalar(_WORDS.get(match[0], match[0]), self._places.span(at, match.end())), match.end()

    def _stop(self, why: str, at: int) -> Unreadable:
        """Return the reason for which reading stops at an offset."""
        return Unreadable("the text ends within it" if at >= len(self._text) else why, self._places.at(at))

    def _array(self, start: int, depth: int) -> tuple[Value, int]:
        """Read a list."""
        items: list[Value] = []
        at = skip_blanks(self._text, start + 1)
        while self._text[at : at + 1] != "]":
            item, at = self.value(at, depth + 1)
            items.append(item)
            at = self._next(at, "]")
        return Array(tuple(items), self._places.span(start, at + 1)), at + 1

    def _object(self, start: int, depth: int) -> tuple[Value, int]:
        """Read a mapping."""
        entries: list[tuple[String, Value]] = []
        at = skip_blanks(self._text, start + 1)
        while self._text[at : at + 1] != "}":
            key, at = self._key(at)
            at = skip_blanks(self._text, at)
            if self._text[at : at + 1] != ":":
                raise self._stop("a colon is missing", at)
            value, at = self.value(skip_blanks(self._text, at + 1), depth + 1)
            entries.append((key, value))
            at = self._next(at, "}")
        return Object(tuple(entries), self._places.span(start, at + 1)), at + 1

    def _next(self, at: int, closer: str) -> int:
        """Return the offset of the next item or of the closing bracket."""
        at = skip_blanks(self._text, at)
        following = self._text[at : at + 1]
        if following not in (",", closer):
            raise self._stop(f"a comma or `{closer}` is missing", at)
        return skip_blanks(self._text, at + 1) if following == "," else at

    def _key(self, at: int) -> tuple[String, int]:
        """Read a key, with or without quotes."""
        bare = _KEY.match(self._text, at)
        if bare:
            return String(bare[0], self._places.span(at, bare.end()), self._within(at, bare.end())), bare.end()
        if self._text[at : at + 1] not in tuple(_QUOTES):
            raise self._stop("a key is missing", at)
        return self._string(at)

    def _string(self, at: int) -> tuple[String, int]:
        """Read a string."""
        match = _STRING.match(self._text, at)
        if match is None:
            raise Unreadable("its string has no end", self._places.at(at), self._places.at(len(self._text)))
        content, span = match[0][1:-1], self._places.span(at, match.end())
        raw = self._within(at + 1, match.end())
        if "\\" not in content and "\r" not in content:
            return String(content, span, raw), match.end()
        value, pairs, is_kept = _decoded(content)
        places = JsonPlaces(tuple((inner, raw.at(outer)) for inner, outer in pairs))
        kept = (BackslashKept(span=span),) if is_kept else ()
        return String(value, span, places, kept), match.end()

    def _within(self, start: int, end: int) -> JsonPlaces:
        """Return the places of a part of the text."""
        pairs = self._places.pairs
        low, high = (bisect_right(pairs, at, key=_first) for at in (start, end - 1))
        return JsonPlaces(((0, self._places.at(start)), *((inner - start, outer) for inner, outer in pairs[low:high])))


def _decoded(content: str) -> tuple[str, list[tuple[int, int]], bool]:
    """Return a string's content without escapes, its places, and whether backslashes are kept.

    One escape that does not exist makes every backslash but those before a quote or a backslash text.
    """
    escapes = list(_ESCAPE.finditer(content))
    is_kept = any(one["sign"] is not None and one["sign"] not in _SIGNS for one in escapes)
    if is_kept:
        escapes = [one for one in escapes if one["sign"] in _KEPT_SIGNS or one[0] == "\r\n"]
    pieces: list[str] = []
    pairs = [(0, 0)]
    length = at = 0
    for escape in escapes:
        value = _unescaped(escape)
        pieces += (content[at : escape.start()], value)
        length += escape.start() - at
        pairs.append((length, escape.start()))
        length, at = length + len(value), escape.end()
        pairs.append((length, at))
    return "".join([*pieces, content[at:]]), pairs, is_kept


def _unescaped(escape: re.Match[str]) -> str:
    """Return the text that an escape stands for."""
    if escape["high"]:
        return chr(0x10000 + ((int(escape["high"], 16) - 0xD800) << 10) + int(escape["low"], 16) - 0xDC00)
    if escape["code"]:
        return chr(int(escape["code"], 16))
    return "\n" if escape["sign"] is None else _SIGNS[escape["sign"]]


Special: TypeAlias = Callable[[Written, Value], bool]
"""Writes a value in its own way and returns True, or leaves it."""


def write_value(written: Written, value: Value, special: Special | None = None) -> None:
    """Write a value; `special` is asked first for each one inside it, too."""
    if special is not None and special(written, value):
        return
    match value:
        case Scalar():
            written.add(value.text, *value.span)
        case String():
            write_string(written, value)
        case Array(items=items, span=span):
            written.add("[", span.start, span.start + 1)
            for index, item in enumerate(items):
                written.add(", " if index else "", item.span.start)
                write_value(written, item, special)
            written.add("]", span.end - 1, span.end)
        case Object(entries=entries, span=span):
            written.add("{", span.start, span.start + 1)
            for index, (key, item) in enumerate(entries):
                written.add(", " if index else "", key.span.start)
                written.add(quoted(key.value), *key.span)
                written.found += key.found
                written.add(": ", key.span.end)
                write_value(written, item, special)
            written.add("}", span.end - 1, span.end)


def write_string(written: Written, text: String) -> None:
    """Write a string, in which `$1` is a reference; each run of characters keeps its place."""
    written.found += text.found
    whole = string(text.value)
    pairs = text.places.pairs
    ends = [*pairs[1:], (len(text.value), text.content.end)]
    pieces = [quoted(text.value[pair[0] : end[0]])[1:-1] for pair, end in zip(pairs, ends, strict=True)]
    if len(pairs) == 1 or f'"{"".join(pieces)}"' != whole:
        written.add(whole, *text.span)
        return
    written.add('"', text.span.start, text.span.start + 1)
    for piece, pair, end in zip(pieces, pairs, ends, strict=True):
        written.add(piece, pair[1], end[1])
    written.add('"', text.span.end - 1, text.span.end)
