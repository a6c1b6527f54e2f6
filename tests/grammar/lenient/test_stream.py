"""A model's text in pieces means what the whole text means."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_grammar import PlanStream
from llmc_grammar.ast import Statement
from tests.grammar.lenient.samples import MENDED, REFUSED, lenient
from tests.grammar.samples import BAD, GOOD

DAMAGED = {
    **{name: text for name, (text, _) in MENDED.items()},
    **{name: text for name, (text, _) in REFUSED.items()},
    **GOOD,
    **BAD,
}


def read_all(stream: PlanStream, pieces: Sequence[str | bytes]) -> list[Statement]:
    """The statements of a stream, without those that became void."""
    done: list[Statement] = []
    for piece in (*pieces, None):
        restarts = stream.restarts
        found = stream.close() if piece is None else stream.feed(piece)
        done = [*(done if stream.restarts == restarts else ()), *found]
    return done


def agree(pieces: list[str] | list[bytes], text: str) -> None:
    """A stream of pieces gives the statements, places, mistakes, losses and moved boundaries of the whole text."""
    whole = lenient(text)
    stream = PlanStream(mode="lenient")
    statements = read_all(stream, pieces)
    assert [(one, one.span) for one in statements] == [(one, one.span) for one in whole.plan.statements]
    assert stream.diagnostics == whole.diagnostics
    assert (stream.lost, stream.moved, stream.text) == (whole.lost, whole.moved, whole.source.text)
    assert stream.unended == whole.unended


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_every_cut_in_two(text: str) -> None:
    """Cut anywhere in two, a damaged text gives the same."""
    for at in range(len(text) + 1):
        agree([text[:at], text[at:]], text)


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_every_character_and_every_byte_alone(text: str) -> None:
    """Character by character and byte by byte, a damaged text gives the same."""
    data = text.encode()
    agree(list(text), text)
    agree([data[at : at + 1] for at in range(len(data))], text)


@given(st.text(st.sampled_from("a1=.f()[]{}\"'\\\n #$,:@<>`\u00e9T\u201c\u2019-"), max_size=60), st.integers(0, 60))
def test_any_rubbish_cut_anywhere(text: str, at: int) -> None:
    """Rubbish never raises, and is judged the same for every cut."""
    agree([text[:at], text[at:]], text)


def test_a_statement_comes_out_where_its_end_was_seen() -> None:
    """What closes, or is closed by a repair, comes out at its newline; what needs closers at the next task line."""
    stream = PlanStream(mode="lenient")
    assert len(stream.feed("1. f('it's')\n")) == 1
    assert stream.feed("2. g(1\n") == ()
    assert len(stream.feed("3. h(1)")) == 0
    assert len(stream.feed("\n")) == 2
    assert stream.feed('4. send("a\n') == ()
    assert len(stream.feed('b")\n')) == 1
    assert len(stream.moved) == 2


def test_a_stream_that_broke_off_yields_nothing_of_the_open_statement() -> None:
    """Closers are never added to the last line, and nothing of it is a mistake where the model was cut off."""
    for tail in ("transfer(amount=100", "transfer(amount=100\n", "2. g('it's'", '2. g("a', "2. g("):
        stream = PlanStream(mode="lenient")
        assert len(stream.feed(f"1. f()\n{tail}")) == 1
        assert stream.close(complete=False) == ()
        assert stream.diagnostics == ()
        assert len(lenient(f"1. f()\n{tail}").plan.statements) == 1


def test_header_and_bounds_are_those_of_model_text() -> None:
    """A model's text has no header and smaller bounds, unless others are given."""
    assert [found.code for found in lenient("input x: str = 'a'").diagnostics] == ["E134"]
    assert [found.code for found in lenient("f()\n" * 257).diagnostics] == ["E106"]
    assert [found.code for found in lenient("1. f() " * 300).diagnostics][-1] == "E106"
    assert {found.code for found in lenient("#" * 70_000).diagnostics} == {"E105"}
