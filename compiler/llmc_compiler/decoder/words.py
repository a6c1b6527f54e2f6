"""What the words of the language are made of: characters, numbers, names, and what may follow a reference in a text."""

import string
from collections.abc import Collection, Iterable, Iterator
from math import ceil, floor
from typing import Final

from llmc_compiler.decoder.notation import Chars, Part, Rule, chars, choice, maybe, repeat, seq, sure
from llmc_grammar.characters import HIDDEN

MOST_DIGITS: Final = 18
LONGEST_TEXT: Final = 240
LONGEST_PIECE: Final = 80
"""How long a text is before its first reference, and after each."""
LONGEST_NAME: Final = 30
_LONGEST_THOUGHT: Final = 400

_NEVER: Final = f"\x00-\x08\n-\x1f\x7f-\x9f{HIDDEN}"
_FIRST: Final = f"_{string.ascii_letters}"
_LATER: Final = f"{_FIRST}{string.digits}"
_DIGIT: Final = sure(chars("0-9"))
_MORE: Final = sure(chars("A-Za-z0-9_"))
_ESCAPE: Final = sure(seq("\\", chars('"\\nt')))

# ── texts ──

SIGN: Final = Rule("sign", sure(choice(chars(f'^"\\${_NEVER}'), _ESCAPE, "$$")), token=True)
"""One character of a text, as it is written there."""

KEY: Final = Rule(
    "key",
    sure(seq('"', repeat(choice(chars(f'^"\\{_NEVER}'), _ESCAPE), 0, LONGEST_PIECE), '"')),
    token=True,
)
"""A key of a mapping: a text in which a `$` is a `$`."""

# No letter, digit or quote, and neither `[` nor `.`, which may begin a step; of other scripts signs alone.
_APART: Final = (
    "\t !#%-+/:-@]^`{-~\u00a1-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb-\u00bf\u2010-\u2027\u20a0-\u20bf-"
)
APART: Final = Rule(
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
"""What may follow `$1` in a text without being read with it, as in `$1.50`, `$1st` and `"$1.name"`."""

THOUGHT: Final = Rule(
    "thought",
    sure(seq("Thought: ", repeat(chars(f"^{_NEVER}"), 1, _LONGEST_THOUGHT), "\n")),
    token=True,
)
"""A line of free text."""

# ── names ──

NAME: Final = Rule("name", sure(seq(chars("A-Za-z_"), repeat(_MORE, 0, LONGEST_NAME))), token=True)
"""Any word."""

INDEX: Final = Rule("index", sure(choice("0", seq(maybe("-"), chars("1-9"), maybe(_DIGIT)))), token=True)
"""A place in a list."""

STEP: Final = Rule("step", sure(choice(seq(".", NAME.use), seq("[", INDEX.use, "]"))), token=True)
"""A step into a value of which nothing is known."""


UNSIGNED: Final = sure(
    seq(
        choice("0", seq(chars("1-9"), repeat(_DIGIT, 0, 14))),
        maybe(".", repeat(_DIGIT, 1, 15)),
        maybe(chars("Ee"), maybe(chars("+-")), _DIGIT, maybe(_DIGIT)),
    )
)


_ANY_NUMBER: Final = seq(maybe("-"), UNSIGNED)


def name_but(words: Collection[str]) -> Part:
    """Any word but these."""
    return sure(_after("", frozenset(words)))


def _after(prefix: str, words: frozenset[str]) -> Part | None:
    """How a word goes on that begins so."""
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
    """Characters as ranges."""
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
    """The whole numbers of a range, without leading zeros and of at most 18 digits."""
    largest = 10**MOST_DIGITS - 1
    low = -largest if least is None else max(least, -largest)
    high = largest if most is None else min(most, largest)
    return choice(from_to(max(low, 0), high), seq("-", from_to(max(1, -high), -low)))


def from_to(least: int, most: int) -> Part | None:
    """The numbers from one to another, neither negative."""
    found: list[Part | str | None] = []
    if least == 0 <= most:
        found.append("0")
        least = 1
    while least <= most:
        length, whole = len(str(least)), len(str(most + 1)) - 1
        if least == 10 ** (length - 1) and whole >= length:
            found.append(seq(chars("1-9"), repeat(_DIGIT, length - 1, whole - 1)))
            least = 10**whole
        else:
            end = min(10**length - 1, most)
            found.append(digits_from_to(str(least), str(end)))
            least = end + 1
    return choice(*found)


def digits_from_to(least: str, most: str) -> Part | None:
    """The numbers from one to another that are written with as many digits, be the first of them zero."""
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
    """A digit from one to another, and any others behind it."""
    if low > high:
        return None
    return seq(chars(f"{low}-{high}") if low < high else str(low), repeat(_DIGIT, rest, rest))


def numbers(least: float | None, most: float | None, whole: Part | None) -> Part | None:
    """The numbers between two, whole ones apart; any number where nothing is between them."""
    if least is None and most is None:
        return _ANY_NUMBER
    limit = 10**15
    low = -limit if least is None else max(-limit, ceil(least))
    high = limit if most is None else min(limit, floor(most))
    fraction = seq(".", repeat(_DIGIT, 0, 9), chars("1-9"))
    found = choice(
        whole,
        seq(from_to(max(low, 0), high - 1), fraction),
        seq("-", from_to(max(-high, 0), -low - 1), fraction),
    )
    return found or _ANY_NUMBER
