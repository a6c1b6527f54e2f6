"""Grammar of the language's tokens: characters, numbers, names, and the text after a reference inside a text."""

import string
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from llmc_compiler.decoder.grammar_rules import Chars, GrammarRule, Part, chars, choice, maybe, repeat, seq, sure
from llmc_grammar.characters import HIDDEN
from llmc_grammar.frozen_data import frozen

MOST_DIGITS: Final = 18
_WIDEST: Final = 10**15
_MOST_PLACES: Final = 20
"""The size up to which a number between bounds may have a fraction, and the maximum number of its digits."""
LONGEST_TEXT: Final = 240
LONGEST_PIECE: Final = 80
"""Maximum length of a text before its first reference, and of the piece after each reference."""
LONGEST_NAME: Final = 30
_LONGEST_THOUGHT: Final = 400

_NEVER: Final = f"\x00-\x08\n-\x1f\x7f-\x9f{HIDDEN}"
_FIRST: Final = f"_{string.ascii_letters}"
_LATER: Final = f"{_FIRST}{string.digits}"
_DIGIT: Final = sure(chars("0-9"))
_MORE: Final = sure(chars("A-Za-z0-9_"))
_ESCAPE: Final = sure(seq("\\", chars('"\\nt')))

# ── texts ──

SIGN: Final = GrammarRule("sign", sure(choice(chars(f'^"\\${_NEVER}'), _ESCAPE, "$$")), token=True)
"""One character of a text, as written in a plan."""

KEY: Final = GrammarRule(
    "key",
    sure(seq('"', repeat(choice(chars(f'^"\\{_NEVER}'), _ESCAPE), 0, LONGEST_PIECE), '"')),
    token=True,
)
"""A key of a mapping: a text in which `$` is literal."""

# No letters, digits or quotes, and neither `[` nor `.`, which may start a step; beyond ASCII only symbols.
_APART: Final = (
    "\t !#%-+/:-@]^`{-~\u00a1-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb-\u00bf\u2010-\u2027\u20a0-\u20bf-"
)
APART: Final = GrammarRule(
    "apart",
    sure(
        choice(
            chars(_APART),
            _ESCAPE,
            "$$",
            seq(chars(",."), choice(chars(_APART), chars(",."), _ESCAPE, "$$")),
        )
    ),
    token=True,
)
"""Characters after `$1` in a text that are not read as a part of it, unlike those of `$1.50`, `$1st` and `$1.name`."""

_SIZE: Final = sure(seq(chars("1-9"), maybe(_DIGIT)))
"""A width, and a number of digits after the point."""
_ALIGN: Final = sure(chars("<>^"))
FORMAT: Final = GrammarRule(
    "format",
    sure(
        seq(
            ":",
            choice(
                seq(maybe(_ALIGN), _SIZE),
                seq(
                    maybe(_ALIGN),
                    maybe("+"),
                    maybe(maybe("0"), _SIZE),
                    maybe(chars(",_")),
                    choice("d", seq(maybe(".", choice("0", _SIZE)), chars("efg%"))),
                ),
            ),
        )
    ),
    token=True,
)
"""The format of a value in a text, as in `${1:,.2f}`."""

THOUGHT: Final = GrammarRule(
    "thought",
    sure(seq("Thought: ", repeat(chars(f"^{_NEVER}"), 1, _LONGEST_THOUGHT), "\n")),
    token=True,
)
"""A line of free text."""

# ── names ──

NAME: Final = GrammarRule("name", sure(seq(chars("A-Za-z_"), repeat(_MORE, 0, LONGEST_NAME))), token=True)
"""Any name."""

INDEX: Final = GrammarRule("index", sure(choice("0", seq(maybe("-"), chars("1-9"), maybe(_DIGIT)))), token=True)
"""An index of a list."""

FIELD: Final = GrammarRule("field", sure(seq(".", NAME.use)), token=True)
"""A step to a key behind any value."""

STEP: Final = GrammarRule("step", sure(choice(seq(".", NAME.use), seq("[", INDEX.use, "]"))), token=True)
"""A step into a value of unknown type."""

UNSIGNED: Final = sure(
    seq(
        choice("0", seq(chars("1-9"), repeat(_DIGIT, 0, 14))),
        maybe(".", repeat(_DIGIT, 1, 15)),
        maybe(chars("Ee"), maybe(chars("+-")), _DIGIT, maybe(_DIGIT)),
    )
)

ANY_NUMBER: Final = seq(maybe("-"), UNSIGNED)


def name_but(words: Collection[str]) -> Part:
    """Return any name except for these."""
    return sure(_after("", frozenset(words)))


def _after(prefix: str, words: frozenset[str]) -> Part | None:
    """Return the continuations of a name with this prefix."""
    below = [word for word in words if word.startswith(prefix)]
    following = "".join(sorted({word[len(prefix)] for word in below if word != prefix}))
    may_end = bool(prefix) and prefix not in words
    if not following:
        return repeat(_MORE, 0 if may_end else 1, LONGEST_NAME)
    other = [letter for letter in (_LATER if prefix else _FIRST) if letter not in following]
    more = choice(
        seq(Chars(tuple(_runs(map(ord, other)))), repeat(_MORE, 0, LONGEST_NAME)),
        *(seq(letter, _after(f"{prefix}{letter}", words)) for letter in following),
    )
    return maybe(more) if may_end else more


def _runs(codes: Iterable[int]) -> Iterator[tuple[str, str]]:
    """Yield character codes as ranges."""
    first = last = -1
    for code in sorted(codes):
        if code == last + 1 and first >= 0:
            last = code
            continue
        if first >= 0:
            yield chr(first), chr(last)
        first = last = code
    if first >= 0:
        yield chr(first), chr(last)


# ── numbers ──


def whole_numbers(least: int | None, most: int | None) -> Part | None:
    """Return the integers of a range, without leading zeros and with at most 18 digits."""
    largest = 10**MOST_DIGITS - 1
    low = -largest if least is None else max(least, -largest)
    high = largest if most is None else min(most, largest)
    return choice(from_to(max(low, 0), high), seq("-", from_to(max(1, -high), -low)))


def from_to(least: int, most: int) -> Part | None:
    """Return the integers from one to another, neither of which is negative."""
    ranges: list[Part | str | None] = []
    if least == 0 <= most:
        ranges.append("0")
        least = 1
    while least <= most:
        length, whole = len(str(least)), len(str(most + 1)) - 1
        if least == 10 ** (length - 1) and whole >= length:
            ranges.append(seq(chars("1-9"), repeat(_DIGIT, length - 1, whole - 1)))
            least = 10**whole
        else:
            end = min(10**length - 1, most)
            ranges.append(digits_from_to(str(least), str(end)))
            least = end + 1
    return choice(*ranges)


def digits_from_to(least: str, most: str) -> Part | None:
    """Return the numbers from one to another, written with the same number of digits, also leading zeros."""
    rest = len(least) - 1
    if least[0] == most[0]:
        return seq(least[0], digits_from_to(least[1:], most[1:])) if rest else choice(least)
    low, high = int(least[0]), int(most[0])
    lowest, highest = least[1:] == "0" * rest, most[1:] == "9" * rest
    return choice(
        None if lowest else seq(least[0], digits_from_to(least[1:], "9" * rest)),
        _span(low if lowest else low + 1, high if highest else high - 1, rest),
        None if highest else seq(most[0], digits_from_to("0" * rest, most[1:])),
    )


def _span(low: int, high: int, rest: int) -> Part | None:
    """Return a digit from one to another, followed by any others."""
    if low > high:
        return None
    return seq(chars(f"{low}-{high}") if low < high else str(low), repeat(_DIGIT, rest, rest))


def fractions(least: float | None, most: float | None, *, above: bool = False, below: bool = False) -> Part | None:
    """Return the fractions from one number to another, excluding these if `above` or `below`; no exponents."""
    low = -_WIDEST if least is None else max(-_WIDEST, least)
    high = _WIDEST if most is None else min(_WIDEST, most)
    if low > high:
        return None
    first, last = _End.of(low, is_left_out=above), _End.of(high, is_left_out=below)
    return choice(_positive(first, last), seq("-", _positive(last.opposite(), first.opposite())))


@frozen
class _End:
    """An end of a range: its digits before and after the point."""

    is_negative: bool
    whole: int
    digits: str
    is_left_out: bool

    @staticmethod
    def of(number: float, *, is_left_out: bool) -> "_End":
        """Return the end at a number."""
        whole, _, digits = f"{abs(Decimal(repr(number))):f}".partition(".")
        return _End(number < 0, int(whole), digits.rstrip("0"), is_left_out)

    def opposite(self) -> "_End":
        """Return the end at the negated number."""
        return replace(self, is_negative=not self.is_negative)

    def behind(self) -> "_End":
        """Return the end without its first digit after the point."""
        return replace(self, digits=self.digits[1:])


def _positive(low: _End, high: _End) -> Part | None:
    """Return the positive fractions between two ends."""
    if high.is_negative:
        return None
    start: _End | None = None if low.is_negative else low
    first = 0 if start is None else start.whole
    if first == high.whole:
        return seq(f"{first}.", _places(start, high, _MOST_PLACES))
    return choice(
        seq(f"{first}.", _places(start, None, _MOST_PLACES)),
        seq(from_to(first + 1, high.whole - 1), ".", _places(None, None, _MOST_PLACES)),
        seq(f"{high.whole}.", _places(None, high, _MOST_PLACES)),
    )


def _places(low: _End | None, high: _End | None, left: int, *, may_end: bool = False) -> Part | None:
    """Return digits after a point between two ends, if these are given; the last digit is not 0.

    They `may_end` at once if the digit before is not 0.
    """
    if low is None and high is None:
        rest = seq(repeat(_DIGIT, 0, left - 1), chars("1-9")) if left else None
        return _ended(rest, may_end=may_end)
    fits_low = low is None or (not low.digits and not low.is_left_out)
    fits_high = high is None or bool(high.digits) or not high.is_left_out
    first = int(low.digits[:1] or 0) if low is not None else 0
    last = int(high.digits[:1] or -1) if high is not None else 9
    options = [
        _digits(range(first + 1, last), left - 1),
        *(
            seq(
                str(digit),
                _places(
                    low.behind() if low is not None and low.digits and digit == first else None,
                    high.behind() if high is not None and digit == last else None,
                    left - 1,
                    may_end=digit > 0,
                ),
            )
            for digit in {first, last}
            if left and first <= digit <= last
        ),
    ]
    return _ended(choice(*options), may_end=may_end and fits_low and fits_high)


def _digits(between: range, left: int) -> Part | None:
    """Return one of these digits, which are not 0, followed by any others."""
    if left < 0 or not between:
        return None
    head = chars(f"{between[0]}-{between[-1]}") if len(between) > 1 else str(between[0])
    return seq(head, _places(None, None, left, may_end=True))


def _ended(rest: Part | None, *, may_end: bool) -> Part | None:
    """Return more digits, which are optional if they `may_end`."""
    return repeat(rest, 0, 1) if may_end else rest
