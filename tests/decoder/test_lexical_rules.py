"""Numbers, names, texts and forms: the rules hold what they should, and nothing else."""

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from itertools import repeat
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmc_compiler.decoder.grammar_rules import START, GrammarRule, Part, sure
from llmc_compiler.decoder.syntaxes import written
from llmc_compiler.decoder.values.lexical_rules import (
    KEY,
    NAME,
    SIGN,
    THOUGHT,
    fractions,
    from_to,
    name_but,
    whole_numbers,
)
from llmc_compiler.decoder.values.string_formats import FORMS
from llmc_grammar.ast import KEYWORDS
from tests.decoder.walker import Walker


def walker(part: Part | None) -> Walker:
    """A walker through one part."""
    rule = GrammarRule("part", sure(part), token=True)
    return Walker.of(written([rule, SIGN, GrammarRule(START, rule.use)], "lark", "plain", 100_000), "lark")


@settings(max_examples=60)
@given(st.integers(0, 3000), st.integers(0, 3000), st.data())
def test_whole_numbers_are_those_between_two(one: int, other: int, data: st.DataObject) -> None:
    """Whatever the ends; near the ends it counts most."""
    least, most = sorted((one, other))
    walking = walker(from_to(least, most))
    for number in (least - 1, least, most, most + 1, data.draw(st.integers(0, 5000))):
        assert walking.accepts(str(number)) == (least <= number <= most)
    assert not walking.accepts(f"0{most}")


@pytest.mark.parametrize(
    ("least", "most", "good", "bad"),
    [
        (None, None, ["0", "-1", "9" * 18, "-" + "9" * 18], ["-0", "01", "1" * 19, "+1", "1.0", ""]),
        (0, None, ["0", "7", "9" * 18], ["-1"]),
        (None, -3, ["-3", "-10"], ["-2", "0", "3"]),
        (-12, 5, ["-12", "-1", "0", "5"], ["-13", "6"]),
        (10**30, None, [], []),
    ],
)
def test_whole_numbers_may_be_negative(least: int | None, most: int | None, good: list[str], bad: list[str]) -> None:
    """They have at most 18 digits, and a range without any number has no rule."""
    part = whole_numbers(least, most)
    assert (part is None) == (not good)
    for text in [*good, *bad] if good else []:
        assert walker(part).accepts(text) == (text in good)


@settings(max_examples=60)
@given(st.lists(st.decimals(-30, 30, places=2).map(float), min_size=2, max_size=2), st.booleans(), st.data())
def test_fractions_are_those_between_two(ends: list[float], is_open: bool, data: st.DataObject) -> None:
    """Whatever the ends, with and without these; near the ends it counts most."""
    least, most = sorted(ends)
    part = fractions(least, most, above=is_open, below=is_open)
    walking = None if part is None else walker(part)
    near = [end + step for end in ends for step in (-1, -0.01, -0.001, 0, 0.001, 0.01, 1)]
    for number in (*near, data.draw(st.floats(-40, 40))):
        text = f"{Decimal(repr(round(number, 9))):f}"
        if not float(text).is_integer():
            is_between = least < float(text) < most if is_open else least <= float(text) <= most
            assert (walking is not None and walking.accepts(text)) == is_between


def test_fractions_have_no_other_spelling() -> None:
    """No exponent, no zero at the end, no whole number; far from zero there are none."""
    walking = walker(fractions(None, None))
    good, bad = ["0.5", "-0.5", "123456.75", f"0.{19 * '0'}1"], ["1.0", "0.50", "5e-1", "1", ".5", "-0.0", "01.5"]
    assert [text for text in [*good, *bad] if walking.accepts(text)] == good
    assert fractions(1e16, None) is None
    assert fractions(0.25, 0.25, above=True) is None


def test_a_name_is_any_word_but_some() -> None:
    """What begins like a word of the language, and goes on, is a name."""
    walking = walker(name_but(KEYWORDS))
    for word in KEYWORDS:
        assert not walking.accepts(word)
        assert not walker(name_but({word})).accepts(word)
        assert walking.accepts(f"{word}_")
        assert walking.accepts(word[:-1]) == (word[:-1] not in KEYWORDS)
    assert [word for word in ("a", "_1", "Zebra", "1a", "é", "a-b", "") if walking.accepts(word)] == [
        "a",
        "_1",
        "Zebra",
    ]


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (
            SIGN,
            ["a", "é", "\t", "\\n", '\\"', "\\\\", "$$", "😀"],
            ["$", '"', "\\", "\n", "\\q", "\u202e", "\x00", "ab"],
        ),
        (KEY, ['""', '"a$b"', '"\\""', '"é"'], ['"', '"\n"', '"a', '"\u2028"', '"\u061c"', '"\x7f"']),
        (NAME, ["if", "a1"], ["1a", "é", "a b"]),
        (THOUGHT, ["Thought: so it $ is\n"], ["Thought:\n", "Thought: a", "thought: a\n", "Thought: \x1b\n"]),
    ],
)
def test_words_are_those_of_the_language(rule: GrammarRule, good: list[str], bad: list[str]) -> None:
    """No character that a plan may not have, and no escape that means nothing."""
    walking = walker(rule.body)
    assert [text for text in [*good, *bad] if walking.accepts(text)] == good


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("date", date.fromisoformat),
        ("time", time.fromisoformat),
        ("date-time", datetime.fromisoformat),
        ("uuid", UUID),
    ],
)
def test_a_form_is_read_by_python(name: str, read: Callable[[str], object]) -> None:
    """Every walk through it is a date, a time or an identifier."""
    walking, random = walker(FORMS[name].body), Random(name)
    for _ in repeat(None, 200):
        assert str(read(walking.walk(random)[1:-1]))


def test_a_time_may_have_a_zone_and_parts_of_a_second() -> None:
    """As RFC 3339 has it; Python's own times have no zone."""
    walking = walker(FORMS["time"].body)
    times = ["10:00:00", "10:00:00Z", "10:00:00.25+02:00", "10:00", "24:00:00", "10:00:00."]
    assert [time for time in times if walking.accepts(f'"{time}"')] == times[:3]


def test_leap_days_are_dates() -> None:
    """The 29th of February is one every fourth year, where the century is none."""
    walking = walker(FORMS["date"].body)
    days = ["2024-02-29", "2000-02-29", "2023-02-29", "2024-02-30", "2023-04-31", "2023-12-31"]
    assert [day for day in days if walking.accepts(f'"{day}"')] == ["2024-02-29", "2023-12-31"]
