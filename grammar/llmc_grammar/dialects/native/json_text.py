"""Reads JSON as models write it, with the span of each value, and writes it as values of the plan language.

Tolerated: trailing commas, line breaks and tabs in strings, `True`, `False` and `None`, single and typographic quotes,
keys without quotes. Not tolerated: comments, NaN, leading zeros, missing commas or brackets.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Final, TypeAlias

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.dialects.form import Written, string
from llmc_grammar.errors.repairs import BackslashKept
from llmc_grammar.frozen_data import frozen
from llmc_grammar.portable import Portable
from llmc_grammar.print import quoted
from llmc_grammar.source import Span

LEVELS: Final = 48
"""The maximum nesting of lists and objects: more than a statement and its wrappers may have."""

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
    """A text has another form; `at` is the offset of the reason in the reply, `reach` the last offset that was read."""

    def __init__(self, why: str, at: int, reach: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.at = at
        self.reach = at if reach is None else reach


@frozen
class JsonPlaces:
    """A map from offsets in a text to offsets in the reply, as ascending pairs of both."""

    pairs: tuple[tuple[int, int], ...] = ((0, 0),)

    def at(self, offset: int) -> int:
        """Return the offset in the reply."""
        inner, outer = self.pairs[bisect_right(self.pairs, offset, key=_first) - 1]
        return outer + offset - inner

    def span(self, start: int, end: int) -> Span:
        """Return the span of a part in the reply."""
        return Span(self.at(start), self.at(end))


@frozen
class Scalar:
    """A number, `true`, `false` or `null`, as the language writes it."""

    text: str
    span: Span


@frozen
class String:
    """A string; its span includes the quotes, `places` maps its characters."""

    value: str
    span: Span
    places: JsonPlaces
    found: tuple[Diagnostic, ...] = ()

    @property
    def content(self) -> Span:
        """The span of the characters, without the quotes."""
        return self.places.span(0, len(self.value))


@frozen
class Array:
    """A list."""

    items: tuple["Value", ...]
    span: Span


@frozen
class Object:
    """A mapping; keys may repeat."""

    entries: tuple[tuple[String, "Value"], ...]
    span: Span


Value: TypeAlias = Scalar | String | Array | Object

HERE: Final = JsonPlaces()
"""The identity map, for the reply itself."""


def _first(pair: tuple[int, int]) -> int:
    """Return the first offset of a pair."""
    return pair[0]


def skip_blanks(text: str, at: int) -> int:
    """Return the offset of the next character that is not blank."""
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def read_json(text: str, at: int = 0, places: JsonPlaces = HERE) -> tuple[Value, int]:
    """Return the value at an offset and the offset after it; raises Unreadable."""
    return _Reader(text, places).value(at, 0)


def read_whole(text: str, places: JsonPlaces = HERE) -> Value:
    """Return a whole text as a value; raises Unreadable."""
    value, end = read_json(text, skip_blanks(text, 0), places)
    end = skip_blanks(text, end)
    if end < len(text):
        raise Unreadable("text follows its JSON", places.at(end))
    return value


class _Reader:
    """Reads values; each method takes an offset and returns the value and the offset after it."""

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

    def _stop(self, why: str, offset: int) -> Unreadable:
        """Return the reason to stop reading at an offset."""
        return Unreadable("the text ends inside it" if offset >= len(self._text) else why, self._places.at(offset))

    def _array(self, start: int, depth: int) -> tuple[Value, int]:
        """Read a list."""
        items: list[Value] = []
        offset = skip_blanks(self._text, start + 1)
        while self._text[offset : offset + 1] != "]":
            item, offset = self.value(offset, depth + 1)
            items.append(item)
            offset = self._next(offset, "]")
        return Array(tuple(items), self._places.span(start, offset + 1)), offset + 1

    def _object(self, start: int, depth: int) -> tuple[Value, int]:
        """Read a mapping."""
        entries: list[tuple[String, Value]] = []
        offset = skip_blanks(self._text, start + 1)
        while self._text[offset : offset + 1] != "}":
            key, offset = self._key(offset)
            offset = skip_blanks(self._text, offset)
            if self._text[offset : offset + 1] != ":":
                raise self._stop("a colon is missing", offset)
            value, offset = self.value(skip_blanks(self._text, offset + 1), depth + 1)
            entries.append((key, value))
            offset = self._next(offset, "}")
        return Object(tuple(entries), self._places.span(start, offset + 1)), offset + 1

    def _next(self, offset: int, closer: str) -> int:
        """Return the offset of the next item or of the closing bracket."""
        offset = skip_blanks(self._text, offset)
        following = self._text[offset : offset + 1]
        if following not in (",", closer):
            raise self._stop(f"a comma or `{closer}` is missing", offset)
        return skip_blanks(self._text, offset + 1) if following == "," else offset

    def _key(self, offset: int) -> tuple[String, int]:
        """Read a key, with or without quotes."""
        bare = _KEY.match(self._text, offset)
        if bare:
            return String(bare[0], self._places.span(offset, bare.end()), self._within(offset, bare.end())), bare.end()
        if self._text[offset : offset + 1] not in tuple(_QUOTES):
            raise self._stop("a key is missing", offset)
        return self._string(offset)

    def _string(self, offset: int) -> tuple[String, int]:
        """Read a string."""
        match = _STRING.match(self._text, offset)
        if match is None:
            raise Unreadable("its string has no end", self._places.at(offset), self._places.at(len(self._text)))
        content, span = match[0][1:-1], self._places.span(offset, match.end())
        raw = self._within(offset + 1, match.end())
        if "\\" not in content and "\r" not in content:
            return String(content, span, raw), match.end()
        value, pairs, is_kept = _decoded(content)
        places = JsonPlaces(tuple((inner, raw.at(outer)) for inner, outer in pairs))
        warnings = (BackslashKept(span=span),) if is_kept else ()
        return String(value, span, places, warnings), match.end()

    def _within(self, start: int, end: int) -> JsonPlaces:
        """Return the map for a part of the text."""
        pairs = self._places.pairs
        low, high = (bisect_right(pairs, at, key=_first) for at in (start, end - 1))
        return JsonPlaces(((0, self._places.at(start)), *((inner - start, outer) for inner, outer in pairs[low:high])))


def _decoded(content: str) -> tuple[str, list[tuple[int, int]], bool]:
    """Return a string's content without escapes, the map of its offsets, and whether backslashes are text.

    One invalid escape makes every backslash text, except before a quote or a backslash.
    """
    escapes = list(_ESCAPE.finditer(content))
    is_kept = any(one["sign"] is not None and one["sign"] not in _SIGNS for one in escapes)
    if is_kept:
        escapes = [one for one in escapes if one["sign"] in _KEPT_SIGNS or one[0] == "\r\n"]
    pieces: list[str] = []
    pairs = [(0, 0)]
    length = offset = 0
    for escape in escapes:
        value = _unescaped(escape)
        pieces += (content[offset : escape.start()], value)
        length += escape.start() - offset
        pairs.append((length, escape.start()))
        length, offset = length + len(value), escape.end()
        pairs.append((length, offset))
    return "".join([*pieces, content[offset:]]), pairs, is_kept


def _unescaped(escape: re.Match[str]) -> str:
    """Return the text of an escape."""
    if escape["high"]:
        return chr(0x10000 + ((int(escape["high"], 16) - 0xD800) << 10) + int(escape["low"], 16) - 0xDC00)
    if escape["code"]:
        return chr(int(escape["code"], 16))
    return "\n" if escape["sign"] is None else _SIGNS[escape["sign"]]


Special: TypeAlias = Callable[[Written, Value], bool]
"""Writes a value and returns True, or returns False to leave it to the default."""


def write_value(written: Written, value: Value, special: Special | None = None) -> None:
    """Write a value; `special` may write it, or any value inside it, instead."""
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
    """Write a string, in which `$1` is a reference; each run of characters keeps its span."""
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
