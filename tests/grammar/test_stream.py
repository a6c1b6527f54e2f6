"""A plan that arrives in pieces means what the whole text means."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_grammar import Bounds, Diagnostic, PlanStream, parse, print_plan
from llmc_grammar.ast import Plan, Statement
from tests.grammar.samples import BAD, GOOD
from tests.grammar.strategies import plans

SAMPLES = {**GOOD, **BAD}


def streamed(
    pieces: list[str] | list[bytes], *, complete: bool = True
) -> tuple[list[Statement], list[Diagnostic], str]:
    """The statements with their spans, the mistakes and the text of a stream of pieces."""
    stream = PlanStream()
    statements = [statement for piece in pieces for statement in stream.feed(piece)]
    statements += stream.close(complete=complete)
    return statements, list(stream.diagnostics), stream.text


def spans(statements: list[Statement]) -> list[object]:
    """Every statement with its place, which takes no part in equality."""
    return [(statement, statement.span) for statement in statements]


def agree(pieces: list[str] | list[bytes], text: str) -> None:
    """A stream of pieces gives what the whole text gives."""
    whole = parse(text)
    statements, found, read = streamed(pieces)
    assert spans(statements) == spans(list(whole.plan.statements))
    assert found == list(whole.diagnostics)
    assert read == whole.source.text


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES)
def test_every_cut_in_two(text: str) -> None:
    """Cut anywhere in two, a text gives the same statements, places and mistakes."""
    for at in range(len(text) + 1):
        agree([text[:at], text[at:]], text)


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES)
def test_every_character_alone(text: str) -> None:
    """Character by character, a text gives the same."""
    agree(list(text), text)


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES)
def test_every_byte_alone(text: str) -> None:
    """Byte by byte, which cuts characters, a text gives the same."""
    data = text.encode()
    agree([data[at : at + 1] for at in range(len(data))], text)


@pytest.mark.no_cover
@given(plans(), st.lists(st.integers(0, 400), max_size=6))
def test_any_cuts_of_any_plan(plan: Plan, cuts: list[int]) -> None:
    """Whatever the plan and however it is cut, the stream gives the plan."""
    text = print_plan(plan)
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    statements, found, _ = streamed([text[start:end] for start, end in pairwise(places)])
    assert Plan(tuple(statements)) == plan
    assert not found


@given(st.text(st.sampled_from("a1=.f()[]{}\"'\\\n #$,:@éT“\x00\r"), max_size=60), st.integers(0, 60))
def test_any_rubbish_cut_anywhere(text: str, at: int) -> None:
    """Rubbish never raises, and is judged the same for every cut."""
    agree([text[:at], text[at:]], text)


@given(st.binary(max_size=40), st.integers(0, 40))
def test_any_bytes_cut_anywhere(data: bytes, at: int) -> None:
    """Bytes that are no text never raise, and are judged the same for every cut."""
    whole = parse(data)
    statements, found, text = streamed([data[:at], data[at:]])
    assert (Plan(tuple(statements)), tuple(found), text) == (whole.plan, whole.diagnostics, whole.source.text)


def test_a_statement_comes_out_at_its_newline() -> None:
    """No statement waits for the next line."""
    stream = PlanStream()
    assert stream.feed("1. f(1)") == ()
    assert len(stream.feed("\n")) == 1
    assert stream.feed("2. f(\n") == ()
    assert len(stream.feed("1)\n3.")) == 1
    assert stream.close() == ()
    assert [found.code for found in stream.diagnostics] == ["E133"]


def test_a_stream_that_broke_off_yields_nothing_of_the_open_statement() -> None:
    """What was cut off neither runs nor counts as a mistake."""
    for tail in ("2. g(1)", "2. g(", "2. g(\nx = h()", "2. g('", '2. g("""\nx'):
        statements, found, _ = streamed([f"1. f()\n{tail}"], complete=False)
        assert len(statements) == 1
        assert not found


def test_a_closed_stream_takes_nothing() -> None:
    """Feeding after the end is a mistake of the program; closing twice is none."""
    stream = PlanStream()
    stream.close()
    assert stream.close() == ()
    with pytest.raises(ValueError, match="closed"):
        stream.feed("f()")


def test_text_and_bytes_may_take_turns() -> None:
    """A character that bytes began and text does not finish is a mistake at its place."""
    stream = PlanStream()
    stream.feed('f("é")\n'.encode()[:4])
    stream.feed("x\n")
    stream.close()
    assert [found.code for found in stream.diagnostics] == ["E121", "E101"]


@pytest.mark.parametrize("size", [0, 1, 7, 20, 21, 22, 23, 40])
def test_the_bound_of_the_text_cuts_at_the_same_place_for_every_cut(size: int) -> None:
    """What is above the bound is not read, and characters are never halved."""
    text = 'f("é日")\ng("😀")\nh()\n' * 2
    whole = parse(text, bounds=Bounds(text=size))
    assert len(whole.source.text.encode()) <= size
    for at in range(len(text)):
        stream = PlanStream(bounds=Bounds(text=size))
        statements = stream.feed(text[:at]) + stream.feed(text[at:]) + stream.close()
        assert statements == whole.plan.statements
        assert stream.diagnostics == whole.diagnostics


@pytest.mark.parametrize("text", ["f()\n" * 5, "f()\ng(\x00)\nf()\n\x01\n"])
def test_the_bound_of_tasks_stops_at_the_same_place_for_every_cut(text: str) -> None:
    """Mistakes below the place where reading stopped are never reported."""
    bounds = Bounds(tasks=2)
    whole = parse(text, bounds=bounds)
    assert whole.diagnostics[-1].code == "E106"
    for at in range(len(text)):
        stream = PlanStream(bounds=bounds)
        statements = stream.feed(text[:at]) + stream.feed(text[at:]) + stream.close()
        assert statements == whole.plan.statements
        assert stream.diagnostics == whole.diagnostics
