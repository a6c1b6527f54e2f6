"""Values as text: the beginning of one, and all of it in pieces."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmc_compiler.expressions.terms import Json
from llmc_runtime.text_format import PIECE, beginning_of, joined, json_pieces, start_of_json, text_pieces
from tests.runtime.test_values import JSON


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
