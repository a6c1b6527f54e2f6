"""`pattern` of a JSON schema: ECMA-262 regular expressions, searched by an engine that never backtracks.

The engine is Rust's, which comes with pydantic. A pattern is rewritten in its syntax, with the meaning that ECMA-262
gives it under the `u` flag. Patterns with look-around or back-references, and patterns that are too large, have no
search.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from pydantic_core import SchemaError, SchemaValidator, core_schema

from llmc_grammar.frozen_data import frozen
from llmc_grammar.lazy_pattern import lazy_pattern
from llmc_grammar.portable import Portable

_LONGEST: Final = 10_000
"""Maximum number of characters of a pattern."""

_LARGEST: Final = 40_000
"""Maximum number of steps for compiling a pattern; about as many as the engine has memory for."""

_HEX: Final = "[0-9a-fA-F]"
_ESCAPE: Final = (
    rf"\\(?:u(?P<high>[dD][89abAB]{_HEX}{{2}})\\u(?P<low>[dD][c-fC-F]{_HEX}{{2}})|u(?P<four>{_HEX}{{4}})"
    rf"|u\{{(?P<braced>{_HEX}{{1,8}})\}}|x(?P<two>{_HEX}{{2}})|c(?P<control>[A-Za-z])|(?P<set>[dDwWsS])"
    r"|(?P<property>[pP]\{[^{}\\]+\})|(?P<zero>0)(?![0-9])|(?P<space>[tnrvf])|(?P<itself>[^0-9A-Za-z]))"
)
_TOKEN: Final = lazy_pattern(
    rf"(?:{_ESCAPE}|(?P<assertion>\\[bAZ]|[$^])|(?P<open>\((?:\?(?:i?:|P?<[^=!>][^>]*>)|(?!\?)))|(?P<flag>\(\?i\))"
    r"|(?P<close>\))|(?P<class>\[(?:\\.|[^\]\\])*\])|(?P<repeat>(?:[*+?]|\{(?P<least>\d+)(?:,(?P<most>\d*))?\})\??)"
    r"|(?P<either>\|)|(?P<any>\.)|(?P<char>[^\\(\[*+?]))",
    re.DOTALL,
)
_MEMBER: Final = lazy_pattern(rf"(?:{_ESCAPE}|\\(?P<back>b)|(?P<char>[^\\]))", re.DOTALL)

_SETS: Final = {
    "d": "0-9",
    "w": "0-9A-Za-z_",
    "s": r"\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}",
}
_ASSERTIONS: Final = {r"\b": r"(?-u:\b)", r"\A": r"\A", r"\Z": r"\z", "^": "^", "$": "$"}
"""Python's `\\A` and `\\Z` are accepted, since schemas written by Python libraries have them."""

_SPACES: Final = {"t": "\t", "n": "\n", "r": "\r", "v": "\v", "f": "\f"}


@frozen
class Pattern:
    """A pattern: the most places that a search can be at after a character, and the search, if it has one."""

    places: int
    search: Callable[[Any], bool] | None


_UNKNOWN: Final = Pattern(0, None)
_MOST_KNOWN: Final = 1_024
_known: dict[str, Pattern] = {}


class _OtherSyntaxError(Portable, Exception):
    """A pattern has no equivalent in the engine's syntax."""


def pattern_of(text: str, afford: Callable[[int], bool]) -> Pattern:
    """Return the pattern that a schema writes as `text`; `afford` must allow its steps, each of a few µs."""
    pattern = _known.get(text)
    if pattern is None:
        if not afford(min(len(text), _LONGEST)):
            return _UNKNOWN
        try:
            rewritten, places, size = _rewritten(text)
            if not afford(size):
                return _UNKNOWN
            schema = core_schema.str_schema(pattern=rewritten, regex_engine="rust-regex")
            pattern = Pattern(places, SchemaValidator(schema).isinstance_python)
        except (_OtherSyntaxError, SchemaError):
            pattern = _UNKNOWN
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[text] = pattern
    return pattern


def searchable(text: str) -> str:
    """Return the text as the engine reads it: surrogate pairs joined, single surrogates replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _rewritten(text: str) -> tuple[str, int, int]:
    """Return a pattern in the engine's syntax, its places, and the steps to compile it; raises _OtherSyntaxError."""
    pieces: list[str] = []
    outer: list[_Sums] = []
    sums, last = _Sums(), None  # of the open group, and of the part that a repeat would apply to
    for token in _tokens(_TOKEN, text):
        match token.lastgroup:
            case "open":
                outer.append(sums)
                sums, last = _Sums(), None
                pieces.append("(?i:" if token[0] == "(?i:" else "(?:")
            case "close" if outer:
                last = sums.plus(_ONE, 1)
                sums = outer.pop().plus(last, 1)
                pieces.append(")")
            case "repeat" | "least" | "most" if last is not None:
                sums, last = sums.plus(last, _times(token) - 1), None
                pieces.append(token[0])
            case "assertion":
                pieces.append(_ASSERTIONS[token[0]])
                last = _ONE
                sums = sums.plus(last, 1)
            case "flag" | "either":
                pieces.append(token[0])
                last = None
            case "close" | "repeat" | "least" | "most":
                raise _OtherSyntaxError
            case _:
                pieces.append(_place(token))
                last = _Sums(1, _size(token))
                sums = sums.plus(last, 1)
        if sums.size > _LARGEST:
            raise _OtherSyntaxError
    if outer:
        raise _OtherSyntaxError
    return "".join(pieces), max(sums.places, 1), sums.size


@frozen
class _Sums:
    """Places of a part of a pattern, and the steps to compile it."""

    places: int = 0
    size: int = 0

    def plus(self, other: "_Sums", times: int) -> "_Sums":
        """Return the sum of this part and several times the other."""
        return _Sums(self.places + other.places * times, self.size + other.size * times)


_ONE: Final = _Sums(1, 1)


def _size(token: re.Match[str]) -> int:
    """Return about how many steps it takes to compile one place."""
    if "\\p{" in token[0] or "\\P{" in token[0]:
        return 100 * token[0].lower().count("\\p{")
    return 3 if token["class"] or token["set"] or token["any"] else 1


def _tokens(kind: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the consecutive matches that make up a text; raises _OtherSyntaxError if they do not."""
    offset = 0
    while offset < len(text):
        token = kind.match(text, offset)
        if token is None or offset > _LONGEST:
            raise _OtherSyntaxError
        yield token
        offset = token.end()


def _times(repeat: re.Match[str]) -> int:
    """Return how often the repeated part counts."""
    bounds = [int(bound[:9]) for bound in (repeat["least"], repeat["most"]) if bound]
    return max(1, *bounds, 0)


def _place(token: re.Match[str]) -> str:
    """Return a token that matches one character, in the engine's syntax."""
    if token["any"]:
        return r"[^\n\r\x{2028}\x{2029}]"
    return _class(token["class"]) if token["class"] else _escaped(token)


def _escaped(token: re.Match[str]) -> str:
    """Return an escape or a literal character, in the engine's syntax."""
    if token["set"]:
        inverse = "^" if token["set"].isupper() else ""
        return f"[{inverse}{_SETS[token['set'].lower()]}]"
    return rf"\{token['property']}" if token["property"] else rf"\x{{{_code(token):x}}}"


def _code(token: re.Match[str]) -> int:
    """Return the code point of a character in any of its notations."""
    if token["high"]:
        return 0x10000 + ((int(token["high"], 16) & 0x3FF) << 10) + (int(token["low"], 16) & 0x3FF)
    if digits := token["four"] or token["braced"] or token["two"]:
        return int(digits, 16)
    if token["control"]:
        return ord(token["control"]) % 32
    if token["zero"]:
        return 0
    return ord(_SPACES[token["space"]] if token["space"] else token["itself"] or token["char"])


def _class(text: str) -> str:
    """Return a character class in the engine's syntax: `[]` matches nothing, `[^]` everything."""
    inverse = "^" if text.startswith("[^") else ""
    members = list(_tokens(_MEMBER, text[1 + len(inverse) : -1]))
    if not members:
        return rf"[{'' if inverse else '^'}\x{{0}}-\x{{10ffff}}]"
    pieces = []
    index = 0
    while index < len(members):
        first, *rest = members[index : index + 3]
        if len(rest) == 2 and rest[0][0] == "-" and _is_one(first) and _is_one(rest[1]):  # noqa: PLR2004 — `-z`
            pieces.append(f"{_member(first)}-{_member(rest[1])}")
            index += 3
        else:
            pieces.append(_member(first))
            index += 1
    return f"[{inverse}{''.join(pieces)}]"


def _is_one(member: re.Match[str]) -> bool:
    """Whether a member of a class is a single character, which may bound a range."""
    return not (member["set"] or member["property"])


def _member(token: re.Match[str]) -> str:
    """Return a member of a character class in the engine's syntax."""
    return r"\x{8}" if token["back"] else _escaped(token)
