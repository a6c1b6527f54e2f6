"""`pattern` of JSON schemas: as ECMA-262 reads it, in linear time, or not at all."""

import re
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.json_schema.schema_patterns import Pattern, pattern_of, searchable


def known(text: str) -> Pattern:
    """The pattern, whatever it takes."""
    return pattern_of(text, lambda _steps: True)


def found(pattern: str, text: str) -> bool | None:
    """Whether a pattern is found in a text; None where that is not known."""
    search = known(pattern).search
    return None if search is None else search(searchable(text))


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("b", "abc", "ac"),
        ("^b", "bc", "abc"),
        ("", "x", None),
        ("^a$", "a", "a\n"),
        (r"^\p{L}+$", "été", "e1"),
        (r"^\P{Lu}$", "a", "A"),
        (r"^\p{Script=Greek}+$", "λβ", "lb"),
        (r"^\p{sc=Grek}\p{General_Category=Uppercase_Letter}$", "λA", "λa"),
        (r"^[\p{L}\d_]+$", "é1_", "-"),
        (r"^(?<year>\d{4})-(?<month>\d\d)$", "2024-01", "2024-1"),
        (r"^(?P<year>\d{4})$", "2024", "x"),
        (r"^\d$", "1", "\u0661"),
        (r"^\w$", "e", "é"),
        (r"^\W\D\S$", "é\u0661é", "aé1"),
        (r"^\s$", "\ufeff", "\x85"),
        (r"^[^\s\d]+$", "ab", "a b"),
        (r"^.$", "😀", "\u2028"),
        (r"^a\/b\@\-$", "a/b@-", "a-"),
        (r"^\cA\0\t\x41\u00e9\u{1F600}\ud83d\ude00$", "\x01\0\tAé😀😀", "A"),
        (r"^[\b]$", "\b", "b"),
        (r"^[^]$", "\n", ""),
        (r"^[]$|^x$", "x", "]"),
        (r"^a{,5}}]$", "a{,5}}]", "aa}]"),
        (r"^{.*}$", "{x}", "x"),
        (r"^[[a&&b]+$", "[&a", "c"),
        (r"^[\w.-]+@[\w-]+\.[A-Za-z]{2,}$", "a.b@c-d.org", "a b@c.org"),
        (r"^[]\]\\^-]+$|^x", "x", r"]\^-"),
        (r"^[a-c\-e]+$", "b-e", "d"),
        (r"\bfoo\b", "a foo", "foot"),
        (r"^(a|b|)c*?d??$", "ccd", "ad a"),
        (r"(?i)^(?i:a)b$", "AB", "C"),
        (r"\A(?:x{2}){1,3}\Z", "xxxx", "xxx"),
    ],
)
def test_patterns_are_searched_for_as_ecma_says(pattern: str, yes: str, no: str | None) -> None:
    """With properties and names, sets of ASCII, every way to write a character, and braces that repeat nothing."""
    assert found(pattern, yes) is True
    assert no is None or found(pattern, no) is False


@pytest.mark.parametrize(
    "pattern",
    [
        *("(?=a)", "(?!a)", "(?<=a)", "(?<!a)", r"(a)\1", r"(?<x>a)\k<x>", "(?>a)", "a++", "a**", "a{2}{3}"),
        *("(", "[", "*", "|*", ")", "a)", "\\", "[\\", "[b-a]", r"\p{Foo}", r"\pL", r"\a", r"\01", r"\ud83d", "\ud800"),
        *("(?x)a b", "(?s).", "(?#x)", "(?(1)a)", "(?<n", "x{2,1}", "a{99999999999999999999}", r"\u{110000}", r"\B"),
        *("(a{1000}){1000}", "((){1000}){1000}", "a" * 20_000, "(" * 300 + ")" * 300, r"\p{L}{1000}"),
    ],
)
def test_what_the_engine_refuses_is_not_known(pattern: str) -> None:
    """What looks around or back, what is no pattern, and what is too large."""
    assert found(pattern, "a") is None


@pytest.mark.parametrize("text", ["\ud800", "a\udfff"])
def test_halves_of_a_pair_are_characters(text: str) -> None:
    """Alone they are replaced, in pairs joined."""
    assert found("^.{1,2}$", text) is True
    assert searchable("\ud83d\ude00") == "😀"


def test_no_search_goes_back() -> None:
    """Python's does, and takes twice as long with each character."""

    def seconds(length: int) -> float:
        began = perf_counter()
        re.search("^(a+)+$", "a" * length + "!")
        return perf_counter() - began

    assert seconds(20) > 8 * seconds(10)
    assert found("^(a+)+$", "a" * 100_000 + "!") is False


def test_places_count_as_often_as_they_are_repeated() -> None:
    """A search may be at each of them after each character."""
    sizes = {"a": 1, "abc": 3, "^a*$": 3, "a{1,50}": 50, "(ab){3}{": 10, "(?:a{10}|b){4}": 48, "[a-z]{2,}": 2}
    assert {pattern: known(pattern).places for pattern in sizes} == sizes


def test_a_pattern_is_prepared_once_and_only_if_there_are_steps_for_it() -> None:
    """The larger it is, the more."""
    asked: list[int] = []

    def afford(steps: int) -> bool:
        asked.append(steps)
        return True

    text = r"^\p{L}{20}$"
    assert pattern_of(text, lambda _steps: False).search is None
    assert pattern_of(text, afford).search is not None
    assert pattern_of(text, afford).search is not None
    assert asked == [len(text), 2_002]


PIECES = st.sampled_from(
    ["a", "b", "-", "]", r"\d", r"\w", "[ab]", "[^a]", "(a|b)", "(?:ab)", "a?", "b*", "^", "$", "|"]
)


@given(st.lists(PIECES, max_size=6).map("".join), st.text(alphabet="ab1-] ", max_size=6))
def test_what_python_reads_alike_is_found_alike(pattern: str, text: str) -> None:
    """In texts of ASCII without line breaks."""
    assert found(pattern, text) is (re.search(pattern, text) is not None)


@given(st.text(alphabet="ab^$|()[]{}?*+\\-pPLdwsbuxck<>=!:,.0129é\ud800", max_size=20), st.text(max_size=5))
def test_any_text_is_a_pattern_or_not_known(pattern: str, text: str) -> None:
    """Nothing else is raised."""
    assert found(pattern, text) in {True, False, None}
