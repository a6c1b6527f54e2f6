"""How mistakes are drawn, and what machines get."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_grammar import Diagnostic, Edit, Note, Source, Span, mistake, parse, render, to_json
from llmc_grammar.terminal_text import cells, visible


@mistake
class Sample(Diagnostic):
    """A mistake for these tests."""

    code = "E999"
    title = "a mistake"
    label = "here"
    help = "mend `{what}`"

    what: str | None = None


def drawn(text: str, start: int, end: int, *notes: Note, what: str | None = None) -> list[str]:
    """The lines under the head."""
    picture = render(Sample(span=Span(start, end), notes=notes, what=what), Source("a.llmc", text))
    return picture.split("\n")[3:]


def test_the_form() -> None:
    """Title, place, line, carets, help."""
    source = Source("trip.llmc", '1. f()\n2. serach("hotels", $1)\n')
    assert render(Sample(span=Span(10, 16), what="x"), source) == (
        "error[E999]: a mistake\n"
        " --> trip.llmc:2:4\n"
        "  |\n"
        '2 | 2. serach("hotels", $1)\n'
        "  |    ^^^^^^ here\n"
        "  = help: mend `x`"
    )


def test_a_hole_without_a_value_leaves_its_line_out() -> None:
    """No help, no line."""
    assert drawn("abc", 0, 1) == ["1 | abc", "  | ^ here"]


def test_several_lines() -> None:
    """Of a span over several lines the first and the last are drawn."""
    assert drawn("ab(\n1,\n2,\n3) x\n", 2, 12) == ["1 | ab(", "  |   ^", "  …", "4 | 3) x", "  | ^^ here"]
    assert drawn("ab\ncd\n", 1, 3) == ["1 | ab", "  |  ^ here"]


def test_notes() -> None:
    """Further places stand in the order of the text, with another sign."""
    picture = drawn("a b\nc\nd\n", 6, 7, Note(Span(2, 3), "first"), Note(Span(0, 1), "before"))
    assert picture == ["1 | a b", "  | - before", "  |   - first", "  …", "3 | d", "  | ^ here"]


def test_the_margin_fits_the_largest_number() -> None:
    """Line numbers stand to the right."""
    picture = drawn("x\n" * 9 + "y", 18, 19, Note(Span(0, 1), "first"))
    assert picture[0] == " 1 | x"
    assert picture[-2:] == ["10 | y", "   | ^ here"]


def test_tabs_and_wide_characters() -> None:
    """Carets stand under what they mean."""
    assert drawn('\t"日本"\tx', 6, 7) == ['1 |     "日本"    x', "  |               ^ here"]


def test_long_lines_are_cut() -> None:
    """The part around the place is drawn."""
    line, signs = drawn("a" * 500 + "b" + "c" * 500, 500, 501)
    assert line.startswith("1 | …a")
    assert line.endswith("c…")
    assert line[signs.index("^")] == "b"
    assert len(line) < 140


@pytest.mark.parametrize("width", [40, 80, None])
@pytest.mark.parametrize("filling", ["a", "\u202e", "\u65e5", "\x1b", "e\u0301", "\t"])
def test_the_caret_stands_under_the_place_whatever_is_around(filling: str, width: int | None) -> None:
    """Escapes and wide characters make no line wider than the terminal."""
    source = Source("a.llmc", f"{filling * 90}X{filling * 200}")
    at = source.text.index("X")
    *_, line, signs, _ = render(Sample(span=Span(at, at + 1), what=""), source, width=width).splitlines()
    assert cells(line) <= (width or 130)
    assert cells(line[: line.index("X")]) == signs.index("^")
    assert signs.split("|")[1].strip() == "^ here"


def test_a_place_at_the_end() -> None:
    """An empty place behind the text has one caret."""
    assert drawn("ab", 2, 2) == ["1 | ab", "  |   ^ here"]
    assert drawn("", 0, 0) == ["1 |", "  | ^ here"]
    assert drawn("a\r\nb\r\n", 0, 1) == ["1 | a", "  | ^ here"]


@given(st.text(max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_nothing_of_the_text_reaches_a_terminal_as_a_command(text: str, start: int, length: int) -> None:
    """Whatever the text, what is drawn holds no control character but line ends, and can be encoded."""
    start = min(start, len(text))
    span = Span(start, min(start + length, len(text)))
    found = Sample(span=span, notes=(Note(span, text),), what=text)
    picture = render(found, Source(text, text))
    assert picture == visible(picture, keep="\n")
    picture.encode()
    json.dumps(to_json(found, Source(text, text)))


def test_colour() -> None:
    """Colours change nothing but colours."""
    source = Source("a.llmc", "f(1 2)\n")
    (found,) = parse(source.text).diagnostics
    painted = render(found, source, color=True)
    assert "\x1b[31m" in painted
    assert re.sub(r"\x1b\[[0-9]+m", "", painted) == render(found, source)


def test_warnings_say_so() -> None:
    """A code that begins with W is a warning."""
    parsed = parse('f("$5M")')
    assert render(parsed.diagnostics[0], parsed.source).startswith("warning[W101]: ")


def test_machines_get_places_and_edits() -> None:
    """Lines and columns from 1, offsets from 0."""
    source = Source("a.llmc", "x\nf(1 2)\n")
    found = Sample(span=Span(6, 7), notes=(Note(Span(0, 1), "first"),), edit=Edit(Span(5, 5), ","), what="x")
    assert to_json(found, source) == {
        "code": "E999",
        "severity": "error",
        "title": "a mistake",
        "label": "here",
        "help": "mend `x`",
        "file": "a.llmc",
        "place": {"line": 2, "column": 5, "start": 6, "end": 7},
        "notes": [{"label": "first", "place": {"line": 1, "column": 1, "start": 0, "end": 1}}],
        "edit": {"place": {"line": 2, "column": 4, "start": 5, "end": 5}, "text": ",", "safe": False},
    }
