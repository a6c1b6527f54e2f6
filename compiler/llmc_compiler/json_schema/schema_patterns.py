"""`pattern` of a JSON schema: regular expressions of ECMA-262, searched for by an engine that never goes back.

The engine is Rust's, which comes with pydantic. A pattern is rewritten in its syntax, with the meaning that ECMA-262
gives it under the `u` flag. Look-around and back-references have no search, nor have patterns that are too large.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import SchemaError, SchemaValidator, core_schema

from llmc_grammar.portable import Portable

_LONGEST: Final = 10_000
"""Characters of a pattern."""

_LARGEST: Final = 40_000
"""Steps of preparing a pattern; about as many as the engine has memory for."""

_HEX: Final = "[0-9a-fA-F]"
_ESCAPE: Final = (
    rf"\\(?:u(?P<high>[dD][89abAB]{_HEX}{{2}})\\u(?P<low>[dD][c-fC-F]{_HEX}{{2}})|u(?P<four>{_HEX}{{4}})"
    rf"|u\{{(?P<braced>{_HEX}{{1,8}})\}}|x(?P<two>{_HEX}{{2}})|c(?P<control>[A-Za-z])|(?P<set>[dDwWsS])"
    r"|(?P<property>[pP]\{[^{}\\]+\})|(?P<zero>0)(?![0-9])|(?P<space>[tnrvf])|(?P<itself>[^0-9A-Za-z]))"
)
_TOKEN: Final = re.compile(
    rf"(?:{_ESCAPE}|(?P<assertion>\\[bAZ]|[$^])|(?P<open>\((?:\?(?:i?:|P?<[^=!>][^>]*>)|(?!\?)))|(?P<flag>\(\?i\))"
    r"|(?P<close>\))|(?P<class>\[(?:\\.|[^\]\\])*\])|(?P<repeat>(?:[*+?]|\{(?P<least>\d+)(?:,(?P<most>\d*))?\})\??)"
    r"|(?P<either>\|)|(?P<any>\.)|(?P<char>[^\\(\[*+?]))",
    re.DOTALL,
)
_MEMBER: Final = re.compile(rf"(?:{_ESCAPE}|\\(?P<back>b)|(?P<char>[^\\]))", re.DOTALL)

_SETS: Final = {
    "d": "0-9",
    "w": "0-9A-Za-z_",
    "s": r"\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}",
}
_ASSERTIONS: Final = {r"\b": r"(?-u:\b)", r"\A": r"\A", r"\Z": r"\z", "^": "^", "$": "$"}
"""Python's `\\A` and `\\Z` are no mistake in a schema that Python wrote."""

_SPACES: Final = {"t": "\t", "n": "\n", "r": "\r", "v": "\v", "f": "\f"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern: how many places a search may be at after each character, and the search, None where there is none."""

    places: int
    search: Callable[[Any], bool] | None


_UNKNOWN: Final = Pattern(0, None)
_MOST_KNOWN: Final = 1_024
_known: dict[str, Pattern] = {}


class _OtherSyntaxError(Portable, Exception):
    """A pattern means nothing that the engine can be told."""


def pattern_of(text: str, afford: Callable[[int], bool]) -> Pattern:
    """The pattern that a schema has written so; `afford` is asked before steps of a few µs are taken for it."""
    found = _known.get(text)
    if found is None:
        if not afford(min(len(text), _LONGEST)):
            return _UNKNOWN
        try:
            rewritten, places, size = _rewritten(text)
            if not afford(size):
                return _UNKNOWN
            schema = core_schema.str_schema(pattern=rewritten, regex_engine="rust-regex")
            found = Pattern(places, SchemaValidator(schema).isinstance_python)
        except (_OtherSyntaxError, SchemaError):
            found = _UNKNOWN
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[text] = found
    return found


def searchable(text: str) -> str:
    """The text in Unicode's code points, as both sides take it: halves of a pair are joined, or replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _rewritten(text: str) -> tuple[str, int, int]:
    """A pattern in the engine's syntax, its places, and the steps of preparing it; raises _OtherSyntaxError."""
    pieces: list[str] = []
    outer: list[_Sums] = []
    sums, last = _Sums(), None  # of the group that is open, and of what may be repeated next
    for found in _tokens(_TOKEN, text):
        match found.lastgroup:
            case "open":
                outer.append(sums)
                sums, last = _Sums(), None
                pieces.append("(?i:" if found[0] == "(?i:" else "(?:")
            case "close" if outer:
                last = sums.plus(_ONE, 1)
                sums = outer.pop().plus(last, 1)
                pieces.append(")")
            case "repeat" | "least" | "most" if last is not None:
                sums, last = sums.plus(last, _times(found) - 1), None
                pieces.append(found[0])
            case "assertion":
                pieces.append(_ASSERTIONS[found[0]])
                last = _ONE
                sums = sums.plus(last, 1)
            case "flag" | "either":
                pieces.append(found[0])
                last = None
            case "close" | "repeat" | "least" | "most":
                raise _OtherSyntaxError
            case _:
                pieces.append(_place(found))
                last = _Sums(1, _size(found))
                sums = sums.plus(last, 1)
        if sums.size > _LARGEST:
            raise _OtherSyntaxError
    if outer:
        raise _OtherSyntaxError
    return "".join(pieces), max(sums.places, 1), sums.size


@dataclass(frozen=True, slots=True)
class _Sums:
    """Places of a part of a pattern, and the steps of preparing it."""

    places: int = 0
    size: int = 0

    def plus(self, other: "_Sums", times: int) -> "_Sums":
        """Both, the other one several times."""
        return _Sums(self.places + other.places * times, self.size + other.size * times)


_ONE: Final = _Sums(1, 1)


def _size(found: re.Match[str]) -> int:
    """About how many steps it takes to prepare one place."""
    if "\\p{" in found[0] or "\\P{" in found[0]:
        return 100 * found[0].lower().count("\\p{")
    return 3 if found["class"] or found["set"] or found["any"] else 1


def _tokens(kind: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """The parts of a text, each of which is of a kind; raises _OtherSyntaxError."""
    at = 0
    while at < len(text):
        found = kind.match(text, at)
        if found is None or at > _LONGEST:
            raise _OtherSyntaxError
        yield found
        at = found.end()


def _times(repeat: re.Match[str]) -> int:
    """How often what is repeated counts."""
    bounds = [int(bound[:9]) for bound in (repeat["least"], repeat["most"]) if bound]
    return max(1, *bounds, 0)


def _place(found: re.Match[str]) -> str:
    """What stands for one character."""
    if found["any"]:
        return r"[^\n\r\x{2028}\x{2029}]"
    return _class(found["class"]) if found["class"] else _escaped(found)


def _escaped(found: re.Match[str]) -> str:
    """An escape, or a character as it is."""
    if found["set"]:
        inverse = "^" if found["set"].isupper() else ""
        return f"[{inverse}{_SETS[found['set'].lower()]}]"
    return rf"\{found['property']}" if found["property"] else rf"\x{{{_code(found):x}}}"


def _code(found: re.Match[str]) -> int:
    """The code point of a character, however it is written."""
    if found["high"]:
        return 0x10000 + ((int(found["high"], 16) & 0x3FF) << 10) + (int(found["low"], 16) & 0x3FF)
    if digits := found["four"] or found["braced"] or found["two"]:
        return int(digits, 16)
    if found["control"]:
        return ord(found["control"]) % 32
    if found["zero"]:
        return 0
    return ord(_SPACES[found["space"]] if found["space"] else found["itself"] or found["char"])


def _class(text: str) -> str:
    """A class of characters: `[]` has none, `[^]` has all."""
    inverse = "^" if text.startswith("[^") else ""
    members = list(_tokens(_MEMBER, text[1 + len(inverse) : -1]))
    if not members:
        return rf"[{'' if inverse else '^'}\x{{0}}-\x{{10ffff}}]"
    pieces = []
    at = 0
    while at < len(members):
        first, *rest = members[at : at + 3]
        if len(rest) == 2 and rest[0][0] == "-" and _is_one(first) and _is_one(rest[1]):  # noqa: PLR2004 — `-z`
            pieces.append(f"{_member(first)}-{_member(rest[1])}")
            at += 3
        else:
            pieces.append(_member(first))
            at += 1
    return f"[{inverse}{''.join(pieces)}]"


def _is_one(member: re.Match[str]) -> bool:
    """Whether a member of a class is one character, and may bound a range."""
    return not (member["set"] or member["property"])


def _member(found: re.Match[str]) -> str:
    """A member of a class."""
    return r"\x{8}" if found["back"] else _escaped(found)
