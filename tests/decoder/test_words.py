"""Numbers, names, texts and forms: the rules hold what they should, and nothing else."""

from collections.abc import Callable
from datetime import date, datetime, time
from itertools import repeat
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmc_compiler.decoder.dialects import written
from llmc_compiler.decoder.forms import FORMS
from llmc_compiler.decoder.notation import START, Part, Rule, sure
from llmc_compiler.decoder.words import KEY, NAME, SIGN, THOUGHT, from_to, name_but, numbers, whole_numbers
from llmc_grammar.ast import KEYWORDS
from tests.decoder.walker import Walker


def walker(part: Part | None) -> Walker:
    """A walker through one part."""
    rule = Rule("part", sure(part), token=True)
    return Walker.of(written([rule, SIGN, Rule(START, rule.use)], "lark", "plain", 100_000), "lark")


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


@pytest.mark.parametrize(
    ("least", "most", "good", "bad"),
    [
        (None, None, ["0", "-1.50", "1e10", "2.5E-3", "-0.0"], ["1.", ".5", "01", "1e100", "--1", "NaN"]),
        (0, 1, ["0.5", "0.001"], ["0.0", "-0.5", "1.5"]),
        (-1.5, 2, ["1.25", "0.5", "-0.5"], ["2.5", "-1.2", "-1.6"]),
        (5, None, ["5.1", "123456.7"], ["4.9", "-5.1"]),
        (0.2, 0.8, ["-7", "7.5"], ["."]),
    ],
)
def test_numbers_are_between_two(least: float | None, most: float | None, good: list[str], bad: list[str]) -> None:
    """Any number, where no whole one is between them."""
    walking = walker(numbers(least, most, None))
    assert [text for text in [*good, *bad] if walking.accepts(text)] == good


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
def test_words_are_those_of_the_language(rule: Rule, good: list[str], bad: list[str]) -> None:
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


def test_leap_days_are_dates() -> None:
    """The 29th of February is one every fourth year, where the century is none."""
    walking = walker(FORMS["date"].body)
    days = ["2024-02-29", "2000-02-29", "2023-02-29", "2024-02-30", "2023-04-31", "2023-12-31"]
    assert [day for day in days if walking.accepts(f'"{day}"')] == ["2024-02-29", "2023-12-31"]
