"""Values as text: the beginning of one, all of it in pieces; and long text cut in its middle, but in no URL."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmc_compiler.expressions.terms import Json
from llmc_runtime.foreign_errors import LONGEST, shortened
from llmc_runtime.text_format import (
    PIECE,
    URL,
    beginning_of,
    cut_middle,
    joined,
    json_pieces,
    start_of_json,
    text_pieces,
)
from tests.growth import fastest
from tests.runtime.test_values import JSON

LINK = "https://example.org/reports/2026/a-long-name/with(parts),and=queries?x=1&y=2#there"


@given(JSON)
@settings(max_examples=25)
def test_pieces_are_the_whole(value: Json) -> None:
    """As the standard library writes it."""
    assert "".join(joined(json_pieces(value))) == json.dumps(value, ensure_ascii=False, indent=2)


def test_no_piece_is_long() -> None:
    """Whatever stands in a text, and however many parts there are."""
    value: Any = {"a": "\x00\U0001f600" * PIECE, "b": ["x"] * 20_000}
    pieces = list(joined(json_pieces(value)))
    assert "".join(pieces) == json.dumps(value, ensure_ascii=False, indent=2)
    assert max(map(len, pieces)) < 8 * PIECE
    assert len(pieces) < 20
    assert "".join(text_pieces("xyz" * PIECE)) == "xyz" * PIECE


@given(JSON, st.integers(0, 60))
@settings(max_examples=25)
def test_a_start_is_bounded_or_whole(value: Json, most: int) -> None:
    """It says which."""
    found, is_whole = beginning_of(value, most)
    assert (found == value) >= is_whole
    assert is_whole or beginning_of(value, 10**9) == (value, True)
    assert len(json.dumps(found, ensure_ascii=False)) <= 40 * (most + 2) + 400


@pytest.mark.parametrize("value", [["x" * 10**6] * 10**5, {"k" * 10**6: 1}, [[["x" * 10**6]]], "x" * 10**6])
def test_the_start_of_json_is_short(value: Json) -> None:
    """Long texts are cut wherever they stand."""
    assert 50 < len(start_of_json(value, 50)) < 200


@given(text=st.text(alphabet="ab .:/w…", max_size=200), most=st.integers(1, 60))
def test_both_ends_stay(text: str, most: int) -> None:
    """And no more than is allowed, where there is no URL."""
    found = cut_middle(text, most, keeps_urls=False)
    assert len(found) <= max(most, len(text) if len(text) <= most else 0)
    if len(text) <= most:
        assert found == text
    else:
        head, tail = 2 * (most - 1) // 3, most - 1 - 2 * (most - 1) // 3
        assert found == f"{text[:head]}…{text[len(text) - tail :]}"
    assert len(cut_middle(text, most)) <= most + 2 * URL


@pytest.mark.parametrize("most", range(1, 400, 7))
@pytest.mark.parametrize("link", [LINK, LINK.replace("https://", "www."), f"ftp://{'x' * 150}"])
@pytest.mark.parametrize(("before", "after"), [("", ""), (" ", " "), ("'", "'"), ("<", ">"), ("`", "`.")])
def test_a_url_is_whole_or_not_there(most: int, link: str, before: str, after: str) -> None:
    """Wherever the cut is."""
    quoted = f"{before}{link}{after}"
    text = f"error 403 for {quoted} {'and more words ' * 9}see {quoted}"
    found = cut_middle(text, most)
    rest = found.replace(link, "")
    assert not any(
        link[at : at + 4] in rest for at in range(0, len(link) - 4, 5) if link[at : at + 4] not in "and more"
    )
    assert found == text or "…" in found


def test_without_the_rule_it_would_be_cut() -> None:
    """The control."""
    text = f"error for {LINK} at the end"
    assert LINK in cut_middle(text, 40)
    assert LINK not in cut_middle(text, 40, keeps_urls=False)
    assert "example" in cut_middle(text, 40, keeps_urls=False)


@pytest.mark.parametrize(("size", "is_whole"), [(URL, True), (URL + 1, False)])
def test_a_url_that_is_very_long_is_cut_like_any_word(size: int, is_whole: bool) -> None:
    """Data can be a URL too."""
    link = "data://".ljust(size, "x")
    assert (link in cut_middle(f"error for {link} at the end", 40)) == is_whole
    assert len(cut_middle(f"error for {link} at the end", 40)) <= 40 + URL


def test_an_error_keeps_both_ends_of_what_it_quotes() -> None:
    """In one line of bounded length, found without a look at all of a long text."""
    long = "first \n words" + " and others" * 10**6 + "  the \n last words"
    found = shortened(long)
    assert fastest(lambda: shortened(long)) < fastest(long.split)
    assert len(found) == LONGEST
    assert found.startswith("first words and")
    assert found.endswith("and others the last words")
    assert shortened(f"{'x' * 400} {LINK} {'y' * 80}").count(LINK) == 1
    assert shortened(" " * 30_000 + "x") == "… x"
